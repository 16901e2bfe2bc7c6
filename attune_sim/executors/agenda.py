"""What is to be called, and when: the heap on which both timelines stand.

An entry is a bare tuple, since simulated time makes one for every attempt. It can be cancelled as long as it has not
come up; who does not keep account of that takes an `Appointment`, which does.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Any, Final

Call = Callable[[Any], Any]
Entry = tuple[float, int, Call, Any]
"""The moment in seconds, the place among those of one moment, what is called, and with what."""

_LATE: Final = 1 << 60  # more than there are ever entries: behind all that are not late


class Agenda:
    """Entries in the order of their times; at one moment in the order in which they were made, `late` ones last.

    `entries` is the heap; the first of it is never a cancelled one, so that it is empty if nothing is to come.

    >>> agenda = Agenda(); later = agenda.post(2.0, print, "later"); soon = agenda.post(1.0, print, "soon")
    >>> agenda.cancel(later); len(agenda), agenda.pop() is soon, agenda.due
    (1, True, None)
    >>> limit = agenda.post(3.0, print, "too late", late=True); agenda.comes_before(3.0), agenda.comes_before(3.1)
    (False, True)
    """

    __slots__ = ("_next", "cancelled", "entries")

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.cancelled: set[int] = set()
        self._next = count().__next__

    def post(self, due: float, call: Call, argument: Any, *, late: bool = False) -> Entry:
        """Put something on the agenda."""
        entry = (due, self._next() | _LATE if late else self._next(), call, argument)
        heappush(self.entries, entry)
        return entry

    def cancel(self, entry: Entry) -> None:
        """Take off what has not come up yet: that it has not is for the caller to know."""
        self.cancelled.add(entry[1])
        self.tidy()

    def tidy(self) -> None:
        """Let the first entry be one that is to come."""
        entries, cancelled = self.entries, self.cancelled
        while cancelled and entries and entries[0][1] in cancelled:
            cancelled.discard(heappop(entries)[1])

    @property
    def due(self) -> float | None:
        """The time of the first one; None if there is none."""
        return self.entries[0][0] if self.entries else None

    def comes_before(self, moment: float) -> bool:
        """Whether the first one comes before what happens at a moment: late ones of this very moment do not."""
        return bool(self.entries) and self.entries[0][:2] < (moment, _LATE)

    def pop(self) -> Entry:
        """Take the first one. Raises `IndexError` if there is none."""
        entry = heappop(self.entries)
        if self.cancelled:
            self.tidy()
        return entry

    def clear(self) -> None:
        """Take off everything."""
        self.entries.clear()
        self.cancelled.clear()

    def __len__(self) -> int:
        return len(self.entries) - len(self.cancelled)

    def __repr__(self) -> str:
        return f"<Agenda: {len(self)} to come>"


class Appointment:
    """An entry that knows whether it has come up; `cancel()` takes it off the agenda if it has not."""

    __slots__ = ("_agenda", "_call", "_entry")

    def __init__(self, agenda: Agenda, due: float, call: Call, argument: Any, *, late: bool = False) -> None:
        self._agenda, self._call = agenda, call
        self._entry: Entry | None = agenda.post(due, self._ring, argument, late=late)

    def _ring(self, argument: Any) -> None:
        self._entry = None
        self._call(argument)

    def cancel(self) -> None:
        """It is not called any more. A second time, or too late, does nothing."""
        entry, self._entry = self._entry, None
        if entry is not None:
            self._agenda.cancel(entry)

    def __repr__(self) -> str:
        return "<Appointment: over>" if self._entry is None else f"<Appointment at {self._entry[0]:g} s>"
