"""Writing down what the attempts of a run come to, while it goes on."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Container, Iterable
from typing import Any

import cloudpickle

from attune_sim.engine.events import ActionEnded, StartAction
from attune_sim.errors import ExperimentError, with_article
from attune_sim.paths import below
from attune_sim.recording.attendance import Input
from attune_sim.recording.file import Ending, Entry, Place, RecordingWriter

Digest = Callable[[Any], str]

INSTEAD = "real=True (--real) calls the actions in every cell instead"


class Taking:
    """An attendant that writes a recording. Endings are kept of the actions that `kept` names; the others answer by
    themselves. `attempts` counts entries, `wrote` has the names of tasks whose action wrote into its input."""

    def __init__(self, writer: RecordingWriter, digest: Digest, kept: Container[str]) -> None:
        self._writer, self._digest, self._kept = writer, digest, kept
        self._digests: dict[Place, str] = {}
        self._wrote: set[Place] = set()
        self.attempts = 0
        self.wrote: dict[str, None] = {}

    def called(self, command: StartAction, input: Input) -> None:
        self._digests[Place.of(command)] = self._digest(input)

    def returned(self, command: StartAction, input: Input) -> None:
        place = Place.of(command)
        if self._digests.get(place, "") not in ("", self._digest(input)):
            self._wrote.add(place)

    def ended(self, command: StartAction, event: ActionEnded) -> None:
        place = Place.of(command)
        digest = self._digests.pop(place, None) or self._digest(event.error)
        wrote = place in self._wrote
        self._wrote.discard(place)
        ending = b""
        if event.stage == "action" and command.action in self._kept:
            ending = pickled(Ending(event.outcome, event.result, event.error), command)
            event.result = pickle.loads(ending).result  # what follows here reads what the cells will be given
        self._writer.add(Entry(place, event.stage, digest, wrote), ending)
        self.attempts += 1
        if wrote:
            self.wrote[command.task] = None


def pickled(ending: Ending, command: StartAction) -> bytes:
    """An ending as bytes that have been seen to give it back.

    Raises:
        ExperimentError: a part of the result cannot be pickled; names its path.
    """
    dumps = _dumping(ending)
    if dumps is None:
        path, part = _first_unpicklable(ending.result)
        kind = with_article(type(part).__qualname__)
        raise ExperimentError(
            f"{Place.of(command)}: what its action gave cannot be recorded: {path} is {kind}, which cannot be pickled; "
            f"let the action give plain data, or measure otherwise: {INSTEAD}"
        )
    return dumps


def _dumping(value: Any) -> bytes | None:
    """What lives in a module that can be imported goes by its name, which is quick; else by value."""
    for dumps in (pickle.dumps, cloudpickle.dumps):
        try:
            data: bytes = dumps(value)
            pickle.loads(data)
        except MemoryError:
            raise
        except Exception:  # whatever a class raises that cannot be pickled, or not be made again
            continue
        return data
    return None


def _first_unpicklable(value: Any) -> tuple[str, Any]:
    """The innermost part that cannot be pickled, and its path: `result.rows[3].lock`."""
    path, seen = "result", {id(value)}
    while True:
        for step, part in _parts(value):
            if id(part) not in seen and _dumping(part) is None:
                seen.add(id(part))
                path, value = below(path, step), part
                break
        else:
            return path, value


def _parts(value: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return list(enumerate(value))
    return list(getattr(value, "__dict__", {}).items())
