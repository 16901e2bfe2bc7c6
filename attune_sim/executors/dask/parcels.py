"""Pickling for workers: secrets stay out, and so does what a worker was sent before.

In the place of a secret stands the mask that names it; whoever opens a parcel puts the value back. In the place of a value of
the context stands its key: such a *piece* is named by its content, and goes to a worker once, whatever needs it there.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import cloudpickle

from attune_sim.byvalue import by_value
from attune_sim.contexts.strategy import Context
from attune_sim.errors import ResultError
from attune_sim.scope import MISSING, SHORTEST_SECRET, Scope
from attune_sim.secrecy.secrets import Secrets

_SMALLEST: Final = 512
"""Bytes of a piece; what is smaller goes along with whatever holds it."""

_NAMESPACES: Final = ("parameters", "workflow", "task", "config", "keystore")

_LEAVES: Final = frozenset({str, int, float})


class Parcel(NamedTuple):
    """What was pickled, the name of its content, and the keys of the pieces that it needs, deepest first."""

    data: bytes
    key: str
    needs: tuple[str, ...] = ()


def packed(value: Any, secrets: Secrets, pieces: Pieces | None = None) -> Parcel:
    """A value for another process, where `unpacked` opens it. Raises what pickling raises for what cannot be sent."""
    file = io.BytesIO()
    pickler = _Pickler(file, secrets, pieces)
    pickler.dump(value)
    data = file.getvalue()
    return Parcel(data, blake2b(data, digest_size=16).hexdigest(), tuple(pickler.needs))


def unpacked(data: bytes, secrets: Secrets, piece: Callable[[str], Any] = lambda key: None) -> Any:
    """What was packed; `piece` gives the value of a key. Raises `JournalError` for a secret that is not there."""
    return _Unpickler(io.BytesIO(data), secrets, piece).load()


def shown_in(data: bytes, secrets: Secrets) -> str | None:
    """The place of a secret that stands in what was packed, since it is part of a value that cannot be taken apart."""
    for path, value in secrets.values.items():
        text = str(value)
        if len(text) >= SHORTEST_SECRET and text.encode("utf-8", "surrogatepass") in data:
            return path
    return None


class Pieces:
    """The values of contexts, by identity, with what was made of those that were needed. It keeps them alive: an identity is
    theirs as long as they are."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._known: dict[int, Any] = {}
        self._keys: dict[int, str | None] = {}
        self.parcels: dict[str, Parcel] = {}

    def note(self, context: Context) -> None:
        """Values of this context may be pieces."""
        for name in _NAMESPACES:
            namespace = context.resolve(name)
            if namespace is not MISSING and isinstance(namespace, Mapping):
                self._known.update(
                    (id(value), value) for value in namespace.values() if type(value) not in _LEAVES
                )

    def key_of(self, value: Any) -> str | None:
        """The key of a piece; None for a value that is none."""
        if id(value) not in self._known:
            return None
        if id(value) not in self._keys:
            self._keys[id(value)] = None  # a value that holds itself goes along with itself
            parcel = packed(value, self._secrets, self)
            if len(parcel.data) >= _SMALLEST:
                self.parcels[parcel.key] = parcel
                self._keys[id(value)] = parcel.key
        return self._keys[id(value)]

    def __repr__(self) -> str:
        return f"<Pieces: {len(self.parcels)} made>"


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # which has no types
    def __init__(self, file: io.BytesIO, secrets: Secrets, pieces: Pieces | None) -> None:
        super().__init__(file, protocol=5)
        self._secrets = secrets if secrets else None
        self._pieces = pieces
        self.needs: dict[str, None] = {}
        self._is_first = True

    def persistent_id(self, value: Any) -> tuple[str, Any] | None:
        is_first, self._is_first = self._is_first, False
        if self._secrets is not None and type(value) in _LEAVES:
            mask = self._secrets.masked(value)
            if mask is not value and mask != value:
                return "secret", mask
        if self._pieces is None or is_first:
            return None
        key = self._pieces.key_of(value)
        if key is None:
            return None
        self.needs.update(dict.fromkeys((*self._pieces.parcels[key].needs, key)))
        return "piece", key


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, secrets: Secrets, piece: Callable[[str], Any]) -> None:
        super().__init__(file)
        self._secrets, self._piece = secrets, piece

    def persistent_load(self, pid: tuple[str, Any]) -> Any:
        kind, named = pid
        return self._piece(named) if kind == "piece" else self._secrets.restored(named)


# -- what cannot be sent -----------------------------------------------------------------------------------------------


def where_it_fails(name: str, value: Any) -> str:
    """The innermost part of a value that cannot be pickled, and why: `parameters.client._lock: cannot pickle ...`."""
    reason = _refusal(value)
    above: set[int] = set()
    while reason is not None and len(above) < 50 and id(value) not in above:
        above.add(id(value))
        inner = ((at, part, _refusal(part)) for at, part in _parts(value))
        found = next(((at, part, why) for at, part, why in inner if why is not None), None)
        if found is None:
            break
        at, value, reason = found
        name += at
    return f"{name}: {reason or 'it cannot be pickled'}"


def refused_by_pickle(what: str, name: str, value: Any) -> ResultError:
    """The error of a value that cannot be sent to a worker."""
    return ResultError(f"{what} cannot be sent to a worker: {where_it_fails(name, value)}")


def item_refusal(item: Any) -> str | None:
    """What of an item cannot be pickled, by its path; None if all can be."""
    return None if _refusal(item) is None else where_it_fails("item", item)


def refused_part(scope: Scope) -> tuple[str, str] | None:
    """The name of the namespace of a context or fork that cannot be pickled, and what of it cannot, by its path."""
    for name in (*_NAMESPACES, "item"):
        value = scope.resolve(name)
        if value is not MISSING and _refusal(value) is not None:
            return name, where_it_fails(name, value)
    return None


def _refusal(value: Any) -> str | None:
    try:
        with by_value():
            cloudpickle.dumps(value)
    except MemoryError:
        raise
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """The parts of a value that pickling goes into, each with how it is written behind the name of the whole."""
    if isinstance(value, Mapping):
        yield from (
            (f".{key}" if isinstance(key, str) else f"[{key!r}]", part) for key, part in value.items()
        )
    elif isinstance(value, list | tuple | set | frozenset):
        yield from ((f"[{n}]", part) for n, part in enumerate(value))
    if (closure := getattr(value, "__closure__", None)) is not None:
        names = value.__code__.co_freevars
        yield from (
            (f".{name}", cell.cell_contents) for name, cell in zip(names, closure, strict=True) if _full(cell)
        )
    if (code := getattr(value, "__code__", None)) is not None:
        held = value.__globals__
        yield from ((f".{name}", held[name]) for name in code.co_names if name in held)
    for name in ("__self__", "func", "args", "keywords"):
        if not isinstance(value, type) and (part := getattr(value, name, None)) is not None:
            yield f".{name}", part
    own = getattr(value, "__dict__", None)
    if isinstance(own, dict) and not isinstance(value, type):
        yield from ((f".{name}", part) for name, part in own.items())


def _full(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True
