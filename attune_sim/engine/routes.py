"""Where a run goes: which task may start, which transitions fire, what joins wait for, how the run ends."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import Any, Final

import immutables

from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.engine.events import EndRun, RunStatus
from attune_sim.engine.observe import Watch
from attune_sim.engine.plan import Plan, Step, TaskPlan
from attune_sim.engine.state import RunState
from attune_sim.engine.taskrun import Lineage, TaskRun, merged
from attune_sim.errors import ExpressionError, ResultError
from attune_sim.results import result_view, run_result

_NO_ANCESTORS: Final[Lineage] = immutables.Map()
_LONGEST: Final = 600
"""Characters of a reason that are told in full."""


class Routes:
    """The graph of one run, with its memory: visits, arrivals at joins, and the reason to stop, if there is one."""

    def __init__(
        self,
        plan: Plan,
        state: RunState,
        strategy: ContextStrategy,
        watch: Watch,
        max_task_runs: int,
        mask: Callable[[str], str] = str,
    ) -> None:
        self._mask = mask
        self._plan = plan
        self._state = state
        self._strategy = strategy
        self._watch = watch
        self._max_task_runs = max_task_runs
        self._visits: dict[str, int] = {}
        self._arrivals: dict[str, dict[str, TaskRun]] = {}
        self._fatal: str | None = None

    # -- who may start -------------------------------------------------------------------------------------------------

    def admit(self, name: str, asker: TaskRun | None, group: TaskRun | None) -> TaskRun | None:
        """A new visit of a task, or None if it may not start (now).

        docs/language.md#cycles, docs/language.md#joins
        """
        plan = self._plan.tasks[name]
        visit = self._visits.get(name, 0)
        first_of_group = group is not None and asker is group
        if self._fatal or (asker is not None and not first_of_group and not _may_visit(name, visit, asker)):
            return None
        lineage: Lineage | None = _NO_ANCESTORS
        if group is not None and first_of_group:
            lineage = self._inside(group)
        elif asker is not None:
            lineage = self._arrived(plan, asker)
        if lineage is None:
            return None
        if visit >= self._max_task_runs:
            self._fatal = f"task {name!r} was started {visit:,} times; if its loop is meant to be that long, raise max_task_runs (--max-task-runs)"
            return None
        self._visits[name] = visit + 1
        return TaskRun(plan, visit, lineage, group, self._state.last)

    def _inside(self, group: TaskRun) -> Lineage:
        """The lineage of what a parallel task starts with: all that its earlier runs did led here as they did."""
        visits = self._visits
        names = [task.name for task in group.plan.task.tasks if task.name in visits]
        return group.lineage.update({name: visits[name] - 1 for name in names})

    def _arrived(self, plan: TaskPlan, asker: TaskRun) -> Lineage | None:
        """The lineage with which the task may start; None while its join waits for other predecessors."""
        needed = self._needed(plan)
        if needed <= 0:
            return asker.lineage
        arrivals = self._arrivals.setdefault(plan.name, {})
        arrivals[asker.name] = asker
        if len(arrivals) < needed:
            return None
        del self._arrivals[plan.name]
        return merged(run.lineage for run in arrivals.values())

    def _needed(self, plan: TaskPlan) -> int:
        join = plan.task.join
        return len(self._plan.inbound.get(plan.name, ())) if join == "all" else join or 0

    # -- what follows --------------------------------------------------------------------------------------------------

    def stored(self, run: TaskRun) -> Any:
        """What expressions read of a result, now that the context holds it; what the strategy refuses fails its task."""
        state, view = self._state, result_view(run.result)
        try:
            state.context = self._strategy.store(state.context, run.name, view)
        except ResultError as error:
            run.refuse(self._mask(f"task {run.name!r}: {error}"))
            view = run.result
            state.context = self._strategy.store(state.context, run.name, view)
        return view

    def fire(self, run: TaskRun) -> tuple[str, ...]:
        """Evaluate the transitions of a task that ended, publish, and give the tasks that are wanted, each once.

        A failure is handled if there is any: what has become of it elsewhere hangs on who ended first.
        """
        wanted: dict[str, None] = {}
        if not run.plan.steps:
            self._account(run, handled=False)
            return ()
        matched = False
        try:
            for step in (step for step in run.plan.steps if not step.default):
                if self._fires(step):
                    matched = matched or step.decision
                    wanted.update(self._taken(step))
            for step in (step for step in run.plan.steps if step.default and not matched):
                if self._fires(step):  # only if no other branch matched: docs/language.md#legacy-transitions
                    wanted.update(self._taken(step))
        except ExpressionError as error:
            # An error fails the run: docs/language.md#conditions
            self._fatal = self._fatal or self._mask(str(error))
            return ()
        self._account(run, handled=bool(wanted))
        return tuple(wanted)

    def _fires(self, step: Step) -> bool:
        return step.condition is None or step.condition.holds(self._state.context, self._state.last)

    def _taken(self, step: Step) -> dict[str, None]:
        state = self._state
        for entry in step.publish:
            try:
                value = (
                    state.last.result
                    if entry.value is None
                    else entry.value.render(state.context, state.last)
                )
                state.context = self._strategy.publish(state.context, {entry.name: value})
            except (ExpressionError, ResultError) as error:
                self.warn(f"{error}; the variable was not published")  # docs/language.md#publish-errors
        return dict.fromkeys(step.do)

    def _account(self, run: TaskRun, *, handled: bool) -> None:
        failures = self._state.failed if run.group is None else run.group.failures
        # A task that was cancelled on its own (the run goes on) has not done what it was for: it counts as failed.
        if run.status in ("failed", "timed_out", "cancelled") and not handled:
            failures[run.name] = run.error or run.status
        else:
            failures.pop(run.name, None)

    def warn(self, message: str) -> None:
        """Record what was left out."""
        message = self._mask(message)
        self._state.warnings.append(message)
        for hook in self._watch.warned:
            hook(message)

    # -- how it ends ---------------------------------------------------------------------------------------------------

    def group_end(self, group: TaskRun, *, cancelled: bool) -> tuple[str, Any, str | None]:
        """Move, result and error of a parallel task whose sub-tasks have all ended."""
        names = [task.name for task in group.plan.task.tasks]
        results = {name: group.results[name] for name in names if name in group.results}
        unmet = self._unmet(names)
        for name in names:
            self._arrivals.pop(name, None)
        reasons = [f"{name}: {group.failures[name]}" for name in names if name in group.failures] + unmet
        if cancelled:
            return "cancel", {"results": results}, "cancelled"
        if not reasons:
            return "succeed", {"results": results}, None
        only_late = not unmet and all(
            self._state.last.tasks[name].status == "timed_out" for name in group.failures
        )
        error = "; ".join(reasons)
        return ("time_out" if only_late else "fail"), {"results": results, "error": error}, error

    def ending(self, run: int, *, cancelled: bool) -> EndRun:
        """The end of the run: status, output, error."""
        state = self._state
        brief, full = self._reasons(cancelled)
        status: RunStatus = "cancelled" if cancelled else "succeeded" if brief is None else "failed"
        state.status = status
        mapped = self._output() if brief is None else None
        state.result = run_result(status, mapped, brief)
        state.output = state.result if brief is None else None
        state.error = full
        return EndRun(status, state.output, full, run)

    def _reasons(self, cancelled: bool) -> tuple[str | None, str | None]:
        """Why the run did not succeed: as the language words it, and with the tasks' own reasons; None if it did."""
        if cancelled:
            return "Workflow cancelled", "Workflow cancelled"
        if not (self._state.failed or self._arrivals or self._fatal):
            return None, None
        reasons, failed = self._state.failed, self._in_file_order(self._state.failed)
        parts = [f"{len(failed)} task(s) failed: {', '.join(failed)}"] if failed else []
        parts += self._unmet(self._in_file_order(self._arrivals)) + ([self._fatal] if self._fatal else [])
        if not parts:
            return None, None
        brief = f"Workflow failed: {'; '.join(parts)}"
        details = "; ".join(f"{name}: {_shortened(reasons[name])}" for name in failed[:3])
        return brief, f"{brief} ({details})" if details else brief

    def _in_file_order(self, names: Container[str]) -> list[str]:
        """What is told of several tasks does not tell which of them ended first."""
        return [name for name in self._plan.tasks if name in names]

    def _unmet(self, names: Iterable[str]) -> list[str]:
        return [
            f"join {name!r} can no longer be met: {len(self._arrivals[name])} of "
            f"{self._needed(self._plan.tasks[name])} predecessors arrived "
            f"({', '.join(self._in_file_order(self._arrivals[name]))})"
            for name in names
            if self._arrivals.get(name)
        ]

    def __repr__(self) -> str:
        waiting = f"; joins that wait: {', '.join(self._arrivals)}" if self._arrivals else ""
        return f"<Routes of {self._plan.workflow.name!r}: {len(self._visits)} tasks visited{waiting}>"

    def _output(self) -> dict[str, Any] | None:
        if self._plan.output is None or not self._plan.entry_points:  # nothing ran: nothing to tell
            return None
        rendered: dict[str, Any] = {}
        for key, template in self._plan.output.items():
            try:
                rendered[key] = template.render(self._state.context, self._state.last)
            except ExpressionError as error:
                self.warn(f"{error}; the key was left out of the output")  # docs/language.md#publish-errors
        return rendered


def _shortened(reason: str) -> str:
    """A long reason without its middle: those of nested workflows repeat themselves there, and end with the cause."""
    return reason if len(reason) <= _LONGEST else f"{reason[: _LONGEST // 2]} ... {reason[-_LONGEST // 2 :]}"


def _may_visit(name: str, visits: int, asker: TaskRun) -> bool:
    """A task runs again only for a descendant of its latest run; for another branch once is enough.

    docs/language.md#cycles
    """
    return visits == 0 or asker.lineage.get(name, -1) == visits - 1
