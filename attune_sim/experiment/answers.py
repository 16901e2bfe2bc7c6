"""What a run answered, as plain JSON: told by a fingerprint, compared, and the first difference shown.

Strategies may hand values on as other types (a list for a tuple, a persistent map for a dict). Answers are equal if
their JSON is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

from attune_sim.canonical import OPTIONS, as_json, nearest, shown
from attune_sim.contexts.strategy import Context
from attune_sim.differences import differences, windows
from attune_sim.engine.state import RunState
from attune_sim.scope import MISSING, NAMESPACES

_SHOWN: Final = 120


def answer_of(state: RunState) -> dict[str, Any]:
    """Everything by which a run is judged: status, error, output, variables and results of tasks."""
    return {
        "status": state.status,
        "error": state.error,
        "output": state.output,
        "variables": state.variables,
        "results": state.task_results,
    }


def input_digest(key: bytes) -> Callable[[Any], str]:
    """What tells inputs from others by their JSON, and tells nothing else to who has no key: a short secret could be guessed
    from any other digest.

    >>> digest = input_digest(b"a key"); digest({"a": (1, 2)}) == digest({"a": [1, 2]}) != input_digest(b"b")({"a": [1, 2]})
    True
    """

    def digest(value: Any) -> str:
        try:
            written = as_json(value)
        except Exception:  # whatever the `__repr__` of a user's object raises
            written = type(value).__qualname__.encode()
        return hashlib.blake2b(written, key=key, digest_size=16).hexdigest()

    return digest


def answer_digest(answer: Any) -> str:
    """Sixteen hexadecimal digits, equal for equal answers; a long list is never turned into one long text."""
    sha = hashlib.sha256()
    for part in _pieces(answer, depth=5):
        sha.update(part)
    return sha.hexdigest()[:16]


def json_bytes_of(context: Context | None) -> int | None:
    """Bytes of JSON of all that a context holds; what JSON does not know counts as its nearest kind, else as its text.

    None without a context, and where something in it cannot even be shown as text.
    """
    if context is None:
        return None
    held = (context.resolve(name) for name in NAMESPACES)
    try:
        return sum(_json_bytes(value) for value in held if value is not None and value is not MISSING)
    except Exception:  # whatever the `__repr__` of a user's object raises
        return None


def _json_bytes(value: Any) -> int:
    try:
        return len(orjson.dumps(value, default=nearest, option=OPTIONS))
    except TypeError:
        if isinstance(value, Mapping):
            return 1 + sum(_json_bytes(part) + 1 for part in (*map(str, value), *value.values()))
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            return 1 + sum(_json_bytes(part) + 1 for part in value)
        return len(shown(value))


def first_difference(left: Any, right: Any) -> tuple[str, str, str] | None:
    """Path, left value and right value of the first place where two answers differ; None if they do not.

    >>> first_difference({"a": [1, 2]}, {"a": [1, 3]})
    ('a[1]', '2', '3')
    """
    difference = next(differences(orjson.loads(as_json(left)), orjson.loads(as_json(right))), None)
    if difference is None:
        return None
    place, left, right = difference
    return (place or "the answer", *windows(repr(left), repr(right), _SHOWN))


def _pieces(value: Any, depth: int) -> Iterator[bytes]:
    if depth and isinstance(value, Mapping):
        yield b"{"
        for key in sorted(value, key=str):
            yield as_json(str(key))
            yield from _pieces(value[key], depth - 1)
        yield b"}"
    elif depth and isinstance(value, Sequence) and not isinstance(value, str | bytes):
        yield b"["
        for inner in value:
            yield from _pieces(inner, depth - 1)
            yield b","
        yield b"]"
    else:
        yield as_json(value)
