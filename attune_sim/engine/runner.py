"""A workflow and the sub-workflows that its actions name, as one thing that can be driven.

The runner begins the context, numbers the runs, routes events to their conductor, and turns the end of a sub-workflow
into the end of the action that named it. Like the conductors it holds, it is told events and answers with commands.
Journal and secrecy stand around it, behind the same protocol: `Steps`.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.engine.calls import MAX_DEPTH, Calls
from attune_sim.engine.conductor import Conductor
from attune_sim.engine.events import (
    ActionEnded,
    AttemptKey,
    CallPrepared,
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
from attune_sim.engine.observe import Watch
from attune_sim.engine.offer import Offer
from attune_sim.engine.plan import Plan, make_plan
from attune_sim.engine.state import RunState
from attune_sim.errors import InputError, ParametersError, action_hint
from attune_sim.expressions import Limits
from attune_sim.parameters import ready_parameters
from attune_sim.workflow import Workflow

Problems = Mapping[str, Mapping[str, str]]
"""Name of a workflow -> name of a task -> why its action cannot be called."""


class Steps(Protocol):
    """What is driven: a runner, or what stands around one."""

    def start(self) -> list[Command]:
        """The first commands."""

    def begin(self, command: StartAction) -> None:
        """Told just before an attempt is prepared."""

    def handle(self, event: Event) -> list[Command]:
        """The commands that follow an event; raises `EventError` for an event that cannot be."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What runs of one description have in common: made by the first runner, taken over by the next ones.

    `parameters` are checked, with their defaults; `history` as it was given; `plans` by the ref of their workflow.
    """

    problems: Problems
    parameters: Mapping[str, Any]
    history: Mapping[str, Any]
    plans: dict[str, Plan] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Ground of {', '.join(self.plans)}>"


class Runner:
    """One run, ready to be driven: `start()`, then `handle(event)` until a command is `EndRun`.

    `actions` are the refs of what can be called; `workflows` are those that an action may name by their ref.
    `namespaces` are `config`, `keystore` and `system`; `history` are results of tasks that had finished before,
    `variables` further first variables. `problems` are those of a run that is taken up (None: found here); `mask` hides
    secrets in texts. `ground` is that of another runner of the same definitions, actions and parameters. `kept` says of tasks of the workflow
    itself what becomes of the results of their items (`Offer.kept`).
    Raises `ParametersError` before anything runs.
    """

    def __init__(
        self,
        workflow: Workflow,
        parameters: Mapping[str, Any],
        *,
        strategy: ContextStrategy,
        actions: Collection[str],
        workflows: Iterable[Workflow] = (),
        namespaces: Mapping[str, Any],
        history: Mapping[str, Any],
        variables: Mapping[str, Any],
        watch: Watch,
        limits: Limits | None = None,
        max_task_runs: int = 10_000,
        problems: Problems | None = None,
        mask: Callable[[str], str] = str,
        ground: Ground | None = None,
        kept: Mapping[str, str] | None = None,
    ) -> None:
        self.workflow = workflow
        self.workflows = _by_ref(workflows)
        self._strategy, self._namespaces, self._watch = strategy, namespaces, watch
        self._limits, self._max_task_runs, self._mask = limits, max_task_runs, mask
        self._kept = kept or {}
        if ground is None:
            problems = self._found_problems(actions) if problems is None else problems
            ground = Ground(problems, self._ready(workflow, parameters), history)
        self.ground = ground
        self._calls = Calls()
        self._asked: dict[AttemptKey, StartAction] = {}  # calls whose input is being prepared
        self._now = 0.0
        self._conductors: dict[int, Conductor] = {}
        self._begun = 0
        self._root = self._conductor(
            workflow, parameters, dict(ground.parameters), watch, ground.history, variables
        )

    @property
    def problems(self) -> Problems:
        """The tasks whose action cannot be called."""
        return self.ground.problems

    @property
    def state(self) -> RunState:
        """The state of the workflow itself."""
        return self._root.state

    def warn(self, message: str) -> None:
        """Add to the warnings of the run what somebody around it has to say."""
        self._root.state.warnings.append(message)

    # -- the verbs -----------------------------------------------------------------------------------------------------

    def start(self) -> list[Command]:
        """The first commands."""
        return self._resolved(self._root.start())

    def begin(self, command: StartAction) -> None:
        """Nothing: it matters to those who write it down."""

    @property
    def handle(self) -> Callable[[Event], list[Command]]:
        """Gives the commands that follow an event. A request to cancel reaches every run that is under way; a late word
        for a sub-workflow that has ended has no consequences."""
        # Where nothing can be called there is one conductor, and nothing to say between it and who drives it.
        return self._handle if self.workflows else self._root.handle

    def _handle(self, event: Event) -> list[Command]:
        if type(event) is CancelRequested:
            return self._cancelled(event)
        if event.run not in self._conductors:
            return []
        if type(event) is CallPrepared:
            return self._called(event)
        if type(event) is TimeUp:
            late = self._calls.limited(event)
            return [] if late is None else self._resolved(self._time_up(late))
        if type(event) is ActionEnded:
            self._asked.pop(event.key, None)
            self._now = event.ended
            if event.run and (over := self._calls.note(event)) is not None:
                return self._resolved(self._time_up(over))
        return self._resolved(self._conductors[event.run].handle(event))

    def called(self, run: int) -> str | None:
        """The ref by which the sub-workflow of this run was called; None for the workflow itself."""
        return self._calls.ref(run)

    def wants(self, command: StartAction | StartTimer) -> bool:
        """Whether anything still waits for this command: what it is for may have been cancelled, or be over."""
        if type(command) is StartTimer and command.limits:
            return self._calls.limited(command) is not None
        conductor = self._conductors.get(command.run)
        return conductor is not None and conductor.wants(command)

    def unfinished(self, offer: Offer) -> tuple[int, ...]:
        """The slots of an offer that have not ended."""
        conductor = self._conductors.get(offer.run)
        return () if conductor is None else conductor.unfinished(offer)

    # -- sub-workflows -------------------------------------------------------------------------------------------------

    def _resolved(self, commands: list[Command]) -> list[Command]:
        """The commands that are left for the drive once sub-workflows have ended."""
        if not self.workflows:
            return commands
        left: list[Command] = []
        queue = deque(commands)
        while queue:
            command = queue.popleft()
            if type(command) is EndRun and command.run in self._calls:
                queue.extendleft(reversed(self._end_child(command)))
            elif type(command) is StopAction and self._child_of(command) is not None:
                continue  # the child was asked to end as well, and stops itself what runs in it
            elif type(command) is StopAction and command.key in self._asked:
                queue.extendleft(reversed(self._dropped(self._asked.pop(command.key))))
            else:
                if type(command) is StartAction and command.offer.calls:
                    self._asked[command.key] = command
                left.append(command)
        return left

    def _called(self, event: CallPrepared) -> list[Command]:
        call = self._asked.pop(event.key, None)
        if call is None:  # it was cancelled while its input was prepared
            return []
        return self._resolved(self._begin_child(call, event.input))

    def _begin_child(self, call: StartAction, input: Mapping[str, Any]) -> list[Command]:
        workflow = self.workflows[call.action]
        if self._calls.depth(call.run) >= MAX_DEPTH:
            reason = (
                f"sub-workflow {call.action!r} is nested {MAX_DEPTH} deep: does it call itself without end?"
            )
            return self._answered(call, "failed", None, reason)
        try:
            ready = self._ready(workflow, input)
        except ParametersError as error:
            problems = "; ".join(map(str, error.problems))
            return self._answered(call, "failed", None, f"task {call.task!r}, input: {problems}")
        timers = self._calls.add(self._begun, call)
        child = self._conductor(workflow, input, ready, self._watching(call), within=call.place)
        return [*timers, *child.start()]

    def _watching(self, call: StartAction) -> Watch:
        """Those who watch a sub-workflow that begins now: whom the watchers of its caller name."""
        asked = self._conductors[call.run].watch.sub_workflow_started
        named = (hook(call, self._begun) for hook in asked)
        return Watch(one for one in named if one is not None)

    def _end_child(self, ending: EndRun) -> list[Command]:
        call = self._calls.pop(ending.run)
        result = self._conductors.pop(ending.run).state.result
        times = (self._now if call.began is None else call.began, max(self._now, call.ended))
        return self._answered(call.command, ending.status, result, ending.error, times)

    def _time_up(self, run: int) -> list[Command]:
        """Drop a sub-workflow and all that it called; the task that called it has timed out."""
        commands: list[Command] = []
        for dropped in self._calls.below(run):
            conductor, call = self._conductors.pop(dropped), self._calls.pop(dropped)
            commands += conductor.dropped()
            for hook in conductor.watch.run_ended:
                hook(EndRun("cancelled", None, None, dropped))
        assert call.command.timeout is not None
        began = self._now if call.began is None else call.began
        reason = f"timed out after {call.command.timeout:g} s"
        times = (began, max(began + call.command.timeout, self._now))
        return [*commands, *self._answered(call.command, "timed_out", None, reason, times)]

    def _dropped(self, call: StartAction) -> list[Command]:
        return self._answered(call, "cancelled", None, "cancelled")

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
        if outcome != "succeeded":
            event = call.offer.completed(event)
        return self._conductors[call.run].handle(event)

    def _child_of(self, command: StopAction) -> int | None:
        return self._calls.called_by(command.run, command.task, command.index)

    def _cancelled(self, event: CancelRequested) -> list[Command]:
        commands: list[Command] = []
        # The outermost first: nothing may follow there from the end of a sub-workflow.
        for run in sorted(self._conductors):
            if run in self._conductors and self._conductors[run].state.status is None:
                commands += self._resolved(self._conductors[run].handle(event))
        for key in list(self._asked):
            if (call := self._asked.pop(key, None)) is not None:
                commands += self._resolved(self._dropped(call))
        return commands

    # -- beginning -----------------------------------------------------------------------------------------------------

    def _conductor(
        self,
        workflow: Workflow,
        parameters: Mapping[str, Any],
        ready: Mapping[str, Any],
        watch: Watch,
        history: Mapping[str, Any] | None = None,
        variables: Mapping[str, Any] | None = None,
        within: str = "",
    ) -> Conductor:
        # A definition may be run again: what its actions do to a variable's value must not reach it.
        first = {**copy.deepcopy(dict(workflow.vars)), **(variables or {})}
        context = self._strategy.begin(
            {"parameters": ready, "workflow": first, "task": {}, **self._namespaces}
        )
        for task, result in (history or {}).items():
            context = self._strategy.store(context, task, result)
        conductor = Conductor(
            workflow,
            context,
            self._strategy,
            plan=self._plan(workflow),
            parameters=parameters,
            watch=watch,
            max_task_runs=self._max_task_runs,
            run=self._begun,
            within=within,
            called=self.workflows,
            limit=self._calls.limit(self._begun),
            kept={} if self._begun else self._kept,
            mask=self._mask,
        )
        self._conductors[self._begun] = conductor
        self._begun += 1
        return conductor

    def _ready(self, workflow: Workflow, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return ready_parameters(workflow.parameters, parameters)
        except ParametersError as error:
            raise ParametersError(problem.masked(self._mask) for problem in error.problems) from None

    def _plan(self, workflow: Workflow) -> Plan:
        key = workflow.ref or workflow.name
        plans = self.ground.plans
        if key not in plans:
            problems = self.problems.get(workflow.name, {})
            plans[key] = make_plan(workflow, limits=self._limits, problems=problems)
        return plans[key]

    def _found_problems(self, actions: Collection[str]) -> Problems:
        """Of the workflow and every sub-workflow: the tasks whose action cannot be called."""
        every = {workflow.name: workflow for workflow in (self.workflow, *self.workflows.values())}
        found = {name: self._unknown_actions(workflow, actions) for name, workflow in every.items()}
        return {name: tasks for name, tasks in found.items() if tasks}

    def _unknown_actions(self, workflow: Workflow, actions: Collection[str]) -> dict[str, str]:
        problems: dict[str, str] = {}
        for task in workflow.walk():
            if task.type == "parallel" or task.action in actions or task.action in self.workflows:
                continue
            guess = action_hint(task.action or "", [*actions, *self.workflows])
            hint = (
                guess or "pass it with actions= or --actions, a sub-workflow with workflows= or --workflows"
            )
            problems[task.name] = f"task {task.name!r}, action: unknown action {task.action!r} ({hint})"
        return problems

    def __repr__(self) -> str:
        called = len(self._conductors) - 1
        below = f", {called} sub-workflow(s) under way" if called else ""
        return f"<Runner of {self.workflow.name!r} ({self._strategy.name}): {self.state.progress}{below}>"


def _by_ref(workflows: Iterable[Workflow]) -> dict[str, Workflow]:
    known: dict[str, Workflow] = {}
    for workflow in workflows:
        if workflow.name in known:
            raise InputError(f"two sub-workflows are called {workflow.name!r}; give each its own ref")
        known[workflow.name] = workflow
    return known
