"""What contexts and forks say of themselves: never what they hold, which may be secret, and may be a gigabyte."""

from __future__ import annotations

from collections.abc import Sized
from typing import TYPE_CHECKING, Any

from attune_sim.display import Displayed
from attune_sim.scope import MISSING, NAMESPACES


class HandedContext(Displayed):
    """A mixin of contexts."""

    __slots__ = ()

    if TYPE_CHECKING:

        def resolve(self, name: str) -> Any: ...

    def __repr__(self) -> str:
        held = {name: value for name in NAMESPACES if (value := self.resolve(name)) is not MISSING}
        entries = (
            f"{name} ({len(value):,})" if isinstance(value, Sized) else name for name, value in held.items()
        )
        return f"<context: {', '.join(entries)}; read it with .resolve('parameters')>"


class HandedFork(Displayed):
    """A mixin of forks. Nothing is resolved: that is what some strategies copy at."""

    __slots__ = ()

    if TYPE_CHECKING:
        index: Any

    def __repr__(self) -> str:
        whose = "of a task without items" if self.index is MISSING else f"for item {self.index}"
        return f"<fork {whose}; read it with .resolve('parameters')>"


class HandedForker(Displayed):
    """A mixin of forkers."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<forker: .fork(item, index) makes the context of one item>"
