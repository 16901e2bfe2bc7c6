"""Running cells: one variant at one (C, N), each repeat in a fresh process, nothing left behind."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any, Final

from prediction import predicted
from roster import Peer
from runners.measure import family
from table import was_queued

RUNNERS: Final = Path(__file__).parent / "runners"
SET_UP_S: Final = 120.0  # servers start, contexts load: not part of the limit
LONG_S: Final = 5.0
LONG_PROCESS_S: Final = 25.0
TINY_S: Final = 0.1  # a pause of the system or of the collector would be much of it
TINY_TIMES: Final = 3
_SET_CHILD_SUBREAPER: Final = 36  # prctl(2)


@dataclass(frozen=True)
class Plan:
    """The grid and its limits: `limit_s` for a fan-out, `limit_bytes` for its growth, `cpu` to pin to."""

    contexts: dict[float, Path]
    items: tuple[int, ...]
    repeats: int
    limit_s: float
    limit_bytes: float
    cpu: int


Measure = Callable[[Path, int], dict[str, Any]]
"""What a cell with that context file and so many items gives: the rest of its row."""


def cells(peer: str, variant: str, plan: Plan, measure: Measure) -> Iterator[dict[str, Any]]:
    """The rows of one variant, small cells first, so that the larger ones can be predicted."""
    seconds: dict[tuple[float, int], float] = {}
    grown: dict[tuple[float, int], float] = {}
    for context, file in plan.contexts.items():
        for items in plan.items:
            row: dict[str, Any] = {
                "peer": peer,
                "variant": variant,
                "context_mb": context,
                "items": items,
            }
            likely = predicted(seconds, context, items, curved=True)
            likely_bytes = predicted(grown, context, items)
            if (likely or 0) > plan.limit_s or (likely_bytes or 0) > plan.limit_bytes:
                row |= {"outcome": "skipped", "seconds": likely, "bytes": likely_bytes}
            else:
                row |= measure(file, items)
            if row.get("seconds") is not None:
                seconds[context, items] = row["seconds"]
                grown[context, items] = row.get("bytes") or 0
            yield row


def measured(plan: Plan, peer: Peer, variant: str, python: Path, file: Path, items: int) -> dict[str, Any]:
    """Best seconds and median bytes of `repeats` processes.

    One is enough where it is long; more are run where it is tiny or the best one had to wait for the CPU.
    """
    spec = {
        "variant": variant,
        "context": str(file),
        "items": items,
        "cpu": plan.cpu,
        "bytes": plan.limit_bytes,
    }
    answers: list[dict[str, Any]] = []
    wanted = plan.repeats
    while len(answers) < wanted:
        began = monotonic()
        answer = run_once([str(python), str(RUNNERS / peer.runner)], spec, plan.limit_s)
        if answer["outcome"] != "ok":
            return answer
        answers.append(answer)
        if len(answers) == 1:
            wanted = times(plan.repeats, answer["seconds"], monotonic() - began)
        best = min(answers, key=lambda answer: answer["seconds"])
        if len(answers) == wanted < 2 * plan.repeats and wanted > 1 and was_queued(best):
            wanted += 1
    return best | {"bytes": median(answer["bytes"] for answer in answers), "repeats": len(answers)}


def times(repeats: int, seconds: float, process_s: float) -> int:
    """How often a cell is run whose fan-out took `seconds` in a process of `process_s` seconds."""
    if seconds > LONG_S or process_s > LONG_PROCESS_S:
        return 1
    tiny = seconds < TINY_S and process_s < LONG_S
    return repeats * TINY_TIMES if tiny and repeats > 1 else repeats


def run_once(command: list[str], spec: dict[str, Any], limit_s: float) -> dict[str, Any]:
    """One process: its answer, or how it failed."""
    with tempfile.TemporaryFile("w+") as problems, _nothing_left():
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=problems,
            text=True,
            start_new_session=True,
        )
        try:
            out, _ = process.communicate(json.dumps(spec), timeout=SET_UP_S + limit_s)
        except subprocess.TimeoutExpired:
            return {"outcome": "time_limit", "seconds": limit_s}
        if process.returncode == 0:
            return {"outcome": "ok", **json.loads(out.strip().splitlines()[-1])}
        problems.seek(0)
        last = (problems.read().strip() or f"exit code {process.returncode}").splitlines()[-1]
        return {"outcome": "failed", "reason": last[:200]}


@contextlib.contextmanager
def _nothing_left() -> Iterator[None]:
    before = set(family())
    _inherit_orphans(True)
    try:
        yield
    finally:
        while left := set(family()) - before:
            for pid in left:
                _end(pid)
        _inherit_orphans(False)


def _inherit_orphans(wanted: bool) -> None:
    # Whatever a peer leaves behind becomes a child of this process, also from a session of its own.
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0)


def _end(pid: int) -> None:
    # A grandchild cannot be waited for yet; it is met again as an orphan.
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
