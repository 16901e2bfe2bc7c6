"""One look at a run between two events: each fork that is alive, followed by identity, against the heap that all share."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from attune_sim.contexts.strategy import Context
from attune_sim.engine.offer import Offer
from attune_sim.errors import in_one_line
from attune_sim.scope import MISSING, NAMESPACES
from attune_sim.stepping.heap import SharedHeap
from attune_sim.stepping.performer import Alive
from attune_sim.stepping.step import ForkPart, HeapValue, HeldValue, Holding
from attune_sim.stepping.told import call_place
from attune_sim.stepping.walk import (
    LEAVES,
    WRITABLE,
    Objects,
    behind,
    is_constant,
    reached,
    references,
    size,
    sized,
)

MOST_FORKS: Final = 8
"""Forks that are looked into: more of them tell nothing new, and no picture would hold them."""
MOST_VALUES: Final = 14
"""Values of the heap that are told by name."""
ALL: Final = "all namespaces"
_ITEM_CELLS: Final = 40

Mask = Callable[[Any], Any]
"""A value -> what may be shown of it."""


class Look(NamedTuple):
    """What was seen."""

    forks: tuple[ForkPart, ...]
    more_forks: int
    heap: tuple[HeapValue, ...]
    more_values: int
    heap_bytes: int
    is_whole: bool
    followed: int
    """Objects that were followed: what the look took, on any machine."""


@dataclass(slots=True)
class _Followed:
    """A fork, what only it keeps alive, and what it refers to in the heap."""

    alive: Alive
    own: Objects = field(default_factory=dict)
    border: Objects = field(default_factory=dict)
    behind_border: frozenset[int] = frozenset()
    shared_bytes: int = 0


def look_at(
    alive: Sequence[Alive], contexts: Mapping[str, Context], offers: Iterable[Offer], mask: Mask
) -> Look:
    """Look at forks, the contexts that they were made of (by what stands before their paths), and open fan-outs."""
    look, held = _seen(alive, contexts, offers, mask)
    # All that was noted on the way is gone by now, and refers to nothing any more.
    counts = dict(zip(held, references(list(held.values()), also=1), strict=True))
    heap = tuple(
        replace(value, references=counts[value.path]) if value.path in counts else value
        for value in look.heap
    )
    return look._replace(heap=heap)


def _seen(
    alive: Sequence[Alive], contexts: Mapping[str, Context], offers: Iterable[Offer], mask: Mask
) -> tuple[Look, dict[str, Any]]:
    """The same, and the objects whose references are not counted yet, by their path."""
    heap = SharedHeap(contexts, offers)
    followed = [_Followed(one) for one in alive[:MOST_FORKS]]
    are_whole = [heap.is_whole, *(_follow(one, heap) for one in followed)]
    _take_apart(followed, heap)
    reachable = _Reachable(heap)
    for one in followed:
        one.behind_border, one.shared_bytes = reachable.behind(one.border)
    holders = _holders(heap, followed)
    rows = _heap_values(heap, holders, followed, mask)
    ranked = sorted(rows, key=lambda row: (-row.pointed_at, -row.bytes))[:MOST_VALUES]
    shown = tuple(row for row in rows if row in ranked)
    look = Look(
        tuple(_fork_part(one, heap, mask) for one in followed),
        len(alive) - len(followed),
        shown,
        len(rows) - len(shown),
        heap.bytes,
        all(are_whole),
        len(heap.objects) + sum(len(one.own) for one in followed),
    )
    return look, holders


def _follow(one: _Followed, heap: SharedHeap) -> bool:
    return reached([one.alive.fork], heap.objects, one.own, one.border)


def _take_apart(followed: Sequence[_Followed], heap: SharedHeap) -> None:
    """What two forks reach belongs to none of them."""
    times = Counter(key for one in followed for key in one.own)
    between = {key: part for one in followed for key, part in one.own.items() if times[key] > 1}
    if not between:
        return
    heap.add_between(between)
    for one in followed:
        one.own = {key: part for key, part in one.own.items() if key not in between}
        one.border |= {
            id(part): part for whole in one.own.values() for part in behind(whole) if id(part) in between
        }


class _Reachable:
    """What lies behind the places where forks refer to the heap; most forks refer to the same ones."""

    def __init__(self, heap: SharedHeap) -> None:
        self._heap = heap
        self._known: dict[int, tuple[frozenset[int], int]] = {}

    def behind(self, border: Objects) -> tuple[frozenset[int], int]:
        """Identities, and their bytes."""
        parts = [self._behind(one) for one in border.values() if type(one) not in LEAVES]
        most, most_bytes = max(parts, key=lambda part: len(part[0]), default=(frozenset[int](), 0))
        objects = self._heap.objects
        more = {key for part, _ in parts if part is not most for key in part if key not in most}
        more |= {key for key in border if key not in most}
        return (most | more if more else most), most_bytes + sized(
            [objects[key] for key in more if key in objects]
        )

    def _behind(self, one: Any) -> tuple[frozenset[int], int]:
        key = id(one)
        if key not in self._known:
            found: Objects = {}
            reached([one], (), found)
            self._known[key] = frozenset(found), sized(found.values())
        return self._known[key]


# -- the heap --------------------------------------------------------------------------------------------------------------


def _heap_values(
    heap: SharedHeap, holders: Mapping[str, Any], followed: Sequence[_Followed], mask: Mask
) -> list[HeapValue]:
    pointed = Counter(name for one in followed for name in _names_of(one, heap))

    def shared_by(one: Any) -> int:
        return sum(id(one) in each.behind_border for each in followed)

    values = [
        HeapValue(
            _text(name, mask),
            type(one).__name__,
            0,
            size(one),
            0,
            pointed[name],
            shared_by(one),
            isinstance(one, dict),
        )
        for name, one in holders.items()
    ]
    first: dict[int, str] = {}
    for row in heap.rows:
        key, path, kind = id(row.value), _text(row.path, mask), type(row.value).__name__
        if key in first:
            kind = f"is {first[key]}"
        first.setdefault(key, path)
        named = pointed[row.path] if heap.names.get(key, row.path) == row.path else 0
        by = min(
            named, sum(key in each.border for each in followed)
        )  # what is held of a list of items is one of them
        reached_by = max(shared_by(row.value), named)
        values.append(
            HeapValue(path, kind, row.depth, row.bytes, row.references, by, reached_by, row.is_writable)
        )
    return values


def _names_of(one: _Followed, heap: SharedHeap) -> dict[str, Any]:
    """What a fork refers to directly, by name; texts and numbers only where they are values of their own."""
    names: dict[str, Any] = {}
    for key, part in one.border.items():
        if key in heap.names:
            names.setdefault(heap.names[key], part)
        elif type(part) not in LEAVES:
            names.setdefault(_name_of_holder(part, heap), part)
    return names


def _name_of_holder(one: Any, heap: SharedHeap) -> str:
    """A map of all namespaces, or some part of a map, has no name of its own."""
    inside = {id(part) for part in gc.get_referents(one)}
    if len(inside & heap.namespaces) > 1:
        return ALL
    return f"inside of {heap.owners.get(id(one), ALL)}"


def _holders(heap: SharedHeap, followed: Sequence[_Followed]) -> dict[str, Any]:
    """What forks refer to directly and has no name of its own, by what it is called."""
    known = {row.path for row in heap.rows}
    return {
        name: part for one in followed for name, part in _names_of(one, heap).items() if name not in known
    }


# -- a fork ----------------------------------------------------------------------------------------------------------------


def _fork_part(one: _Followed, heap: SharedHeap, mask: Mask) -> ForkPart:
    offer, slot, attempt, state, _ = one.alive
    index = None if offer.plain else slot
    place = offer.task if index is None else f"{offer.task}[{index}]"
    return ForkPart(
        place=f"{call_place(offer.within)}{place}",
        task=offer.task,
        index=index,
        attempt=attempt,
        run=offer.run,
        state=state,
        item="" if offer.plain else _item_text(offer.items[slot], mask),
        own_bytes=sized(one.own.values()),
        own_objects=len(one.own),
        shared_bytes=one.shared_bytes,
        points_at=tuple(_text(name, mask) for name in _names_of(one, heap)),
        values=tuple(_held_values(one, heap, mask)),
    )


def _held_values(one: _Followed, heap: SharedHeap, mask: Mask) -> list[HeldValue]:
    own = _Own(one)
    values = [
        HeldValue(_text(row.path, mask), *held)
        for row in heap.rows
        if row.depth == 2 and (held := own.holding(row.path, row.value)) is not None
    ]
    offer, slot = one.alive.offer, one.alive.slot
    if not offer.plain:
        values.append(HeldValue("item", *own.of_value(offer.items[slot], lambda: one.alive.fork.item)))
    return values


class _Own:
    """How one fork has the values of the context. An object of its own is counted where it is found first."""

    def __init__(self, one: _Followed) -> None:
        self._one = one
        self._left = dict(one.own)
        self._within = call_place(one.alive.offer.within)

    def holding(self, path: str, value: Any) -> tuple[Holding, int] | None:
        """Of the value at this path; None if the path is not of the run that the fork belongs to."""
        namespace, dot, key = path.removeprefix(self._within).partition(".")
        if not (path.startswith(self._within) and dot and namespace in NAMESPACES):
            return None
        return self.of_value(value, lambda: _entry(self._one.alive.fork.resolve(namespace), key))

    def of_value(self, value: Any, resolve: Callable[[], Any]) -> tuple[Holding, int]:
        """The fork is asked only where the value itself is not behind it: asking may make something new."""
        if is_constant(value):
            return "constant", 0
        if id(value) in self._one.behind_border:
            return "shared", 0
        own = resolve()
        if own is MISSING:
            return "absent", 0
        if own is value:
            return "shared", 0
        found, border = dict[int, Any](), dict[int, Any]()
        reached([own], self._one.border, found, border)
        bytes_own = sum(size(self._left.pop(key)) for key in found if key in self._left)
        is_apart = not any(isinstance(part, WRITABLE) for part in border.values())
        return ("own" if is_apart else "partly"), bytes_own


def _entry(namespace: Any, key: str) -> Any:
    try:
        return namespace.get(key, MISSING)
    except Exception:  # whatever a map of a strategy's own raises
        return MISSING


# -- words -----------------------------------------------------------------------------------------------------------------


def _text(text: str, mask: Mask) -> str:
    return in_one_line(str(mask(text)))


def _item_text(item: Any, mask: Mask) -> str:
    """An item, shortened before it is spelled out: it may be large."""
    try:
        text = repr(mask(_shortened(item)))
    except Exception:  # whatever a class of a user's raises
        text = f"a {type(item).__name__}"
    text = in_one_line(text)
    return text if len(text) <= _ITEM_CELLS else f"{text[: _ITEM_CELLS - 3]}..."


def _shortened(item: Any) -> Any:
    if isinstance(item, Mapping):
        return {key: _shortened(part) for key, part in list(item.items())[:3]}
    if isinstance(item, list | tuple):
        return [_shortened(part) for part in item[:3]]
    return item
