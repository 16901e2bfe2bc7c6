"""The program that compares inputs: `python -m attune_sim.experiment.inputs`, a spec and an order on stdin, rows out.

It drives a cell's run, unmeasured, and holds the digest of every rendered input against the one that was recorded. Replayed
results say nothing of what an action was handed: equal answers alone would be empty words.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from attune_sim.canonical import as_json
from attune_sim.engine.events import ActionEnded, StartAction
from attune_sim.errors import ExperimentError
from attune_sim.experiment.answers import answer_digest, answer_of, input_digest
from attune_sim.experiment.ready import AttendedRun
from attune_sim.experiment.spec import CellSpec
from attune_sim.experiment.worker import begun
from attune_sim.recording.attendance import Input
from attune_sim.recording.file import Place, Recording


class Over(BaseException):
    """What was looked for has been found; no error, and nobody on the way may take it for one."""


@dataclass(frozen=True, slots=True)
class Differs:
    """The first attempt that was another one: where, why, and its input as JSON if that is what differs."""

    place: Place
    why: str
    input: str | None = None


class Comparing:
    """An attendant that compares with what was recorded; `found` is the first difference."""

    def __init__(self, recording: Recording, digest: Callable[[Any], str]) -> None:
        self._left = {entry.place: (entry.stage, entry.digest) for entry in recording.entries()}
        self._digest = digest
        self.found: Differs | None = None

    def called(self, command: StartAction, input: Input) -> None:
        place = Place.of(command)
        stage, digest = self._left.get(place, ("", ""))
        if stage != "action":
            self._note(Differs(place, "it was called, which was not so before"))
        elif self._digest(input) != digest:
            self._note(Differs(place, "its input differs", as_json(input).decode()))

    def returned(self, command: StartAction, input: Input) -> None:
        """Nothing: what an action does to its input is not compared."""

    def ended(self, command: StartAction, event: ActionEnded) -> None:
        place = Place.of(command)
        known = self._left.pop(place, None)
        if event.stage != "action" and known != (event.stage, self._digest(event.error)):
            self._note(Differs(place, f"it could not be prepared: {event.error}"))
        if self.found is not None:
            raise Over

    def over(self) -> None:
        """The run has come to its end: what has not been met is missing."""
        for place in list(self._left)[:1]:
            self._note(Differs(place, "it was not begun, which was so before"))

    def _note(self, found: Differs) -> None:
        self.found = self.found or found


class Looking:
    """An attendant that waits for one attempt, whose `input` it keeps as JSON."""

    def __init__(self, wanted: Place) -> None:
        self._wanted = wanted
        self.input: str | None = None

    def called(self, command: StartAction, input: Input) -> None:
        if Place.of(command) == self._wanted:
            self.input = as_json(input).decode()

    def returned(self, command: StartAction, input: Input) -> None:
        """Nothing: it was seen already."""

    def ended(self, command: StartAction, event: ActionEnded) -> None:
        if self.input is not None:
            raise Over


def main() -> None:
    """Read the order, run, tell what was found."""
    tell, order, spec = begun()
    if order["wanted"] is not None:
        tell({"row": "input", "input": input_of(spec, Place(*order["wanted"]))})
    else:
        tell(compared(spec, Recording(order["file"]), bytes.fromhex(order["key"])))
    tell({"row": "end"})


def input_of(spec: CellSpec, wanted: Place) -> str | None:
    """The input of one attempt, as JSON; None if it is never called."""
    looking = Looking(wanted)
    with contextlib.suppress(Over):
        AttendedRun(spec, looking).drive()
    return looking.input


def compared(spec: CellSpec, recording: Recording, key: bytes) -> dict[str, Any]:
    """The row `differs`, or `same` with the fingerprint of the answer."""
    comparing = Comparing(recording, input_digest(key))
    run = AttendedRun(spec, comparing)
    try:
        run.drive()
        comparing.over()
    except Over:
        pass
    except ExperimentError as error:  # an attempt that was never recorded
        return {"row": "differs", "where": str(error), "place": None, "input": None}
    if (found := comparing.found) is not None:
        where = f"{found.place}: {run.session.secrets.text(found.why)}"
        return {"row": "differs", "where": where, "place": list(found.place), "input": found.input}
    return {"row": "same", "answer": answer_digest(answer_of(run.session.state))}


if __name__ == "__main__":
    main()
