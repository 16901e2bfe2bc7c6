"""Which strategies there are: ours, those of installed packages, and those registered by hand.

An installed package offers its own through the entry point group `attune_sim.strategies`:

    [project.entry-points."attune_sim.strategies"]
    layered = "my_package:Layered"
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.metadata import entry_points
from inspect import signature
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, Final

from attune_sim.contexts.strategy import ContextStrategy, Guarantees
from attune_sim.display import Displayed
from attune_sim.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from attune_sim.contexts.chainmap import Chainmap
    from attune_sim.contexts.deepcopy import Deepcopy
    from attune_sim.contexts.frozen import Frozen
    from attune_sim.contexts.hamt import Hamt
    from attune_sim.contexts.json_copy import Json
    from attune_sim.contexts.merge import Merge
    from attune_sim.contexts.orjson_copy import Orjson
    from attune_sim.contexts.persistent import Persistent
    from attune_sim.contexts.pickle_copy import Pickle
    from attune_sim.contexts.projected import Projected
    from attune_sim.contexts.rpds_map import Rpds
    from attune_sim.contexts.shared import Shared

ENTRY_POINT_GROUP: Final = "attune_sim.strategies"

# In the order in which tables and plots show them: from the most isolated to the least.
_OURS: Final[Mapping[str, str]] = {
    "deepcopy": "attune_sim.contexts.deepcopy:Deepcopy",
    "pickle": "attune_sim.contexts.pickle_copy:Pickle",
    "json": "attune_sim.contexts.json_copy:Json",
    "orjson": "attune_sim.contexts.orjson_copy:Orjson",
    "projected": "attune_sim.contexts.projected:Projected",
    "frozen": "attune_sim.contexts.frozen:Frozen",
    "persistent": "attune_sim.contexts.persistent:Persistent",
    "hamt": "attune_sim.contexts.hamt:Hamt",
    "rpds": "attune_sim.contexts.rpds_map:Rpds",
    "chainmap": "attune_sim.contexts.chainmap:Chainmap",
    "merge": "attune_sim.contexts.merge:Merge",
    "shared": "attune_sim.contexts.shared:Shared",
}


class Strategies(Displayed, Mapping[str, type[ContextStrategy]]):
    """The strategies by name, loaded when asked for; also as attributes: `strategies.shared`.

    >>> registry = Strategies()
    >>> list(registry)[:5]
    ['deepcopy', 'pickle', 'json', 'orjson', 'projected']
    >>> registry.shared().name
    'shared'
    """

    if TYPE_CHECKING:  # what `__getattr__` finds of ours, for editors and type checkers
        deepcopy: type[Deepcopy]
        pickle: type[Pickle]
        json: type[Json]
        orjson: type[Orjson]
        projected: type[Projected]
        frozen: type[Frozen]
        persistent: type[Persistent]
        hamt: type[Hamt]
        rpds: type[Rpds]
        chainmap: type[Chainmap]
        merge: type[Merge]
        shared: type[Shared]

    def __init__(self) -> None:
        self._registered: dict[str, type[ContextStrategy]] = {}

    def register(self, strategy: type[ContextStrategy]) -> type[ContextStrategy]:
        """Add a strategy class for this process, also as a decorator; a later one of the same name replaces it.

        Raises `InputError` if the class lacks part of the protocol or takes the name of one of ours.

        >>> strategies.register(dict)
        Traceback (most recent call last):
            ...
        attune_sim.errors.InputError: dict is no context strategy: it lacks guarantees (a Guarantees), name (a text), ...
        """
        name = check_strategy(strategy).name
        if name in _OURS:
            raise InputError(f"strategy name {name!r} is taken by attune-sim itself; choose another name")
        self._registered[name] = strategy
        return strategy

    def __getitem__(self, name: str) -> type[ContextStrategy]:
        if name in self._registered:
            return self._registered[name]
        if name in _OURS:
            ours: type[ContextStrategy] = resolve_name(_OURS[name])
            return ours
        for point in entry_points(group=ENTRY_POINT_GROUP, name=name):
            return _from_entry_point(point)
        raise UnknownNameError("strategy", name, self)

    def __iter__(self) -> Iterator[str]:
        outside = (point.name for point in entry_points(group=ENTRY_POINT_GROUP))
        return iter(dict.fromkeys([*_OURS, *outside, *self._registered]))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        if name in self._registered or name in _OURS:
            return True  # without a look at every package that is installed
        return any(point.name == name for point in entry_points(group=ENTRY_POINT_GROUP))

    def __getattr__(self, name: str) -> type[ContextStrategy]:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except UnknownNameError as error:
            raise AttributeError(str(error)) from None

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self]

    def __repr__(self) -> str:
        return f"<strategies: {', '.join(self)}; at.strategies.shared() makes one>"


def check_strategy(strategy: Any) -> type[ContextStrategy]:
    """The class itself, if it has all of the protocol and needs no arguments; `InputError` names all that is missing."""
    methods = ("begin", "publish", "store", "fan_out")
    missing = [method for method in methods if not callable(getattr(strategy, method, None))]
    name = getattr(strategy, "name", None)
    if not isinstance(name, str) or not name:
        missing.insert(0, "name (a text)")
    if not isinstance(getattr(strategy, "guarantees", None), Guarantees):
        missing.insert(0, "guarantees (a Guarantees)")
    if not isinstance(strategy, type):
        raise InputError(f"a strategy is registered as a class, not as {strategy!r}")
    if missing:
        raise InputError(f"{strategy.__name__} is no context strategy: it lacks {', '.join(missing)}")
    try:
        with suppress(ValueError):  # a class of an extension module that tells no signature
            signature(strategy).bind()
    except TypeError as error:
        reason = f"is made without arguments, but {strategy.__name__} is {error}"
        raise InputError(f"strategy {name!r} {reason}") from None
    return strategy


def drawing_layouts(known: Mapping[str, type[ContextStrategy]]) -> frozenset[str]:
    """The names of those whose processes draw a layout: their forks differ in size from process to process, under one hash seed too.

    >>> drawing_layouts(strategies)
    frozenset({'rpds'})
    """
    return frozenset(name for name, one in known.items() if getattr(one, "draws_layout", False))


def _from_entry_point(point: Any) -> type[ContextStrategy]:
    try:
        loaded = point.load()
    except Exception as error:  # whatever an outsider's module raises while it is imported
        raise InputError(f"strategy {point.name!r} ({point.value}) cannot be loaded: {error}") from error
    checked = check_strategy(loaded)
    if checked.name != point.name:
        message = f"entry point {point.name!r} leads to a strategy that calls itself {checked.name!r}"
        raise InputError(f"{message}; use one name")
    return checked


strategies: Final = Strategies()
"""The one registry that the api, the command line and the cells read."""
