"""What a template may make and do, and the account that is kept while it is evaluated.

Every operation that can make something large or take long asks first: the account refuses *before* anything is
allocated. It counts and never looks at a clock, so that a template over the same values ends in the same way on every
machine, at every load.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from attune_sim.errors import ExpressionError

T = TypeVar("T")

_GROUP: Final = 128  # elements that are paid for at once
_MADE: Final = 128  # bytes whose making is one step
_COMPARED: Final = 512  # characters of two texts that are compared in one step
_OBJECT: Final = 56  # bytes of a small object's header, rounded up


@dataclass(frozen=True, slots=True)
class Limits:
    """What one rendering may make and do.

    `text` characters of one text, `entries` of one list or map, `integer_bits` of one integer, `nesting` levels of a
    value or an expression, `memory` bytes of everything made on the way (an estimate), `fuel` steps of work.

    A step is about 0.2 us where it was calibrated, and 0.4 at the worst: an element that is looked at takes one to five,
    64 characters searched, 512 compared or 128 bytes made take one, sorting n elements takes n * log2(n) / 8. Every operation
    was measured over its worst values and priced by that. The default is a second of work, on a machine half as fast two.
    """

    text: int = 16 * 1024 * 1024
    entries: int = 2_000_000
    integer_bits: int = 4096
    nesting: int = 100
    memory: int = 128 * 1024 * 1024
    fuel: int = 5_000_000


DEFAULT_LIMITS: Final = Limits()


class Budget:
    """The account of one rendering. Its methods raise an `ExpressionError` of kind `limit`.

    `fuel` is what is left. What was done already may take it below 0: whatever is asked for next is then refused.
    """

    __slots__ = ("_made", "fuel", "limits")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.fuel = limits.fuel
        self._made = 0

    def text(self, length: int, width: int = 1) -> None:
        """A text of `length` characters of `width` bytes is about to be made."""
        if length > self.limits.text:
            raise over_limit(f"this would make a text of more than {self.limits.text:,} characters")
        self._make(length * width + _OBJECT)

    def entries(self, count: int, each: int = 8) -> None:
        """A list or map of `count` entries is about to be made, `each` bytes an entry with what it alone holds."""
        if count > self.limits.entries:
            raise over_limit(f"this would make a list or map of more than {self.limits.entries:,} entries")
        self._make(count * each + _OBJECT)

    def copying(self, text: str) -> str:
        """The text, of whose characters a new text, or several, are about to be made."""
        self.text(len(text), wide(text))
        return text

    def _make(self, size: int) -> None:
        self._made += size
        if self._made > self.limits.memory:
            raise over_limit(f"this template would make more than {self.limits.memory:,} bytes")
        self.spend(1 + size // _MADE)

    def reading(self, characters: int, a_step: int = 64) -> None:
        """A text of so many characters is about to be looked through, `a_step` of them for one step."""
        self.spend(1 + characters // a_step)

    def comparing(self, characters: int) -> None:
        """Two texts of so many characters are about to be compared."""
        self.spend(1 + characters // _COMPARED)

    def ordering(self, values: Sequence[Any]) -> None:
        """Numbers among themselves or texts among themselves are about to be sorted."""
        self.spend(len(values).bit_length() * (len(values) // 8 + lengths(values) // _COMPARED))

    def spend(self, steps: int) -> None:
        """Something is about to be done that takes so many steps."""
        self.fuel -= steps
        if self.fuel < 0:
            raise over_limit(
                f"this template takes more than {self.limits.fuel:,} steps (elements looked at, texts searched, "
                "bytes made): give it less to look at, or more Limits(fuel=...)"
            )

    def each(self, values: Iterable[T], steps: int = 1) -> Iterator[T]:
        """The values, one by one, for so many steps each, and two for beginning."""
        self.spend(2)
        unpaid = 0
        try:
            for value in values:
                if unpaid == _GROUP:
                    unpaid = 0
                    self.spend(_GROUP * steps)
                unpaid += 1
                yield value
        finally:
            self.fuel -= unpaid * steps

    def integer(self, value: int) -> int:
        """The integer, if it is not too long."""
        self.bits(value.bit_length())
        return value

    def bits(self, count: int) -> None:
        """An integer of so many bits is about to be made."""
        if count > self.limits.integer_bits:
            raise over_limit(f"this would make an integer of more than {self.limits.integer_bits:,} bits")


def over_limit(message: str) -> ExpressionError:
    return ExpressionError("limit", message)


def too_deep(what: str, levels: int) -> ExpressionError:
    return over_limit(f"{what} nested more than {levels} levels deep")


def lengths(values: Iterable[Any]) -> int:
    """Characters of some texts together; what is no text counts as nothing."""
    return sum([len(value) for value in values if isinstance(value, str)])


def wide(text: str) -> int:
    """Bytes a character, at most."""
    return 1 if text.isascii() else 4


def width_of(*values: Any) -> int:
    """The widest of some texts; what is no text counts as narrow."""
    return max((wide(value) for value in values if isinstance(value, str)), default=1)
