"""The values of the language: their types, when two are equal, which comes first, and how they read as text.

An object is any `Mapping`, an array any list, tuple or other `Sequence` that is no text: strategies hand on maps of
many kinds, and all of them mean the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any, Final, TypeAlias, TypeVar

from attune_sim.errors import ExpressionError
from attune_sim.expressions.limits import Budget, over_limit, wide

Number: TypeAlias = int | float
T = TypeVar("T")

_NAMES: Final = {bool: "bool", int: "number", float: "number", str: "string", dict: "object", list: "array"}
_NO_ARRAY: Final = (str, bytes, bytearray, memoryview)
_EXACT: Final = 1 << 53  # up to here a float holds every integer
_SHARED: Final = 4  # how many times more entries than objects a value may show before it counts as blown up
_DEEP: Final = 20  # levels at which a comparison asks whether its sides are blown up
_FEW: Final = 10_000  # entries that are counted without looking for shared ones
_LEAVES: Final = frozenset({str, int, float, bool, type(None)})


def type_name(value: Any) -> str:
    """`null bool number string array object`, or the Python name of a value that is none of them."""
    known = _NAMES.get(type(value))
    if known is not None:
        return known
    if value is None:
        return "null"
    for kind, name in _NAMES.items():
        if isinstance(value, kind):
            return name
    if isinstance(value, Mapping):
        return "object"
    return "array" if is_array(value) else type(value).__name__


def is_object(value: Any) -> bool:
    return type(value) is dict or isinstance(value, Mapping)


def is_array(value: Any) -> bool:
    return type(value) is list or (isinstance(value, Sequence) and not isinstance(value, _NO_ARRAY))


def is_number(value: Any) -> bool:
    return type(value) in (int, float) or (isinstance(value, (int, float)) and not isinstance(value, bool))


def is_integer(value: Any) -> bool:
    return type(value) is int or (isinstance(value, int) and not isinstance(value, bool))


def type_error(message: str) -> ExpressionError:
    return ExpressionError("type_error", message)


def same_number(a: Number, b: Number) -> bool:
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
        if kind is str:
            budget.reading(len(a))
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
    return all(key in b and equal(a[key], b[key], budget, depth) for key in budget.each(a))


def _equal_arrays(a: Sequence[Any], b: Sequence[Any], budget: Budget, depth: int) -> bool:
    if len(a) != len(b):
        return False
    return all(equal(x, y, budget, depth) for x, y in budget.each(zip(a, b, strict=True)))


def _deeper(depth: int, budget: Budget) -> int:
    if depth >= budget.limits.nesting:
        raise over_limit(f"a value nested more than {budget.limits.nesting} levels deep")
    return depth + 1


def less(a: Any, b: Any, budget: Budget) -> bool:
    """Whether `a` comes before `b`: two numbers, two strings (code points), two arrays of them."""
    if is_number(a) and is_number(b):
        return a < b and not same_number(a, b)
    if isinstance(a, str) and isinstance(b, str):
        budget.reading(len(a))
        return a < b
    if is_array(a) and is_array(b):
        return _less_arrays(a, b, budget)
    raise type_error(f"cannot order {type_name(a)} and {type_name(b)}")


def _less_arrays(a: Sequence[Any], b: Sequence[Any], budget: Budget) -> bool:
    for x, y in budget.each(zip(a, b, strict=False)):
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
        return value
    if isinstance(value, bool):
        return ("bool", value)
    if is_number(value):
        return ("number", _as_float(value))
    if depth == 0:
        check_size(value, budget)
    if is_object(value):
        deeper = _deeper(depth, budget)
        budget.entries(len(value), each=160)
        return frozenset((key, hash_key(value[key], budget, deeper)) for key in budget.each(value))
    if is_array(value):
        deeper = _deeper(depth, budget)
        budget.entries(len(value), each=80)
        return tuple(hash_key(one, budget, deeper) for one in budget.each(value))
    return (type(value).__name__, value)


def _as_float(value: Number) -> Number:
    try:
        return float(value)
    except OverflowError:
        return value


def text(value: Any, budget: Budget) -> str:
    """How a value reads inside a longer text: null is empty, containers are compact JSON with sorted keys.

    >>> from attune_sim.expressions.limits import DEFAULT_LIMITS
    >>> text({"b": [1, None, True], "a": "é"}, Budget(DEFAULT_LIMITS))
    '{"a":"é","b":[1,null,true]}'
    """
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is int:
        return str(value)
    return "" if value is None else string(value, budget)


def string(value: Any, budget: Budget) -> str:
    """How a value reads as text of its own: as `text`, but null is "null"."""
    if isinstance(value, str):
        return value
    if is_object(value) or is_array(value):
        check_size(value, budget)
        writer = _Writer(budget)
        return "".join(writer.parts(value, 0))
    plain = _scalar(value)
    return str(value) if plain is None else plain


def _scalar(value: Any) -> str | None:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_text(value)
    return str(int(value)) if isinstance(value, int) else None


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
        self._budget, self._length = budget, 0

    def _piece(self, piece: str) -> str:
        self._length += len(piece)
        if self._length > self._budget.limits.text:
            self._budget.text(self._length)
        self._budget.entries(1, each=64 + len(piece) * wide(piece))
        return piece

    def parts(self, value: Any, depth: int) -> Iterator[str]:
        if is_object(value):
            yield from self._object(value, _deeper(depth, self._budget))
        elif is_array(value) and not isinstance(value, str):
            yield from self._array(value, _deeper(depth, self._budget))
        else:
            yield self._piece(self._leaf(value))

    def _leaf(self, value: Any) -> str:
        if isinstance(value, str):
            return encode_basestring(value)
        plain = _scalar(value)
        if plain is None:
            raise type_error(f"a value of type {type(value).__name__} has no JSON text")
        return plain

    def _object(self, value: Mapping[Any, Any], depth: int) -> Iterator[str]:
        self._budget.entries(len(value))
        before = "{"
        for key in self._budget.each(sorted(map(_key_text, value))):
            yield self._piece(f"{before}{encode_basestring(key)}:")
            yield from self.parts(value[key] if key in value else _by_text(value, key), depth)
            before = ","
        yield "{}" if before == "{" else "}"

    def _array(self, value: Sequence[Any], depth: int) -> Iterator[str]:
        before = "["
        for one in self._budget.each(value):
            yield self._piece(before)
            yield from self.parts(one, depth)
            before = ","
        yield "[]" if before == "[" else "]"


def _key_text(key: Any) -> str:
    if isinstance(key, str):
        return key
    plain = _scalar(key)
    if plain is None:
        raise type_error(f"an object key of type {type(key).__name__} has no JSON text")
    return plain


def _by_text(value: Mapping[Any, Any], text: str) -> Any:
    return next(one for key, one in value.items() if _key_text(key) == text)


def check_size(value: T, budget: Budget) -> T:
    """The value, unless it is nested too deeply or shows far more entries than it holds (`[a, a]`, again and again)."""
    budget.check()
    if not _is_small(value, budget):
        _Sizer(budget).measure(value, _children(value) or (), 1)
    return value


def _is_small(value: Any, budget: Budget) -> bool:
    """Whether the entries of the value, counted as often as they show, are few."""
    count, open_ = 0, [iter((value,))]
    while open_:
        one = next(open_[-1], open_)
        if one is open_:
            open_.pop()
        elif type(one) not in _LEAVES and (children := _children(one)) is not None:
            count += len(one)
            if count > _FEW or len(open_) > budget.limits.nesting:
                return False
            open_.append(iter(children))
    return True


def _children(value: Any) -> Iterable[Any] | None:
    kind = type(value)
    if kind is list:
        return value  # type: ignore[no-any-return]
    if kind is dict or is_object(value):
        return value.values()  # type: ignore[no-any-return]
    return value if is_array(value) else None


class _Sizer:
    """Measures a large value, each container of it once, however often it shows.

    It does not look at the clock: its work is that of the value which exists, and a value that is large because a
    million items returned something is no attack.
    """

    def __init__(self, budget: Budget) -> None:
        self._limits = budget.limits
        self._known: dict[int, tuple[int, int]] = {}
        self._held = 0

    def measure(self, value: Any, children: Iterable[Any], level: int) -> tuple[int, int]:
        """Entries that a container shows, and the levels below it."""
        seen = self._known.get(id(value))
        if seen is None:
            if level > self._limits.nesting:
                raise self._too_deep()
            self._held += len(value)
            seen = self._known[id(value)] = self._sum(value, children, level)
        if level + seen[1] > self._limits.nesting:
            raise self._too_deep()
        return seen

    def _sum(self, value: Any, children: Iterable[Any], level: int) -> tuple[int, int]:
        shown, height = len(value), 0
        for child in children:
            if type(child) not in _LEAVES and (inner := _children(child)) is not None:
                entries, levels = self.measure(child, inner, level + 1)
                shown, height = shown + entries, max(height, levels + 1)
        if shown > self._limits.entries and shown > _SHARED * self._held:
            raise over_limit(f"a value that shows more than {self._limits.entries:,} entries")
        return shown, height

    def _too_deep(self) -> ExpressionError:
        return over_limit(f"a value nested more than {self._limits.nesting} levels deep")
