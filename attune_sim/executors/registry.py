"""The executors by name."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final, Protocol

from attune_sim.engine.events import EndRun
from attune_sim.engine.runner import Runner
from attune_sim.errors import UnknownNameError


class Executor(Protocol):
    """Performs the commands of one run after the other."""

    name: str

    def run(self, runner: Runner) -> EndRun:
        """Drive a run to its end; what actions raise becomes outcomes, never an exception here."""


_CLASSES: Final[Mapping[str, str]] = {
    "inline": "attune_sim.executors.inline:InlineExecutor",
    "threads": "attune_sim.executors.threads:ThreadsExecutor",
    "asyncio": "attune_sim.executors.aio:AsyncioExecutor",
}


def executor_names() -> tuple[str, ...]:
    """The names that `executor_named` knows."""
    return tuple(_CLASSES)


def executor_named(name: str, **options: Any) -> Executor:
    """An executor by name; raises `UnknownNameError` for another one.

    >>> executor_named("inline").name
    'inline'
    """
    if name not in _CLASSES:
        raise UnknownNameError("executor", name, _CLASSES)
    module, _, attribute = _CLASSES[name].partition(":")
    made: Executor = getattr(import_module(module), attribute)(**options)
    return made
