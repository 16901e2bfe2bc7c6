"""The scenarios by name. Light: each is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, update_wrapper
from importlib import import_module
from inspect import Signature, signature
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Generic, ParamSpec, Self

from attune_sim.display import Displayed
from attune_sim.errors import UnknownNameError

if TYPE_CHECKING:
    from attune_sim.scenarios.catalogue.baseline import baseline as _baseline
    from attune_sim.scenarios.catalogue.health_check import health_check as _health_check
    from attune_sim.scenarios.catalogue.log_pipeline import log_pipeline as _log_pipeline
    from attune_sim.scenarios.catalogue.notifications import notifications as _notifications
    from attune_sim.scenarios.workload import Workload

_P = ParamSpec("_P")


class Scenario(Displayed, Generic[_P]):
    """A function that makes a workload, as `at.scenarios` hands it out: called as it is, with a line that says what it does.

    >>> from attune_sim.scenarios.registry import scenarios
    >>> scenarios.baseline
    <scenario baseline(items=1000, ...): A fan-out with ...; a call makes the workload>
    """

    def __init__(self, make: Callable[_P, Workload]) -> None:
        update_wrapper(self, make)  # its name, its docstring, and so what completion and `?` show of it
        self.make = make

    def __call__(self, *args: _P.args, **options: _P.kwargs) -> Workload:
        return self.make(*args, **options)

    def __get__(self, instance: object, owner: type | None = None) -> Self:
        """Itself. `inspect`, and with it completion and `help`, tell by this that it is a routine, and show its parameters."""
        return self

    @property
    def signature(self) -> Signature:
        """Its parameters and what they are by default."""
        return signature(self.make)

    @property
    def line(self) -> str:
        """What it does, in a line."""
        return (self.make.__doc__ or "").split("\n", 1)[0]

    def __repr__(self) -> str:
        size = next(iter(self.signature.parameters.values()))
        does = self.line.rstrip(".")
        return f"<scenario {self.make.__name__}({size.name}={size.default}, ...): {does}; a call makes the workload>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (self.make.__name__,)


NAMES: Final = ("health_check", "log_pipeline", "notifications", "baseline")


class Scenarios(Displayed, ModuleType):
    """Functions that make workloads, by attribute or by name; the class of the package `attune_sim.scenarios`.

    >>> from attune_sim.scenarios.registry import scenarios
    >>> scenarios["helth_check"]
    Traceback (most recent call last):
        ...
    attune_sim.errors.UnknownNameError: unknown scenario 'helth_check' (did you mean 'health_check'?); choose from: ...
    """

    if TYPE_CHECKING:  # what `__getattr__` finds, for editors and type checkers
        health_check = Scenario(_health_check)
        log_pipeline = Scenario(_log_pipeline)
        notifications = Scenario(_notifications)
        baseline = Scenario(_baseline)

    def __getitem__(self, name: str) -> Scenario[...]:
        if name not in NAMES:
            raise UnknownNameError("scenario", name, NAMES)
        return _made(name)

    def __getattr__(self, name: str) -> Scenario[...]:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except UnknownNameError as error:
            raise AttributeError(str(error)) from None

    def get(self, name: str, default: Any = None) -> Any:
        """The scenario of this name, or `default`."""
        return self[name] if name in NAMES else default

    def __contains__(self, name: object) -> bool:
        return name in NAMES

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES)

    def __len__(self) -> int:
        return len(NAMES)

    def __dir__(self) -> list[str]:
        return [*NAMES, "names", "describe"]

    def names(self) -> tuple[str, ...]:
        """The names, in the order in which the documentation tells of them."""
        return NAMES

    def describe(self) -> dict[str, str]:
        """Name -> what it does, in one line."""
        return {name: self[name].line for name in NAMES}

    def __repr__(self) -> str:
        return f"<Scenarios: {', '.join(NAMES)}; e.g. scenarios.health_check(servers=1000)>"


@cache
def _made(name: str) -> Scenario[...]:
    module = import_module(f"attune_sim.scenarios.catalogue.{name}")
    return Scenario(getattr(module, name))
