"""When two values are equal, which comes first, and how they read as text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring
from operator import itemgetter
from typing import Any, Final

from attune_sim.expressions.kinds import LEAVES, is_array, is_number, is_object, type_error, type_name
from attune_sim.expressions.limits import Budget, lengths, too_deep
from attune_sim.expressions.survey import check_size

_EXACT: Final = 1 << 53  # up to here a float holds every integer
_PIECE: Final = 64  # bytes of a piece of JSON beside its characters
_PAID: Final = 16_384  # bytes of pieces that are paid for together
_DEEP: Final = 20  # levels at which a comparison asks whether its sides are blown up


def same_number(a: float, b: float) -> bool:
    """Whether two numbers are equal as floats, which is how the language compares them."""
    if a == b:
        return True
    if type(a) is int and type(b) is int and -_EXACT <= a <= _EXACT and -_EXACT <= b <= _EXACT:
        return False
    try:
        return float(a) == float(b)
    except OverflowError:  # beyond the floats only exact comparison is left
        return False


def equal(a: Any, b: Any, budget: Budget, depth: int = 0) -> bool:
    """Deep equality: 3 equals 3.0, other types never equal each other."""
    kind = type(a)
    if kind is type(b) and (kind is str or kind is bool):
        if kind is str and len(a) == len(b):
            budget.comparing(len(a))
        return bool(a == b)
    if is_number(a):
        return is_number(b) and same_number(a, b)
    if a is None or b is None:
        return a is b
    if depth == _DEEP:
        check_size([a, b], budget)
    if kind is str or kind is bool:
        return isinstance(b, kind) and bool(a == b)
    if is_object(a):
        return is_object(b) and _equal_objects(a, b, budget, _deeper(depth, budget))
    if is_array(a):
        return is_array(b) and _equal_arrays(a, b, budget, _deeper(depth, budget))
    return kind is type(b) and bool(a == b)


def _equal_objects(a: Mapping[Any, Any], b: Mapping[Any, Any], budget: Budget, depth: int) -> bool:
    if len(a) != len(b):
        return False
    budget.comparing(lengths(a))
    return all(key in b and equal(a[key], b[key], budget, depth) for key in budget.each(a, steps=5))


def _equal_arrays(a: Sequence[Any], b: Sequence[Any], budget: Budget, depth: int) -> bool:
    if len(a) != len(b):
        return False
    return all(equal(x, y, budget, depth) for x, y in budget.each(zip(a, b, strict=True), steps=3))


def _deeper(depth: int, budget: Budget) -> int:
    if depth >= budget.limits.nesting:
        raise too_deep("a value", budget.limits.nesting)
    return depth + 1


def less(a: Any, b: Any, budget: Budget) -> bool:
    """Whether `a` comes before `b`: two numbers, two strings (code points), two arrays of them."""
    if is_number(a) and is_number(b):
        return a < b and not same_number(a, b)
    if isinstance(a, str) and isinstance(b, str):
        budget.comparing(min(len(a), len(b)))
        return a < b
    if is_array(a) and is_array(b):
        return _less_arrays(a, b, budget)
    raise type_error(f"cannot order {type_name(a)} and {type_name(b)}")


def _less_arrays(a: Sequence[Any], b: Sequence[Any], budget: Budget) -> bool:
    for x, y in budget.each(zip(a, b, strict=False), steps=6):
        if is_array(x) or is_array(y):
            raise type_error("cannot order arrays that hold arrays")
        if less(x, y, budget):
            return True
        if less(y, x, budget):
            return False
    return len(a) < len(b)


def hash_key(value: Any, budget: Budget, depth: int = 0) -> Any:
    """Something hashable that is equal for two values exactly if `equal` says so."""
    if type(value) is str or value is None:
        budget.reading(len(value or ""), a_step=128)
        return value
    if isinstance(value, bool):
        return ("bool", value)
    if is_number(value):
        return ("number", _number_key(value))
    if depth == 0:
        check_size(value, budget)
    if is_object(value):
        deeper = _deeper(depth, budget)
        budget.entries(len(value), each=160)
        budget.reading(lengths(value), a_step=128)
        return frozenset((key, hash_key(value[key], budget, deeper)) for key in budget.each(value, steps=3))
    if is_array(value):
        deeper = _deeper(depth, budget)
        budget.entries(len(value), each=80)
        return tuple(hash_key(element, budget, deeper) for element in budget.each(value, steps=3))
    return (type(value).__name__, value)


def _number_key(value: float) -> float | str:
    try:
        return float(value)
    except OverflowError:  # hashes of integers can be made to collide, those of texts cannot
        return hex(value)  # type: ignore[arg-type]


def text(value: Any, budget: Budget) -> str:
    """How a value reads inside a longer text: null is empty, containers are compact JSON with sorted keys.

    >>> from attune_sim.expressions.limits import DEFAULT_LIMITS
    >>> text({"b": [1, None, True], "a": "é"}, Budget(DEFAULT_LIMITS))
    '{"a":"é","b":[1,null,true]}'
    """
    if type(value) is int and -_EXACT < value < _EXACT:
        return str(value)
    return "" if value is None else string(value, budget)


def string(value: Any, budget: Budget) -> str:
    """How a value reads as text of its own: as `text`, but null is "null"."""
    if isinstance(value, str):
        return value
    if is_object(value) or is_array(value):
        check_size(value, budget)
        return _Writer(budget).written(value)
    budget.spend(2)
    plain = _scalar(value, budget)
    return str(value) if plain is None else plain


def _scalar(value: Any, budget: Budget) -> str | None:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_text(value)
    if not isinstance(value, int):
        return None
    budget.spend(integer_steps(value))
    return str(int(value))


def integer_steps(value: int) -> int:
    """What it takes to write an integer: the square of its length."""
    return value.bit_length() ** 2 // 160_000


def _float_text(value: float) -> str:
    if not math.isfinite(value):
        return "null"
    plain = repr(float(value))
    if "e" not in plain:
        return plain
    digits, exponent = plain.split("e")
    return f"{digits}e{int(exponent)}"


class _Writer:
    """Writes JSON piece by piece, so that a text too long is refused while it is still short."""

    def __init__(self, budget: Budget) -> None:
        self._budget, self._length, self._unpaid = budget, 0, 0
        self._pieces: list[str] = []

    def written(self, value: Any) -> str:
        self._write("", value, 0)
        self._pay()
        return "".join(self._pieces)

    def _write(self, before: str, value: Any, depth: int) -> None:
        """Add the pieces of a value that stands on this level, behind what comes before it."""
        if isinstance(value, str):
            self._add(before + encode_basestring(value))
        elif type(value) in LEAVES:
            self._add(f"{before}{_scalar(value, self._budget)}")
        elif is_object(value):
            self._object(f"{before}{{", value, _deeper(depth, self._budget))
        elif is_array(value):
            self._array(f"{before}[", value, _deeper(depth, self._budget))
        else:
            self._add(before + _plain_text(value, "a value", self._budget))

    def _object(self, before: str, value: Mapping[Any, Any], depth: int) -> None:
        self._budget.entries(len(value))
        for key, inner in self._budget.each(self._sorted(value), steps=3):
            self._write(f"{before}{encode_basestring(key)}:", inner, depth)
            before = ","
        self._add("}" if value else f"{before}}}")

    def _array(self, before: str, value: Sequence[Any], depth: int) -> None:
        for element in self._budget.each(value, steps=2):
            self._write(before, element, depth)
            before = ","
        self._add("]" if value else f"{before}]")

    def _add(self, piece: str) -> None:
        self._pieces.append(piece)
        self._length += len(piece)
        self._unpaid += _PIECE + (len(piece) if piece.isascii() else len(piece) * 4)
        if self._unpaid > _PAID:
            self._pay()

    def _pay(self) -> None:
        if self._length > self._budget.limits.text:
            self._budget.text(self._length)
        self._budget.entries(1, each=self._unpaid)
        self._unpaid = 0

    def _sorted(self, value: Mapping[Any, Any]) -> list[tuple[str, Any]]:
        entries = [
            (key if isinstance(key, str) else _plain_text(key, "an object key", self._budget), inner)
            for key, inner in value.items()
        ]
        self._budget.ordering([key for key, _ in entries])
        return sorted(entries, key=itemgetter(0))


def _plain_text(value: Any, what: str, budget: Budget) -> str:
    plain = _scalar(value, budget)
    if plain is None:
        raise type_error(f"{what} of type {type(value).__name__} has no JSON text")
    return plain
