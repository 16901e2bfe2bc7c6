"""What laws say of sizes that were never run, beside cells of these sizes: 4 and 16 times the largest cell that was fitted.

Small cells of `baseline`: three numbers of items and three contexts, sixteen times apart, but of all pairs only those whose product is
no larger than the middle one's, each four times: 24 cells a strategy and dispatch. A square of sizes would cost as much and reach a
quarter as far along each side, and a cost a byte that is seen over a few KB is that of a cache. The larger ones, which the fit does not
see, have more items, more context, or both; what is foretold stands beside their median. With `--store` (results/laws.jsonl) what was cut
off goes on where it was. Fewer than 257 items are no beginning: Python keeps the integers up to 256, so an index costs nothing below and
32 bytes above. Larger cells are repeated three times, and quick ones until their runs sum to three seconds or there are nine: where three runs of
some milliseconds differ by a third, their middle one is no truth to hold anything against.

Sizes stay within what a machine has one price for. Where a context, its dump and its copy no longer fit into the cache of a core (2 MB here), copying
text costs a fifth to four fifths more a byte (orjson, pickle); and a virtual machine whose host takes back free memory pays eight times as much for a page
beyond some GB (here 3.5) as for one that it had lately. Neither is a matter of forks, and no smaller cell can know it.

A time that is foretold is one at the usual pace of the machine in the fitted cells, and is set beside what the larger cell would have taken at
that pace; the interval is one of what the cell read. Bytes of a fork whose layout a process draws are shown, and required of no median.

    python benchmarks/bench_laws.py [--strategies ...] [--dispatches eager windowed] [--payloads records text] [--store FILE]
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product
from math import isqrt, prod
from pathlib import Path
from statistics import median_low
from typing import Any, Final

import pandas as pd
from verdict import Verdict

from attune_sim.analysis.laws import Fit, Group, fits_of
from attune_sim.analysis.laws.pace import Paces, usual_paces
from attune_sim.analysis.laws.points import points_of
from attune_sim.contexts.registry import drawing_layouts, strategies
from attune_sim.experiment import Experiment, run_experiment
from attune_sim.frame import metrics_frame
from attune_sim.record import CellRecord
from attune_sim.runspec import History
from attune_sim.scenarios.catalogue.baseline import baseline
from attune_sim.scenarios.workload import Workload
from attune_sim.store import Store

MEMORY: Final = ("fork_bytes", "live_heap_bytes", "allocated_blocks")
TIME: Final = ("fork_us", "paid_fork_us", "forking_us", "forking_price_us", "wall_s")
FACTORS: Final = (4, 16)
LIMITS: Final = {"memory": (0.05, 0.15), "time": (0.15, 0.30)}
"""Kind -> what the median error and the worst one may be."""

EXPECTED: Final = {
    ("deepcopy", "records"): "O(N*C)",
    ("deepcopy", "text"): "O(N)",  # it copies no text, and there are as many texts in a larger context
    **{(name, payload): "O(N)" for name in ("shared", "projected") for payload in ("records", "text")},
}
"""The laws of the live heap and of the total fork time of an eager run, by strategy and payload."""

DRAWN: Final = drawing_layouts(strategies)
"""Strategies whose forks have another size in each process, one of two or so: the middle of three cells is either of them."""

SETTLED_S: Final = 3.0
MOST: Final = 9
"""Seconds that the runs of a larger cell take together, and how often it is repeated for them."""

Size = tuple[int, int]


def main() -> None:
    options = asked()
    middle = median_low(options.items), median_low(options.context)
    small = [size for size in product(options.items, options.context) if prod(size) <= prod(middle)]
    large = list(larger(*middle))
    options.store.parent.mkdir(parents=True, exist_ok=True)
    small_cells = experiment(small, options.repeats, options)
    large_cells = experiment(large, options.held_repeats, options)
    fitted, held = in_turns(small_cells, large_cells, options.store)
    fits = fits_of(fitted)
    table = beside(fits, held, usual_paces(fitted), prod(middle))
    cells = len(small) * options.repeats
    verdict = Verdict(
        f"laws: {len(small)} sizes, {cells} cells a strategy and dispatch; {len(large)} larger ones held out"
    )
    report_laws(verdict, fits)
    report_errors(verdict, table)
    report_coverage(verdict, table)
    verdict.exit()


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, nargs="*", default=[400, 1_600, 6_400])
    parser.add_argument(
        "--context", type=int, nargs="*", default=[7_500, 30_000, 120_000], help="bytes of JSON"
    )
    parser.add_argument("--repeats", type=int, default=4, help="of the small cells")
    parser.add_argument("--held-repeats", type=int, default=3, help="of the larger ones, at least")
    parser.add_argument("--strategies", nargs="*", default=list(strategies))
    parser.add_argument("--dispatches", nargs="*", default=["eager", "windowed"])
    parser.add_argument("--payloads", nargs="*", default=["records", "text"])
    parser.add_argument("--memory-limit", type=int, default=5 * 2**30, help="bytes that a cell may have")
    parser.add_argument("--store", type=Path, default=Path("results/laws.jsonl"))
    return parser.parse_args()


def larger(items: int, context: int) -> Iterator[Size]:
    """Sizes of 4 and 16 times the largest one's work: in items, in context, in both."""
    for factor in FACTORS:
        root = isqrt(factor)
        yield from ((items * factor, context), (items, context * factor), (items * root, context * root))


def in_turns(small: Experiment, large: Experiment, store: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What was measured of both, one repeat of each after the other: a machine that slows down by and by does so under both."""
    fitted: list[CellRecord] = []
    for repeat in range(1, max(small.repeats, large.repeats) + 1):
        fitted = run_experiment(replace(small, repeats=min(repeat, small.repeats)), store=Store(store))
        run_experiment(replace(large, repeats=min(repeat, large.repeats)), store=Store(store))
    return metrics_frame(fitted), metrics_frame(settled(large, store))


def settled(large: Experiment, store: Path) -> list[CellRecord]:
    """The larger cells. Those whose runs do not sum to `SETTLED_S` are repeated, one repeat of each after the other."""
    axes = product(large.workloads, large.dispatches)
    left = [replace(large, workloads=[size], dispatches=[dispatch]) for size, dispatch in axes]
    found: list[CellRecord] = []
    most = max(MOST, large.repeats)
    for repeats in range(large.repeats, most + 1):
        again = []
        for one in left:
            records = run_experiment(replace(one, repeats=repeats), store=Store(store))
            quick = quick_ones(records) if repeats < most else set()
            found += [record for record in records if record.key.strategy not in quick]
            if quick:
                again.append(replace(one, strategies=[each for each in one.strategies if each.name in quick]))
        left = again
    return found


def quick_ones(records: Iterable[CellRecord]) -> set[str]:
    """The strategies whose runs do not sum to `SETTLED_S`."""
    lasted: defaultdict[str, float] = defaultdict(float)
    for record in records:
        lasted[record.key.strategy] += (record.outcome == "ok" and record.wall_s) or SETTLED_S
    return {name for name, seconds in lasted.items() if seconds < SETTLED_S}


def experiment(sizes: list[Size], repeats: int, options: argparse.Namespace) -> Experiment:
    return Experiment(
        workloads=[workload(*size, payload) for payload in options.payloads for size in sizes],
        strategies=[strategies[name] for name in options.strategies],
        dispatches=options.dispatches,
        repeats=repeats,
        memory_limit_bytes=options.memory_limit,
        time_limit_s=600,
        check_answers=False,
        slow_s=600,
    )


def workload(items: int, context: int, payload: str) -> Workload:
    """`baseline` with so many bytes of context: seven tenths in results, two in variables, one in parameters."""
    each = context // 10
    history = History(tasks=7, bytes_each=each, payload=payload)
    return baseline(items, payload=payload, history=history, variables_bytes=2 * each, parameters_bytes=each)


def beside(
    fits: dict[tuple[Group, str], Fit], held: pd.DataFrame, usual: Paces, largest: int
) -> pd.DataFrame:
    """One row a held-out cell and metric: how far what was foretold is off, at the usual pace of the cells that were fitted, and
    whether what it read, at whatever pace, lies inside the interval."""
    rows: list[dict[str, Any]] = []
    for group, metric, points in points_of(held, usual=usual):
        columns = (points.items, points.context, points.values, points.read)
        for items, context, value, read in zip(*columns, strict=True):
            told = fits[group, metric].predict(items, context)
            rows.append(
                {
                    "strategy": group.strategy,
                    "dispatch": group.dispatch,
                    "payload": group.payload,
                    "metric": metric,
                    "size": (items, context),
                    "factor": min(FACTORS, key=lambda factor: abs(factor - items * context / largest)),
                    "off": told.value / value - 1 if value else 0.0,
                    "inside": told.low <= read <= told.high,
                }
            )
    return pd.DataFrame(rows)


def report_laws(verdict: Verdict, fits: dict[tuple[Group, str], Fit]) -> None:
    for (group, metric), fit in fits.items():
        if group.dispatch == "eager" and metric in ("live_heap_bytes", "forking_us", "forking_price_us"):
            name = f"{metric}, {group.strategy}, {group.payload}"
            if (law := EXPECTED.get((group.strategy, str(group.payload)))) is None:
                verdict.note(name, fit.law)
            else:
                verdict.require(f"{name}: {fit.law}, not {law}", fit.law != law, "<=", 0)


def report_errors(verdict: Verdict, table: pd.DataFrame) -> None:
    for kind, metrics in (("memory", MEMORY), ("time", TIME)):
        part = of_medians(table[table["metric"].isin(metrics)])
        by_chance = (part["metric"] == "fork_bytes") & part["strategy"].isin(DRAWN)
        shown = part.pivot_table(index="strategy", columns=["metric", "factor"], values="off", aggfunc="max")
        print(f"\n{kind}: the worst error\n{shown.round(3).to_string()}\n")
        for factor in FACTORS:
            for metric in metrics:
                off = part.loc[(part["factor"] == factor) & (part["metric"] == metric) & ~by_chance, "off"]
                median, worst = LIMITS[kind]
                verdict.require(
                    f"{metric} at {factor} times, {len(off)} sizes: median", off.median(), "<=", median
                )
                verdict.require(f"{metric} at {factor} times: worst", off.max(), "<=", worst)


def of_medians(table: pd.DataFrame) -> pd.DataFrame:
    """One row a held-out size: how far what was foretold is from the median of its cells."""
    by = ["strategy", "dispatch", "payload", "metric", "factor", "size"]
    # What was foretold is the same for all cells of a size, so the median cell is the one with the median of these.
    return table.groupby(by)["off"].median().abs().reset_index()


def report_coverage(verdict: Verdict, table: pd.DataFrame) -> None:
    inside = table["inside"].mean()
    verdict.require(f"inside the 95 % interval, of {len(table):,} figures", inside, ">=", 0.95)
    for metric, share in table.groupby("metric")["inside"].mean().items():
        verdict.figure(f"  {metric}", share)


if __name__ == "__main__":
    main()
