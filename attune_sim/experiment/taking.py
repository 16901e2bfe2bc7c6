"""The program that records: `python -m attune_sim.experiment.taking`, a spec and an order on stdin, rows out.

It calls the actions for real, once, and writes what came of each attempt. What they print goes into a file.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, Final

from attune_sim.engine.state import RunState
from attune_sim.experiment.answers import answer_digest, answer_of, input_digest
from attune_sim.experiment.limits import in_binary
from attune_sim.experiment.ready import AttendedRun
from attune_sim.experiment.spec import CellSpec
from attune_sim.experiment.worker import begun
from attune_sim.recording.file import RecordingWriter
from attune_sim.recording.taking import Taking
from attune_sim.session import Session

SHOWN: Final = 20_000
"""Letters at the end of what was printed that are kept."""
_READ: Final = 10 * SHOWN


def main() -> None:
    """Read the order, record, tell what the run came to, or why it came to nothing."""
    tell, order, spec = begun()
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
    """The end of it, its secrets masked. It may have been printed without end: a beginning that is cut, and with it perhaps a
    secret, is not among what is kept."""
    with open(path, "rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _READ))
        text = file.read().decode("utf-8", "replace")
    return session.secrets.text(text)[-SHOWN:]


if __name__ == "__main__":
    main()
