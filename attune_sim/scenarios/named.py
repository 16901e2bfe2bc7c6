"""The scenarios by name. Light: each is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, cast

from attune_sim.errors import UnknownNameError

if TYPE_CHECKING:
    from attune_sim.scenarios.workload import Workload

NAMES: Final = ("health_check", "log_pipeline", "notifications", "baseline")


class Scenarios(ModuleType):
    """Functions that make workloads, by attribute or by name; the class of the package `attune_sim.scenarios`.

    >>> from attune_sim.scenarios.registry import scenarios
    >>> scenarios["helth_check"]
    Traceback (most recent call last):
        ...
    attune_sim.errors.UnknownNameError: unknown scenario 'helth_check' (did you mean 'health_check'?); choose from: ...
    """

    def __getitem__(self, name: str) -> Callable[..., Workload]:
        if name not in NAMES:
            raise UnknownNameError("scenario", name, NAMES)
        module = import_module(f"attune_sim.scenarios.catalogue.{name}")
        return cast("Callable[..., Workload]", getattr(module, name))

    def __getattr__(self, name: str) -> Callable[..., Workload]:
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
        return {name: (self[name].__doc__ or "").split("\n", 1)[0] for name in NAMES}

    def __repr__(self) -> str:
        return f"<Scenarios: {', '.join(NAMES)}; e.g. scenarios.health_check(servers=1000)>"
