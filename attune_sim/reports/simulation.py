"""The summary of a simulation."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from math import isnan
from typing import Any, Final

import pandas as pd

from attune_sim.analysis.simulations import FIGURES, shown
from attune_sim.errors import counted
from attune_sim.metrics import elapsed, format_bytes
from attune_sim.reports.checked import checked
from attune_sim.reports.summary import Number, Picture, Section, Summary, Table, surroundings_lines

_NAMED: Final = 3
"""Strategies that are named in the lead, before the rest is counted."""


def simulation_summary(
    name: str,
    words: str,
    cycles: pd.DataFrame,
    priced: pd.DataFrame,
    spread: pd.DataFrame,
    workers: pd.DataFrame,
    checks: pd.DataFrame,
    *,
    room: str = "",
    pictures: Sequence[Picture] = (),
    warnings: Sequence[str] = (),
    assumed: Sequence[str] = (),
    surroundings: Mapping[str, Any],
) -> Summary:
    """From the frames of a simulation: its cycles, its strategies with their peaks and deaths, how its figures are spread, its workers,
    and what it is held against.

    `words` say what was simulated, `surroundings` the same in parts; `room` is the memory there is, if anybody
    said, `pictures` what is to be seen.
    """
    ran, memory = _cycles_lead(words, cycles, spread), _memory_lead(priced, room)
    return Summary.plain(
        title=f"{name}: simulated",
        lead=f"{ran} {memory}".strip(),
        tables=(*_strategies(priced, room), _figures(spread), *_workers(workers), *checked(checks)),
        remarks=[("To be taken with care", tuple(warnings)), ("Assumed", tuple(assumed))],
        surroundings=surroundings_lines({"surroundings": surroundings}),
        about="What was simulated",
        opening=(Section("What would happen, over time", tuple(pictures)),) if pictures else (),
        number=_living(priced, room),
        kind="Simulations",
    )


def _living(priced: pd.DataFrame, room: str) -> Number | None:
    """How many strategies live in the memory that there is; None where nobody said how much."""
    if priced.empty or not room:
        return None
    living = int(priced["dies"].eq(0).sum())
    return Number(
        f"{living:,} of {len(priced):,}",
        f"{'strategy lives' if len(priced) == 1 else 'strategies live'} in {room} (estimated)",
    )


# -- the lead ----------------------------------------------------------------------------------------------------------


def _cycles_lead(words: str, cycles: pd.DataFrame, spread: pd.DataFrame) -> str:
    values = dict(zip(spread["metric"], spread["mean"], strict=True))
    number, seeds = cycles["cycle"].nunique(), cycles["seed"].nunique()
    over = f" (means of {counted(seeds, 'seed')})" if seeds > 1 else ""
    lost, failed = _all_lost(values), _failed(values)
    if number == 1:
        end = _end(values)
        return f"{words}: {', '.join([*lost, end, *failed])}{over}."
    told = [*lost, *_lengths(values)]
    told += [f"{shown('late', values['late'])} are under way when the next is due"] if values["late"] else []
    told += [f"{values['skipped']:,.3g} are left out"] if values["skipped"] else []
    if values["failed_cycles"]:
        is_all = values["failed_cycles"] == values["cycles"]
        told += ["all fail" if is_all else f"{values['failed_cycles']:,.3g} fail"]
    return f"{words}. {counted(number, 'cycle')}: {', '.join([*told, *failed])}{over}."


def _end(values: Mapping[str, float]) -> str:
    """How the only cycle ends; it does not where somebody stopped the simulation, or its budget was used up."""
    if isnan(values["makespan_s"]):
        return "still under way where the simulation stops"
    return f"{'fails' if values['failed_cycles'] else 'ends'} after {elapsed(values['makespan_s'])}"


def _lengths(values: Mapping[str, float]) -> list[str]:
    if isnan(values["cycle_p50_s"]):
        return ["none has ended where the simulation stops"]
    return [
        f"the median one ends {elapsed(values['cycle_p50_s'])} after it was due",
        f"99 of 100 within {elapsed(values['cycle_p99_s'])}",
    ]


def _all_lost(values: Mapping[str, float]) -> list[str]:
    """Where no item succeeds that comes first, whatever the workflow makes of it."""
    none_succeeds = values["items"] and values["failed_items"] == 1
    return [f"all {values['items']:,.0f} items fail"] if none_succeeds else []


def _failed(values: Mapping[str, float]) -> list[str]:
    """`3.4 % of the items fail`; nothing where none does, or all, which was told."""
    share = values["failed_items"]
    return [f"{shown('failed_items', share)} of the items fail"] if 0 < share < 1 else []


def _memory_lead(priced: pd.DataFrame, room: str) -> str:
    """Which strategies run out of memory, and which one takes least."""
    if priced.empty:
        return ""
    best = priced.iloc[0]
    peak = f"{format_bytes(best['peak_bytes'])} at its peak"
    least = f"{best['strategy']} takes least, {peak}"
    dead = priced[priced["dies"] > 0].iloc[::-1]
    if not room:
        return f"Of {counted(len(priced), 'strategy', 'strategies')}, {least}."
    if dead.empty:
        alone = len(priced) == 1
        return (
            f"It lives in {room} under {f'{best.strategy}, {peak}' if alone else f'every strategy; {least}'}."
        )
    told = ", ".join(f"{row['strategy']} {_where(row)}" for row in dead.head(_NAMED).to_dict("records"))
    more = f" and {len(dead) - _NAMED:,} more" if len(dead) > _NAMED else ""
    return f"It runs out of {room} under {told}{more}; {least if best['dies'] == 0 else 'no strategy lives'}."


def _where(row: Row) -> str:
    """`after 7 h 12 min (cycle 86, item 3,200)`."""
    item: str = "" if pd.isna(row["item"]) else f", item {row['item']:,}"
    moment = f"after {elapsed(row['time_s'])}" if row["time_s"] else "at once"
    return f"{moment} (cycle {row['cycle']:,}{item})"


# -- tables ------------------------------------------------------------------------------------------------------------


def _strategies(priced: pd.DataFrame, room: str) -> Iterator[Table]:
    """What of it there is to say: shares of a limit, deaths where there are some, in how many seeds where there are several."""
    if priced.empty:
        return
    columns: dict[str, Callable[[Row], str]] = {
        "strategy": lambda row: str(row["strategy"]),
        "peak": lambda row: format_bytes(row["peak_bytes"]),
    }
    if room:
        columns["of the memory"] = lambda row: _percent(row["peak_bytes"] / row["limit_bytes"])
    if priced["dies"].any():
        columns |= _DEATH if priced["n"].max() == 1 else {"dies": _share, **_DEATH}
        if priced["task"].isna().all():
            del columns["task"]
    texts = {place for place, name in enumerate(columns) if name in ("strategy", "task")}
    yield Table(
        caption=f"Memory of each strategy{room and f', in {room}'} (estimated; what lives and takes least first)",
        headers=tuple(columns),
        rows=tuple(tuple(tell(row) for tell in columns.values()) for row in priced.to_dict("records")),
        failed=frozenset(place for place, dies in enumerate(priced["dies"]) if dies > 0),
        texts=frozenset(texts),
    )


Row = Mapping[Hashable, Any]


def _percent(share: float) -> str:
    """`66.4 %`, `2,580 %`."""
    return f"{100 * share:.3g} %" if share < 1 else f"{float(f'{100 * share:.3g}'):,.0f} %"


def _share(row: Row) -> str:
    return f"{shown('dies', row['dies'])} of {row['n']:,}"


_DEATH: Final[Mapping[str, Callable[[Row], str]]] = {
    "dies after": lambda row: (
        "lives" if isnan(row["time_s"]) else elapsed(row["time_s"]) if row["time_s"] else "at once"
    ),
    "cycle": lambda row: "–" if pd.isna(row["cycle"]) else f"{row['cycle']:,}",
    "task": lambda row: row["task"] if isinstance(row["task"], str) else "–",
    "item": lambda row: "–" if pd.isna(row["item"]) else f"{row['item']:,}",
}


def _figures(spread: pd.DataFrame) -> Table:
    """What belongs to no strategy, a row each; with an interval where there are several seeds."""
    own = spread[(spread["strategy"] == "") & spread["mean"].notna()]
    several = len(own) > 0 and int(own["n"].max()) > 1
    alone = bool(own.loc[own["metric"] == "cycles", "mean"].eq(1).any())
    told = ("mean ± interval of 95 %", "5 to 95 of 100 seeds") if several else ("value",)
    return Table(
        caption=f"The simulation in figures{f', over {int(own.n.max()):,} seeds' if several else ''} (estimated)",
        headers=("figure", *told, "what it is"),
        rows=tuple(
            _figure(row, several=several) for row in own.to_dict("records") if _tells(row, alone=alone)
        ),
        texts=frozenset({0, 1 + len(told)}),
    )


def _tells(row: Row, *, alone: bool) -> bool:
    """What is zero and only of interest where it is not, is left out, and of a cycle that is alone what is of several."""
    return (row["mean"] or row["metric"] not in _USUALLY_0) and not (alone and row["metric"] in _OF_SEVERAL)


_USUALLY_0: Final = frozenset(
    {
        "skipped",
        "unfinished",
        "failed_cycles",
        "lost",
        "retries",
        "shipped_bytes",
        "wait_mean_s",
        "wait_p50_s",
        "wait_p99_s",
    }
)
_OF_SEVERAL: Final = frozenset({"cycles", "late", "cycle_p50_s", "cycle_p99_s", "cycle_max_s"})


def _figure(row: Row, *, several: bool) -> tuple[str, ...]:
    metric, mean = row["metric"], shown(row["metric"], row["mean"])
    told = (_give_or_take(row), _between(metric, row["p5"], row["p95"])) if several else (mean,)
    return metric, *told, FIGURES[metric].title


def _give_or_take(row: Row) -> str:
    """What would change no digit of the mean is left out."""
    half = row["high"] - row["mean"]
    mean = shown(row["metric"], row["mean"])
    return f"{mean} ± {shown(row['metric'], half)}" if half > _TELLING * abs(row["mean"]) else mean


_TELLING: Final = 1e-3


def _between(metric: str, low: float, high: float) -> str:
    ends = shown(metric, low), shown(metric, high)
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def _workers(workers: pd.DataFrame) -> Iterator[Table]:
    """Of the first seed, up to a number that can be read; what happened to none of them is left out."""
    own = workers[workers["seed"] == workers["seed"].iloc[0]] if len(workers) else workers
    if own.empty:
        return
    told = {name: tell for name, (column, tell) in _OF_WORKER.items() if own[column].fillna(0).any()}
    rows = [
        (str(row["worker"]), *(tell(row) for tell in told.values()))
        for row in own.head(SHOWN_WORKERS).to_dict("records")
    ]
    first = f": the first {SHOWN_WORKERS} of {len(own):,}" if len(own) > SHOWN_WORKERS else ""
    yield Table(f"Workers{first} (estimated)", ("worker", *told), tuple(rows))


SHOWN_WORKERS: Final = 20


def _time(column: str) -> Callable[[Row], str]:
    return lambda row: elapsed(row[column]) if row[column] > 0 else "–"


def _size(column: str) -> Callable[[Row], str]:
    return lambda row: format_bytes(row[column])


def _number(column: str) -> Callable[[Row], str]:
    return lambda row: f"{row[column]:,}"


_OF_WORKER: Final[Mapping[str, tuple[str, Callable[[Row], str]]]] = {
    "busy": ("utilisation", lambda row: shown("utilisation", row["utilisation"])),
    "attempts": ("attempts", _number("attempts")),
    "lost": ("lost", _number("lost")),
    "failures": ("failures", _number("failures")),
    "down": ("down_s", _time("down_s")),
    "sent to it": ("shipped_bytes", _size("shipped_bytes")),
    "held at most": ("peak_bytes", _size("peak_bytes")),
    "memory passed after": ("over_s", _time("over_s")),
}
"""Header -> the column that says whether there is anything to say, and what is said."""
