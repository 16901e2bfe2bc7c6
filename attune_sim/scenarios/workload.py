"""A workload: a workflow with everything that a run of it needs, as a small recipe that travels to a cell.

Data is described (`History`, sizes, a seed), never carried: the cell makes it itself, so that neither pickling nor the
parent's memory disturbs what is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from os import PathLike
from typing import Any, Final

from attune_sim.actions.payload import require_memory
from attune_sim.actions.registry import actions_from_file
from attune_sim.actions.synthetic import Scripted
from attune_sim.workflow import Workflow

ITEM_BYTES: Final = 250
"""A small item with its index, its result and what a run notes of it: at least, whatever the strategy."""

Parts = Callable[["Workload"], AbstractContextManager[Mapping[str, Any]]]
"""Starts what a real run talks to (a fleet, a mail sink, a log file) and gives the parameters that name it."""


@dataclass(frozen=True, slots=True)
class History:
    """Results of tasks that had finished before the fan-out: `tasks` results of `bytes_each` bytes of JSON each."""

    tasks: int = 100
    bytes_each: int = 10_000
    payload: str = "records"

    @property
    def context_bytes(self) -> int:
        """Bytes of JSON in all."""
        return self.tasks * self.bytes_each


def _own_actions(
    actions: Mapping[str, Callable[..., Any]] | str | PathLike[str] | None,
) -> Mapping[str, Callable[..., Any]]:
    if actions is None or isinstance(actions, Mapping):
        return actions or {}
    return actions_from_file(actions)


def _no_parts(workload: Workload) -> AbstractContextManager[Mapping[str, Any]]:
    return nullcontext({})


@dataclass(frozen=True)
class Workload:
    """What one cell runs.

    `items` is the size of the main fan-out; `parameters(workload)` makes the parameters of a run and `variables`
    further variables; `replay` holds actions that give results of the real shapes without network, `real` those that
    do the real thing together with `parts`. `assumed` says which sizes were assumed rather than given. `options` are
    the knobs of the scenario that made it; `resize` takes up another size where it shows in more than `items`, `adopt` what
    parameters of the user's say about size and data.

    Raises:
        InputError: so many items that this machine has no memory for them.
    """

    name: str
    workflow: Workflow
    items: int
    seed: int = 0
    history: History = field(default_factory=History)
    make_parameters: Callable[[Workload], Mapping[str, Any]] = lambda workload: {}
    make_variables: Callable[[Workload], Mapping[str, Any]] = lambda workload: {}
    replay: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    real: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    parts: Parts = _no_parts
    workflows: tuple[Workflow, ...] = ()
    assumed: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    resize: Callable[[Workload], Workload] | None = None
    adopt: Callable[[Workload, Mapping[str, Any]], Workload] | None = None

    def __post_init__(self) -> None:
        require_memory(f"{self.items:,} items", ITEM_BYTES * self.items)

    def sized(
        self, *, items: int | None = None, history: History | None = None, seed: int | None = None
    ) -> Workload:
        """The same workload in another size; None keeps what it has."""
        changed = replace(
            self,
            items=self.items if items is None else items,
            history=self.history if history is None else history,
            seed=self.seed if seed is None else seed,
        )
        return changed if self.resize is None else self.resize(changed)

    def with_own(
        self,
        actions: Mapping[str, Callable[..., Any]] | str | PathLike[str] | None = None,
        parameters: Mapping[str, Any] | None = None,
        workflows: tuple[Workflow, ...] = (),
    ) -> Workload:
        """The same workload with actions (also in a replay), parameters and sub-workflows of the user's, which win."""
        own = _own_actions(actions)
        make, given = self.make_parameters, dict(parameters or {})
        changed = replace(
            self,
            make_parameters=(lambda workload: {**make(workload), **given}) if given else make,
            replay={**self.replay, **own},
            real={**self.real, **own},
            workflows=self.workflows + tuple(workflows),
        )
        return changed if self.adopt is None or not given else self.adopt(changed, given)

    @property
    def fan_out(self) -> str | None:
        """The task whose items `items` counts: the last one with `with_items`; None if there is no fan-out."""
        return next((task.name for task in reversed(list(self.workflow.walk())) if task.with_items), None)

    def parameters(self) -> dict[str, Any]:
        """The parameters of a run in this size, without those that `parts` give."""
        return dict(self.make_parameters(self))

    def actions(self, real: bool = False) -> dict[str, Callable[..., Any]]:
        """The actions of one run; those that count their calls begin anew."""
        chosen = self.real if real else self.replay
        return {
            ref: action.anew() if isinstance(action, Scripted) else action for ref, action in chosen.items()
        }

    def variables(self) -> dict[str, Any]:
        """Further variables of a run in this size."""
        return dict(self.make_variables(self))

    def __repr__(self) -> str:
        return (
            f"<Workload {self.name!r}: {self.items:,} items, {self.history.context_bytes:,} bytes of history>"
        )
