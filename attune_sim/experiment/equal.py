"""Equal answers first: strategies that answer differently do not do the same work, and are not compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import orjson

from attune_sim.errors import ExperimentError
from attune_sim.experiment.answers import first_difference
from attune_sim.experiment.cell import run_answer
from attune_sim.experiment.recordings import Taken, compared_inputs, input_then, reference
from attune_sim.experiment.spec import CellSpec
from attune_sim.record import CellRecord
from attune_sim.recording.file import Place
from attune_sim.store import Row

_FEW: Final = 8


def require_equal_answers(
    cells: Sequence[CellSpec], tell: Callable[[CellSpec], None] = lambda cell: None
) -> None:
    """Run every strategy once over a few items of the smallest context and compare all that comes out.

    `tell` hears of each before it begins.

    Raises ExperimentError with the first difference, or if no strategy could run at all.
    """
    by_workload: dict[str, list[CellSpec]] = {}
    for cell in sorted(cells, key=lambda cell: cell.key.context_bytes):
        by_workload.setdefault(cell.workload.name, []).append(cell)
    for group in by_workload.values():
        smallest = group[0].workload
        few = smallest.sized(items=min(smallest.items, _FEW))
        strategies = {  # all in the first repeat: one hash seed, whichever repeats of each are missing
            cell.strategy.name: replace(cell, workload=few, repeat=0, answer_only=True) for cell in group
        }
        _compare(list(strategies.values()), tell)


def require_equal_inputs(cell: CellSpec, taken: Taken) -> None:
    """Run a strategy once over all items, unmeasured, and hold every input that it renders against the recorded one, then
    its answer against the recorded answer. What it does not get to, because it meets a limit, is not compared.

    Raises ExperimentError with the first difference: task, item and path.
    """
    row, _ = compared_inputs(cell, taken)
    if row["row"] == "differs":
        raise ExperimentError(_message(reference(cell), cell, row["where"] + _path(cell, row)))
    if taken.answer is not None and row.get("answer", taken.answer) != taken.answer:
        _compare([replace(spec, repeat=0, answer_only=True) for spec in (reference(cell), cell)])
        raise ExperimentError(_message(reference(cell), cell, "they differ in some runs and agree in others"))


def _path(cell: CellSpec, row: Row) -> str:
    """Where in an input, if an input differs; its values are not shown, they may be secrets."""
    then = None if row["input"] is None else input_then(cell, Place(*row["place"]))
    difference = None if then is None else first_difference(orjson.loads(then), orjson.loads(row["input"]))
    return "" if difference is None else f" at {difference[0]}"


def require_equal_digests(cells: Iterable[CellSpec], records: Mapping[str, CellRecord]) -> None:
    """Compare the fingerprints of the full runs of one repeat; where two differ, run both again for the difference.

    A fingerprint orders keys and the elements of sets, so it is that of the content. An action that makes a list of a
    set, though, answers in the order of its hashes: if two cells had different hash seeds, because one of them is from an
    older store, only the two further runs count, which have the same.
    """
    seen: dict[str, CellSpec] = {}
    for cell in cells:
        record = records[cell.key.id]
        if record.answer is None:
            continue
        point = replace(cell.key, strategy="", repeat=0, digest="", dispatch="", executor="").id
        first = seen.setdefault(point, cell)
        known = records[first.key.id]
        if known.answer != record.answer:
            _compare([replace(spec, answer_only=True) for spec in (first, cell)])
            if known.hash_seed == record.hash_seed:
                raise ExperimentError(_message(first, cell, "they differ in some runs and agree in others"))


def _compare(cells: Sequence[CellSpec], tell: Callable[[CellSpec], None] = lambda cell: None) -> None:
    known: list[tuple[CellSpec, Any]] = []
    failed: dict[str, str] = {}
    for cell in cells:
        tell(cell)
        ran = run_answer(cell)
        if "answer" in ran:
            known.append((cell, orjson.loads(ran["answer"])))
        elif ran["outcome"] == "crashed":
            failed[cell.strategy.name] = str(ran["error"])
    if not known and len(failed) == len(cells):
        name, error = next(iter(failed.items()))
        raise ExperimentError(f"{cells[0].workload.name} cannot run under any strategy; {name}: {error}")
    for cell, answer in known[1:]:
        if (difference := first_difference(known[0][1], answer)) is not None:
            path, left, right = difference
            raise ExperimentError(_message(known[0][0], cell, f"at {path} {left} and {right}"))


def _message(left: CellSpec, right: CellSpec, difference: str) -> str:
    return (
        f"{left.workload.name}: strategies {left.strategy.name!r} and {right.strategy.name!r} give different answers, "
        f"{difference}; what does different work is not timed. Leave one out, or let the actions give "
        "the same result every time; whether one of them writes into what it is handed is found by attune-sim "
        "check-isolation (at.check_isolation)"
    )
