"""What each strategy costs: a fork beside the least that its library could take, publishing, and reading.

Forks of `shared`, `hamt` and `chainmap` take turns, round by round, with the floor that they are held against. `projected` is
held against `deepcopy` over the context of `baseline`: 1,000 items, 1 MB of records, a template that reads the item and two
scalar paths. A table of all strategies is written as CSV and Markdown.

    python benchmarks/bench_strategies.py [--full] [--out results]

`--full` covers contexts of 0, 0.1, 1 and 5 MB in the shapes text, records and numbers (some minutes).
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections import ChainMap
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter, perf_counter_ns
from typing import Any, Final

import immutables
import pandas as pd
from verdict import Verdict

from attune_sim.contexts.registry import strategies
from attune_sim.expressions import compile_value, reads
from attune_sim.metrics import METRICS
from attune_sim.probes.forks import FIRST_INDEX, Bare, bare_floor_us, fork_heap, time_forks
from attune_sim.probes.memory import Memory
from attune_sim.scenarios.payload import make_history, make_variables
from attune_sim.scenarios.workload import History

ROUNDS, BATCH = 300, 1_000
ITEM: Final = {
    "id": 7, "host": "web-7.example", "port": 8080, "zone": "eu-1", "weight": 0.5, "active": True,
    "health_endpoint": "http://web-7.example/health",
}  # fmt: skip
INPUT: Final = {"server": "{{ item }}", "region": "{{ parameters.region }}", "limit": "{{ limit }}"}
GROWING: Final = ("persistent", "hamt", "rpds", "chainmap", "shared", "frozen")


def namespaces(megabytes: float, shape: str = "records") -> dict[str, Any]:
    """The context of `baseline`: results of finished tasks, 50 KB of variables; two scalars that the template reads."""
    history = History(tasks=round(megabytes * 100), bytes_each=10_000, payload=shape)
    return {
        "parameters": {"region": "eu", "items": 1_000},
        "workflow": {"limit": 3, **make_variables(50_000 if megabytes else 0, shape)},
        "task": make_history(history),
        "config": None,
        "keystore": None,
        "system": {"workflow_start": "2026-01-01T00:00:00Z"},
    }


def forker_of(name: str, given: dict[str, Any]) -> Any:
    strategy = strategies[name]()
    return strategy.fan_out(strategy.begin(given), reads(INPUT))


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


# -- all strategies, and projected against deepcopy --------------------------------------------------------------------


def priced(name: str, given: dict[str, Any]) -> dict[str, float]:
    forker = forker_of(name, given)
    first_us = time_forks(forker, ITEM, batch=1, rounds=3).fork_us
    times = time_forks(forker, ITEM, batch=max(1, min(500, int(20_000 / first_us))), rounds=40)
    heap = fork_heap(forker, ITEM, Memory(), perf_counter)
    return {"fork_us": times.fork_us, "floor_us": bare_floor_us(ITEM), "fork_bytes": heap.bytes_each}


def bench_prices(verdict: Verdict, full: bool) -> pd.DataFrame:
    points = [(1.0, "records")]
    if full:
        points = [(size, shape) for size in (0.0, 0.1, 1.0, 5.0) for shape in ("text", "records", "numbers")]
    rows = []
    for megabytes, shape in points:
        given = namespaces(megabytes, shape)
        for name in strategies:
            gc.collect()
            row = {"strategy": name, "megabytes": megabytes, "payload": shape, **priced(name, given)}
            rows.append(row)
            verdict.note(f"{name}, {megabytes:g} MB of {shape}", told(row))
    return pd.DataFrame(rows)


def told(row: dict[str, Any]) -> str:
    time, size = (METRICS[name].format(row[name]) for name in ("fork_us", "fork_bytes"))
    return f"{time}; {row['fork_us'] / row['floor_us']:,.1f} floors; {size}"


def require_projected(verdict: Verdict, frame: pd.DataFrame) -> None:
    at_baseline = frame[(frame["megabytes"] == 1.0) & (frame["payload"] == "records")].set_index("strategy")
    projected, copied = at_baseline.loc["projected"], at_baseline.loc["deepcopy"]
    verdict.require("projected: fork", projected["fork_us"], "<=", 5, "us")
    verdict.require("projected: memory of a fork", projected["fork_bytes"], "<=", 2_000, "bytes")
    for name, target in (("fork_us", 3_000), ("fork_bytes", 1_000)):
        verdict.require(
            f"deepcopy over projected, {name}", copied[name] / projected[name], ">=", target, "times"
        )


def write_table(frame: pd.DataFrame, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    frame.to_csv(folder / "bench_strategies.csv", index=False)
    lines = [
        "| strategy | context | payload | fork | floors | memory of a fork |",
        "|---|---|---|--:|--:|--:|",
    ]
    lines += [
        f"| {row['strategy']} | {row['megabytes']:g} MB | {row['payload']} | {told(row).replace('; ', ' | ')} |"
        for row in frame.to_dict("records")
    ]
    (folder / "bench_strategies.md").write_text("\n".join(lines) + "\n")


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


def rendering_us(name: str, template: Any) -> float:
    strategy = strategies[name]()
    context = strategy.begin(namespaces(0.1))
    for n in range(2_000):
        context = strategy.publish(context, {f"v{n}": n})
    fork = strategy.fan_out(context, reads(template)).fork(ITEM, 0)
    render = compile_value(template).render
    render(fork)
    rounds = []
    for _ in range(50):
        began = perf_counter_ns()
        for _ in range(200):
            render(fork)
        rounds.append((perf_counter_ns() - began) / 200e3)
    return median(rounds)


def bench_rendering(verdict: Verdict) -> None:
    for template in ("{{ parameters.region }}", "{{ task.step_003 }}", "{{ v1000 }}"):
        times = {name: rendering_us(name, {"x": template}) for name in strategies}
        slowest = max(times, key=lambda name: times[name])
        verdict.require(f"render {template}, slowest strategy ({slowest})", times[slowest], "<=", 2, "us")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("results"))
    options = parser.parse_args()
    verdict = Verdict(f"strategies: forks, {ROUNDS} interleaved rounds of {BATCH}; publishing; rendering")
    gc.collect()
    gc.freeze()
    bench_floors(verdict)
    bench_publishing(verdict)
    bench_rendering(verdict)
    frame = bench_prices(verdict, options.full)
    require_projected(verdict, frame)
    write_table(frame, options.out)
    verdict.exit()


if __name__ == "__main__":
    main()
