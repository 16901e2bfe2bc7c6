"""What a plan has to meet: `cycle_p99 < 60s`, `memory < 2GiB`, `cost < 3/day`, `late <= 0`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from attune_sim.amounts import byte_count, number_of, second_count, share_of
from attune_sim.display import Displayed
from attune_sim.errors import InputError
from attune_sim.metrics import elapsed, format_bytes

Kind = Literal["s", "bytes", "share", "count", "cost"]

DAYS: Final[Mapping[str, float]] = {"h": 1 / 24, "day": 1.0, "d": 1.0, "week": 7.0, "month": 30.0}
"""Stretch of time over which a cost is told -> days."""

FIGURES: Final[Mapping[str, tuple[Kind, str]]] = {
    "cycle_p50": ("s", "half of the cycles end within, from when they were due"),
    "cycle_p99": ("s", "99 of 100 cycles end within, from when they were due"),
    "cycle_max": ("s", "the slowest cycle, from when it was due"),
    "wait_p99": ("s", "99 of 100 items wait for a slot at most"),
    "late": ("share", "share of cycles that are under way when the next is due"),
    "skipped": ("count", "cycles that were left out, for another was under way"),
    "failed_items": ("share", "share of items that do not succeed"),
    "memory": ("bytes", "the least limit under which the process lives"),
    "cost": ("cost", "what it costs in a day, by simple prices"),
}
"""Figure that a goal can be about -> how it is read and told, and what it is. Less is better of all of them."""

_GOAL: Final = re.compile(r"\s*(\w+)\s*(<=|<|>=|>|==?)\s*(.*?)\s*", re.ASCII)
_WRITE: Final = "write for example 'cycle_p99 < 60s', 'memory < 2GiB', 'cost < 3/day' or 'late <= 0'"


@dataclass(frozen=True, slots=True)
class Goal(Displayed):
    """One figure and its bound: seconds, bytes, a share, a count, or a cost in a day. `strict`: the bound itself is too much."""

    text: str
    figure: str
    limit: float
    strict: bool = True

    def holds(self, value: float) -> bool:
        """Whether a value meets it; an unknown one does not."""
        return value < self.limit if self.strict else value <= self.limit

    def shown(self, value: float) -> str:
        """A value of its figure as a person reads it."""
        return shown(self.figure, value)

    def __str__(self) -> str:
        return self.text


def read_goals(goals: str | Goal | Iterable[str | Goal]) -> tuple[Goal, ...]:
    """Goals from texts.

    Raises:
        InputError: quotes what cannot be read, or can never hold, and says what may stand there; there is none at all.

    >>> read_goals(["cycle_p99 < 60s", "memory <= 2GiB"])[1]
    Goal(text='memory <= 2GiB', figure='memory', limit=2147483648, strict=False)
    >>> read_goals("speed < 3")
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: goal 'speed < 3': there is no figure 'speed'; choose from: cycle_p50, cycle_p99, cycle_max, wait_p99, late, skipped, failed_items, memory, cost
    """
    listed = [goals] if isinstance(goals, str | Goal) else list(goals)
    if not listed:
        raise InputError(f"goals: name at least one; {_WRITE}")
    return tuple(goal if isinstance(goal, Goal) else _read(goal) for goal in listed)


def _read(text: object) -> Goal:
    parts = _GOAL.fullmatch(text) if isinstance(text, str) else None
    if parts is None or not isinstance(text, str):
        raise InputError(f"goal {text!r:.80} cannot be read; {_WRITE}")
    figure, relation, amount = parts.groups()
    figure = re.sub(r"_(s|bytes)$", "", figure)  # as frames name them
    if figure not in FIGURES:
        known = ", ".join(FIGURES)
        raise InputError(f"goal {text!r}: there is no figure {figure!r}; choose from: {known}")
    if relation not in ("<", "<="):
        raise InputError(f"goal {text!r}: less is better of {figure}; write {figure} < {amount}")
    limit = _READ[FIGURES[figure][0]](amount, f"goal {text!r}:")
    if relation == "<" and limit <= 0:
        raise InputError(f"goal {text!r} can never be met; write {figure} <= {amount}")
    return Goal(text.strip(), figure, limit, strict=relation == "<")


def _cost(text: str, what: str) -> float:
    """In a day."""
    amount, slash, each = (part.strip() for part in text.partition("/"))
    if slash and each not in DAYS:
        raise InputError(
            f"{what} a cost is for one of {', '.join(DAYS)}, not {each!r}; write for example 3/day"
        )
    value = number_of(amount, what) / DAYS[each or "day"]
    if value < 0:
        raise InputError(f"{what} a cost is 0 or more, not {amount}; write for example 3/day")
    return value


def _count(text: str, what: str) -> float:
    value = number_of(text, what)
    if value < 0:
        raise InputError(f"{what} a count is 0 or more, not {text}")
    return value


_READ: Final[Mapping[Kind, Callable[[str, str], float]]] = {
    "s": second_count,
    "bytes": byte_count,
    "share": share_of,
    "count": _count,
    "cost": _cost,
}


def shown(figure: str, value: float) -> str:
    """The value of a figure as a person reads it.

    >>> shown("cycle_p99", 1.5), shown("late", 0.031), shown("cost", 1.25)
    ('1.5 s', '3.1 %', '1.25/day')
    """
    if value != value or abs(value) == float("inf"):
        return "–"
    return _SHOWN[FIGURES[figure][0]](value)


_SHOWN: Final[Mapping[Kind, Callable[[float], str]]] = {
    "s": elapsed,
    "bytes": format_bytes,
    "share": lambda value: f"{100 * value:.3g} %",
    "count": lambda value: f"{value:,.0f}",
    "cost": lambda value: f"{value:,.3g}/day" if value < 1000 else f"{value:,.0f}/day",
}
