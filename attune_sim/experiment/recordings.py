"""What real actions gave, recorded once a size and replayed by every cell: made when it is first asked for, deleted at the end."""

from __future__ import annotations

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
from attune_sim.recording.taking import INSTEAD
from attune_sim.scenarios.workload import Workload
from attune_sim.store import Row

_MODULE: Final = "attune_sim.experiment."


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A recording, and what its run came to.

    `key` is that of the digests of inputs; `answer` is the fingerprint of the run's answer, None if it did not come to its
    end; `wrote` names tasks whose action wrote into its input; `printed` is what actions printed, secrets masked.
    """

    file: str
    key: str
    answer: str | None = None
    attempts: int = 0
    wrote: tuple[str, ...] = ()
    printed: str = ""

    @property
    def recording(self) -> Recording:
        """What cells answer from."""
        return Recording(self.file)

    def __repr__(self) -> str:
        return f"<Taken: {counted(self.attempts, 'attempt')}>"


def reference(cell: CellSpec) -> CellSpec:
    """The cell in which actions are recorded: full isolation, and no more forks at once than are under way."""
    return replace(cell, strategy=Projected, dispatch="windowed", repeat=0)


def asked(spec: CellSpec, program: str, order: Mapping[str, Any]) -> tuple[Row, str | None]:
    """The last row that a program about a cell told (an empty one if there is none), and why it told no more."""
    rows: list[Row] = [{"row": "none"}]
    command = (sys.executable, "-P", "-m", f"{_MODULE}{program}")
    why = run_beside(spec, command, order, rows.append)
    return rows[-1], why


class Recordings:
    """Recordings of workloads, in a folder of their own that goes with the block. `told` hears what is about to be called."""

    def __init__(self, told: Callable[[str], None] = lambda text: None) -> None:
        self._told = told
        self._known: list[tuple[Workload, Taken]] = []

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="attune-sim-recording-")
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._folder.cleanup()

    @property
    def all(self) -> list[Taken]:
        """Those that were made."""
        return [taken for _, taken in self._known]

    def say(self, cells: Sequence[CellSpec]) -> None:
        """Tell how often these cells will have actions called, one line a workload."""
        for group in {id(cell.workload): cell for cell in cells}.values():
            number = sum(cell.workload is group.workload for cell in cells)
            if group.real or group.is_recorded:
                self._told(_calls_of(group, number))

    def of(self, cell: CellSpec) -> Taken:
        """The recording of a cell's workload.

        Raises:
            ExperimentError: real actions were to be recorded, and their run did not come to its end.
        """
        known = self._of(cell)
        if known is None:
            known = self._taken(reference(cell))
            self._known.append((cell.workload, known))
        return known

    def has(self, cell: CellSpec) -> bool:
        """Whether it was made already."""
        return self._of(cell) is not None

    def _of(self, cell: CellSpec) -> Taken | None:
        return next((taken for workload, taken in self._known if workload is cell.workload), None)

    def _taken(self, spec: CellSpec) -> Taken:
        number, key = len(self._known), secrets.token_hex(16)
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


def _calls_of(cell: CellSpec, number: int) -> str:
    """`mine.yaml: its actions are called once, for 10 items, in a process of their own; 4 cells replay that`."""
    workload = cell.workload
    items = counted(workload.items, "item") if workload.items else "as many items as there are"
    cells = counted(number, "cell")
    if cell.real:
        return f"{workload.name}: its actions are called for real in every cell: {cells}, {items} each"
    return (
        f"{workload.name}: its actions are called for real once, for {items}, in a process of their own; {cells} "
        f"replay{'s' if number == 1 else ''} what came of that"
    )


def _not_recorded(spec: CellSpec, why: str) -> str:
    hint = "" if INSTEAD in why else f"; {INSTEAD}"
    return f"{spec.workload.name}: its actions could not be recorded: {why}{hint}"


def compared_inputs(cell: CellSpec, taken: Taken) -> tuple[Row, str | None]:
    """The row in which the program that compares inputs tells what it found, and why it told no more."""
    spec = replace(cell, dispatch="windowed", repeat=0)
    return asked(spec, "inputs", {"file": taken.file, "key": taken.key, "wanted": None})


def input_then(cell: CellSpec, place: Place) -> str | None:
    """The input of an attempt when it was recorded, as JSON: rendered once more, from the same results."""
    row, _ = asked(reference(cell), "inputs", {"file": "", "key": "", "wanted": list(place)})
    found: str | None = row.get("input")
    return found
