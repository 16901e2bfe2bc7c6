"""What a template may make, and the account that is kept while it is evaluated.

Every operation that can make something large asks first: the account refuses *before* anything is allocated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, TypeVar

from attune_sim.errors import ExpressionError

T = TypeVar("T")

_TICK: Final = 1024  # elements between two looks at the clock: 20 to 100 us of work
_LARGE: Final = 16_384  # bytes from which an operation is worth a look at the clock
_OBJECT: Final = 56  # bytes of a small object's header, rounded up


@dataclass(frozen=True, slots=True)
class Limits:
    """What one rendering may make.

    `text` characters of one text, `entries` of one list or map, `integer_bits` of one integer, `nesting` levels of a
    value or an expression, `memory` bytes of everything made on the way (an estimate), `deadline` seconds, looked at
    between operations.
    """

    text: int = 16 * 1024 * 1024
    entries: int = 2_000_000
    integer_bits: int = 4096
    nesting: int = 100
    memory: int = 128 * 1024 * 1024
    deadline: float = 1.0


DEFAULT_LIMITS: Final = Limits()


class Budget:
    """The account of one rendering. Every method raises an `ExpressionError` of kind `limit`."""

    __slots__ = ("_made", "_until", "limits")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._made = 0
        self._until: float | None = None

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

    def _make(self, size: int) -> None:
        self._made += size
        if self._made > self.limits.memory:
            raise over_limit(f"this template would make more than {self.limits.memory:,} bytes")
        if size > _LARGE:
            self.check()

    def reading(self, size: int) -> None:
        """Something of `size` bytes or entries is about to be looked through."""
        if size > _LARGE:
            self.check()

    def check(self) -> None:
        """Look at the clock. The first look starts it: what came before was too small to matter."""
        now = monotonic()
        if self._until is None:
            self._until = now + self.limits.deadline
        elif now > self._until:
            raise over_limit(f"this template took longer than {self.limits.deadline:g} s")

    def each(self, values: Iterable[T]) -> Iterator[T]:
        """The values, one by one, with a look at the clock now and then."""
        left = 0
        for value in values:
            if left == 0:
                self.check()
                left = _TICK
            left -= 1
            yield value

    def integer(self, value: int) -> int:
        """The integer, if it is not too long."""
        if value.bit_length() > self.limits.integer_bits:
            raise over_limit(f"this would make an integer of more than {self.limits.integer_bits:,} bits")
        return value


def over_limit(message: str) -> ExpressionError:
    return ExpressionError("limit", message)


def wide(text: str) -> int:
    """Bytes a character, at most."""
    return 1 if text.isascii() else 4


def width_of(*values: Any) -> int:
    """The widest of some texts; what is no text counts as narrow."""
    return max((wide(value) for value in values if isinstance(value, str)), default=1)
