"""Strategies with known differences: `shared` with work and ballast of a known size, and the same under other names.

What is planted is calibrated against cells: a metric grows in a straight line with the units of its padding, so two cells
tell how many units a tenth more of it takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import repeat
from typing import Any, Final

from attune_sim.contexts.plain import PlainContext, PlainFork
from attune_sim.contexts.shared import Shared
from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.scope import MISSING


@dataclass(frozen=True, kw_only=True)
class Padding:
    """Turns of an empty loop in a fork, in each look-up of a rendering and as a fork is given back; bytes that a fork keeps; small
    dicts that it copies and lets go."""

    fork: int = 150
    look: int = 150
    drop: int = 150
    keep: int = 4_000
    copy: int = 0

    def with_more(self, part: str, units: int) -> Padding:
        return replace(self, **{part: getattr(self, part) + units})


COPIES: Final = Padding(fork=0, look=0, drop=0, keep=0, copy=100)
"""What most strategies do. An empty loop takes up to a third more in one process than in the next, by where the interpreter lies in it."""

_COPIED: Final = dict.fromkeys("abcdefgh", 0)


class PaddedFork(PlainFork):
    """A fork that works when it is read and when it is dropped, and keeps ballast."""

    __slots__ = ("ballast", "padding")

    def __init__(self, maps: Mapping[str, Any], item: Any, index: Any, padding: Padding) -> None:
        super().__init__(maps, item, index)
        self.padding = padding
        self.ballast = bytes(padding.keep)
        # Not `range`: integers above 256 are made anew, and a turn would cost more from there on.
        for _ in repeat(None, padding.fork):
            pass
        for _ in repeat(None, padding.copy):
            _COPIED.copy()

    def resolve(self, name: str) -> Any:
        for _ in repeat(None, self.padding.look):
            pass
        return super().resolve(name)

    def __del__(self) -> None:
        for _ in repeat(None, self.padding.drop):
            pass


class PaddedForker:
    def __init__(self, maps: Mapping[str, Any], padding: Padding) -> None:
        self._maps, self._padding = maps, padding

    def fork(self, item: Any, index: int) -> PaddedFork:
        return PaddedFork(self._maps, item, index, self._padding)

    def fork_plain(self) -> PaddedFork:
        return PaddedFork(self._maps, MISSING, MISSING, self._padding)


class Padded(Shared):
    """`shared`, with a padding in everything that it does."""

    padding = Padding()

    def fan_out(self, context: PlainContext, reads: Any) -> Any:
        return PaddedForker(context.maps, self.padding)


def padded(name: str, padding: Padding) -> type[ContextStrategy]:
    # The parts by themselves as well: of a class, plain values are what tells a stored cell from another.
    return type("Padded", (Padded,), {"name": name, "padding": padding, **asdict(padding)})


def twin(strategy: type[ContextStrategy], name: str) -> type[ContextStrategy]:
    """The same strategy under another name."""
    return type(strategy.__name__, (strategy,), {"name": name})
