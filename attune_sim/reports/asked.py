"""What was asked for, and when: the command that measures the same again, seeds, limits, dates."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from shlex import quote
from typing import Any, Final

import pandas as pd

from attune_sim.metrics import format_limit, format_s

OF_ONE_SIZE: Final = {
    "items": "--items",
    "dispatch": "--dispatch",
    "executor": "--executor",
    "payload": "--payload",
    "history_tasks": "--history",
    "seed": "--seed",
}
"""Column -> the option of it, for what has the same value, other than 0, in every cell."""

LISTS: Final = {
    "items": "--items",
    "context_bytes": "--context-bytes",
    "payload": "--payload",
    "dispatch": "--dispatch",
    "concurrency": "--concurrency",
}
"""Column -> the option of a sweep that takes all its values."""


def asked_lines(cells: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    """As (name, value) texts, from the keys of the cells: no path and no parameter is in them, so no secret is either."""
    when = sorted(cells["began"].dropna())
    dates = () if not when else (("measured", " to ".join(dict.fromkeys((when[0], when[-1])))),)
    return (
        *dates,
        ("seed", _all(cells["seed"])),
        ("hash seeds", f"{cells['hash_seed'].nunique():,}, one a repeat, the same for every strategy"),
        ("memory limit of a cell", _all(map(format_limit, cells["memory_limit_bytes"]))),
        ("time limit of a cell", _all(map(format_s, cells["time_limit_s"]))),
    )


def command_of(cells: pd.DataFrame, scenarios: Container[str]) -> str:
    """What measures the same again; a workflow of one's own is called FILE.yaml, for nobody knows here where it lies."""
    options = " ".join(_options(cells))
    names = list(dict.fromkeys(cells["workload"]))
    verb = "sweep" if is_swept(cells) else "compare"
    commands = (
        f"attune-sim {verb} {quote(name) if name in scenarios else 'FILE.yaml'} {options}" for name in names
    )
    own = [name for name in names if name not in scenarios]
    given = (
        f" (FILE.yaml is the workflow {own[0]}; with the actions, parameters or script it was given)"
        if own
        else ""
    )
    return " | ".join(dict.fromkeys(commands)) + given


def _options(cells: pd.DataFrame) -> Iterator[str]:
    yield from (f"--strategy {quote(name)}" for name in dict.fromkeys(cells["strategy"]))
    lists = LISTS if is_swept(cells) else {}
    for column, option in lists.items():
        values = list(dict.fromkeys(cells[column].dropna()))
        if len(values) > 1 and not _follows(cells, column):
            yield f"{option} {','.join(map(str, sorted(values)))}"
    for column, option in OF_ONE_SIZE.items():
        values = list(dict.fromkeys(cells[column].dropna()))
        if len(values) == 1 and values != [0]:
            yield f"{option} {values[0]}"
    yield f"--repeats {'auto' if cells['looks'].any() else cells['repeat'].nunique()}"
    yield f"--memory-limit {cells['memory_limit_bytes'].iloc[0]}"
    yield f"--time-limit {cells['time_limit_s'].iloc[0]:g}s"
    yield from ("--real",) if cells["real"].any() else ()


def is_swept(cells: pd.DataFrame) -> bool:
    """Whether cells are of several sizes."""
    return len(cells[["items", "context_bytes"]].drop_duplicates()) > 1


def _follows(cells: pd.DataFrame, column: str) -> bool:
    """Whether nobody asked for these contexts: a list of items in the parameters makes another one of each number."""
    pairs = cells[["items", "context_bytes"]].drop_duplicates()
    return column == "context_bytes" and len(pairs) == cells["items"].nunique() > 1


def _all(values: Iterable[Any]) -> str:
    return " | ".join(dict.fromkeys(map(str, values)))
