"""What real actions gave, recorded once a size and replayed by every cell: made when it is first asked for, deleted at the end.

Of a size for which nothing is called, because what was recorded of another one is repeated, there is a recording too: that of a
replay. So whoever answers from it, or compares inputs with it, need not know.
"""

from __future__ import annotations

import itertools
import secrets
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

from attune_sim.contexts.projected import Projected
from attune_sim.errors import ExperimentError, counted
from attune_sim.experiment.cell import run_beside
from attune_sim.experiment.spec import CellSpec
from attune_sim.recording.file import Place, Recording
from attune_sim.recording.resized import Resized
from attune_sim.recording.taking import INSTEAD
from attune_sim.scenarios.workload import Workload
from attune_sim.store import Row

_MODULE: Final = "attune_sim.experiment."


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A recording, and what its run came to.

    `key` is that of the digests of inputs; `answer` is the fingerprint of the run's answer, None if it did not come to its
    end; `wrote` names tasks whose action wrote into its input; `printed` is what actions printed, secrets masked. `estimated` says
    for how many items it was repeated.
    """

    file: str
    key: str
    answer: str | None = None
    attempts: int = 0
    wrote: tuple[str, ...] = ()
    printed: str = ""
    estimated: tuple[str, ...] = ()

    @property
    def recording(self) -> Recording:
        """What cells answer from."""
        return Recording(self.file)

    def __repr__(self) -> str:
        return f"<Taken: {counted(self.attempts, 'attempt')}>"


def reference(cell: CellSpec) -> CellSpec:
    """The cell in which actions are recorded: full isolation, and no more forks at once than are under way."""
    return replace(cell, strategy=Projected, dispatch="windowed", repeat=0, memory_only=False)


def asked(spec: CellSpec, program: str, order: Mapping[str, Any]) -> tuple[Row, str | None]:
    """The last row that a program about a cell told (an empty one if there is none), and why it told no more."""
    rows: list[Row] = [{"row": "none"}]
    command = (sys.executable, "-P", "-m", f"{_MODULE}{program}")
    why = run_beside(spec, command, order, rows.append)
    return rows[-1], why


class Recordings:
    """Recordings of workloads, in a folder of their own that goes with the outermost block. `told` hears what is about to be called.

    With `natural` actions are called for as many items as a workload has by itself, once for all of its sizes: in every other
    size what came of that is repeated. Else so only where the items are what a recorded action gives.
    """

    def __init__(self, told: Callable[[str], None] = lambda text: None, natural: bool = False) -> None:
        self._told, self._natural = told, natural
        self._known: list[tuple[Workload, Taken]] = []
        self._first: dict[str, Taken] = {}
        self._said: set[str] = set()
        self._numbers = itertools.count()
        self._depth = 0

    def __enter__(self) -> Self:
        if not self._depth:
            self._known.clear()  # what another block recorded went with its folder
            self._first.clear()
            self._said.clear()
            self._folder = tempfile.TemporaryDirectory(prefix="attune-sim-recording-")
        self._depth += 1
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._depth -= 1
        if not self._depth:
            self._folder.cleanup()

    @property
    def all(self) -> list[Taken]:
        """Those for which actions were called."""
        return list(self._first.values())

    def say(self, cells: Sequence[CellSpec]) -> None:
        """Tell how often these cells will have actions called, one line a workload; nothing of what was called already."""
        groups: dict[str, list[CellSpec]] = {}
        sources: dict[int, CellSpec] = {}
        for cell in (cell for cell in cells if cell.real or cell.is_recorded):
            source = sources.setdefault(id(cell.workload), self._source(cell))
            groups.setdefault(source.key.id, []).append(cell)
        for source in {source.key.id: source for source in sources.values()}.values():
            if source.real or source.key.id not in self._first:
                self._said.add(source.key.id)
                self._told(_calls_of(source, groups[source.key.id]))

    def of(self, cell: CellSpec) -> Taken:
        """The recording of a cell's workload.

        Raises:
            ExperimentError: real actions were to be recorded, and their run did not come to its end; or what they gave holds no
                list that could be repeated.
        """
        known = self._of(cell)
        if known is None:
            spec, source = reference(cell), self._source(cell)
            known = self._called(source)
            if source.key.id != spec.key.id:
                known = self._repeated(spec, known)
            self._known.append((cell.workload, known))
        return known

    def _source(self, cell: CellSpec) -> CellSpec:
        """The cell in which actions are called, and what came of it is recorded."""
        spec = reference(cell)
        workload = spec.workload if cell.real else spec.workload.as_recorded(self._natural)
        return spec if workload is spec.workload else replace(spec, workload=workload, context_bytes=None)

    def _called(self, source: CellSpec) -> Taken:
        key = source.key.id
        if key not in self._first:
            if key not in self._said and source.workload.unreplayed:
                self._told(_called_once(source.workload))
            self._first[key] = self._taken(source)
        return self._first[key]

    def _repeated(self, spec: CellSpec, first: Taken) -> Taken:
        """A recording in the size of a cell, of a replay of the first one."""
        recording, name = Resized(first.file, spec.workload.repeat), spec.workload.fan_out
        taken = self._taken(spec.replaying(recording))
        items, known = spec.workload.items, recording.items_of(name or "")
        if not items or not known or items == known:
            return replace(taken, wrote=first.wrote)
        line = f"estimated: {name}: {counted(items, 'item')}, answered by the {known:,} that were recorded"
        return replace(taken, wrote=first.wrote, estimated=(line,))

    def has(self, cell: CellSpec) -> bool:
        """Whether it was made already."""
        return self._of(cell) is not None

    def _of(self, cell: CellSpec) -> Taken | None:
        return next((taken for workload, taken in self._known if workload is cell.workload), None)

    def _taken(self, spec: CellSpec) -> Taken:
        number, key = next(self._numbers), secrets.token_hex(16)
        file, printed = (
            str(Path(self._folder.name, f"{kind}-{number}")) for kind in ("recording", "printed")
        )
        row, why = asked(spec, "taking", {"file": file, "key": key, "printed": printed})
        if row["row"] == "taken":
            wrote = tuple(row["wrote"])
            return Taken(
                file=file, key=key, answer=row["answer"], attempts=row["attempts"], wrote=wrote, printed=row["printed"]
            )  # fmt: skip
        if spec.workload.unreplayed:
            raise ExperimentError(_not_recorded(spec, str(row.get("error") or why)))
        # What a script answers is known anyway; its inputs are, as far as the run came.
        return Taken(file=file, key=key)


def _called_once(workload: Workload) -> str:
    """`mine.yaml: its actions are called for real once, for 10 items, in a process of their own`."""
    return f"{workload.name}: its actions are called for real once, for {_items_of(workload)}, in a process of their own"


def _items_of(workload: Workload) -> str:
    return counted(workload.items, "item") if workload.items else "as many items as there are"


def _calls_of(source: CellSpec, cells: Sequence[CellSpec]) -> str:
    """`mine.yaml: its actions are called for real once, for 10 items, in a process of their own; 4 cells replay ...`."""
    workload, number = source.workload, len(cells)
    if source.real:
        return f"{workload.name}: its actions are called for real in every cell: {counted(number, 'cell')}, {_items_of(workload)} each"
    others = sorted({cell.workload.items for cell in cells} - {workload.items})
    sizes = f", repeated for {counted(others[-1], 'item')}" if others else ""
    if len(others) > 1:
        sizes = f", repeated for {others[0]:,} to {counted(others[-1], 'item')}"
    return (
        f"{_called_once(workload)}; "
        f"{counted(number, 'cell')} replay{'s' if number == 1 else ''} what came of that{sizes}"
    )


def _not_recorded(spec: CellSpec, why: str) -> str:
    name = spec.workload.name
    if spec.recording is not None:
        return f"{name}: what its actions gave cannot be repeated for {counted(spec.workload.items, 'item')}: {why}"
    hint = "" if INSTEAD in why else f"; {INSTEAD}"
    return f"{name}: its actions could not be recorded: {why}{hint}"


def compared_inputs(cell: CellSpec, taken: Taken) -> tuple[Row, str | None]:
    """The row in which the program that compares inputs tells what it found, and why it told no more."""
    spec = replace(cell, dispatch="windowed", repeat=0)
    return asked(spec, "inputs", {"file": taken.file, "key": taken.key, "wanted": None})


def input_then(cell: CellSpec, place: Place) -> str | None:
    """The input of an attempt when it was recorded, as JSON: rendered once more, from the same results."""
    row, _ = asked(reference(cell), "inputs", {"file": "", "key": "", "wanted": list(place)})
    found: str | None = row.get("input")
    return found
