"""One task becoming N attempts: which slot is next, what became of each, and the aggregate in item order.

A plain task is a fan-out with one slot and no index, so that retries, timeouts and cancelling are written once.
Nothing here renders, forks or decides what follows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from attune_sim.engine.events import ActionEnded, AttemptLost, RetryDue, StartAction, StartTimer
from attune_sim.engine.offer import Offer
from attune_sim.engine.status import CODE, STATUSES, code_after
from attune_sim.engine.tally import tally_of

Word = ActionEnded | RetryDue | AttemptLost | StartAction | StartTimer

_PENDING: Final = CODE["pending"]
_RUNNING: Final = CODE["running"]
_DELAYED: Final = CODE["delayed"]
_SUCCEEDED: Final = CODE["succeeded"]
_FAILED: Final = CODE["failed"]
_TIMED_OUT: Final = CODE["timed_out"]
_CANCELLED: Final = CODE["cancelled"]


class FanOut:
    """The slots of one visit of a task.

    `statuses` holds one code a slot (see `status.CODE`), `results` the result of each slot that succeeded (None
    elsewhere), or a tally of them where they stay where they are made, `errors` the reason of each one that did not, `attempts` how often a slot was begun anew (absent: never),
    `lost` how often that was because the process had died. `first_start` is what notes a start of the first slot.
    """

    __slots__ = (
        "_next",
        "_retries",
        "attempts",
        "count",
        "errors",
        "first_start",
        "in_flight",
        "items",
        "lost",
        "offer",
        "open",
        "plain",
        "results",
        "run",
        "statuses",
        "visit",
        "window",
    )

    def __init__(self, offer: Offer, window: int, first_start: int = 0) -> None:
        self.offer = offer
        self.run, self.visit = offer.run, offer.visit
        self.first_start = first_start
        self.items: Sequence[Any] = offer.items
        self.plain = offer.plain
        self.window = window
        count = self.count = len(self.items)
        self.statuses = bytearray(count)
        self.results: Any = [None] * count if offer.kept is None else tally_of(offer.kept)
        self.errors: dict[int, str] = {}
        self.attempts: dict[int, int] = {}
        self.lost: dict[int, int] = {}
        self.in_flight = 0
        self.open = count
        self._next = 0
        self._retries: deque[int] = deque()

    def index(self, slot: int) -> int | None:
        """What the slot is called outside: its place in the fan-out, None for a plain task."""
        return None if self.plain else slot

    def start_next(self) -> int | None:
        """Start a slot, if the window has room: retries that are due first, then new items in order. None: no slot."""
        if self.in_flight >= self.window:
            return None
        if self._retries:
            slot = self._retries.popleft()
            self.statuses[slot] = code_after(self.statuses[slot], "start", "item", slot)
        elif (slot := self._next) < self.count:
            self._next = slot + 1
            self.statuses[slot] = _RUNNING
        else:
            return None
        self.in_flight += 1
        return slot

    def is_of(self, word: Word) -> bool:
        """Whether an event or a command of its task is of this visit, and of a slot that there is."""
        slot = word.index
        return word.visit == self.visit and (
            self.plain if slot is None else not self.plain and 0 <= slot < self.count
        )

    def expects(self, word: ActionEnded | AttemptLost | StartAction) -> bool:
        """Whether an event or a command is of the attempt of a slot that is running."""
        slot = word.index
        if slot is None:
            slot = 0 if self.plain else -1
        elif self.plain:
            return False
        if (  # a comparison that decides a branch is fast in CPython 3.11, one that is returned is not
            0 <= slot < self.count
            and self.statuses[slot] == _RUNNING
            and word.visit == self.visit
            and word.run == self.run
        ):
            return word.attempt == (self.attempts.get(slot, 0) if self.attempts else 0)
        return False

    def succeed(self, slot: int, result: Any) -> int | None:
        """End a running slot well; the slot that takes its place in the window, which is started, or None."""
        self.statuses[slot] = _SUCCEEDED
        self.results[slot] = result
        self.open -= 1
        following = self._next
        if self._retries or following == self.count:
            self.in_flight -= 1
            return self.start_next()
        self._next = following + 1
        self.statuses[following] = _RUNNING
        return following

    def fail(self, slot: int, move: str, error: str) -> None:
        """End a slot by `fail`, `time_out` or `cancel`, running or not."""
        code = self.statuses[slot]
        self.in_flight -= code == _RUNNING
        self.statuses[slot] = code_after(code, move, "item", slot)
        self.errors[slot] = error
        self.open -= 1

    def retry_now(self, slot: int) -> None:
        """Repeat a slot at once: it keeps its place in the window."""
        self.attempts[slot] = self.attempts.get(slot, 0) + 1

    def retries(self, slot: int) -> int:
        """Retries that the task's policy has granted so far."""
        return self.attempts.get(slot, 0) - self.lost.get(slot, 0)

    def repeat_lost(self, slot: int) -> None:
        """Repeat a slot whose attempt died with the process."""
        self.lost[slot] = self.lost.get(slot, 0) + 1
        self.retry_now(slot)

    def retry_later(self, slot: int) -> None:
        """Free the slot's place in the window until `retry_due`."""
        self.statuses[slot] = code_after(self.statuses[slot], "pause", "item", slot)
        self.in_flight -= 1

    def retry_due(self, slot: int) -> None:
        self.attempts[slot] = self.attempts.get(slot, 0) + 1
        self._retries.append(slot)

    def is_delayed(self, slot: int) -> bool:
        return 0 <= slot < self.count and self.statuses[slot] == _DELAYED

    def awaits_retry(self, timer: StartTimer) -> bool:
        """Whether a slot pauses before the attempt that a timer is for."""
        slot = timer.index or 0
        return self.is_of(timer) and self.is_delayed(slot) and timer.attempt == self.attempts.get(slot, 0) + 1

    def running(self) -> list[int]:
        """Slots that are with the performer."""
        return [slot for slot, code in enumerate(self.statuses) if code == _RUNNING]

    def unfinished(self) -> tuple[int, ...]:
        """Slots that have not ended, begun or not."""
        return tuple(
            slot for slot, code in enumerate(self.statuses) if code in (_PENDING, _RUNNING, _DELAYED)
        )

    def cancel_waiting(self) -> None:
        """End every slot that is not with the performer."""
        for slot, code in enumerate(self.statuses):
            if code in (_PENDING, _DELAYED):
                self.fail(slot, "cancel", "cancelled")
        self._next = self.count
        self._retries.clear()

    @property
    def outcome(self) -> str:
        """Failed if any slot failed, else timed out if any did, else cancelled if any was (docs/language.md#aggregate)."""
        if not self.errors:
            return STATUSES[_SUCCEEDED]
        for code in (_FAILED, _TIMED_OUT, _CANCELLED):
            if code in self.statuses:
                return STATUSES[code]
        return STATUSES[_SUCCEEDED]

    def aggregate(self) -> dict[str, Any]:
        """The result of the whole fan-out, in item order (docs/language.md#aggregate); without results that are kept elsewhere."""
        errors = self.errors
        aggregate = {
            **({"results": self.results} if self.offer.kept is None else self.results.told()),
            "total": self.count,
            "succeeded": self.count - len(errors),
            "failed": len(errors),
            "failed_items": [],
            "error": None,
        }
        if errors:
            failed = sorted(errors)
            aggregate["failed_items"] = [
                {"index": slot, "item": self.items[slot], "error": errors[slot]} for slot in failed
            ]
            aggregate["error"] = errors[failed[0]]
        return aggregate

    def aggregate_error(self) -> str | None:
        """How many items did not succeed, and why the first of them did not; None if all did."""
        if not self.errors:
            return None
        first, number = min(self.errors), f"{len(self.errors)} of {self.count} items"
        if self.outcome == "cancelled":
            return f"{number} were cancelled"
        count = f"{number} failed"
        return f"{count}; the first, item {first}: {self.errors[first]}"

    def __repr__(self) -> str:
        done = self.count - self.open
        return f"<FanOut: {done} of {self.count} done, {self.in_flight} in flight, window {self.window}>"
