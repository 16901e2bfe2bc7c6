"""Sums of many moves of memory over simulated time, for many accounts at once.

A move adds to every account an amount of its own. Moves are kept as they come, in a few bytes each, and summed some thousands at a time: there
are two for every item of a simulation, and an account for every strategy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[Any]  # of whole numbers

GRAIN: Final = 64
"""Amounts are to be whole multiples of a 64th of a byte: so sums of them are exact, in any order, up to 140 TB."""

AT_ONCE: Final = 8_192
"""Moves that are summed together: few enough for a processor's cache."""

_FIRST_WIDTH_S: Final = 2.0**-10


class Move(NamedTuple):
    """What happens at one kind of moment, in bytes of each account: `amounts` stay; `passing` is needed on top for that moment only.

    It stands for `forks` that are made one after another (0: none are), of `fork` bytes each.
    """

    amounts: Sequence[float]
    passing: Sequence[float] | None = None
    forks: int = 0
    fork: Sequence[float] | None = None


class Peak(NamedTuple):
    """The most that an account held: bytes, when (s), and the mark of the move that brought it there."""

    bytes: float
    time_s: float
    mark: int


class Death(NamedTuple):
    """Where an account had no room any more: when (s), the mark of the move, how many of its forks had fitted (None: it makes none), and its code."""

    time_s: float
    mark: int
    fitted: int | None
    code: int


class Accounts:
    """`rooms` says how many bytes each account may hold. Of the course of time at most `bins` stretches of equal length are kept.

    `moved` notes a move: its `code`, when, and a mark of 64 bits that tells the moment from others. Who has many of them puts them into `codes`,
    `times` and `marks` itself, and has them settled now and then.

    >>> accounts = Accounts([inf, 250.0])
    >>> code = accounts.code_of(Move([100.0, 200.0]))
    >>> for moment in range(3): accounts.moved(code, moment * 1.0, moment)
    >>> accounts.settle(); accounts.peaks[0], accounts.deaths
    (Peak(bytes=300.0, time_s=2.0, mark=2), [None, Death(time_s=1.0, mark=1, fitted=None, code=0)])
    """

    def __init__(self, rooms: Sequence[float], bins: int = 512) -> None:
        self._rooms = np.array(rooms, dtype=float)
        number = len(rooms)
        self._moves: list[Move] = []
        self._back: dict[bytes, int] = {}
        self._table, self._passing = np.zeros((64, number)), np.zeros((64, number))
        self._signs = np.zeros(64, dtype=np.int8)
        self._before, self._both = np.full(64, -1), np.full(64, -1)
        # Lists: to append a number to an array takes ten times as long, and these never grow large.
        self.codes: list[int] = []
        self.times: list[float] = []
        self.marks: list[int] = []
        self._most_passing = np.zeros(number)
        self._held, self._tops = np.zeros(number), np.zeros(number)
        self._highest: list[_Stretch | None] = [None] * number
        self.deaths: list[Death | None] = [None] * number
        self._course = _Course(number, bins)

    def code_of(self, move: Move) -> int:
        """The code by which a move is noted."""
        code = len(self._moves)
        if code == len(self._table):
            self._table, self._passing = (
                np.vstack([part, np.zeros_like(part)]) for part in (self._table, self._passing)
            )
            self._signs = np.append(self._signs, np.zeros_like(self._signs))
            self._before, self._both = (
                np.append(part, np.full_like(part, -1)) for part in (self._before, self._both)
            )
        self._moves.append(move)
        self._table[code] = move.amounts
        self._signs[code] = min(move.amounts, default=0.0) >= 0 or -(max(move.amounts) <= 0)
        if move.passing is not None:
            self._passing[code] = move.passing
            np.maximum(self._most_passing, move.passing, out=self._most_passing)
        return code

    def taken_back(self, moves: Mapping[int, int]) -> int:
        """The code of the move that takes back others, each so many times.

        >>> accounts = Accounts([inf]); code = accounts.code_of(Move([100.0]))
        >>> for each in (code, code, accounts.taken_back({code: 2})): accounts.moved(each, 0.0, 0)
        >>> accounts.settle(); accounts.peaks[0].bytes, accounts.course()[1].tolist()
        (200.0, [[0.0]])
        """
        amounts = -sum(number * self._table[code] for code, number in moves.items())
        key = np.asarray(amounts).tobytes()
        if key not in self._back:
            self._back[key] = self.code_of(Move(np.asarray(amounts).tolist()))
        return self._back[key]

    def join(self, first: int, second: int, both: int) -> None:
        """Let a move that is followed by another one at the same moment be a third one, which does what both do."""
        self._before[second], self._both[second] = first, both

    def moved(self, code: int, time_s: float, mark: int) -> None:
        self.codes.append(code)
        self.times.append(time_s)
        self.marks.append(mark)
        if len(self.codes) >= AT_ONCE:
            self.settle()

    def settle(self) -> None:
        """Sum what has been noted so far.

        Moves that follow each other in one stretch of time and only add, to whatever account, are summed as one: the most that is held meanwhile is
        held at their end. So it is with those that only take away.
        """
        if not self.codes:
            return
        codes, times, kept = self._joined()
        places = self._course.places_of(times)
        firsts = self._runs(codes, places)
        held = self._held + np.cumsum(self._sums(codes, firsts), axis=0)
        most = self._course.take(places[firsts], held, self._held)
        whole = _Stretch(0.0, codes, times, kept, self.marks.copy())
        runs = _Runs(whole, firsts, np.vstack([self._held, held]))
        for account in np.flatnonzero(most > self._tops).tolist():
            run = int(held[:, account].argmax())
            self._tops[account] = held[run, account]
            self._highest[account] = runs.stretch(account, run)
        for account in np.flatnonzero(most + self._most_passing > self._rooms).tolist():
            if self.deaths[account] is None:
                self._look_for_death(account, runs)
        self._held = held[-1].copy()
        for noted in (self.codes, self.times, self.marks):
            noted.clear()

    def _joined(self) -> tuple[Codes, Floats, Codes]:
        """Codes and times of the moves that have been noted, joined where they are one, and their places among them."""
        codes, times = np.array(self.codes, dtype=np.int32), np.array(self.times, dtype=np.float64)
        follows = (self._before[codes[1:]] == codes[:-1]) & (times[1:] == times[:-1])
        seconds = np.flatnonzero(follows) + 1
        codes[seconds] = self._both[codes[seconds]]
        kept = np.flatnonzero(np.append(~follows, True))
        return codes[kept], times[kept], kept

    def _runs(self, codes: Codes, places: Codes) -> Codes:
        """Where runs of moves begin that are summed as one."""
        signs = self._signs[codes]
        begins = (signs[1:] != signs[:-1]) | (signs[1:] == 0) | (places[1:] != places[:-1])
        return np.concatenate([[0], np.flatnonzero(begins) + 1])

    def _sums(self, codes: Codes, firsts: Codes) -> Floats:
        """What each run adds to each account: how often each move is in it, times its amounts."""
        known = np.zeros(len(self._moves), dtype=bool)
        known[codes] = True
        present = np.flatnonzero(known)
        numbers = np.zeros(len(self._moves), dtype=np.int64)
        numbers[present] = np.arange(len(present))
        lengths = np.diff(np.append(firsts, len(codes)))
        runs = np.repeat(np.arange(len(firsts)), lengths)
        counts = np.bincount(runs * len(present) + numbers[codes], minlength=len(firsts) * len(present))
        sums: Floats = counts.reshape(len(firsts), len(present)) @ self._table[present]
        return sums

    def _look_for_death(self, account: int, runs: _Runs) -> None:
        room = self._rooms[account]
        for run in runs.above(account, room - self._most_passing[account]):
            stretch = runs.stretch(account, run)
            course = stretch.course(self._table[:, account])
            over = course + self._passing[stretch.codes, account] > room
            if over.any():
                place = int(over.argmax())
                code = int(stretch.codes[place])
                fitted = self._fitted(account, code, float(course[place]))
                self.deaths[account] = Death(*stretch.moment(place), fitted, code)
                return

    def _fitted(self, account: int, code: int, held: float) -> int | None:
        """How many forks of a move could be made."""
        move = self._moves[code]
        if move.fork is None:
            return None
        if move.fork[account] <= 0:
            return 0
        before = held - self._table[code, account]
        left = self._rooms[account] - before - self._passing[code, account]
        return max(0, min(move.forks, int(left / move.fork[account])))

    @property
    def peaks(self) -> list[Peak]:
        """The most that each account held so far, and when it first did."""
        return [self._peak(account) for account in range(len(self._tops))]

    def _peak(self, account: int) -> Peak:
        stretch = self._highest[account]
        if stretch is None:
            return Peak(0.0, 0.0, -1)
        course = stretch.course(self._table[:, account])
        place = int(course.argmax())
        return Peak(float(course[place]), *stretch.moment(place))

    def course(self) -> tuple[Floats, Floats, Floats]:
        """Where each stretch of time begins (s), and the least and the most that each account held in it (account, stretch)."""
        return self._course.told()

    def __len__(self) -> int:
        return len(self._tops)

    def __repr__(self) -> str:
        return f"<Accounts: {len(self)} of {len(self._moves)} kinds of moves>"


class _Stretch(NamedTuple):
    """Some moves that follow each other: what an account held before them, what and when they were, and where their marks are."""

    before: float
    codes: Codes
    times: Floats
    kept: Codes
    marks: list[int]

    def course(self, amounts: Floats) -> Floats:
        """What is held after each of them."""
        held: Floats = self.before + np.cumsum(amounts[self.codes])
        return held

    def moment(self, place: int) -> tuple[float, int]:
        """When one of them was, and its mark."""
        return float(self.times[place]), self.marks[self.kept[place]]


class _Runs(NamedTuple):
    """Moves in runs: where each of these begins, and what each account held before the first one and after each of them."""

    moves: _Stretch
    firsts: Codes
    held: Floats

    def above(self, account: int, amount: float) -> list[int]:
        """Runs after which an account held more."""
        found: list[int] = np.flatnonzero(self.held[1:, account] > amount).tolist()
        return found

    def stretch(self, account: int, run: int) -> _Stretch:
        """The moves of one run."""
        end = self.firsts[run + 1] if run + 1 < len(self.firsts) else len(self.moves.codes)
        own = slice(self.firsts[run], end)
        _, codes, times, kept, marks = self.moves
        return _Stretch(float(self.held[run, account]), codes[own], times[own], kept[own], marks)


class _Course:
    """The least and the most in stretches of time. They are made twice as long as often as time goes beyond the last of them."""

    def __init__(self, accounts: int, bins: int) -> None:
        self._bins = bins + bins % 2
        self._width = _FIRST_WIDTH_S
        self._low = np.full((self._bins, accounts), inf)
        self._high = np.full((self._bins, accounts), -inf)
        self._end = np.full((self._bins, accounts), np.nan)
        self._last = 0

    def places_of(self, times: Floats) -> Codes:
        """The stretch of each of these times."""
        while times[-1] >= self._width * self._bins:
            self._widen()
        return (times / self._width).astype(np.int64)

    def take(self, places: Codes, held: Floats, before: Floats) -> Floats:
        """Take up what was held (moment, account) in these stretches, after so much before; the most of it."""
        firsts = np.flatnonzero(np.diff(places, prepend=-1))
        bins = places[firsts]
        entering = held[firsts - 1]  # what a stretch begins with
        entering[0] = before
        low, high = (part.reduceat(held, firsts, axis=0) for part in (np.minimum, np.maximum))
        self._low[bins] = np.minimum(self._low[bins], np.minimum(low, entering))
        self._high[bins] = np.maximum(self._high[bins], np.maximum(high, entering))
        self._end[bins] = held[np.append(firsts[1:], len(places)) - 1]
        self._last = int(bins[-1])
        most: Floats = high.max(axis=0)
        return most

    def _widen(self) -> None:
        half = self._bins // 2
        low, high, end = (part.reshape(half, 2, -1).copy() for part in (self._low, self._high, self._end))
        self._low[:], self._high[:], self._end[:] = inf, -inf, np.nan
        self._low[:half], self._high[:half] = low.min(axis=1), high.max(axis=1)
        self._end[:half] = np.where(np.isnan(end[:, 1]), end[:, 0], end[:, 1])
        self._width *= 2
        self._last //= 2

    def told(self) -> tuple[Floats, Floats, Floats]:
        number = self._last + 1
        low, high = self._low[:number].copy(), self._high[:number].copy()
        held: Any = np.zeros(low.shape[1])
        for place, end in enumerate(self._end[:number]):
            still = np.isnan(end)  # nothing moved in this stretch
            low[place, still] = high[place, still] = held[still]
            held = np.where(still, held, end)
        return np.arange(number, dtype=np.float64) * self._width, low.T, high.T


def grained(amount: float) -> float:
    """The whole number of grains that is nearest to an amount.

    >>> grained(103.776)
    103.78125
    """
    return round(amount * GRAIN) / GRAIN
