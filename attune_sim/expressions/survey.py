"""How large and how deep a value is, and a copy of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final, TypeVar

from attune_sim.expressions.kinds import LEAVES, is_array, is_object
from attune_sim.expressions.limits import Budget, Limits, over_limit, too_deep

T = TypeVar("T")

_SHOWN: Final = 1_000_000  # entries of a definition, counted as often as they show
_HELD: Final = (list, tuple, dict)
_SHARED: Final = 4  # how many times more entries than objects a value may show before it counts as blown up


def check_size(value: T, budget: Budget) -> T:
    """The value, unless it is nested too deeply or shows far more entries than it holds (`[a, a]`, again and again).

    What a value holds exists already, and is large because a million items returned something: looking at it is no
    attack, and never refused by itself. It is paid for afterwards.
    """
    budget.spend(1)
    survey = _Survey(budget.limits.nesting, budget.limits.entries, _SHARED)
    survey.measure(value, 1)
    budget.fuel -= survey.steps
    return value


def check_definition(value: Any, limits: Limits) -> None:
    """Refuses a value that is too large or too deep to be compiled, or that holds itself."""
    _Survey(limits.nesting, _SHOWN, 0).measure(value, 0)


class _Survey:
    """Looks at each container of a value once, however often it shows; refuses what shows more than `most` entries and
    `ratio` times those that it holds."""

    def __init__(self, nesting: int, most: int, ratio: int) -> None:
        self._nesting, self._most, self._ratio = nesting, most, ratio
        self._known: dict[int, tuple[int, int]] = {}
        self._held = 0

    @property
    def steps(self) -> int:
        """What it cost."""
        return 3 * len(self._known) + self._held // 8

    def measure(self, value: Any, level: int) -> tuple[int, int]:
        """Entries that a value on this level shows, and the levels below it."""
        inside = _inside(value)
        if inside is None:
            return 0, -1
        known = self._known.get(id(value))
        if known is None:
            if level > self._nesting:
                raise too_deep("a value", self._nesting)
            if type(value) not in _HELD and len(value) > self._most:  # a range: nothing of it exists yet
                raise over_limit(f"a value that shows more than {self._most:,} entries")
            self._held += len(value)
            known = self._known[id(value)] = self._sum(len(value), inside, level)
        if level + known[1] > self._nesting:
            raise too_deep("a value", self._nesting)
        return known

    def _sum(self, shown: int, inside: Iterable[Any], level: int) -> tuple[int, int]:
        height = 0
        for child in inside:
            if type(child) not in LEAVES:
                entries, levels = self.measure(child, level + 1)
                shown, height = shown + entries, max(height, levels + 1)
        if shown > self._most and shown > self._ratio * self._held:
            raise over_limit(f"a value that shows more than {self._most:,} entries")
        return shown, height


def _inside(value: Any) -> Iterable[Any] | None:
    kind = type(value)
    if kind is list:
        return value  # type: ignore[no-any-return]
    if kind is dict or is_object(value):
        return islice(value.values(), len(value))
    return islice(value, len(value)) if is_array(value) else None


def fresh(value: Any) -> Any:
    """A copy of a value without templates, so that whoever is handed it may change it."""
    if isinstance(value, Mapping):
        return {key: inner if type(inner) in LEAVES else fresh(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(inner if type(inner) in LEAVES else fresh(inner) for inner in value)
    return value
