"""The history of a project: a line a commit, in a file that is part of it. Counts and ratios only; a time is of a machine.

{"written_by": "attune-sim", "history": 1, "commit": "0d2f...", "date": "2026-11-28T13:05:00+00:00", "surroundings": {...}, "series": [...]}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Final

from attune_sim.analysis.figures import Case, Figure, Round, pairs_of
from attune_sim.analysis.steps import Point, Series
from attune_sim.api.alarms.baseline import load_baseline
from attune_sim.api.alarms.gate import Gate
from attune_sim.api.alarms.repository import Commit
from attune_sim.errors import InputError, counted
from attune_sim.files import content, opened, write
from attune_sim.frame import cells_frame, metrics_frame
from attune_sim.metrics import METRICS
from attune_sim.record import CellRecord
from attune_sim.thresholds.measured import Measured, Side, named
from attune_sim.thresholds.rules import Threshold

SCHEMA: Final = 1
MOST_BYTES: Final = 64 * 2**20
KEPT: Final = ("python", "implementation", "platform", "machine", "libc", "heap_source", "versions")
"""Surroundings that counts depend on."""

Row = Mapping[str, Any]

COUNTS: Final = (
    *("fork_bytes", "record_bytes", "live_heap_bytes", "allocated_blocks"),
    *("fork_object_bytes", "fork_instructions", "render_instructions"),
)
"""Counts that are kept, where they were read."""


def line_of(commit: Commit, taken: Iterable[tuple[Gate, Iterable[CellRecord]]]) -> dict[str, Any]:
    """What is kept of one commit: the series of each gate, its values repeat by repeat."""
    known = [(gate, list(records)) for gate, records in taken]
    first = next((record for _, records in known for record in records if record.surroundings), None)
    where = (
        {}
        if first is None
        else {name: first.surroundings[name] for name in KEPT if name in first.surroundings}
    )
    return {
        "written_by": "attune-sim",
        "history": SCHEMA,
        "commit": commit.digits,
        "date": commit.date,
        "surroundings": where,
        "series": [row for gate, records in known for row in series_rows(records, gate)],
    }


def series_rows(records: Iterable[CellRecord], gate: Gate | None = None) -> Iterator[dict[str, Any]]:
    """A row a count, and a row a ratio: that of a fork to the floor, and those that rules of the gate name."""
    side = _side(list(records))
    for case, figures in side.figures.items():
        if gate is not None and case.strategy not in gate.subjects:
            continue
        named_so = {
            "group": "" if gate is None else gate.name,
            "case": named(case),
            "strategy": case.strategy,
        }
        holds = {name: figure for name, figure in figures.items() if side.endings[case].holds(name)}
        for name in COUNTS:
            if name in holds:
                yield {**named_so, "metric": name, "values": _values(holds[name])}
        for name, other_case, other in dict.fromkeys(_ratios(case, gate)):
            base = side.figure(other_case, other)
            if name in holds and base is not None:
                over = other if other_case == case else f"{other_case.strategy}.{other}"
                yield {**named_so, "metric": name, "over": over, "values": _over(base, holds[name])}


def _ratios(case: Case, gate: Gate | None) -> Iterator[tuple[str, Case, str]]:
    """Metric, and case and metric of what it is divided by."""
    yield "fork_us", case, "floor_us"
    for rule in () if gate is None else gate.rules:
        is_own = isinstance(rule, Threshold) and rule.strategy in (None, case.strategy)
        if is_own and isinstance(rule, Threshold) and rule.kind == "ratio" and rule.right.metric is not None:
            yield rule.metric, case._replace(strategy=rule.right.strategy or case.strategy), rule.right.metric


def _side(records: list[CellRecord]) -> Side:
    return Side.of(Measured(metrics_frame(records), cells_frame(records)))


def _values(figure: Figure) -> dict[str, float]:
    return {str(one.repeat): value for one, value in figure.rounds.items()}


def _over(base: Figure, own: Figure) -> dict[str, float]:
    """The ratio of each repeat that both have, free of the machine's pace."""
    both: list[Round] = [one for one in base.rounds if one in own.rounds]
    pairs = zip(both, pairs_of(base, own), strict=True)
    return {str(one.repeat): float(f"{value / under:.6g}") for one, (under, value) in pairs if under > 0}


def append_line(path: str | PathLike[str], line: Row) -> str:
    """Add the line of a commit to a history, in place of the one that it has of that commit.

    Raises:
        InputError: the file holds something else.
    """
    lines = read_lines(path) if Path(path).is_file() else []
    kept = [one for one in lines if one["commit"] != line["commit"]]
    text = "".join(f"{json.dumps(one, separators=(',', ':'))}\n" for one in (*kept, line))
    return write(path, text)


def read_lines(path: str | PathLike[str]) -> list[dict[str, Any]]:
    """The lines of a history.

    Raises:
        InputError: with file and line, for what is none, or was written by a newer version.
    """
    lines = []
    for number, text in enumerate(content(path, MOST_BYTES).splitlines(), 1):
        try:
            line = json.loads(text)
            schema = line["history"]
        except (ValueError, TypeError, KeyError, RecursionError):
            raise InputError(f"{path}:{number}: is no line of a history of attune-sim") from None
        if schema != SCHEMA:
            raise InputError(
                f"{path}:{number}: has schema {schema!r}; this version of attune-sim knows {SCHEMA}"
            )
        lines.append(line)
    return lines


def history_of(source: str | PathLike[str]) -> list[Series]:
    """The series of a history file, of a baseline or store of cells, or of a folder of them; the oldest commit first.

    Raises:
        InputError: there is nothing of that kind.
    """
    path = Path(source)
    files = (
        sorted(one for one in path.iterdir() if one.suffix in (".json", ".jsonl"))
        if path.is_dir()
        else [path]
    )
    if not path.exists() or not files:
        raise InputError(
            f"{source}: there is no history, baseline or store of cells; `attune-sim check FILE.toml --history FILE` begins one"
        )
    lines = [line for file in files for line in _lines_in(file)]
    points: dict[tuple[str, str, str, str, str], list[Point]] = {}
    for line in sorted(lines, key=lambda one: (one["date"], one["commit"])):
        where = json.dumps(line["surroundings"], sort_keys=True)
        for row in line["series"]:
            key = (row["group"], row["case"], row["strategy"], row["metric"], row.get("over", ""))
            values = {int(repeat): value for repeat, value in row["values"].items()}
            if values and row["metric"] in METRICS:
                points.setdefault(key, []).append(Point(line["commit"], line["date"], values, where))
    return [
        Series(group, case, strategy, metric, tuple(some), over)
        for (group, case, strategy, metric, over), some in points.items()
    ]


def _lines_in(file: Path) -> list[dict[str, Any]]:
    with opened(file) as stream:
        first = stream.read(64)
    if first.startswith(b'{"written_by":'):
        return read_lines(file)
    found = load_baseline(file)
    if found.commit is not None and found.date is not None:
        return [line_of_cells(found.commit, found.date, found.records)]
    return list(_by_commit(file, found.records))


def line_of_cells(commit: str, date: str, records: Iterable[CellRecord]) -> dict[str, Any]:
    """The line of cells that no gate measured."""
    line = line_of(Commit(commit, date), ())
    return {**line, "series": list(series_rows(records))}


def _by_commit(file: Path, records: Iterable[CellRecord]) -> Iterator[dict[str, Any]]:
    """A line for each commit that cells of a store are of."""
    known: dict[str, list[CellRecord]] = {}
    for record in records:
        known.setdefault(str(record.surroundings.get("commit") or ""), []).append(record)
    known.pop("", None)
    if not known:
        raise InputError(f"{file}: its cells name no commit; baselines of --attune-save do")
    for commit, some in known.items():
        yield line_of_cells(commit, min(one.began or "" for one in some), some)


def what_there_is(series: Iterable[Series]) -> str:
    """How long a history is."""
    commits = {point.commit for one in series for point in one.points}
    return counted(len(commits), "commit")
