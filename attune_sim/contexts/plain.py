"""The namespaces as plain dicts that are replaced and never changed: what most strategies stand on.

A map that grows entry by entry (variables, task results) is put together when somebody reads it, not at each entry: a
run that stores ten thousand results and reads them once copies them once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from attune_sim.contexts.entries import EntryStrategy
from attune_sim.contexts.handed import HandedContext, HandedFork
from attune_sim.scope import MISSING, Missing

_FEWEST: Final = 16
"""Entries that may wait, however small the map is; beyond it as many as the map holds, so that copying is amortised."""


class _Growth(NamedTuple):
    """A map as it was, the entries since, the latest first, and how many of them there are. It never changes."""

    base: Mapping[str, Any]
    waiting: tuple[Any, ...] = ()
    number: int = 0

    def after(self, entries: Mapping[str, Any]) -> _Growth:
        return _Growth(self.base, (dict(entries), self.waiting), self.number + len(entries))

    def put_together(self) -> dict[str, Any]:
        batches, waiting = [], self.waiting
        while waiting:
            entries, waiting = waiting
            batches.append(entries)
        whole = dict(self.base)
        for entries in reversed(batches):
            whole.update(entries)
        return whole


class PlainMaps(dict[str, Any]):
    """Namespaces by name; reading one by `maps[name]` gives a plain dict, or `MISSING` for a name that is not there.

    A namespace that grew is not an entry before it is read. Whoever holds an earlier version is not reached by growth.
    """

    __slots__ = ("_growth",)

    def __init__(self, maps: Mapping[str, Any], growth: Mapping[str, _Growth] | None = None) -> None:
        super().__init__(maps)
        self._growth = dict(growth or {})

    def __missing__(self, name: str) -> Any:
        growth = self._growth.get(name)
        # Two threads that read it first get the same dict.
        return MISSING if growth is None else self.setdefault(name, growth.put_together())

    def grown(self, name: str, entries: Mapping[str, Any]) -> PlainMaps:
        """These namespaces, with further entries in one of them."""
        after = PlainMaps(self, self._growth)
        if after.get(name) == {}:  # nothing to copy, now or later
            after[name] = dict(entries)
            return after
        growth = (_Growth(after.pop(name)) if name in after else self._growth[name]).after(entries)
        if growth.number > max(_FEWEST, len(growth.base)):
            after._growth.pop(name, None)
            after[name] = growth.put_together()
        else:
            after._growth[name] = growth
        return after

    def whole(self) -> dict[str, Any]:
        """All of them, put together, in one plain dict."""
        for name in self._growth:
            self[name]
        return dict(self)

    def __reduce__(self) -> tuple[object, ...]:
        return (PlainMaps, (self.whole(),))


class PlainContext(HandedContext):
    """What a run knows at one moment."""

    __slots__ = ("maps",)

    def __init__(self, maps: PlainMaps) -> None:
        self.maps = maps

    @property
    def namespaces(self) -> dict[str, Any]:
        """All namespaces as a plain dict of their own; the maps in it are the run's."""
        return self.maps.whole()

    def resolve(self, name: str) -> Any:
        return self.maps[name]

    def with_entries(self, namespace: str, entries: Mapping[str, Any]) -> PlainContext:
        """A context whose `namespace` also has these entries; this one stays as it is."""
        return PlainContext(self.maps.grown(namespace, entries))


class PlainFork(HandedFork):
    """Namespaces (a map of any kind), an item and its index: three words, 56 bytes by `sys.getsizeof`.

    >>> fork = PlainFork({"parameters": {"region": "eu"}}, "web-1", 0)
    >>> fork.resolve("parameters"), fork.resolve("item"), fork.resolve("task")
    ({'region': 'eu'}, 'web-1', MISSING)
    """

    __slots__ = ("_maps", "index", "item")

    def __init__(self, maps: Mapping[str, Any], item: Any, index: int | Missing) -> None:
        self._maps = maps
        self.item = item
        self.index = index

    def resolve(self, name: str) -> Any:
        if name == "item":
            return self.item
        if name == "index":
            return self.index
        try:
            return self._maps[name]
        except KeyError:
            return MISSING


class PlainStrategy(EntryStrategy[PlainContext]):
    """Begin, publish and store over a `PlainContext`; a strategy adds its name, its guarantees and `fan_out`.

    >>> import attune_sim as at
    >>> class Mine(at.PlainStrategy):
    ...     name = "mine"
    ...     guarantees = at.Guarantees(isolated_items=False, isolated_nested=False)
    ...     def fan_out(self, context, reads):
    ...         return MyForker(context.namespaces)
    >>> class MyForker:
    ...     def __init__(self, namespaces):
    ...         self.namespaces = namespaces
    ...     def fork(self, item, index):
    ...         return at.PlainFork(self.namespaces, item, index)
    >>> at.run("baseline", {"items": 3}, strategy=Mine).status
    'succeeded'
    """

    def begin(self, namespaces: Mapping[str, Any]) -> PlainContext:
        return PlainContext(PlainMaps(namespaces))
