"""What happens next: told events, answers with commands. No clock, no thread, no sleep, no chance.

The same events always give the same commands. Rules of the workflow language are cited by their number in its
section 18.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from attune_sim.contexts.strategy import Context, ContextStrategy
from attune_sim.engine.events import (
    ActionEnded,
    AttemptLost,
    CancelRequested,
    Command,
    Event,
    RetryDue,
    StartAction,
    StartTimer,
    StopAction,
)
from attune_sim.engine.fanout import FanOut
from attune_sim.engine.handing import Handing, in_full
from attune_sim.engine.observe import Watch
from attune_sim.engine.plan import Plan, make_plan
from attune_sim.engine.routes import Routes
from attune_sim.engine.state import RunState
from attune_sim.engine.status import STATUSES
from attune_sim.engine.taskrun import TaskRun
from attune_sim.errors import EventError, ExpressionError, ResultError
from attune_sim.results import result_view
from attune_sim.scope import Ended, TaskEnd
from attune_sim.workflow import Workflow

Dispatch = Literal["eager", "windowed"]

_MOVES: Mapping[str, str] = {
    "succeeded": "succeed",
    "failed": "fail",
    "timed_out": "time_out",
    "cancelled": "cancel",
}

_NOT_FOR_GROUPS: Final = ("with_items", "batch_size", "concurrency", "retry", "timeout")


class Conductor:
    """Drives one workflow: `start()` gives the first commands, `handle(event)` those that follow an event.

    `context` is what a strategy's `begin` gave. `dispatch` is `windowed` (forks exist only for items in flight) or
    `eager` (all forks of a fan-out exist from its start to its end). `parameters` are the raw parameters, which a task
    without input receives. `run` is stamped on every command; `mask` hides secrets in the reasons of failures.

    >>> from attune_sim.contexts.shared import Shared
    >>> from attune_sim.workflow import Task, Workflow
    >>> each = Task("each", action="core.echo", with_items="{{ [1, 2] }}", input={"n": "{{ item }}"})
    >>> context = Shared().begin({"parameters": {}, "workflow": {}, "task": {}})
    >>> conductor = Conductor(Workflow((each,)), context, Shared())
    >>> [command] = conductor.start(); command.input
    {'n': 1}
    >>> [command] = conductor.handle(ActionEnded("each", 0, 0, 0, "succeeded", "one")); command.input
    {'n': 2}
    >>> conductor.handle(ActionEnded("each", 0, 1, 0, "succeeded", "two"))
    [EndRun(status='succeeded', run=0)]
    """

    def __init__(
        self,
        workflow: Workflow,
        context: Context,
        strategy: ContextStrategy,
        *,
        plan: Plan | None = None,
        parameters: Mapping[str, Any] | None = None,
        dispatch: Dispatch = "windowed",
        watch: Watch | None = None,
        max_task_runs: int = 10_000,
        run: int = 0,
        mask: Callable[[str], str] = str,
    ) -> None:
        self.workflow = workflow
        self.strategy = strategy
        self.plan = plan or make_plan(workflow)
        self.state = RunState(context)
        self._eager = dispatch == "eager"
        self._watch = watch or Watch()
        self._mask = mask
        self._handing = Handing(strategy, self._watch, parameters)
        self._routes = Routes(self.plan, self.state, strategy, self._watch, max_task_runs, mask)
        self._active: dict[str, TaskRun] = {}
        self._over: deque[TaskRun] = deque()
        self.run = run
        self._cancelling = False

    # -- the two verbs -------------------------------------------------------------------------------------------------

    def start(self) -> list[Command]:
        """The commands of the entry points."""
        for hook in self._watch.run_started:
            hook(self.workflow, self.state.context)
        commands: list[Command] = []
        for name in self.workflow.entry_points:
            self._request(name, None, None, commands)
        return self._settled(commands)

    def handle(self, event: Event) -> list[Command]:
        """The commands that follow an event; raises `EventError` for an event that cannot be."""
        commands: list[Command] = []
        if type(event) is ActionEnded:
            self._attempt_ended(event, commands)
        elif type(event) is RetryDue:
            self._retry_due(event, commands)
        elif type(event) is AttemptLost:
            self._attempt_lost(event, commands)
        elif type(event) is CancelRequested:
            self._cancel(event, commands)
        else:
            raise EventError(f"a conductor cannot be told {event!r}")
        return self._settled(commands)

    def _settled(self, commands: list[Command]) -> list[Command]:
        while self._over:
            self._follow(self._over.popleft(), commands)
        if not self._active and self.state.status is None:
            ending = self._routes.ending(self.run, cancelled=self._cancelling)
            for hook in self._watch.run_ended:
                hook(ending)
            commands.append(ending)
        return commands

    # -- asking for a task ---------------------------------------------------------------------------------------------

    def _request(
        self, name: str, asker: TaskRun | None, group: TaskRun | None, commands: list[Command]
    ) -> None:
        run = self._routes.admit(name, asker, group)
        if run is None:
            return
        self._active[name] = run
        if group is not None:
            group.active += 1
        try:
            self._dispatch(run, commands)
        except (ExpressionError, ResultError) as error:
            self._refuse(run, str(error))

    def _dispatch(self, run: TaskRun, commands: list[Command]) -> None:
        plan, context = run.plan, self.state.context
        if plan.problem is not None:
            self._refuse(run, plan.problem)
        elif plan.when is not None and not plan.when.holds(context, run.last):
            self._announce(run, None)
            self._finish(run, "skip", None, None)
        elif plan.name in self.plan.groups:
            self._begin_group(run, commands)
        else:
            run.timeout = self._handing.timeout(run, context)
            run.fan = self._handing.fan_out(run, context)
            self._announce(run, None if run.fan.plain else len(run.fan.items))
            if self._eager and not run.fan.plain:
                run.fan.forks = [self._handing.fork(run, run.fan, slot) for slot in range(len(run.fan.items))]
            if run.fan.items:
                run.move("start")
            self._advance(run, commands)

    def _begin_group(self, run: TaskRun, commands: list[Command]) -> None:
        self._announce(run, None)
        run.move("start")
        idle = [field for field in _NOT_FOR_GROUPS if getattr(run.plan.task, field) is not None]
        if idle:
            names = ", ".join(idle)
            self._routes.warn(
                f"task {run.name!r}: {names} has no effect on a parallel task; give it to its sub-tasks"
            )
        for name in self.plan.groups[run.name]:
            self._request(name, run, run, commands)
        if not run.active:  # no entry point: like a workflow without one, it is over at once
            self._end_group(run)

    def _announce(self, run: TaskRun, items: int | None) -> None:
        for hook in self._watch.task_started:
            hook(run.name, run.visit, items)

    # -- attempts ------------------------------------------------------------------------------------------------------

    def _advance(self, run: TaskRun, commands: list[Command]) -> None:
        """Start what the window has room for; end the task when no slot is open."""
        fan = run.fan
        assert fan is not None
        while (slot := fan.take()) is not None:
            fan.start(slot)
            self._begin_attempt(run, fan, slot, commands)
        if not fan.open:
            self._end_fan_out(run, fan)

    def _begin_attempt(self, run: TaskRun, fan: FanOut, slot: int, commands: list[Command]) -> None:
        name, index = run.plan.task.name, fan.index(slot)
        attempt = fan.attempts.get(slot, 0) if fan.attempts else 0
        try:
            fork = (
                fan.forks[slot]
                if fan.forks is not None and not attempt
                else self._handing.fork(run, fan, slot)
            )
            run.live[slot] = fork
            input = self._handing.input(run, fork, index)
        except (ExpressionError, ResultError) as error:
            reason = self._mask(str(error))
            self._end_slot(run, fan, slot, "fail", {"error": reason}, reason)
            return
        command = StartAction(
            name, run.visit, index, attempt, run.plan.task.action or "", input, run.timeout, self.run
        )
        self.state.starts.add(name, index)
        for hook in self._watch.action_started:
            hook(command)
        commands.append(command)

    def _attempt_ended(self, event: ActionEnded, commands: list[Command]) -> None:
        run, fan, slot = self._slot_of(event)
        if not fan.expects(slot, event.attempt):
            raise EventError(f"{_named(event)} is not running and cannot end")
        for hook in self._watch.action_ended:
            hook(event)
        if event.outcome != "succeeded" and self._retries(run, fan, slot, event):
            self._repeat(run, fan, slot, commands)
        else:
            error = None if event.outcome == "succeeded" else event.error or event.outcome.replace("_", " ")
            result = event.result if event.result is not None or error is None else {"error": error}
            self._end_slot(run, fan, slot, _MOVES[event.outcome], result, error)
        self._advance(run, commands)

    def _slot_of(self, event: ActionEnded | RetryDue | AttemptLost) -> tuple[TaskRun, FanOut, int]:
        run = self._active.get(event.task)
        if (
            run is None
            or run.visit != event.visit
            or run.fan is None
            or run.fan.plain != (event.index is None)
        ):
            raise EventError(f"{_named(event)} is not under way; {type(event).__name__} cannot be")
        return run, run.fan, event.index or 0

    def _end_slot(
        self, run: TaskRun, fan: FanOut, slot: int, move: str, result: Any, error: str | None
    ) -> None:
        if error is None:
            fan.succeed(slot, result)
        else:
            fan.fail(slot, move, error)
            if fan.plain:
                run.result = result
        run.live.pop(slot, None)
        if self._watch.item_ended and not fan.plain:
            status, attempts = STATUSES[fan.statuses[slot]], fan.attempts.get(slot, 0) + 1
            for hook in self._watch.item_ended:
                hook(run.name, run.visit, slot, status, attempts, error)

    # -- retries -------------------------------------------------------------------------------------------------------

    def _retries(self, run: TaskRun, fan: FanOut, slot: int, event: ActionEnded) -> bool:
        retry = run.plan.task.retry
        if (
            retry is None
            or self._cancelling
            or event.outcome == "cancelled"
            or fan.retries(slot) >= retry.count
        ):
            return False
        if run.plan.retry_if is None:
            return True
        failed = Ended(result_view(event.result), event.outcome, run.last.tasks)
        holds, fork = run.plan.retry_if.holds, run.live[slot]
        try:
            wanted: bool = holds(fork, failed)
        except ExpressionError as short:
            error = in_full(short, run, fork, lambda scope: holds(scope, failed))
            self._routes.warn(f"{error}; {_named(event)} was not retried")
            return False
        return wanted

    def _repeat(self, run: TaskRun, fan: FanOut, slot: int, commands: list[Command]) -> None:
        retry = run.plan.task.retry
        assert retry is not None
        delay = retry.delays()[fan.retries(slot)]
        if delay == 0:
            fan.retry_now(slot)
            self._begin_attempt(run, fan, slot, commands)
        else:
            fan.retry_later(slot)
            commands.append(
                StartTimer(
                    run.name, run.visit, fan.index(slot), fan.attempts.get(slot, 0) + 1, delay, self.run
                )
            )

    def _attempt_lost(self, event: AttemptLost, commands: list[Command]) -> None:
        run, fan, slot = self._slot_of(event)
        if not fan.expects(slot, event.attempt):
            raise EventError(f"{_named(event)} is not running and cannot be lost")
        fan.repeat_lost(slot)
        self._begin_attempt(run, fan, slot, commands)
        self._advance(run, commands)

    def _retry_due(self, event: RetryDue, commands: list[Command]) -> None:
        run, fan, slot = self._slot_of(event)
        if not fan.is_delayed(slot):
            raise EventError(f"{_named(event)} is not waiting for a retry")
        fan.retry_due(slot)
        self._advance(run, commands)

    # -- ends ----------------------------------------------------------------------------------------------------------

    def _end_fan_out(self, run: TaskRun, fan: FanOut) -> None:
        outcome = fan.outcome
        if fan.plain:
            result = fan.results[0] if outcome == "succeeded" else run.result
            error = fan.errors.get(0)
        else:
            result = fan.aggregate()
            error = fan.aggregate_error()
        self._finish(run, _MOVES[outcome], result, error)

    def _refuse(self, run: TaskRun, reason: str) -> None:
        """End a task that cannot start."""
        if run.fan is None:
            self._announce(run, None)
        reason = self._mask(reason)
        self._finish(run, "fail", {"error": reason}, reason)

    def _finish(self, run: TaskRun, move: str, result: Any, error: str | None) -> None:
        run.finish(move, result, error)
        del self._active[run.name]
        self._over.append(run)

    def _follow(self, run: TaskRun, commands: list[Command]) -> None:
        """The step after a task: store its result, fire its transitions, ask for what they want."""
        view = result_view(run.result)
        state = self.state
        state.context = self.strategy.store(state.context, run.name, view)
        state.end_task(run.name, TaskEnd(run.status, run.error), view)
        for hook in self._watch.task_ended:
            hook(run.name, run.visit, run.status, run.result, run.error)
        wanted = () if self._cancelling else self._routes.fire(run, self._active)
        for name in wanted:
            self._request(name, run, run.group, commands)
        if run.group is not None:
            run.group.results[run.name] = view
            self._end_sub_task(run.group)

    def _end_sub_task(self, group: TaskRun) -> None:
        group.active -= 1
        if not group.active:
            self._end_group(group)

    def _end_group(self, group: TaskRun) -> None:
        move, result, error = self._routes.group_end(group, cancelled=self._cancelling)
        self._finish(group, move, result, error)

    # -- cancelling ----------------------------------------------------------------------------------------------------

    def _cancel(self, event: CancelRequested, commands: list[Command]) -> None:
        self._cancelling = True
        for run in list(self._active.values()):
            fan = run.fan
            if fan is None:
                continue
            fan.cancel_waiting()
            if event.policy == "cancel_running":
                commands += self._stops(run, fan)
            if not fan.open:
                self._end_fan_out(run, fan)

    def stops(self) -> list[StopAction]:
        """A command for every attempt that is with the executor: what to say when the whole run is dropped."""
        return [
            stop for run in self._active.values() if run.fan is not None for stop in self._stops(run, run.fan)
        ]

    def _stops(self, run: TaskRun, fan: FanOut) -> list[StopAction]:
        return [
            StopAction(run.name, run.visit, fan.index(slot), fan.attempts.get(slot, 0), self.run)
            for slot in fan.running()
        ]

    def __repr__(self) -> str:
        state = self.state.status or ("being cancelled" if self._cancelling else "going on")
        active = f", active: {', '.join(self._active)}" if self._active else ""
        return f"<Conductor of {self.workflow.name!r}, run {self.run}: {state}{active}>"


def _named(event: ActionEnded | RetryDue | AttemptLost) -> str:
    item = "" if event.index is None else f" item {event.index}"
    return f"task {event.task!r} visit {event.visit}{item} attempt {event.attempt}"
