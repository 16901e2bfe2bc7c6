"""A workflow and the sub-workflows that its actions name, as one thing that an executor can drive.

The runner begins the context, numbers the runs, routes events to their conductor, and turns the end of a sub-workflow
into the end of the action that named it. Like the conductors it holds, it is told events and answers with commands.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.engine.conductor import Conductor, Dispatch
from attune_sim.engine.events import (
    ActionEnded,
    CancelRequested,
    Command,
    EndRun,
    Event,
    StartAction,
    StopAction,
)
from attune_sim.engine.journal import Journal, Recorded
from attune_sim.engine.observe import Watch
from attune_sim.engine.plan import Plan, make_plan
from attune_sim.engine.replay import Replay
from attune_sim.engine.secrets import Secrets
from attune_sim.engine.state import RunState
from attune_sim.errors import InputError, ParametersError, ResultError, did_you_mean
from attune_sim.expressions import Limits
from attune_sim.parameters import ready_parameters, secret_paths
from attune_sim.workflow import Workflow

MAX_DEPTH: Final = 50
"""Sub-workflows inside sub-workflows before the run says that it recurses without end."""

Action = Callable[..., Any]


class Runner:
    """One run, ready to be driven: `start()`, then `handle(event)` until a command is `EndRun`.

    `actions` maps refs to callables that take the rendered input as keyword arguments; `workflows` are those that an
    action may name by their ref. `history` are results of tasks that had finished before, `variables` further first
    variables. `started_at` is what `system.workflow_start` reads. Events are written to the `journal`; with `recorded`, the run is
    taken up where that one ends. Raises `ParametersError` before anything runs.
    """

    def __init__(
        self,
        workflow: Workflow,
        parameters: Mapping[str, Any] | None = None,
        *,
        strategy: ContextStrategy,
        actions: Mapping[str, Action],
        dispatch: Dispatch = "windowed",
        workflows: Iterable[Workflow] = (),
        config: Mapping[str, Any] | None = None,
        keystore: Mapping[str, Any] | None = None,
        history: Mapping[str, Any] | None = None,
        variables: Mapping[str, Any] | None = None,
        observers: Iterable[object] = (),
        limits: Limits | None = None,
        max_task_runs: int = 10_000,
        started_at: str = "1970-01-01T00:00:00Z",
        journal: Journal | None = None,
        recorded: Recorded | None = None,
    ) -> None:
        self.workflow = workflow
        self.actions = actions
        self.workflows = _by_ref(workflows)
        self._strategy = strategy
        self._dispatch: Dispatch = dispatch
        self._limits = limits
        self._max_task_runs = max_task_runs
        self._shared = {"config": config, "keystore": keystore, "system": {"workflow_start": started_at}}
        self._plans: dict[str, Plan] = {}
        self._callers: dict[int, StartAction] = {}
        self._conductors: dict[int, Conductor] = {}
        self._begun = 0
        self.secrets = Secrets.of(keystore, parameters or {}, secret_paths(workflow.parameters))
        self.journal = journal
        self._recorded = recorded
        self._root = self._conductor(workflow, parameters or {}, Watch(observers), history, variables)

    @property
    def state(self) -> RunState:
        """The state of the workflow itself."""
        return self._root.state

    @property
    def ended(self) -> bool:
        return self._root.state.status is not None

    def start(self) -> list[Command]:
        """The first commands; of a run that is taken up, those that were left."""
        commands = self._resolved(self._root.start())
        if self._recorded is not None:
            return Replay(self, commands).run(self._recorded)
        return commands

    def begin(self, command: StartAction) -> None:
        """Told by an executor just before it calls the action of an attempt."""
        if self.journal is not None:
            self.journal.started(command)

    def handle(self, event: Event) -> list[Command]:
        """The commands that follow an event. A request to cancel reaches every run that is under way."""
        if self.secrets and type(event) is ActionEnded and event.error is not None:
            event = self._without_secrets(event)
        if self.journal is not None:
            event = self._written(self.journal, event)
        return self.told(event)

    def told(self, event: Event) -> list[Command]:
        """What `handle` does once the event is written down."""
        if type(event) is CancelRequested:
            return self._cancelled(event)
        conductor = self._conductors.get(event.run)
        if conductor is None:
            return []  # a late word for a sub-workflow that has ended
        return self._resolved(conductor.handle(event))

    def _written(self, journal: Journal, event: Event) -> Event:
        """The event, written down; one whose result cannot be written becomes the failure that says so."""
        try:
            journal.event(event, self.secrets)
        except ResultError as error:
            assert isinstance(event, ActionEnded)
            reason = str(error)
            event = replace(event, outcome="failed", result={"error": reason}, error=reason)
            journal.event(event, self.secrets)
        return event

    def _without_secrets(self, event: ActionEnded) -> ActionEnded:
        error = self.secrets.text(event.error or "")
        told = isinstance(event.result, dict) and event.result.get("error") == event.error
        return replace(event, error=error, result={**event.result, "error": error} if told else event.result)

    def warn_of_abandoned(self, count: int) -> None:
        """Told by an executor: so many sync actions went on past their timeout and were left behind."""
        self._root.state.warnings.append(
            f"{count} action(s) did not end within their timeout and were left running in a daemon thread; "
            "make them async, or give their own calls a timeout, to have them stopped"
        )

    # -- sub-workflows -------------------------------------------------------------------------------------------------

    def _resolved(self, commands: list[Command]) -> list[Command]:
        """The commands that are left for the executor once sub-workflows have begun and ended."""
        if not self.workflows:
            return commands
        left: list[Command] = []
        queue = deque(commands)
        while queue:
            command = queue.popleft()
            if type(command) is StartAction and command.action in self.workflows:
                queue.extendleft(reversed(self._begin_child(command)))
            elif type(command) is EndRun and command.run in self._callers:
                queue.extendleft(reversed(self._end_child(command)))
            elif type(command) is StopAction and (child := self._child_of(command)) is not None:
                queue.extendleft(reversed(self._conductors[child].handle(CancelRequested("cancel_running"))))
            else:
                left.append(command)
        return left

    @property
    def unknown_actions(self) -> dict[str, str]:
        """Task name -> why its action cannot be called, for the tasks of the workflow itself."""
        return self._unknown_actions(self.workflow)

    def _begin_child(self, call: StartAction) -> list[Command]:
        workflow = self.workflows[call.action]
        depth = self._depth(call.run)
        if depth >= MAX_DEPTH:
            reason = (
                f"sub-workflow {call.action!r} is nested {MAX_DEPTH} deep: does it call itself without end?"
            )
            return self._conductors[call.run].handle(_answer(call, "failed", None, reason))
        try:
            child = self._conductor(workflow, call.input, Watch())
        except ParametersError as error:
            reason = f"task {call.task!r}, input: {'; '.join(str(problem) for problem in error.problems)}"
            return self._conductors[call.run].handle(_answer(call, "failed", None, reason))
        self._callers[child.run] = call
        hidden = secret_paths(workflow.parameters)
        self.secrets = self.secrets.with_parameters(f"run-{child.run}", call.input, hidden)
        return child.start()

    def _end_child(self, ending: EndRun) -> list[Command]:
        call = self._callers.pop(ending.run)
        result = self._conductors.pop(ending.run).state.result
        return self._conductors[call.run].handle(_answer(call, ending.status, result, ending.error))

    def _child_of(self, command: StopAction) -> int | None:
        wanted = (command.run, command.task, command.index)
        return next(
            (run for run, call in self._callers.items() if (call.run, call.task, call.index) == wanted), None
        )

    def _depth(self, run: int) -> int:
        depth = 0
        while run in self._callers:
            run, depth = self._callers[run].run, depth + 1
        return depth + 1

    def _cancelled(self, event: CancelRequested) -> list[Command]:
        commands: list[Command] = []
        for run in sorted(self._conductors, reverse=True):
            if run in self._conductors and self._conductors[run].state.status is None:
                commands += self._resolved(self._conductors[run].handle(event))
        return commands

    # -- beginning -----------------------------------------------------------------------------------------------------

    def _conductor(
        self,
        workflow: Workflow,
        parameters: Mapping[str, Any],
        watch: Watch,
        history: Mapping[str, Any] | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> Conductor:
        ready = ready_parameters(workflow.parameters, parameters)
        # A definition may be run again: what its actions do to a variable's value must not reach it.
        first = {**copy.deepcopy(dict(workflow.vars)), **(variables or {})}
        context = self._strategy.begin({"parameters": ready, "workflow": first, "task": {}, **self._shared})
        for task, result in (history or {}).items():
            context = self._strategy.store(context, task, result)
        conductor = Conductor(
            workflow,
            context,
            self._strategy,
            plan=self._plan(workflow),
            parameters=parameters,
            dispatch=self._dispatch,
            watch=watch,
            max_task_runs=self._max_task_runs,
            run=self._begun,
        )
        self._conductors[self._begun] = conductor
        self._begun += 1
        return conductor

    def _plan(self, workflow: Workflow) -> Plan:
        key = workflow.ref or workflow.name
        if key not in self._plans:
            self._plans[key] = make_plan(
                workflow, limits=self._limits, problems=self._unknown_actions(workflow)
            )
        return self._plans[key]

    def _unknown_actions(self, workflow: Workflow) -> dict[str, str]:
        known = [*self.actions, *self.workflows]
        problems: dict[str, str] = {}
        for task in workflow.walk():
            if task.type == "parallel" or task.action in self.actions or task.action in self.workflows:
                continue
            guess = did_you_mean(task.action or "", known)
            hint = (
                guess or "pass it with actions= or --actions, a sub-workflow with workflows= or --workflows"
            )
            problems[task.name] = f"task {task.name!r}, action: unknown action {task.action!r} ({hint})"
        return problems


def _answer(call: StartAction, outcome: Any, result: Any, error: str | None) -> ActionEnded:
    return ActionEnded(call.task, call.visit, call.index, call.attempt, outcome, result, error, run=call.run)


def _by_ref(workflows: Iterable[Workflow]) -> dict[str, Workflow]:
    known: dict[str, Workflow] = {}
    for workflow in workflows:
        if workflow.name in known:
            raise InputError(f"two sub-workflows are called {workflow.name!r}; give each its own ref")
        known[workflow.name] = workflow
    return known
