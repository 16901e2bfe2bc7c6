"""The program that records: `python -m attune_sim.experiment.taking`, a spec and an order on stdin, rows out.

It calls the actions for real, once, and writes what came of each attempt. What they print goes into a file.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from attune_sim.engine.state import RunState
from attune_sim.experiment.answers import answer_digest, answer_of, input_digest
from attune_sim.experiment.carry import unpacked
from attune_sim.experiment.limits import in_binary, tie_to_parent
from attune_sim.experiment.ready import AttendedRun
from attune_sim.experiment.spec import CellSpec
from attune_sim.experiment.worker import Rows
from attune_sim.recording.file import RecordingWriter
from attune_sim.recording.taking import Taking
from attune_sim.session import Session

SHOWN: Final = 20_000
"""Letters at the end of what was printed that are kept."""


def main() -> None:
    """Read the order, record, tell what the run came to, or why it came to nothing."""
    tell = Rows()
    order = json.load(sys.stdin)
    tie_to_parent(order["parent"])
    spec, _ = unpacked(order["cell"])
    tell({"row": "running"})
    try:
        with _printing_to(order["printed"]), RecordingWriter(order["file"]) as writer:
            taking = Taking(writer, input_digest(bytes.fromhex(order["key"])), spec.workload.unreplayed)
            run = AttendedRun(spec, taking)
            run.drive()
    except Exception as error:
        tell({"row": "broken", "error": _reason(error, spec)})
        raise
    session = run.session
    tell({"row": "taken", **_told(taking, session.state), "printed": _printed(order["printed"], session)})
    tell({"row": "end"})


def _told(taking: Taking, state: RunState) -> dict[str, Any]:
    return {
        "attempts": taking.attempts,
        "wrote": list(taking.wrote),
        "answer": answer_digest(answer_of(state)),
        "run_status": state.status,
    }


def _reason(error: Exception, spec: CellSpec) -> str:
    if isinstance(error, MemoryError):
        return f"memory limit of {in_binary(spec.memory_limit_bytes)} met"
    return " ".join(str(error).split()) or type(error).__name__


@contextlib.contextmanager
def _printing_to(path: str) -> Iterator[None]:
    """What this process and its children write to stdout and stderr goes into a file, that of its owner alone."""
    kept = [os.dup(number) for number in (1, 2)]
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    try:
        for number in (1, 2):
            os.dup2(file, number)
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, before in zip((1, 2), kept, strict=True):
            os.dup2(before, number)
            os.close(before)
        os.close(file)


def _printed(path: str, session: Session) -> str:
    """The end of it, its secrets masked."""
    with Path(path).open(encoding="utf-8", errors="replace") as file:
        text = file.read()
    return session.secrets.text(text)[-SHOWN:]


if __name__ == "__main__":
    main()
