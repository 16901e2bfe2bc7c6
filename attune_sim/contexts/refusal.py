"""A value that a strategy cannot hand on, named: where in the context it stands and what it is, never what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from typing import Any, Final

from attune_sim.errors import ResultError, with_article
from attune_sim.paths import below
from attune_sim.scope import MISSING

_DEEP: Final = 100  # levels: what the language allows; each of them is tried anew


def refused(
    strategy: str, what: str, accepts: Callable[[Any], object], values: Mapping[str, Any]
) -> ResultError:
    """The error for namespaces and an item that `accepts` raises for; `what` is what the value should have been.

    >>> import json
    >>> str(refused("json", "JSON", json.dumps, {"task": {"fetch": {"rows": [1, {2}]}}}))
    "strategy 'json' cannot hand on task.fetch.rows[1]: a set is not JSON; have it stored as JSON, or choose another strategy"
    """
    for name, value in values.items():
        if value is not MISSING and not _is_accepted(value, accepts):
            path, culprit = _smallest(name, value, accepts)
            return ResultError(
                f"strategy {strategy!r} cannot hand on {path}: {_described(culprit)} is not {what}; have it stored "
                f"as {what}, or choose another strategy"
            )
    return ResultError(f"strategy {strategy!r} cannot hand on this context: as a whole it is not {what}")


def _smallest(path: str, value: Any, accepts: Callable[[Any], object]) -> tuple[str, Any]:
    """The innermost part that is refused, at most `_DEEP` levels down; what holds itself is refused as it stands."""
    above: set[int] = set()
    while len(above) < _DEEP:
        above.add(id(value))
        inner = _refused_part(path, value, accepts)
        if inner is None or id(inner[1]) in above:
            break
        path, value = inner
    return path, value


def _refused_part(path: str, value: Any, accepts: Callable[[Any], object]) -> tuple[str, Any] | None:
    try:
        return next((part for part in _parts(path, value) if not _is_accepted(part[1], accepts)), None)
    except MemoryError:
        raise
    except Exception:  # nobody can look into it: it is refused as it stands
        return None


def _parts(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((below(path, key), part) for key, part in value.items())
    elif isinstance(value, Set):
        yield from ((f"{path}[...]", part) for part in value)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray | memoryview):
        yield from ((below(path, place), part) for place, part in enumerate(value))


def _is_accepted(value: Any, accepts: Callable[[Any], object]) -> bool:
    try:
        accepts(value)
    except MemoryError:
        raise
    except Exception:  # a value of an action may raise anything when it is copied or written
        return False
    return True


def _described(value: Any) -> str:
    try:
        return _described_by_content(value)
    except Exception:
        return with_article(type(value).__name__)


def _described_by_content(value: Any) -> str:
    kind = type(value).__name__
    if isinstance(value, Mapping):
        odd = next((type(key).__name__ for key in value if not isinstance(key, str)), None)
        return (
            f"a {kind} with a key of type {odd}"
            if odd
            else f"a {kind} nested too deeply, within itself or without end"
        )
    if isinstance(value, list):
        return f"a {kind} nested too deeply, within itself or without end"
    if isinstance(value, str):
        return "a text that is no valid Unicode (a lone surrogate)"
    if isinstance(value, int):
        return "an integer of this size"
    return with_article(kind)
