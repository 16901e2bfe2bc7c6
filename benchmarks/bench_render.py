"""What one rendering costs, over reading the same values by hand in plain Python, and that the context's size is no part of it.

A rendering and its floor take turns, with few and with many keys in every namespace; the figures are the lowest tenth
of the rounds, because what else the machine does only ever adds.

    python benchmarks/bench_render.py [--rounds 60]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from statistics import quantiles
from time import perf_counter_ns
from typing import Any, Final

from verdict import Verdict

from attune_sim.expressions import compile_value
from attune_sim.scope import MISSING

BATCH: Final = 1_000
FEW, MANY = 10, 100_000  # keys in every namespace
ITEM = {
    "id": "web-7",
    "host": "WEB-7.EXAMPLE",
    "port": 8080,
    "health_endpoint": "http://127.0.0.1:8080/health",
}


class FloorScope:
    """A fork with item and index over six plain namespaces, as the `shared` strategy hands them on."""

    __slots__ = ("index", "item", "spaces")

    def __init__(self, keys: int) -> None:
        filler = {f"key_{n}": n for n in range(keys)}
        self.item, self.index = ITEM, 7
        self.spaces: dict[str, Any] = {
            "parameters": {**filler, "path": "/health"},
            "workflow": {**filler, "region": "eu"},
            "task": {**filler, "fetch": {"rows": [1, 2, 3]}},
            "config": None,
            "keystore": None,
            "system": {},
        }

    def resolve(self, name: str) -> Any:
        if name == "item":
            return self.item
        if name == "index":
            return self.index
        return self.spaces.get(name, MISSING)


CASES: dict[str, tuple[Any, Callable[[FloorScope], Any]]] = {
    "pure, one key": ({"url": "{{ item.health_endpoint }}"}, lambda s: {"url": s.item["health_endpoint"]}),
    "mixed, two expressions": (
        {"url": "http://{{ item.host }}:{{ item.port }}/"},
        lambda s: {"url": f"http://{s.item['host']}:{s.item['port']}/"},
    ),
    "parameter path": ({"p": "{{ parameters.path }}"}, lambda s: {"p": s.spaces["parameters"]["path"]}),
    "task path": ({"n": "{{ task.fetch.rows[1] }}"}, lambda s: {"n": s.spaces["task"]["fetch"]["rows"][1]}),
    "bare variable": ({"r": "{{ region }}"}, lambda s: {"r": s.spaces["workflow"]["region"]}),
    "arithmetic": ({"n": "{{ item.port * 2 + index }}"}, lambda s: {"n": s.item["port"] * 2 + s.index}),
    "function": ({"h": "{{ lower(item.host) }}"}, lambda s: {"h": s.item["host"].lower()}),
    "condition": (
        {"b": "{{ item.port == 1 and index == 7 }}"},
        lambda s: {"b": s.item["port"] == 1 and s.index == 7},
    ),
}


TARGETS_US: Final = {"pure, one key": 1.0}


def measure(case: str, rounds: int) -> tuple[float, float, float]:
    """Microseconds of the rendering with few keys and with many, and of its floor."""
    value, floor = CASES[case]
    template, few, many = compile_value(value), FloorScope(FEW), FloorScope(MANY)
    assert template.render(few) == template.render(many) == floor(few)
    turns = [
        (_batch(template.render, few), _batch(template.render, many), _batch(floor, few))
        for _ in range(rounds)
    ]
    with_few, with_many, by_hand = (quantiles(times, n=10)[0] for times in zip(*turns, strict=True))
    return with_few, with_many, by_hand


def _batch(work: Callable[[Any], Any], scope: FloorScope) -> float:
    started = perf_counter_ns()
    for _ in range(BATCH):
        work(scope)
    return (perf_counter_ns() - started) / BATCH / 1_000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    verdict = Verdict(f"one rendering, lowest tenth of {options.rounds} interleaved rounds of {BATCH:,}")
    for case in CASES:
        few, many, floor = measure(case, options.rounds)
        verdict.figure(f"{case}: floor, by hand", floor, "us")
        verdict.figure(f"{case}: over the floor", few / floor, "times")
        verdict.require(case, few, "<=", TARGETS_US.get(case, 2.0), "us")
        verdict.require(f"{case}: {MANY:,} keys over {FEW}", many / few, "<=", 1.25, "times")
    verdict.exit()


if __name__ == "__main__":
    main()
