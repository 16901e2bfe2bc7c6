"""The plug: how a context is handed to the items of a fan-out.

A strategy holds the namespaces of a run (`begin`), takes up what transitions publish and tasks return (`publish`,
`store`), and once per fan-out gives a `Forker`, whose `fork` is called once per item: the price that is measured.

A strategy moves values. It never renders a template, reads a clock or knows the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Protocol, runtime_checkable

from attune_sim.display import Displayed
from attune_sim.scope import MISSING, ContextPath, Missing

ALWAYS: Final[Mapping[str, str]] = {
    "publish_seen": "what is published or stored is seen by all that comes later",
    "parent_unchanged": "publishing and storing leave the context before them as it was",
    "one_snapshot": "all items of a fan-out read the context as their task was dispatched",
    "reads_kept": "a fork has what the paths name that it was asked for, and what is missing stays missing",
}
"""What every strategy has to keep, asked or not: without it runs would not give equal answers."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Guarantees(Displayed):
    """What a strategy promises, as data. The law suite holds every registered strategy to each of them, and to `ALWAYS`.

    `isolated_items`    what one item writes into the top level of its context no other item sees, nor the parent
    `isolated_nested`   the same for values inside other values (lists and maps that are shared deep down break it)
    `immutable`         an item cannot write into the values it was handed at all
    `picklable`         a fork can be sent to another process (if the values in it can)
    `thread_safe`       one thread may publish and store while others fork and read
    `concurrent_forks`  several threads may fork from one forker at the same moment; unless promised, a lock is held
    `travels`           a forker can be sent to another process (if the values in it can), and its forks read the same there
    `exact_types`       tuples, sets, datetimes, integer keys, NaN ... arrive as they were stored (see `laws.EXACT`)
    `ordered`           maps keep the order of their keys
    `plain_dicts`       maps arrive as `dict`
    `json_ready`        an action can give what it was handed to `json.dumps` (`| tojson` of the language always works)
    `plain_equality`    what arrives equals plain dicts and lists of the same content, in Python (`==` of the language
                        always compares contents)

    >>> Guarantees(isolated_items=True, isolated_nested=False, plain_dicts=False)
    Guarantees(isolated_items=True, isolated_nested=False, plain_dicts=False)
    """

    isolated_items: bool
    isolated_nested: bool
    immutable: bool = False
    picklable: bool = True
    thread_safe: bool = True
    concurrent_forks: bool = False
    travels: bool = False
    exact_types: bool = True
    ordered: bool = True
    plain_dicts: bool = True
    json_ready: bool = True
    plain_equality: bool = True

    @property
    def isolates(self) -> str:
        """What is kept apart of what an item is handed, in a few words.

        >>> Guarantees(isolated_items=True, isolated_nested=False).isolates
        'top level'
        """
        if self.immutable:
            return "all: read-only"
        if self.isolated_nested:
            return "all"
        return "top level" if self.isolated_items else "nothing"

    def as_dict(self) -> dict[str, bool]:
        """Name -> promise, in the order of declaration."""
        return asdict(self)

    def __repr__(self) -> str:
        # Twelve flags would be a long line, of which most are as they always are.
        told = (
            f"{one.name}={value}" for one in fields(self) if (value := getattr(self, one.name)) != one.default
        )
        return f"Guarantees({', '.join(told)})"


class Context(Protocol):
    """What a run knows at one moment. It answers to the six namespaces."""

    def resolve(self, name: str) -> Any:
        """One namespace, or `attune_sim.scope.MISSING`."""


class Fork(Protocol):
    """The context of one item: the namespaces, and `item` and `index`, which are `MISSING` in a task without items."""

    @property
    def item(self) -> Any: ...
    @property
    def index(self) -> int | Missing: ...

    def resolve(self, name: str) -> Any:
        """One namespace, `item` or `index`, or `attune_sim.scope.MISSING`."""


class Forker(Protocol):
    """Made once per fan-out from the context as its task was dispatched: every fork of it reads that snapshot.

    It may have `fork_plain()` too, without arguments: the fork of a task without items, where `item` and `index` do not
    resolve. See `plain_fork` for what happens without it.
    """

    def fork(self, item: Any, index: int) -> Fork:
        """The context of one item. This call is the price that attune-sim measures."""


def plain_fork(forker: Forker) -> Fork:
    """The fork for a task without items: by `fork_plain()` where the forker has it, else by `fork(MISSING, MISSING)`.

    >>> from attune_sim.contexts.shared import Shared
    >>> context = Shared().begin({"parameters": {"region": "eu"}, "workflow": {}, "task": {}})
    >>> fork = plain_fork(Shared().fan_out(context, reads=None))
    >>> fork.resolve("parameters"), fork.resolve("item")
    ({'region': 'eu'}, MISSING)
    """
    own: Callable[[], Fork] | None = getattr(forker, "fork_plain", None)
    return forker.fork(MISSING, MISSING) if own is None else own()  # type: ignore[arg-type]


def forks_travel(strategy: ContextStrategy) -> bool:
    """Whether what goes to another process is a fork for each item, made at home, and not the forker, once.

    A strategy that copies for each item says so with `sends_forks = True`; one whose forkers do not travel has no choice.

    >>> from attune_sim.contexts.deepcopy import Deepcopy
    >>> from attune_sim.contexts.shared import Shared
    >>> forks_travel(Deepcopy()), forks_travel(Shared())
    (True, False)
    """
    return bool(getattr(strategy, "sends_forks", False)) or not strategy.guarantees.travels


@runtime_checkable
class ContextStrategy(Protocol):
    """How a context is handed on. Contexts are values: no method changes the context that it is given.

    It may have `sends_forks` too; see `forks_travel`.

    >>> import attune_sim as at
    >>> isinstance(at.strategies.hamt(), ContextStrategy)
    True
    """

    name: str
    guarantees: Guarantees

    def begin(self, namespaces: Mapping[str, Any]) -> Context:
        """The first context of a run, from the namespaces (parameters, workflow, task, config, keystore, system)."""

    def publish(self, context: Any, values: Mapping[str, Any]) -> Context:
        """The context after a transition wrote these variables."""

    def store(self, context: Any, task: str, result: Any) -> Context:
        """The context after a task ended with this result."""

    def fan_out(self, context: Any, reads: frozenset[ContextPath] | None) -> Forker:
        """A forker over this context; `reads` are the paths that the items will read, None for everything."""
