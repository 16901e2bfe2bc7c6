"""Sums of many moves of memory over simulated time, for many accounts at once.

A move adds to every account an amount of its own. Moves are kept as they come, in a few bytes each, and summed some thousands at a time: there
are two for every item of a simulation, and an account for every strategy.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

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
    """Where an account had no room any more: when (s), the mark of the move, and how many of its forks had fitted (None: it makes none)."""

    time_s: float
    mark: int
    fitted: int | None


class Accounts:
    """`rooms` says how many bytes each account may hold. Of the course of time at most `bins` stretches of equal length are kept.

    `moved` notes a move: its `code`, when, and a mark of 64 bits that tells the moment from others. Who has many of them puts them into `codes`,
    `times` and `marks` itself, and has them settled now and then.

    >>> accounts = Accounts([inf, 250.0])
    >>> code = accounts.code_of(Move([100.0, 200.0]))
    >>> for moment in range(3): accounts.moved(code, moment * 1.0, moment)
    >>> accounts.settle(); accounts.peaks[0], accounts.deaths
    (Peak(bytes=300.0, time_s=2.0, mark=2), [None, Death(time_s=1.0, mark=1, fitted=None)])
    """

    def __init__(self, rooms: Sequence[float], bins: int = 512) -> None:
        self._rooms = np.array(rooms, dtype=float)
        number = len(rooms)
        self._moves: list[Move] = []
        self._table = np.zeros((number, 64))
        self._passing = np.zeros((number, 64))
        self._most_passing = np.zeros(number)
        self._tops = np.zeros(number)
        # Lists: to append a number to an array takes ten times as long, and these never grow large.
        self.codes: list[int] = []
        self.times: list[float] = []
        self.marks: list[int] = []
        self._held = np.zeros(number)
        self.peaks = [Peak(0.0, 0.0, -1)] * number
        self.deaths: list[Death | None] = [None] * number
        self._course = _Course(number, bins)

    def code_of(self, move: Move) -> int:
        """The code by which a move is noted."""
        code = len(self._moves)
        if code == self._table.shape[1]:
            self._table, self._passing = (
                np.hstack([part, np.zeros_like(part)]) for part in (self._table, self._passing)
            )
        self._moves.append(move)
        self._table[:, code] = move.amounts
        if move.passing is not None:
            self._passing[:, code] = move.passing
            np.maximum(self._most_passing, move.passing, out=self._most_passing)
        return code

    def moved(self, code: int, time_s: float, mark: int) -> None:
        self.codes.append(code)
        self.times.append(time_s)
        self.marks.append(mark)
        if len(self.codes) >= AT_ONCE:
            self.settle()

    def settle(self) -> None:
        """Sum what has been noted so far."""
        if not self.codes:
            return
        codes, times = np.array(self.codes, dtype=np.int32), np.array(self.times, dtype=np.float64)
        held = np.take(self._table, codes, axis=1)
        held[:, 0] += self._held
        np.cumsum(held, axis=1, out=held)
        most = self._course.take(times, held, self._held)
        for account in np.flatnonzero(most > self._tops).tolist():
            self._note_peak(account, held[account])
        for account in np.flatnonzero(most + self._most_passing > self._rooms).tolist():
            if self.deaths[account] is None:
                self._note_death(account, held[account], codes)
        self._held = held[:, -1].copy()
        for noted in (self.codes, self.times, self.marks):
            noted.clear()

    def _note_peak(self, account: int, held: Floats) -> None:
        place = int(held.argmax())
        self._tops[account] = held[place]
        self.peaks[account] = Peak(float(held[place]), self.times[place], self.marks[place])

    def _note_death(self, account: int, held: Floats, codes: npt.NDArray[Any]) -> None:
        over = held + self._passing[account, codes] > self._rooms[account]
        if over.any():
            place = int(over.argmax())
            fitted = self._fitted(account, place, float(held[place]))
            self.deaths[account] = Death(self.times[place], self.marks[place], fitted)

    def _fitted(self, account: int, place: int, held: float) -> int | None:
        """How many forks of a move could be made."""
        code = self.codes[place]
        move = self._moves[code]
        if move.fork is None:
            return None
        if move.fork[account] <= 0:
            return 0
        before = held - self._table[account, code]
        left = self._rooms[account] - before - self._passing[account, code]
        return max(0, min(move.forks, int(left / move.fork[account])))

    def course(self) -> tuple[Floats, Floats, Floats]:
        """Where each stretch of time begins (s), and the least and the most that each account held in it (account, stretch)."""
        return self._course.told()

    def __len__(self) -> int:
        return len(self.peaks)

    def __repr__(self) -> str:
        return f"<Accounts: {len(self)} of {len(self._moves)} kinds of moves>"


class _Course:
    """The least and the most in stretches of time. They are made twice as long as often as time goes beyond the last of them."""

    def __init__(self, accounts: int, bins: int) -> None:
        self._bins = bins + bins % 2
        self._width = _FIRST_WIDTH_S
        self._low = np.full((accounts, self._bins), inf)
        self._high = np.full((accounts, self._bins), -inf)
        self._end = np.full((accounts, self._bins), np.nan)
        self._last = 0

    def take(self, times: Floats, held: Floats, before: Floats) -> Floats:
        """Take up what was held at these times, after so much before; the most of it."""
        while times[-1] >= self._width * self._bins:
            self._widen()
        places = (times / self._width).astype(np.int64)
        firsts = np.flatnonzero(np.diff(places, prepend=-1))
        bins = places[firsts]
        entering = held[:, firsts - 1]  # what a stretch begins with
        entering[:, 0] = before
        low, high = (part.reduceat(held, firsts, axis=1) for part in (np.minimum, np.maximum))
        self._low[:, bins] = np.minimum(self._low[:, bins], np.minimum(low, entering))
        self._high[:, bins] = np.maximum(self._high[:, bins], np.maximum(high, entering))
        self._end[:, bins] = held[:, np.append(firsts[1:], len(times)) - 1]
        self._last = int(bins[-1])
        most: Floats = high.max(axis=1)
        return most

    def _widen(self) -> None:
        half = self._bins // 2
        low, high, end = (
            part.reshape(len(part), half, 2).copy() for part in (self._low, self._high, self._end)
        )
        self._low[:], self._high[:], self._end[:] = inf, -inf, np.nan
        self._low[:, :half], self._high[:, :half] = low.min(axis=2), high.max(axis=2)
        self._end[:, :half] = np.where(np.isnan(end[:, :, 1]), end[:, :, 0], end[:, :, 1])
        self._width *= 2
        self._last //= 2

    def told(self) -> tuple[Floats, Floats, Floats]:
        number = self._last + 1
        low, high, end = self._low[:, :number].copy(), self._high[:, :number].copy(), self._end[:, :number]
        held: Any = np.zeros(len(low))
        for place in range(number):
            still = np.isnan(end[:, place])  # nothing moved in this stretch
            low[still, place] = high[still, place] = held[still]
            held = np.where(still, held, end[:, place])
        return np.arange(number, dtype=np.float64) * self._width, low, high


def grained(amount: float) -> float:
    """The whole number of grains that is nearest to an amount.

    >>> grained(103.776)
    103.78125
    """
    return round(amount * GRAIN) / GRAIN
