"""What happens next: told events, answers with commands. No clock, no thread, no sleep, no chance; no fork of a context
and no rendering of an input either. The same events always give the same commands.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Mapping
from typing import Any, Final

from attune_sim.contexts.strategy import Context, ContextStrategy
from attune_sim.engine.events import (
    ActionEnded,
    AttemptLost,
    CancelRequested,
    CloseFanOut,
    Command,
    Event,
    OpenFanOut,
    RetryDue,
    StartAction,
    StartTimer,
    StopAction,
)
from attune_sim.engine.fanout import FanOut
from attune_sim.engine.observe import Watch
from attune_sim.engine.offer import Offer
from attune_sim.engine.opening import Opening
from attune_sim.engine.plan import Plan, make_plan
from attune_sim.engine.routes import Routes
from attune_sim.engine.state import RunState
from attune_sim.engine.status import STATUSES
from attune_sim.engine.taskrun import TaskRun
from attune_sim.errors import EventError, ExpressionError, ResultError
from attune_sim.scope import TaskEnd
from attune_sim.workflow import Workflow

_MOVES: Mapping[str, str] = {
    "succeeded": "succeed",
    "failed": "fail",
    "timed_out": "time_out",
    "cancelled": "cancel",
}
_NOT_FOR_GROUPS: Final = ("with_items", "batch_size", "concurrency", "retry", "timeout")


class Conductor:
    """Drives one workflow: `start()` gives the first commands, `handle(event)` those that follow an event.

    `context` is what a strategy's `begin` gave. `parameters` are the raw parameters, which a task without input
    receives. `run` and `within` are stamped on every offer; `called` are the actions that are sub-workflows, `limit` the seconds that
    the run may take; `kept` says of tasks what becomes of results (`Offer.kept`); `mask` hides secrets in reasons; `watch` observes.

    >>> from attune_sim.contexts.shared import Shared
    >>> from attune_sim.workflow import Task, Workflow
    >>> each = Task("each", action="core.echo", with_items="{{ [1, 2] }}", input={"n": "{{ item }}"})
    >>> context = Shared().begin({"parameters": {}, "workflow": {}, "task": {}})
    >>> conductor = Conductor(Workflow((each,)), context, Shared())
    >>> opened, start = conductor.start(); opened.offer.prepare(start.slot).input
    {'n': 1}
    >>> [start] = conductor.handle(ActionEnded("each", 0, 0, 0, "succeeded", "one")); start.index
    1
    >>> conductor.handle(ActionEnded("each", 0, 1, 0, "succeeded", "two"))[-1]
    EndRun(status='succeeded', run=0)
    """

    def __init__(
        self,
        workflow: Workflow,
        context: Context,
        strategy: ContextStrategy,
        *,
        plan: Plan | None = None,
        parameters: Mapping[str, Any] | None = None,
        watch: Watch | None = None,
        max_task_runs: int = 10_000,
        run: int = 0,
        within: str = "",
        called: Container[str] = (),
        limit: float | None = None,
        kept: Mapping[str, str] | None = None,
        mask: Callable[[str], str] = str,
    ) -> None:
        self.workflow, self.strategy = workflow, strategy
        self.plan = plan or make_plan(workflow)
        self.state = RunState(context)
        self.run, self.watch, self._mask = run, watch or Watch(), mask
        self._opening = Opening(
            strategy, run, within, parameters=parameters, called=called, limit=limit, kept=kept or {}
        )
        self._routes = Routes(self.plan, self.state, strategy, self.watch, max_task_runs, mask)
        self._active: dict[str, TaskRun] = {}
        self._over: deque[TaskRun] = deque()
        self._cancelling = False
        self._note_start = self.state.starts.note

    # -- the two verbs -------------------------------------------------------------------------------------------------

    def start(self) -> list[Command]:
        """The commands of the entry points."""
        for hook in self.watch.run_started:
            hook(self.workflow, self.state.context)
        commands: list[Command] = []
        for name in self.plan.entry_points:
            self._request(name, None, None, commands)
        return self._settled(commands)

    def handle(self, event: Event) -> list[Command]:
        """The commands that follow an event; raises `EventError` for an event that cannot be."""
        if type(event) is not ActionEnded:
            return self._told(event)
        # The end of an attempt stands here and not in a method of its own: of all events there is one of these an item.
        run = self._active.get(event.task)
        if run is None or (fan := run.fan) is None or not fan.expects(event):
            self._waiting(event)
            raise EventError(f"{_named(event)} is not running and cannot end")
        slot = event.index or 0
        if event.stage == "action":
            for hook in self.watch.action_ended:
                hook(event)
        else:
            self.state.starts.withdraw(fan.first_start + slot)
        if event.outcome != "succeeded":
            return self._not_succeeded(run, fan, slot, event)
        following = fan.succeed(slot, event.result)
        if self.watch.item_ended and not fan.plain:
            self._tell_item(run, fan, slot, None)
        return self._after(run, fan, []) if following is None else [self._started(fan, following)]

    def _told(self, event: Event) -> list[Command]:
        """What follows from any other event."""
        commands: list[Command] = []
        if type(event) is RetryDue:
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
            for hook in self.watch.run_ended:
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
        elif run.name in self.plan.groups:
            self._begin_group(run, commands)
        else:
            fan = run.fan = self._opening.fan_out(run, context, self.state.starts)
            self._announce(run, None if fan.plain else len(fan.items))
            if fan.open:
                run.move("start")
                commands.append(OpenFanOut(fan.offer))
                for hook in self.watch.fan_out_opened:
                    hook(fan.offer)
            self._fill(fan, commands)
            if not fan.open:
                self._end_fan_out(run, fan, commands)

    def _begin_group(self, run: TaskRun, commands: list[Command]) -> None:
        self._announce(run, None)
        run.move("start")
        idle = [field for field in _NOT_FOR_GROUPS if getattr(run.plan.task, field) is not None]
        if idle:
            self._routes.warn(
                f"task {run.name!r}: {', '.join(idle)} has no effect on a parallel task; give it to its sub-tasks"
            )
        for name in self.plan.groups[run.name]:
            self._request(name, run, run, commands)
        if not run.active:  # no entry point: like a workflow without one, it is over at once
            self._end_group(run)

    def _announce(self, run: TaskRun, items: int | None) -> None:
        for hook in self.watch.task_started:
            hook(run.name, run.visit, items)

    # -- attempts ------------------------------------------------------------------------------------------------------

    def _fill(self, fan: FanOut, commands: list[Command]) -> None:
        """Start all that the window has room for."""
        while (slot := fan.start_next()) is not None:
            commands.append(self._started(fan, slot))

    def _started(self, fan: FanOut, slot: int) -> StartAction:
        """The command that starts a slot; the start is noted."""
        note_start = self._note_start
        note_start(fan.first_start + slot)
        return StartAction(fan.offer, slot, fan.attempts.get(slot, 0) if fan.attempts else 0)

    def _not_succeeded(self, run: TaskRun, fan: FanOut, slot: int, event: ActionEnded) -> list[Command]:
        commands: list[Command] = []
        if self._retries(run, fan, slot, event):
            self._repeat(run, fan, slot, commands)
        else:
            reason = event.error or event.outcome.replace("_", " ")
            result = {"error": reason} if event.result is None else event.result
            self._fail(run, fan, slot, _MOVES[event.outcome], result, reason)
        self._fill(fan, commands)
        return self._after(run, fan, commands)

    def _after(self, run: TaskRun, fan: FanOut, commands: list[Command]) -> list[Command]:
        """The commands that follow the end of an attempt, and those of the end of its task if it was the last."""
        if fan.open:
            return commands
        self._end_fan_out(run, fan, commands)
        return self._settled(commands)

    def _waiting(self, event: ActionEnded | RetryDue | AttemptLost) -> tuple[FanOut, int]:
        run = self._active.get(event.task)
        if run is None or (fan := run.fan) is None or not fan.is_of(event):
            raise EventError(f"{_named(event)} is not under way; {type(event).__name__} cannot be")
        return fan, event.index or 0

    def _fail(self, run: TaskRun, fan: FanOut, slot: int, move: str, result: Any, error: str) -> None:
        fan.fail(slot, move, error)
        if fan.plain:
            run.result = result
        else:
            self._tell_item(run, fan, slot, error)

    def _tell_item(self, run: TaskRun, fan: FanOut, slot: int, error: str | None) -> None:
        attempts = fan.attempts.get(slot, 0) + 1 if fan.attempts else 1
        item = (run.name, run.visit, slot, STATUSES[fan.statuses[slot]], attempts, error)
        for hook in (*(() if error is None else self.watch.item_failed), *self.watch.item_ended):
            hook(*item)

    # -- retries -------------------------------------------------------------------------------------------------------

    def _retries(self, run: TaskRun, fan: FanOut, slot: int, event: ActionEnded) -> bool:
        retry = run.plan.task.retry
        if (
            retry is None
            or self._cancelling
            or event.stage != "action"
            or event.outcome == "cancelled"
            or fan.retries(slot) >= retry.count
        ):
            return False
        if isinstance(event.retry, str):
            self._routes.warn(f"{event.retry}; {_named(event)} was not retried")
            return False
        return event.retry is not False

    def _repeat(self, run: TaskRun, fan: FanOut, slot: int, commands: list[Command]) -> None:
        retry = run.plan.task.retry
        assert retry is not None
        delay = retry.delays()[fan.retries(slot)]
        if delay == 0:
            fan.retry_now(slot)
            commands.append(self._started(fan, slot))
        else:
            fan.retry_later(slot)
            attempt = fan.attempts.get(slot, 0) + 1
            commands.append(StartTimer(run.name, run.visit, fan.index(slot), attempt, delay, self.run))

    def _attempt_lost(self, event: AttemptLost, commands: list[Command]) -> None:
        fan, slot = self._waiting(event)
        if not fan.expects(event):
            raise EventError(f"{_named(event)} is not running and cannot be lost")
        for hook in self.watch.attempt_lost:
            hook(event)
        fan.repeat_lost(slot)
        commands.append(self._started(fan, slot))

    def _retry_due(self, event: RetryDue, commands: list[Command]) -> None:
        fan, slot = self._waiting(event)
        if not fan.is_delayed(slot):
            raise EventError(f"{_named(event)} is not waiting for a retry")
        fan.retry_due(slot)
        self._fill(fan, commands)

    def wants(self, command: StartAction | StartTimer) -> bool:
        """Whether the attempt has not ended yet, or the pause before a retry: cancelling ends a pause."""
        run = self._active.get(command.task)
        if run is None or (fan := run.fan) is None:
            return False
        return fan.awaits_retry(command) if isinstance(command, StartTimer) else fan.expects(command)

    def unfinished(self, offer: Offer) -> tuple[int, ...]:
        """The slots of an offer that have not ended; none if its task is over."""
        run = self._active.get(offer.task)
        fan = None if run is None else run.fan
        return fan.unfinished() if fan is not None and fan.offer is offer else ()

    # -- ends ----------------------------------------------------------------------------------------------------------

    def _end_fan_out(self, run: TaskRun, fan: FanOut, commands: list[Command]) -> None:
        outcome = fan.outcome
        if fan.items:
            for hook in self.watch.fan_out_ended:
                hook(fan.offer)
            commands.append(CloseFanOut(fan.offer))
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
        view, state = self._routes.stored(run), self.state
        state.end_task(run.name, TaskEnd(run.status, run.error), view)
        for hook in self.watch.task_ended:
            hook(run.name, run.visit, run.status, run.result, run.error)
        wanted = () if self._cancelling else self._routes.fire(run)
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
            if (fan := run.fan) is None:
                continue
            fan.cancel_waiting()
            if event.policy == "cancel_running":
                commands += self._stops(run, fan)
            if not fan.open:
                self._end_fan_out(run, fan, commands)

    def dropped(self) -> list[Command]:
        """What to say when the whole run is dropped: every attempt that is with the performer stops, every offer is closed."""
        commands: list[Command] = []
        for run in self._active.values():
            if run.fan is not None:
                commands += [*self._stops(run, run.fan), CloseFanOut(run.fan.offer)]
        return commands

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
