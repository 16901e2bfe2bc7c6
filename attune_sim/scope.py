"""What an expression may read: the names of the namespaces, and the smallest thing that answers to them.

Strategies (`contexts`) give scopes, templates (`expressions`) read them; neither knows the other. Both stand on
this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from attune_sim.display import Displayed

NAMESPACES: Final = ("parameters", "workflow", "task", "config", "keystore", "system")
"""The namespaces of a context, in the order in which strategies store them."""

ALIASES: Final[Mapping[str, str]] = {"vars": "workflow", "variables": "workflow", "tasks": "task"}
"""Other spellings that the language accepts for a namespace."""

ContextPath: TypeAlias = tuple[str, ...]
"""A path of the context that a task's templates read, root first: `("parameters", "url")`."""

LOCALS: Final = ("item", "index")
"""Names that exist only inside an item of a fan-out."""

SHORTEST_SECRET: Final = 4
"""Characters from which on a secret is masked wherever it stands; a shorter one only where it comes from."""


class Missing:
    """The type of `MISSING`; false, and printable."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "MISSING"

    def __reduce__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()
"""What `resolve` answers for a name that does not exist (None is a value)."""


class Scope(Protocol):
    """Anything an expression can be evaluated against: a context or the fork of one."""

    def resolve(self, name: str) -> Any:
        """The value of one of `NAMESPACES` or `LOCALS`, or `MISSING`. Aliases and bare names never arrive here."""


class TaskEnd(NamedTuple):
    """How a task ended: what `task.NAME.status` and `task.NAME.error` read."""

    status: str
    error: str | None = None


class Ended(NamedTuple):
    """What the functions `result()`, `succeeded()`, `failed()`, `timed_out()` and `task.X.status` read.

    `outcome` is `succeeded`, `failed`, `timed_out`, `skipped`, or None before any task has ended. `tasks` maps the
    names of ended tasks to how they ended; `last` is the name of the one that `result` came from.

    >>> Ended().outcome is None
    True
    """

    result: Any = None
    outcome: str | None = None
    tasks: Mapping[str, TaskEnd] = {}
    last: str | None = None


class Namespaces(Displayed):
    """A plain mapping as a scope: what `at.evaluate` and the language's own checks read.

    >>> Namespaces({"workflow": {"a": 1}}).resolve("workflow")
    {'a': 1}
    >>> Namespaces({}).resolve("item")
    MISSING
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        defaults: dict[str, Any] = {
            "parameters": {},
            "workflow": {},
            "task": {},
            "system": {},
            "config": None,
            "keystore": None,
        }
        self._values = {**defaults, **values}

    def resolve(self, name: str) -> Any:
        return self._values.get(name, MISSING)

    def __repr__(self) -> str:
        return f"<Namespaces: {', '.join(self._values)}>"
