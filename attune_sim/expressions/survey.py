"""What a value is made of, before it is compiled: does it hold templates, how large and how deep is it?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from attune_sim.expressions.limits import Limits, over_limit

_NODES: Final = (
    1_000_000  # entries of one value, counted as often as they show: the limit for whole definitions
)
_LEAVES: Final = frozenset({str, int, float, bool, type(None)})


class Sight(NamedTuple):
    """What was seen of a value: whether it holds templates, its entries, its levels."""

    templated: bool
    nodes: int
    levels: int


class Survey:
    """Looks at each container of a value once, however often it shows."""

    def __init__(self, limits: Limits) -> None:
        self._nesting = limits.nesting
        self._seen: dict[int, Sight] = {}

    def look(self, value: Any, level: int) -> Sight:
        """Raises an `ExpressionError` of kind `limit` for what is too large, too deep, or holds itself."""
        if isinstance(value, str):
            return Sight("{{" in value, 1, 0)
        children = _children(value)
        if children is None:
            return Sight(False, 1, 0)
        seen = self._seen.get(id(value))
        if seen is None:
            if level > self._nesting:
                raise over_limit(f"a value nested more than {self._nesting} levels deep")
            seen = self._seen[id(value)] = self._sum([self.look(one, level + 1) for one in children])
        if level + seen.levels > self._nesting + 1:
            raise over_limit(f"a value nested more than {self._nesting} levels deep")
        return seen

    def _sum(self, children: list[Sight]) -> Sight:
        nodes = 1 + sum(one.nodes for one in children)
        if nodes > _NODES:
            raise over_limit(f"a value of more than {_NODES:,} entries")
        levels = 1 + max((one.levels for one in children), default=0)
        return Sight(any(one.templated for one in children), nodes, levels)


def _children(value: Any) -> Iterable[Any] | None:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, (list, tuple)) else None


def fresh(value: Any) -> Any:
    """A copy of a value without templates, so that whoever is handed it may change it."""
    if isinstance(value, Mapping):
        return {key: fresh(one) if type(one) not in _LEAVES else one for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(fresh(one) if type(one) not in _LEAVES else one for one in value)
    return value
