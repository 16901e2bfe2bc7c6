"""What a session of gates says when it is over: nothing where all is well, one section where it is not, and the files that were asked for.

All of it is made of `Outcome.as_dict()`, plain JSON, so that it may come from another process.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Final

from attune_sim.errors import FileError
from attune_sim.files import MARK, reason_of, write
from attune_sim.metrics import METRICS

SCHEMA: Final = 1
"""Of the JSON document."""

Told = Mapping[str, Any]

SHOWN: Final = ("fork_us", "fork_bytes")
"""Metrics of the table, beside those that rules are about."""


def is_green(outcomes: Iterable[Told]) -> bool:
    """Whether there is nothing to be said."""
    return not any(one["broken"] or one["advice"] for one in outcomes)


def lines(outcomes: Sequence[Told], *, broken: bool = True) -> Iterator[str]:
    """What broke, unless that was told elsewhere, and what is only told."""
    failed = dict.fromkeys(line for one in outcomes for line in one["broken"] if broken)
    advice = dict.fromkeys(line for one in outcomes for line in one["advice"])
    for heading, told in (("broken", failed), ("not broken", advice)):
        if told:
            yield f"{heading}:"
            yield from (f"  {line}" for line in told)


def table(outcomes: Iterable[Told]) -> list[tuple[str, ...]]:
    """A row a case and metric: what it is, and what came of the rules about it."""
    return [
        (told["rule"], told["case"], _amount(told, "value"), _amount(told, "limit"), told["word"])
        for one in outcomes
        for told in one["findings"]
    ]


HEADERS: Final = ("rule", "case", "measured", "limit", "")


def properties(outcome: Told) -> Iterator[tuple[str, str]]:
    """Name and value of what goes to JUnit: a figure a metric, and what came of each rule."""
    for told in outcome["findings"]:
        if told["value"] is not None:
            yield f"attune.{told['strategy']}.{told['metric']}", f"{told['value']:.12g}"
        yield f"attune.rule: {told['rule']}", told["word"]


def markdown(outcomes: Sequence[Told]) -> str:
    """A section for a page of a build, such as `$GITHUB_STEP_SUMMARY`."""
    broken = sum(len(one["broken"]) for one in outcomes)
    lead = f"{broken} broken" if broken else "all kept"
    rows = [HEADERS, ("---",) * len(HEADERS), *table(outcomes)]
    cells = (" | ".join(_escaped(cell) for cell in row) for row in rows)
    told = [f"- {_escaped(line)}" for line in (line[2:] for line in lines(outcomes) if line.startswith("  "))]
    return "\n".join([f"### What contexts cost: {lead}", "", *(f"| {row} |" for row in cells), "", *told, ""])


def document(outcomes: Iterable[Told]) -> dict[str, Any]:
    """All rules and what came of them, for a program to read; cells are what a baseline is for."""
    gates = [
        {name: value for name, value in one.items() if name not in ("cells", "costs")} for one in outcomes
    ]
    return {"note": MARK, "schema": SCHEMA, "ok": not any(one["broken"] for one in gates), "gates": gates}


def write_document(path: str | PathLike[str], outcomes: Sequence[Told]) -> str:
    """Write it; raises FileError where that is not possible."""
    return write(path, json.dumps(document(outcomes), indent=1) + "\n")


def append_markdown(path: str | PathLike[str], outcomes: Sequence[Told]) -> None:
    """Append the section to a page that others write to as well; raises FileError where that is not possible."""
    try:
        with Path(path).open("a", encoding="utf-8") as page:
            page.write(markdown(outcomes))
    except OSError as error:
        raise FileError(path, f"cannot be written: {reason_of(error)}") from None


def _amount(told: Told, name: str) -> str:
    value = told[name]
    return "–" if value is None or told["metric"] not in METRICS else METRICS[told["metric"]].format(value)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
