"""The figures of one simulation: what stands for it where there is room for a few numbers, and what ensembles are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any, Final

import pandas as pd

from attune_sim.frame import FIGURE_COLUMNS
from attune_sim.metrics import FORMATS, Unit, elapsed


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, declared once. `each` is what it belongs to: a whole simulation, or each strategy in it."""

    unit: Unit
    title: str
    is_share: bool = False


FIGURES: Final[Mapping[str, Figure]] = {
    "cycles": Figure("count", "cycles that were due"),
    "skipped": Figure("count", "left out, for another was under way"),
    "unfinished": Figure("count", "not over when the simulation was"),
    "late": Figure("ratio", "under way when the next is due", True),
    "failed_cycles": Figure("count", "cycles whose run did not succeed"),
    "cycle_p50_s": Figure("s", "from due to ended: half of the cycles"),
    "cycle_p99_s": Figure("s", "from due to ended: 99 of 100 cycles"),
    "cycle_max_s": Figure("s", "from due to ended: the slowest cycle"),
    "makespan_s": Figure("s", "end of the last cycle"),
    "items": Figure("count", "items that were begun"),
    "items_per_s": Figure("ratio", "items that end in a second"),
    "failed_items": Figure("ratio", "items that do not succeed", True),
    "retries": Figure("count", "attempts after one that failed"),
    "lost": Figure("count", "attempts that die with their worker, and are made again"),
    "max_in_flight": Figure("count", "the most of one cycle at once"),
    "wait_mean_s": Figure("s", "wait for a slot: mean of the attempts"),
    "wait_p50_s": Figure("s", "wait for a slot: half of the items"),
    "wait_p99_s": Figure("s", "wait for a slot: 99 of 100 items"),
    "most_waiting": Figure("count", "the most that wait at once"),
    "utilisation": Figure("ratio", "share of the slots' time"),
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
    unit = FIGURES[metric].unit
    return elapsed(value) if unit == "s" else FORMATS[unit](value)


def figures(
    cycles: pd.DataFrame,
    workers: pd.DataFrame,
    deaths: pd.DataFrame,
    waits: Mapping[int, Mapping[str, float]],
) -> pd.DataFrame:
    """One row a seed and figure, and for what belongs to a strategy one each (`FIGURE_COLUMNS`); `strategy` is empty elsewhere.

    `waits` are figures of waiting by seed; figures of what was not simulated (workers, memory) have no rows.
    """
    rows: list[dict[str, Any]] = []
    busy, dead = _by_seed(workers), _by_seed(deaths)
    for seed, own in _by_seed(cycles).items():
        for strategy, metric, value in _all(own, busy.get(seed), dead.get(seed), waits.get(seed, {})):
            rows.append({"seed": seed, "strategy": strategy, "metric": metric, "value": value})
    frame = pd.DataFrame(rows, columns=["seed", "strategy", "metric", "value"]).astype({"value": "float64"})
    units = [FIGURES[metric].unit for metric in frame["metric"]]
    return frame.assign(unit=units, source="estimated")[list(FIGURE_COLUMNS)]


PRICED_COLUMNS: Final = (
    *("strategy", "peak_bytes", "limit_bytes", "n", "dies", "time_s", "cycle", "task", "item", "source"),
)


def priced(deaths: pd.DataFrame) -> pd.DataFrame:
    """One row a strategy, from a frame of deaths (`PRICED_COLUMNS`): what lives comes first, of these what holds least; then what
    dies last.

    `peak_bytes` is the highest of all n seeds, `dies` the share of them that ran out of memory; time_s, cycle, task and item are
    those of the seed that died first, and missing where none did.
    """
    rows = [_priced(str(strategy), part) for strategy, part in deaths.groupby("strategy", sort=False)]
    frame = pd.DataFrame(rows, columns=list(PRICED_COLUMNS[:-1])).assign(source="estimated")
    frame = frame.astype({"cycle": "Int64", "item": "Int64", "time_s": "float64", "dies": "float64"})
    keys = {"soon": -frame["time_s"].fillna(float("inf")), "first": -frame["item"].fillna(-1)}
    order = frame.assign(**keys).sort_values(["soon", "first", "peak_bytes"], kind="stable")
    return frame.loc[order.index].reset_index(drop=True)


def _priced(strategy: str, deaths: pd.DataFrame) -> dict[str, Any]:
    dead = deaths[deaths["time_s"].notna()].sort_values("time_s", kind="stable")
    where = dead.iloc[0].to_dict() if len(dead) else {}
    return {
        "strategy": strategy,
        "peak_bytes": float(deaths["peak_bytes"].max()),
        "limit_bytes": float(deaths["limit_bytes"].iloc[0]),
        "n": len(deaths),
        "dies": len(dead) / len(deaths),
        **{name: where.get(name) for name in ("time_s", "cycle", "task", "item")},
    }


def _by_seed(frame: pd.DataFrame) -> dict[int, pd.DataFrame]:
    return {int(str(seed)): part for seed, part in frame.groupby("seed", sort=False)}


def _all(
    cycles: pd.DataFrame,
    workers: pd.DataFrame | None,
    deaths: pd.DataFrame | None,
    waits: Mapping[str, float],
) -> Iterator[tuple[str, str, float]]:
    yield from (("", name, float(value)) for name, value in _of_cycles(cycles))
    yield from (("", name, value) for name, value in waits.items())
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
    yield "cycles", float(len(cycles))
    yield "skipped", float(cycles["skipped"].sum())
    yield "unfinished", cycles["status"].isin(["running", "waiting"]).sum()
    yield "late", _late(cycles)
    yield "failed_cycles", cycles["status"].isin(["failed", "cancelled"]).sum()
    yield "cycle_p50_s", float(took.median())
    yield "cycle_p99_s", float(took.quantile(0.99))
    yield "cycle_max_s", float(took.max())
    yield "makespan_s", makespan
    yield "items", number
    yield "items_per_s", over / makespan if makespan else float("nan")
    yield "failed_items", (over - good) / over if over else 0.0
    for name in ("retries", "lost"):
        yield name, float(cycles[name].sum())
    yield "max_in_flight", float(cycles["max_in_flight"].max())


def _late(cycles: pd.DataFrame) -> float:
    """Of the cycles behind which another one is due, the share that had not ended by then. One that was left out is none."""
    following = cycles["due_s"].shift(-1)
    asked = cycles[following.notna() & ~cycles["skipped"]]
    late = asked["ended_s"].isna() | (asked["ended_s"] > following[asked.index])
    return float(late.mean()) if len(asked) else 0.0
