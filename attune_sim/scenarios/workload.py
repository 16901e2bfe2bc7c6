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

from attune_sim.actions.payload import memory_of, require_memory
from attune_sim.actions.registry import Actions, own_actions
from attune_sim.actions.script import Script
from attune_sim.actions.synthetic import Scripted
from attune_sim.canonical import as_json
from attune_sim.display import Displayed
from attune_sim.errors import InputError, counted
from attune_sim.executors.stoppable import is_async
from attune_sim.recording.file import Recording
from attune_sim.recording.replayed import Replayed
from attune_sim.recording.resized import Repeat
from attune_sim.runspec import History, RunSpec, ScenarioRef, SourceFile
from attune_sim.scenarios.contents import LEAST, Ballast, fitted, natural_bytes
from attune_sim.scenarios.counts import positive
from attune_sim.scenarios.origin import main_fan_out, with_concurrency
from attune_sim.scenarios.planned import Planner
from attune_sim.workflow import Workflow, called_by

ITEM_BYTES: Final = 250
"""A small item with its index, its result and what a run notes of it: at least, whatever the strategy."""

Parts = Callable[["Workload"], AbstractContextManager[Mapping[str, Any]]]
"""Starts what a real run talks to (a fleet, a mail sink, a log file) and gives the parameters that name it."""


@dataclass(frozen=True, slots=True)
class UserFile:
    """What a user gave: a definition, parameters, actions, and a script of results (None: there is none)."""

    definition: Workflow
    given: Mapping[str, Any]
    actions: Actions
    script: Script | None

    def extended(self, actions: Mapping[str, Callable[..., Any]], given: Mapping[str, Any]) -> UserFile:
        """With more actions and parameters, which win."""
        return replace(self, actions=self.actions.extended(actions), given={**self.given, **given})


@dataclass(frozen=True)
class Workload(Displayed):
    """What one cell runs.

    `items` is the size of the main fan-out; `parameters(workload)` makes the parameters of a run and `variables`
    further variables; `replay` holds actions that give results of the real shapes without doing anything, `real` those that
    do the real thing together with `parts`: what only they have can be replayed once it was recorded. `plan` tells what calls
    of the real ones come to, for a simulation. `own` are the user's, and win over
    both. `assumed` says which sizes were assumed rather than given. A `scenario` of the catalogue has its name, the `knob` that is its
    size among the parameters, further `knobs` (plain values) and `ballast`; a user's own workflow has what the `user` gave, and
    the `script` that answers in place of code, in this size. `natural` is the number of items that it has by itself (0: what its
    actions give will tell; None: it has none), and `repeat` the list of a recorded result that is repeated to have another one.
    `config` and `keystore` are what expressions read under these names. `resize` takes up another size where it shows in more than `items`, `adopt` what parameters of the user's say about size
    and data.

    Raises:
        InputError: so many items that this machine has no memory for them.

    >>> import attune_sim as at
    >>> at.scenarios.baseline(items=100)
    <Workload 'baseline': 100 items, 1,000,000 bytes of history>
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
    plan: Mapping[str, Planner] = field(default_factory=dict)
    own: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    parts: Parts = lambda workload: nullcontext({})
    workflows: tuple[Workflow, ...] = ()
    assumed: tuple[str, ...] = ()
    scenario: str | None = None
    knob: str | None = None
    knobs: Mapping[str, Any] = field(default_factory=dict)
    ballast: Ballast = field(default_factory=Ballast)
    user: UserFile | None = None
    natural: int | None = None
    repeat: Repeat | None = None
    script: Script | None = None
    config: Mapping[str, Any] | None = None
    keystore: Mapping[str, Any] | None = None
    resize: Callable[[Workload], Workload] | None = None
    adopt: Callable[[Workload, Mapping[str, Any]], Workload] | None = None

    def __post_init__(self) -> None:
        require_memory(counted(self.items, "item"), ITEM_BYTES * self.items)

    def sized(
        self,
        *,
        items: int | None = None,
        history: History | None = None,
        seed: int | None = None,
        context_bytes: int | None = None,
        concurrency: int | None = None,
    ) -> Workload:
        """The same workload in another size; None keeps what it has.

        `items` is the size of the main fan-out, `concurrency` how many of them run at a time. `context_bytes` is all that lies
        in the context before the first task, in bytes of JSON: history, variables and the parameters' ballast are scaled
        together; a user's workflow, which has none of them, gets synthetic finished results, and `assumed` says so.

        Raises:
            InputError: `context_bytes` is less than the workload has by itself, or comes with a `history`; a size that is none.

        >>> import attune_sim as at
        >>> at.scenarios.baseline(items=10).sized(context_bytes=100_000).context_bytes
        100000
        """
        if history is not None and context_bytes is not None:
            raise InputError(
                "history (--history, --history-bytes) and context_bytes (--context-bytes) both say how large the context is; "
                "give one of them"
            )
        sizes: dict[str, Any] = {"items": items, "history": history, "seed": seed}
        changed = replace(self, **{name: size for name, size in sizes.items() if size is not None})
        if concurrency is not None:
            changed = changed._side_by_side(concurrency)
        if context_bytes is not None:
            changed = changed._filled(context_bytes)
        return changed if self.resize is None else self.resize(changed)

    def _side_by_side(self, concurrency: int) -> Workload:
        user, workflow = self.user, with_concurrency(self.workflow, concurrency)
        if user is not None:
            user = replace(user, definition=with_concurrency(user.definition, concurrency))
        return replace(self, workflow=workflow, user=user)

    def _filled(self, wanted: int) -> Workload:
        """The same workload with so many bytes of context."""
        positive("context_bytes", wanted)
        require_memory(f"a context of {wanted:,} bytes", memory_of(self.history.payload, wanted))
        natural = natural_bytes(self.history, self.ballast, self._measured)
        if wanted != natural and wanted < natural + LEAST:
            by_itself = f"{self.name!r} has {natural:,} bytes of parameters and variables by itself"
            size = f" with {counted(self.items, 'item')}" if self.items else ""
            raise InputError(
                f"context_bytes: {by_itself}{size}; ask for {natural + LEAST:,} or more, not {wanted:,}"
            )
        history, ballast = fitted(self.history, self.ballast, wanted, self._measured)
        return replace(self, history=history, ballast=ballast)

    def _measured(self, history: History, ballast: Ballast) -> int:
        return replace(self, history=history, ballast=ballast).context_bytes

    def with_own(
        self,
        actions: Mapping[str, Callable[..., Any]] | str | PathLike[str] | None = None,
        parameters: Mapping[str, Any] | None = None,
        workflows: tuple[Workflow, ...] = (),
    ) -> Workload:
        """The same workload with actions, parameters and sub-workflows of the user's, which win."""
        own, given = own_actions(actions), dict(parameters or {})
        changed = replace(self, workflows=self.workflows + tuple(workflows))
        if changed.user is None:
            changed = changed._scenario_with(own, given)
        else:
            changed = replace(changed, user=changed.user.extended(own, given))
        return (changed if self.adopt is None or not given else self.adopt(changed, given)).sized()

    def _scenario_with(self, own: Mapping[str, Callable[..., Any]], given: Mapping[str, Any]) -> Workload:
        make = self.make_parameters
        fixed = {name: value for name, value in given.items() if name != self.knob}
        with_given = (lambda workload: {**make(workload), **fixed}) if fixed else make
        return replace(self, make_parameters=with_given, own={**self.own, **own})

    def as_recorded(self, natural: bool = False) -> Workload:
        """The size in which its actions are called for real, so that cells replay what they give: this one, unless more or fewer
        items are to be answered by what is recorded. With `natural` they always are, whatever the items come from."""
        if not self.unreplayed or (self.repeat is None and not natural):
            return self
        items = self.items if self.natural is None else self.natural
        return self.sized(items=items, history=History(tasks=0))

    def require_items_of_its_own(self) -> None:
        """Raises InputError where only something recorded could be repeated for as many items as were asked for."""
        if self.repeat is not None:
            raise InputError(
                f"items: the items of {self.name!r} are {self.repeat}, of which there are as many as its action gives where it is "
                "called for real; leave out items (--items), or measure with at.compare, which repeats what it records"
            )

    def with_namespaces(
        self, config: Mapping[str, Any] | None, keystore: Mapping[str, Any] | None
    ) -> Workload:
        """The same workload with what expressions read as `config` and `keystore`; None keeps what it has."""
        given = {"config": config, "keystore": keystore}
        known = {name: value for name, value in given.items() if value is not None}
        return replace(self, **known) if known else self  # type: ignore[arg-type]

    @property
    def fan_out(self) -> str | None:
        """The task whose items `items` counts: the last one with `with_items`; None if there is no fan-out."""
        task = main_fan_out(self.workflow)
        return None if task is None else task.name

    @property
    def concurrency(self) -> int | None:
        """How many items of the main fan-out run at a time; None if its task does not say."""
        task = main_fan_out(self.workflow)
        return None if task is None else task.concurrency

    @property
    def context_bytes(self) -> int:
        """Bytes of JSON of parameters, variables and finished results, as they are before the first task."""
        made = (self.make_parameters(self), self.make_variables(self), self.workflow.vars)
        return self.history.context_bytes + sum(len(as_json(value)) for value in made if value)

    def parameters(self) -> dict[str, Any]:
        """The parameters of a run in this size, without those that `parts` give."""
        return dict(self.make_parameters(self))

    def actions(
        self, real: bool = False, recording: Recording | None = None
    ) -> dict[str, Callable[..., Any]]:
        """The actions of one run: the replay where there is one, and with `real` only where there is nothing else. Those that
        count their calls begin anew, and what could only be called for real answers from a `recording`."""
        if real:
            self.require_items_of_its_own()
        chosen = {**self.replay, **self.real} if real else {**self.real, **self.replay}
        chosen |= self.own
        if recording is not None:
            refs = self.unreplayed
            chosen |= {ref: Replayed(ref, recording, is_async=is_async(chosen[ref])) for ref in refs}
        return {
            ref: action.anew() if isinstance(action, Scripted) else action for ref, action in chosen.items()
        }

    @property
    def unreplayed(self) -> frozenset[str]:
        """The actions that tasks name and that can only be called for real."""
        tasks = (task for workflow in self.reached for task in workflow.walk())
        named = {task.action for task in tasks if task.action is not None}
        return frozenset(named & (self.real.keys() - self.replay.keys() | self.own.keys()))

    @property
    def reached(self) -> list[Workflow]:
        """The workflow, and the sub-workflows that its actions name, directly or not."""
        return [self.workflow, *called_by(self.workflow, self.workflows)]

    def variables(self) -> dict[str, Any]:
        """Further variables of a run in this size."""
        return dict(self.make_variables(self))

    def spec(
        self,
        parts: Mapping[str, Any] | None = None,
        parameters: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> RunSpec:
        """The description of a run in this size.

        `parts` are parameters that real parts gave: the workload's own win over them, and `parameters` over all others; `options` are further fields of
        `RunSpec` (strategy, dispatch, config ...). The workload's own config and keystore, then a script's, stand in where none
        are given.
        """
        script, definition = self.script, self.workflow if self.user is None else self.user.definition
        for name in ("config", "keystore"):
            given = [options.get(name), getattr(self, name), getattr(script, name, None)]
            options[name] = next((value for value in given if value is not None), None)
        return RunSpec(
            workflow=self.workflow,
            name=self.name,
            workflows=self.workflows,
            parameters={**(parts or {}), **self.parameters(), **(parameters or {})},
            parts=dict(parts or {}),
            variables=self.variables(),
            history=self.history,
            script=None if script is None else {"actions": script.as_dict()["actions"]},
            scenario=None if self.scenario is None else ScenarioRef(self.scenario, self.items, self.knobs),
            file=None if self.scenario is not None else SourceFile.of(definition),
            seed=self.seed,
            **options,
        )

    def __repr__(self) -> str:
        size = f"{counted(self.items, 'item')}, {self.history.context_bytes:,} bytes of history"
        return f"<Workload {self.name!r}: {size}>"
