"""What the strategies are held to: a fork beside the least that its library could take, publishing, and reading.

Forks of `shared`, `hamt` and `chainmap` take turns, round by round, with the floor that they are held against. `projected` is
held against `deepcopy` over the context of `baseline`: 1,000 items, 1 MB of records, a template that reads the item and two
scalar paths. For all strategies, sizes and shapes see bench_grid.py.

    python benchmarks/bench_strategies.py
"""

from __future__ import annotations

import gc
import sys
from collections import ChainMap
from collections.abc import Callable
from statistics import median, quantiles
from time import perf_counter, perf_counter_ns
from typing import Any, Final

import immutables
from given import ITEM, namespaces
from verdict import Verdict

from attune_sim.contexts.registry import strategies
from attune_sim.expressions import compile_value, reads
from attune_sim.metrics import METRICS
from attune_sim.probes.forks import FIRST_INDEX, Bare, fork_heap, time_forks
from attune_sim.probes.memory import Memory

ROUNDS, BATCH = 300, 1_000
INPUT: Final = {"server": "{{ item }}", "region": "{{ parameters.region }}", "limit": "{{ limit }}"}
TEMPLATES: Final = {  # microseconds that each may take, whatever the strategy
    "{{ item.health_endpoint }}": 1.0,
    "http://{{ item.host }}:{{ item.port }}/": 2.5,
    "{{ parameters.region }}": 2.0,
    "{{ task.step_003 }}": 2.0,
    "{{ v5 }}": 2.0,
}
KEYS: Final = (10, 100_000)
GROWING: Final = ("persistent", "hamt", "rpds", "chainmap", "shared", "frozen")


def forker_of(name: str, given: dict[str, Any], template: Any = INPUT) -> Any:
    strategy = strategies[name]()
    return strategy.fan_out(strategy.begin(given), reads(template))


# -- forks beside their floors -----------------------------------------------------------------------------------------


def loop_of(fork: Callable[[Any, int], Any]) -> Callable[[list[int]], None]:
    def loop(indexes: list[int]) -> None:
        for index in indexes:
            fork(ITEM, index)

    return loop


def bare_loop(indexes: list[int]) -> None:
    context = object()
    for index in indexes:
        Bare(context, ITEM, index)


def hamt_loop(indexes: list[int]) -> None:
    version = immutables.Map(dict.fromkeys(namespaces(0)))
    for index in indexes:
        version.set("item", ITEM).set("index", index)


def chainmap_loop(indexes: list[int]) -> None:
    behind = dict.fromkeys(namespaces(0))
    for index in indexes:
        ChainMap({"item": ITEM, "index": index}, behind)


FLOORS: Final = {
    "shared": ("a bare slotted object", bare_loop, 1.3),
    "hamt": ("two sets of an immutables.Map", hamt_loop, 1.5),
    "chainmap": ("a ChainMap of two maps", chainmap_loop, 1.5),
}


def interleaved(loops: dict[str, Callable[[list[int]], None]]) -> dict[str, float]:
    """Nanoseconds a turn, medians over rounds in which the loops take turns, each round from another one on."""
    indexes = list(range(FIRST_INDEX, FIRST_INDEX + BATCH))
    times: dict[str, list[float]] = {name: [] for name in loops}
    names = list(loops)
    for turn in range(ROUNDS):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            began = perf_counter_ns()
            loops[name](indexes)
            times[name].append((perf_counter_ns() - began) / BATCH)
    return {name: median(values) for name, values in times.items()}


def bench_floors(verdict: Verdict) -> None:
    given = namespaces(0.1)
    for name, (what, floor, target) in FLOORS.items():
        forker = forker_of(name, given)
        times = interleaved({"floor": floor, "fork": loop_of(forker.fork)})
        verdict.note(f"{name}: floor, {what}", f"{times['floor']:.0f} ns")
        verdict.require(f"{name}: fork over floor", times["fork"] / times["floor"], "<=", target)
    size = sys.getsizeof(forker_of("shared", given).fork(ITEM, FIRST_INDEX))
    verdict.require("shared: fork object", size, "<=", 56, "bytes")


# -- projected against deepcopy --------------------------------------------------------------------------------------


def priced(name: str, given: dict[str, Any]) -> dict[str, float]:
    forker = forker_of(name, given)
    times, heap = time_forks(forker, [ITEM]), fork_heap(forker, [ITEM], Memory())
    return {"fork_us": times.fork_us, "floor_us": times.floor_us, "fork_bytes": heap.bytes_each}


def bench_projected(verdict: Verdict) -> None:
    given = namespaces(1.0)
    prices = {}
    for name in ("projected", "deepcopy"):
        gc.collect()
        prices[name] = priced(name, given)
        verdict.note(f"{name}, 1 MB of records", told(prices[name]))
    projected, copied = prices["projected"], prices["deepcopy"]
    verdict.require("projected: fork", projected["fork_us"], "<=", 5, "us")
    verdict.require("projected: memory of a fork", projected["fork_bytes"], "<=", 2_000, "bytes")
    for name, target in (("fork_us", 3_000), ("fork_bytes", 1_000)):
        verdict.require(
            f"deepcopy over projected, {name}", copied[name] / projected[name], ">=", target, "times"
        )


def told(price: dict[str, float]) -> str:
    time, size = (METRICS[name].format(price[name]) for name in ("fork_us", "fork_bytes"))
    return f"{time}; {price['fork_us'] / price['floor_us']:,.1f} floors; {size}"


# -- publishing and reading --------------------------------------------------------------------------------------------


def publishing_us(name: str, count: int) -> float:
    """Microseconds to publish a variable, store a result and fork a task that reads neither, `count` times over."""
    strategy = strategies[name]()
    context = strategy.begin(namespaces(0))
    paths = frozenset({("parameters", "region")})
    began = perf_counter()
    for n in range(count):
        context = strategy.store(strategy.publish(context, {f"v{n}": n}), f"t{n}", {"n": n})
        strategy.fan_out(context, paths).fork(ITEM, n)
    return (perf_counter() - began) / count * 1e6


def bench_publishing(verdict: Verdict) -> None:
    for name in GROWING:
        # In turns, and the best of each: what else the machine does only ever adds.
        pairs = [(publishing_us(name, 500), publishing_us(name, 10_000)) for _ in range(4)]
        few, many = (min(times) for times in zip(*pairs, strict=True))
        verdict.note(f"{name}: publish, store and fork, 10,000 times", f"{many:.1f} us each")
        verdict.require(f"{name}: 10,000 times over 500 times", many / few, "<=", 3)


def rendering_us(template: Any) -> dict[str, tuple[float, float]]:
    """By strategy, the lowest tenth of the rounds with few variables and with many; all of them take turns."""
    render = compile_value(template).render
    forks = {
        (name, keys): forker_of(name, with_variables(keys), template).fork(ITEM, 0)
        for name in strategies
        for keys in KEYS
    }
    rounds: dict[tuple[str, int], list[float]] = {key: [] for key in forks}
    for _ in range(50):
        for key, fork in forks.items():
            began = perf_counter_ns()
            for _ in range(200):
                render(fork)
            rounds[key].append((perf_counter_ns() - began) / 200e3)
    lowest = {key: quantiles(times, n=10)[0] for key, times in rounds.items()}
    few, many = KEYS
    return {name: (lowest[name, few], lowest[name, many]) for name in strategies}


def with_variables(count: int) -> dict[str, Any]:
    given = namespaces(0.1)
    return given | {"workflow": given["workflow"] | {f"v{n}": n for n in range(count)}}


def bench_rendering(verdict: Verdict) -> None:
    for template, target in TEMPLATES.items():
        times = rendering_us({"x": template})
        slowest = max(times, key=lambda name: times[name][0])
        verdict.require(
            f"render {template}, slowest strategy ({slowest})", times[slowest][0], "<=", target, "us"
        )
        ratios = {name: many / few for name, (few, many) in times.items()}
        worst = max(ratios, key=lambda name: ratios[name])
        verdict.require(
            f"  {KEYS[1]:,} variables over {KEYS[0]} ({worst})", ratios[worst], "<=", 1.3, "times"
        )


def main() -> None:
    verdict = Verdict(f"strategies: forks, {ROUNDS} interleaved rounds of {BATCH}; publishing; rendering")
    gc.collect()
    gc.freeze()
    bench_floors(verdict)
    bench_publishing(verdict)
    bench_rendering(verdict)
    bench_projected(verdict)
    verdict.exit()


if __name__ == "__main__":
    main()
