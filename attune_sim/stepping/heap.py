"""The shared heap of one moment: everything that a run keeps alive without its forks, each object counted once, under a name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

from attune_sim.contexts.strategy import Context
from attune_sim.engine.offer import Offer
from attune_sim.paths import below
from attune_sim.scope import MISSING, NAMESPACES
from attune_sim.stepping.told import call_place
from attune_sim.stepping.walk import LEAVES, Objects, is_constant, is_writable, reached, references, sized

BETWEEN: Final = "between forks"
"""What several forks share and the run does not have: names that a library keeps, say."""


MOST_ITEMS: Final = 100


class Named(NamedTuple):
    """An object of the run, where people know it from, and how far down it stands."""

    path: str
    depth: int
    value: Any


class Row(NamedTuple):
    """A named object of the heap: how often it is referred to, and the bytes that no row before it has."""

    path: str
    depth: int
    value: Any
    references: int
    bytes: int
    is_writable: bool


class SharedHeap:
    """What the contexts of a run, and its open fan-outs, keep alive. `objects` are all of them, `rows` those with names, `owners` the
    path of the row that each object (by its identity) is counted in.

    A view that is thrown away when it has been described: it holds on to what it shows.
    """

    def __init__(self, contexts: Mapping[str, Context], offers: Iterable[Offer]) -> None:
        self.objects: Objects = {}
        self.owners: dict[int, str] = {}
        self.is_whole = True
        known = list(_named(contexts))
        counts = references([one.value for one in known], also=1)
        by_offer = list(offers)
        self.rows = [self._row(one, count) for one, count in zip(known, counts, strict=True)]
        groups = {path: number for number, path in enumerate(dict.fromkeys(_group(row) for row in self.rows))}
        self.rows.sort(key=lambda row: (groups[_group(row)], row.depth))
        self._rest(contexts.values(), by_offer)
        self.namespaces = {id(row.value) for row in self.rows if row.depth == 1}
        self.names = self._names(by_offer)

    def _names(self, offers: Sequence[Offer]) -> dict[int, str]:
        """Paths by identity: of values that stand in two places the first one, of items nowhere else those of their fan-out."""
        names: dict[int, str] = {}
        for row in self.rows:
            names.setdefault(id(row.value), row.path)
        for offer in offers:
            if not offer.plain and not is_constant(offer.items):
                names |= {id(item): items_of(offer) for item in offer.items if id(item) not in names}
        return names

    def _row(self, one: Named, count: int) -> Row:
        found: Objects = {}
        self.is_whole &= reached([one.value], self.objects, found)
        self.objects.update(found)
        self.owners |= dict.fromkeys(found, one.path)
        return Row(one.path, one.depth, one.value, count, sized(found.values()), is_writable(one.value))

    def _rest(self, contexts: Iterable[Context], offers: Sequence[Offer]) -> None:
        """What has no name: the contexts themselves, what a forker holds, and items that are nowhere else."""
        for offer in offers:
            if not offer.plain:
                count, *_ = references([offer.items])
                row = self._row(Named(items_of(offer), 1, offer.items), count)
                items = tuple(islice(offer.items, MOST_ITEMS))  # they are handed on, their list is not
                self.rows.append(row._replace(is_writable=is_writable(items)))
        found: Objects = {}
        roots = [*contexts, *(offer.forker for offer in offers), *(offer.context for offer in offers)]
        self.is_whole &= reached(roots, self.objects, found)
        self.objects.update(found)

    @property
    def bytes(self) -> int:
        return sized(self.objects.values())

    def add_between(self, objects: Objects) -> None:
        """What turned out to be shared by forks alone."""
        self.objects.update(objects)
        if any(
            type(one) not in LEAVES for one in objects.values()
        ):  # texts of the program, such as keys, are none's
            self.rows.append(Row(BETWEEN, 0, objects, 0, sized(objects.values()), False))


def items_of(offer: Offer) -> str:
    """What the items of a fan-out are called."""
    return f"{call_place(offer.within)}items of {offer.task}"


def _named(contexts: Mapping[str, Context]) -> Iterator[Named]:
    """Values first, then the maps that hold them: a map counts what is its own."""
    for prefix, context in contexts.items():
        for name in NAMESPACES:
            value = context.resolve(name)
            if value is MISSING or is_constant(value):
                continue
            path = f"{prefix}{name}"
            if isinstance(value, Mapping):
                entries = value.items()
                yield from (
                    Named(below(path, key), 2, part) for key, part in entries if not is_constant(part)
                )
            yield Named(path, 1, value)


def _group(row: Row) -> str:
    """The namespace that a row stands in, which is shown before its values."""
    return row.path.partition(".")[0]
