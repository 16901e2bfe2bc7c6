"""What one rendering costs, as a ratio to reading the same values by hand in plain Python.

Run with `pytest benchmarks/test_render.py`, or as a script: `python benchmarks/test_render.py` prints one line a case
(us, and the ratio to the floor measured beside it, in interleaved rounds).
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter_ns
from typing import Any

import pytest

from attune_sim.expressions import compile_value
from attune_sim.scope import MISSING

ROUNDS, BATCH = 40, 2_000
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
        self.spaces = {
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


def measure(case: str, keys: int) -> tuple[float, float]:
    """Microseconds of the rendering and of its floor: medians of interleaved rounds."""
    value, floor = CASES[case]
    template, scope = compile_value(value), FloorScope(keys)
    assert template.render(scope) == floor(scope)
    rounds = [(_batch(template.render, scope), _batch(floor, scope)) for _ in range(ROUNDS)]
    return median(one for one, _ in rounds), median(one for _, one in rounds)


def _batch(work: Callable[[Any], Any], scope: FloorScope) -> float:
    started = perf_counter_ns()
    for _ in range(BATCH):
        work(scope)
    return (perf_counter_ns() - started) / BATCH / 1_000


@pytest.mark.parametrize("keys", [10, 100_000])
@pytest.mark.parametrize("case", CASES)
def test_rendering(benchmark: Any, case: str, keys: int) -> None:
    template, scope = compile_value(CASES[case][0]), FloorScope(keys)
    ours, floor = measure(case, keys)
    benchmark.extra_info["ratio_to_floor"] = round(ours / floor, 1)
    benchmark(template.render, scope)


if __name__ == "__main__":
    for name in CASES:
        for size in (10, 100_000):
            ours, floor = measure(name, size)
            print(
                f"{name:24} {size:>7} keys  {ours:6.2f} us  floor {floor:5.2f} us  ratio {ours / floor:4.1f}"
            )
