"""What a task is dispatched with: its items, its time limit, and the offer over the context as it is then."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

from attune_sim.contexts.strategy import Context, ContextStrategy, forks_travel
from attune_sim.engine.fanout import FanOut
from attune_sim.engine.offer import Offer
from attune_sim.engine.taskrun import Starts, TaskRun
from attune_sim.errors import ExpressionError
from attune_sim.expressions import Template, settled
from attune_sim.scope import MISSING
from attune_sim.workflow import batches


class Opening:
    """Opens the fan-outs of one run.

    `run` and `within` say which one it is. `kept` says of large fan-outs what becomes of their results (`Offer.kept`), by task. `parameters` are the raw ones, which a task without input receives; `called` are the actions that are sub-workflows;
    `limit` is the time in seconds that the run itself may take (None: any), which no attempt in it may exceed.
    """

    def __init__(
        self,
        strategy: ContextStrategy,
        run: int,
        within: str,
        *,
        parameters: Mapping[str, Any] | None,
        called: Container[str],
        limit: float | None,
        kept: Mapping[str, str],
    ) -> None:
        self._strategy = strategy
        self._run, self._within = run, within
        self._parameters, self._called, self._limit, self._kept = parameters, called, limit, kept

    def fan_out(self, run: TaskRun, context: Context, starts: Starts) -> FanOut:
        """The slots of a task, over the context as it is dispatched. Raises `ExpressionError` and `ResultError`."""
        task = run.plan.task
        calls = task.action in self._called
        timeout = None if run.plan.timeout is None else _timeout(run.plan.timeout, run, context)
        if self._limit is not None and not calls:  # which is limited by the timer of its own run
            timeout = self._limit if timeout is None else min(timeout, self._limit)
        kept = self._kept.get(task.name)
        items = _items(run, context) if kept is None else _large_items(run, context)
        offer = Offer(
            task=task.name,
            visit=run.visit,
            run=self._run,
            within=self._within,
            action=task.action or "",
            plain=items is None,
            items=(MISSING,) if items is None else items,
            forker=self._strategy.fan_out(context, run.reads),
            input=run.plan.input,
            parameters=self._parameters if run.plan.input is None else None,
            ended=run.last,
            result_of=run.last.last if run.plan.reads_result else None,
            timeout=timeout,
            calls=calls,
            concurrent=self._strategy.guarantees.concurrent_forks,
            forks_travel=forks_travel(self._strategy),
            kept=None if items is None else kept,
            retry_if=run.plan.retry_if,
            context=context,
        )
        window = 1 if items is None else max(task.concurrency or 1, 1)
        return FanOut(offer, window, starts.first_of(task.name, plain=offer.plain))

    def __repr__(self) -> str:
        return f"<Opening by {self._strategy.name!r}, run {self._run}>"


def _items(run: TaskRun, context: Context) -> Sequence[Any] | None:
    plan = run.plan
    if plan.items is None:
        return None
    items = plan.items.render(context, run.last)
    if type(items) is not list:
        items = _listed(items, run) if _is_list(items) else [items]
    return batches(items, plan.task.batch_size)


def _large_items(run: TaskRun, context: Context) -> Sequence[Any] | None:
    """The same, where whole numbers in a row are a range: they are said by their bounds, and no list is made of them."""
    span, template = run.plan.span, run.plan.items
    if span is None or template is None or (run.plan.task.batch_size or 1) > 1:
        return _items(run, context)
    try:
        bounds = span.render(context, run.last)
    except ExpressionError:
        return _items(run, context)  # which says what is wrong
    if any(type(bound) is not int for bound in bounds):
        return _items(run, context)
    listed: Sequence[Any] = _listed(range(*bounds), run)
    return listed


def _listed(items: Sequence[Any], run: TaskRun) -> Sequence[Any]:
    """The items, all of them there; an action may have made what only looks like a list."""
    where, template = f"task {run.name!r}, with_items", run.plan.items
    if type(items) in (list, tuple) or template is None:
        return items
    try:
        most, count = template.limits.entries, len(items)
        if count <= most:
            # A range makes each of its elements when it is asked for it.
            return items if type(items) is range else settled(items)
        problem = f"a list whose elements have yet to be made may have {most:,} of them, not {count:,}"
    except MemoryError:
        raise
    except Exception as error:
        problem = f"the items cannot be listed ({type(error).__name__})"
        raise ExpressionError("type_error", problem, where=where) from error
    raise ExpressionError("limit", problem, where=where)


def _timeout(template: Template, run: TaskRun, context: Context) -> float | None:
    """The limit of each attempt in seconds; 0 and null mean none."""
    value = template.render(context, run.last)
    if value is None:
        return None
    number = int(value) if isinstance(value, str) and value.strip().isdigit() else value
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise ExpressionError(
            "type_error",
            f"a timeout is a whole number of seconds, 0 or more, not {type(value).__name__} {value!r}",
            where=f"task {run.name!r}, timeout",
        )
    return float(number) or None


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray)
