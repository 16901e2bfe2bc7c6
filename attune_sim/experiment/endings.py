"""How a cell ended, from causes: what its worker told, the signal that ended it, and the parent's clock.

Texts are reasons for people. No outcome is read off them.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from attune_sim.experiment.limits import in_binary
from attune_sim.record import CellOutcome
from attune_sim.store import ended_row

_BY_SIGNAL: Final[Mapping[str, CellOutcome]] = {"SIGABRT": "aborted", "SIGKILL": "killed"}
_REFUSED: Final = "an allocation was refused, and what asked for it went on without"


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """What the parent knows of a worker that is over.

    `late` is what its time was up for (the phase and its seconds), `ran` the row in which it told how its run ended, `complete` whether it
    said goodbye. `dying` is its last word, `stuck` the signal whose last word it could not bring out; `words` what it
    wrote to stderr; `wall_s` the seconds from its `running` row to its end, None if it never got there.
    """

    exit_code: int
    memory_limit_bytes: int
    late: tuple[str, float] | None = None
    ran: Mapping[str, Any] | None = None
    complete: bool = False
    dying: Mapping[str, Any] | None = None
    stuck: signal.Signals | None = None
    words: str | None = None
    wall_s: float | None = None

    def ending(self) -> dict[str, Any]:
        """The last row of its cell."""
        return ended_row(*self._outcome(), self.wall_s)

    def _outcome(self) -> tuple[CellOutcome, str | None]:
        ran = self.ran
        if self._is_told:
            assert ran is not None
            return ran["outcome"], ran.get("error")
        if self.late is not None and self.late[0] != "after" and self.dying is None:
            phase, seconds = self.late
            reason = (
                f"time limit of {seconds:g} s met"
                if phase == "run"
                else f"set-up took more than {seconds:g} s"
            )
            return "time_limit", reason
        return self._death()

    @property
    def _is_told(self) -> bool:
        """Whether the worker itself said how it ended; what it measured after its run may be missing."""
        late = self.late is not None and self.late[0] == "after"
        return self.ran is not None and (self.complete or late or self.ran["outcome"] == "crashed")

    def _death(self) -> tuple[CellOutcome, str | None]:
        """The worker is gone, and did not say goodbye."""
        number = self._signal
        if number is None:
            return "crashed", self.words or f"the worker ended with exit code {self.exit_code}"
        name = _name_of(number)
        if self.dying is not None and self.dying["refused"]:
            return (
                "memory_limit",
                f"memory limit of {in_binary(self.memory_limit_bytes)} met: {name}, as {_REFUSED}",
            )
        return _BY_SIGNAL.get(name, "crashed"), f"{name}: {self.words}" if self.words else name

    @property
    def _signal(self) -> int | None:
        """What ended it; the parent's own SIGKILL is not what ended one that was at its last word, or stuck in it."""
        if self.dying is not None:
            return int(self.dying["signal"])
        if self.stuck is not None:
            return self.stuck
        return -self.exit_code if self.exit_code < 0 else None


def _name_of(number: int) -> str:
    known = [one.name for one in signal.Signals if one == number]
    return known[0] if known else f"signal {number}"
