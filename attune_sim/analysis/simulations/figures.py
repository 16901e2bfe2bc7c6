"""The figures of one simulation: what stands for it where there is room for a few numbers, and what ensembles are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any, Final

import pandas as pd

from attune_sim.frame import FIGURE_COLUMNS
from attune_sim.metrics import FORMATS, Unit


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, declared once. `each` is what it belongs to: a whole simulation, or each strategy in it."""

    unit: Unit
    title: str
    is_share: bool = False


FIGURES: Final[Mapping[str, Figure]] = {
    "cycles": Figure("count", "cycles that were due"),
    "skipped": Figure("count", "cycles that were left out because the one before was under way"),
    "unfinished": Figure("count", "cycles that had not ended when the simulation did"),
    "late": Figure("ratio", "share of cycles that were still under way when the next was due", True),
    "failed_cycles": Figure("count", "cycles whose run did not succeed"),
    "cycle_p50_s": Figure("s", "time from when a cycle is due to its end, median"),
    "cycle_p99_s": Figure("s", "... that 99 of 100 cycles do not pass"),
    "cycle_max_s": Figure("s", "... of the slowest cycle"),
    "makespan_s": Figure("s", "end of the last cycle"),
    "items": Figure("count", "items that were begun"),
    "items_per_s": Figure("ratio", "items that ended in a second, over the makespan"),
    "failed_items": Figure("ratio", "share of items that did not succeed", True),
    "retries": Figure("count", "attempts after the first ones"),
    "lost": Figure("count", "attempts that died with their worker"),
    "max_in_flight": Figure("count", "the most attempts of one cycle that were under way at once"),
    "wait_p50_s": Figure("s", "time an attempt waits to be served, median"),
    "wait_p99_s": Figure("s", "... that 99 of 100 attempts do not pass"),
    "most_waiting": Figure("count", "the most attempts that waited at once"),
    "utilisation": Figure("ratio", "share of all slots' time that was service"),
    "shipped_bytes": Figure("bytes", "bytes sent to workers"),
    "peak_bytes": Figure("bytes", "the most that the process held"),
    "dies": Figure("ratio", "share of simulations that ran out of memory", True),
}
"""Figure -> what it is."""


def shown(metric: str, value: float) -> str:
    """The value of a figure as a person reads it.

    >>> shown("cycle_p99_s", 0.25), shown("late", 0.031), shown("items", 288_000)
    ('250 ms', '3.1 %', '288,000')
    """
    if isnan(value):
        return "–"
    if FIGURES[metric].is_share or metric == "utilisation":
        return f"{100 * value:.3g} %"
    return FORMATS[FIGURES[metric].unit](value)


def figures(
    cycles: pd.DataFrame,
    items: pd.DataFrame,
    queue: pd.DataFrame,
    workers: pd.DataFrame,
    deaths: pd.DataFrame,
) -> pd.DataFrame:
    """One row a seed and figure, and for what belongs to a strategy one each (`FIGURE_COLUMNS`); `strategy` is empty elsewhere.

    Figures of waiting are of the items that are in the frame, which may be a random choice; those of what was not simulated
    (workers, memory) are missing.
    """
    rows: list[dict[str, Any]] = []
    of = [_by_seed(frame) for frame in (items, queue, workers, deaths)]
    for seed, own in _by_seed(cycles).items():
        parts = [known.get(seed) for known in of]
        for strategy, metric, value in _all(own, *parts):
            rows.append({"seed": seed, "strategy": strategy, "metric": metric, "value": value})
    frame = pd.DataFrame(rows, columns=["seed", "strategy", "metric", "value"]).astype({"value": "float64"})
    units = [FIGURES[metric].unit for metric in frame["metric"]]
    return frame.assign(unit=units, source="estimated")[list(FIGURE_COLUMNS)]


def _by_seed(frame: pd.DataFrame) -> dict[int, pd.DataFrame]:
    return {int(str(seed)): part for seed, part in frame.groupby("seed", sort=False)}


_Row = tuple[str, str, float]


def _all(
    cycles: pd.DataFrame,
    items: pd.DataFrame | None,
    queue: pd.DataFrame | None,
    workers: pd.DataFrame | None,
    deaths: pd.DataFrame | None,
) -> Iterator[_Row]:
    yield from (("", name, float(value)) for name, value in _of_cycles(cycles))
    if items is not None:
        waits = items["started_s"] - items["queued_s"]
        yield from (("", f"wait_p{part}_s", float(waits.quantile(part / 100))) for part in (50, 99))
    if queue is not None:
        yield "", "most_waiting", float(queue["most_waiting"].max())
    if workers is not None:
        yield "", "utilisation", float(workers["utilisation"].mean())
        yield "", "shipped_bytes", float(workers["shipped_bytes"].sum())
    for row in [] if deaths is None else deaths.to_dict("records"):
        yield row["strategy"], "peak_bytes", float(row["peak_bytes"])
        if not isnan(row["limit_bytes"]):
            yield row["strategy"], "dies", float(not isnan(row["time_s"]))


def _of_cycles(cycles: pd.DataFrame) -> Iterator[tuple[str, float]]:
    ended = cycles[cycles["ended_s"].notna()]
    took = ended["ended_s"] - ended["due_s"]
    number, good = float(cycles["items"].sum()), float(cycles["succeeded"].sum())
    over = float(sum(cycles[name].sum() for name in ("succeeded", "failed", "timed_out", "cancelled")))
    makespan = float(ended["ended_s"].max()) if len(ended) else float("nan")
    yield "cycles", len(cycles)
    yield "skipped", cycles["skipped"].sum()
    yield "unfinished", cycles["status"].isin(["running", "waiting"]).sum()
    yield "late", _late(cycles)
    yield "failed_cycles", cycles["status"].isin(["failed", "cancelled"]).sum()
    yield "cycle_p50_s", float(took.median())
    yield "cycle_p99_s", took.quantile(0.99)
    yield "cycle_max_s", took.max()
    yield "makespan_s", makespan
    yield "items", number
    yield "items_per_s", over / makespan if makespan else float("nan")
    yield "failed_items", (over - good) / over if over else 0.0
    for name in ("retries", "lost"):
        yield name, cycles[name].sum()
    yield "max_in_flight", cycles["max_in_flight"].max()


def _late(cycles: pd.DataFrame) -> float:
    """Of the cycles behind which another one is due, the share that had not ended by then. One that was left out is none."""
    following = cycles["due_s"].shift(-1)
    asked = cycles[following.notna() & ~cycles["skipped"]]
    late = asked["ended_s"].isna() | (asked["ended_s"] > following[asked.index])
    return float(late.mean()) if len(asked) else 0.0
