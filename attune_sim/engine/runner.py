"""A workflow and the sub-workflows that its actions name, as one thing that an executor can drive.

The runner begins the context, numbers the runs, routes events to their conductor, and turns the end of a sub-workflow
into the end of the action that named it. Like the conductors it holds, it is told events and answers with commands.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.engine.calls import MAX_DEPTH, Calls
from attune_sim.engine.conductor import Conductor, Dispatch
from attune_sim.engine.events import (
    ActionEnded,
    CancelRequested,
    Command,
    EndRun,
    Event,
    Outcome,
    StartAction,
    StartTimer,
    StopAction,
    TimeUp,
)
from attune_sim.engine.hidden import Hidden
from attune_sim.engine.journal import Journal, Recorded
from attune_sim.engine.observe import Watch
from attune_sim.engine.plan import Plan, make_plan
from attune_sim.engine.replay import Replay
from attune_sim.engine.secrets import Secrets
from attune_sim.engine.state import RunState
from attune_sim.errors import InputError, ParametersError, Problem, ResultError, did_you_mean
from attune_sim.expressions import Limits
from attune_sim.parameters import ready_parameters
from attune_sim.workflow import Workflow

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
        self.parameters: Mapping[str, Any] = parameters or {}
        self.actions = actions
        self.workflows = _by_ref(workflows)
        self.strategy = strategy
        self.dispatch: Dispatch = dispatch
        self.limits = limits
        self.max_task_runs = max_task_runs
        self.shared = {"config": config, "keystore": keystore, "system": {"workflow_start": started_at}}
        self._plans: dict[str, Plan] = {}
        self._calls = Calls()
        self._now = 0.0
        self._conductors: dict[int, Conductor] = {}
        self._begun = 0
        self._hidden = Hidden.of(workflow, self.workflows.values())
        given = self._hidden.values(workflow, self.parameters, keystore, config)
        self.secrets = Secrets(given)
        self.secrets.add(self._hidden.written)
        self.journal = journal
        self._recorded = recorded
        try:
            self._root = self._conductor(workflow, self.parameters, Watch(observers), history, variables)
        except ParametersError as error:
            raise ParametersError(self._without_secrets_in(error)) from None

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

    def begin(self, command: StartAction) -> bool:
        """Told by an executor just before it calls the action of an attempt; false if the call is not wanted any more."""
        if command.run not in self._conductors:
            return False
        if self.journal is not None:
            self.journal.started(command)
        return True

    def wanted(self, one: StartAction | StartTimer) -> bool:
        """Whether anything still waits for this command: its run, or the sub-workflow that a timer limits, may be over."""
        if type(one) is StartTimer and one.limits:
            return self._calls.limited(one) is not None
        return one.run in self._conductors

    def handle(self, event: Event) -> list[Command]:
        """The commands that follow an event. A request to cancel reaches every run that is under way."""
        if event.run not in self._conductors or (
            type(event) is TimeUp and self._calls.limited(event) is None
        ):
            return []  # a late word for a sub-workflow that has ended
        if self.secrets and type(event) is ActionEnded and event.error is not None:
            event = self._without_secrets(event)
        if self.journal is not None:
            event = self._written(self.journal, event)
        return self.told(event)

    def told(self, event: Event) -> list[Command]:
        """What `handle` does once the event is written down."""
        if type(event) is CancelRequested:
            return self._cancelled(event)
        if event.run not in self._conductors:
            return []
        if type(event) is TimeUp:
            late = self._calls.limited(event)
            return [] if late is None else self._resolved(self._time_up(late))
        if type(event) is ActionEnded:
            self._now = event.ended
            if event.run and (over := self._calls.note(event)) is not None:
                return self._resolved(self._time_up(over))
        return self._resolved(self._conductors[event.run].handle(event))

    def _written(self, journal: Journal, event: Event) -> Event:
        """The event, written down; one whose result cannot be written becomes the failure that says so."""
        try:
            journal.event(event, self.secrets)
        except ResultError as error:
            assert isinstance(event, ActionEnded)
            reason = self.secrets.text(str(error))
            event = replace(event, outcome="failed", result={"error": reason}, error=reason)
            journal.event(event, self.secrets)
        return event

    def _without_secrets(self, event: ActionEnded) -> ActionEnded:
        error = self.secrets.text(event.error or "")
        told = isinstance(event.result, dict) and event.result.get("error") == event.error
        return replace(event, error=error, result={**event.result, "error": error} if told else event.result)

    def _without_secrets_in(self, error: ParametersError) -> list[Problem]:
        mask = self.secrets.text
        return [
            replace(one, message=mask(one.message), text=None if one.text is None else mask(one.text))
            for one in error.problems
        ]

    def called(self, run: int) -> str | None:
        """The ref by which the sub-workflow of this run was called; None for the workflow itself."""
        return self._calls.ref(run)

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
            elif type(command) is EndRun and command.run in self._calls:
                queue.extendleft(reversed(self._end_child(command)))
            elif type(command) is StopAction and (child := self._called_by(command)) is not None:
                queue.extendleft(reversed(self._conductors[child].handle(CancelRequested("cancel_running"))))
            else:
                left.append(self._limited(command) if command.run else command)
        return left

    @property
    def unknown_actions(self) -> dict[str, str]:
        """Task name -> why its action cannot be called, for the tasks of the workflow itself."""
        return self._unknown_actions(self.workflow)

    def _begin_child(self, call: StartAction) -> list[Command]:
        workflow = self.workflows[call.action]
        if self._calls.depth(call.run) >= MAX_DEPTH:
            reason = (
                f"sub-workflow {call.action!r} is nested {MAX_DEPTH} deep: does it call itself without end?"
            )
            return self._answered(call, "failed", None, reason)
        try:
            child = self._conductor(workflow, call.input, Watch())
        except ParametersError as error:
            problems = "; ".join(str(problem) for problem in self._without_secrets_in(error))
            return self._answered(call, "failed", None, f"task {call.task!r}, input: {problems}")
        place = f"run-{child.run}.parameters"
        self.secrets.add(self._hidden.given(place, workflow, call.input))
        return [*self._calls.add(child.run, call), *child.start()]

    def _end_child(self, ending: EndRun) -> list[Command]:
        call = self._calls.pop(ending.run)
        result = self._conductors.pop(ending.run).state.result
        times = (self._now if call.began is None else call.began, max(self._now, call.ended))
        return self._answered(call.command, ending.status, result, ending.error, times)

    def _time_up(self, run: int) -> list[Command]:
        """Drop a sub-workflow and all that it called; the task that called it has timed out."""
        stops: list[Command] = []
        for one in self._calls.below(run):
            stops += self._conductors.pop(one).stops()
            call = self._calls.pop(one)
        assert call.command.timeout is not None
        began = self._now if call.began is None else call.began
        reason = f"timed out after {call.command.timeout:g} s"
        times = (began, max(began + call.command.timeout, self._now))
        return [*stops, *self._answered(call.command, "timed_out", None, reason, times)]

    def _answered(
        self,
        call: StartAction,
        outcome: Outcome,
        result: Any,
        error: str | None,
        times: tuple[float, float] | None = None,
    ) -> list[Command]:
        """What follows for the caller of a sub-workflow."""
        began, ended = times or (self._now, self._now)
        event = ActionEnded(
            call.task, call.visit, call.index, call.attempt, outcome, result, error, began, ended, call.run
        )
        return self._conductors[call.run].handle(event)

    def _limited(self, command: Command) -> Command:
        """An attempt in a sub-workflow that has a limit cannot take longer than that."""
        if type(command) is not StartAction or (limit := self._calls.limit(command.run)) is None:
            return command
        if command.timeout is not None and command.timeout <= limit:
            return command
        return replace(command, timeout=limit)

    def _called_by(self, command: StopAction) -> int | None:
        return self._calls.called_by(command.run, command.task, command.index)

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
        context = self.strategy.begin({"parameters": ready, "workflow": first, "task": {}, **self.shared})
        for task, result in (history or {}).items():
            context = self.strategy.store(context, task, result)
        conductor = Conductor(
            workflow,
            context,
            self.strategy,
            plan=self._plan(workflow),
            parameters=parameters,
            dispatch=self.dispatch,
            watch=watch,
            max_task_runs=self.max_task_runs,
            run=self._begun,
            mask=lambda text: self.secrets.text(text),
        )
        self._conductors[self._begun] = conductor
        self._begun += 1
        return conductor

    def _plan(self, workflow: Workflow) -> Plan:
        key = workflow.ref or workflow.name
        if key not in self._plans:
            self._plans[key] = make_plan(
                workflow, limits=self.limits, problems=self._unknown_actions(workflow)
            )
        return self._plans[key]

    def problems(self) -> dict[str, dict[str, str]]:
        """Of the workflow and every sub-workflow: task name -> why its action cannot be called."""
        return {one.name: self._unknown_actions(one) for one in (self.workflow, *self.workflows.values())}

    def _unknown_actions(self, workflow: Workflow) -> dict[str, str]:
        if self._recorded is not None and "problems" in self._recorded.header:
            # What was unknown to the run stays so: what followed from it has happened.
            return dict(self._recorded.header["problems"].get(workflow.name, {}))
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

    def __repr__(self) -> str:
        called = len(self._conductors) - 1
        below = f", {called} sub-workflow(s) under way" if called else ""
        return f"<Runner of {self.workflow.name!r} ({self.strategy.name}, {self.dispatch}): {self.state.progress}{below}>"


def _by_ref(workflows: Iterable[Workflow]) -> dict[str, Workflow]:
    known: dict[str, Workflow] = {}
    for workflow in workflows:
        if workflow.name in known:
            raise InputError(f"two sub-workflows are called {workflow.name!r}; give each its own ref")
        known[workflow.name] = workflow
    return known
