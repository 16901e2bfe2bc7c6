"""What an attempt is handed: items, a fork of the context, an input rendered from it, a limit of time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attune_sim.contexts.strategy import Context, ContextStrategy, Fork, plain_fork
from attune_sim.engine.fanout import FanOut
from attune_sim.engine.observe import Watch
from attune_sim.engine.taskrun import TaskRun
from attune_sim.errors import ExpressionError, ResultError
from attune_sim.scope import LOCALS, Scope
from attune_sim.workflow import batches


class Handing:
    """Forks and renders for one run. `parameters` are the raw ones, which a task without input receives."""

    def __init__(self, strategy: ContextStrategy, watch: Watch, parameters: Mapping[str, Any] | None) -> None:
        self._strategy = strategy
        self._watch = watch
        self._parameters = parameters

    def fan_out(self, run: TaskRun, context: Context) -> FanOut:
        """The slots of a task, over the context as it is dispatched."""
        plan = run.plan
        run.seen = context
        if plan.items is None:
            return FanOut.single(self._strategy.fan_out(context, run.reads))
        items = plan.items.render(context, run.last)
        listed: Sequence[Any] = items if _is_list(items) else [items]  # anything but a list is one item
        forker = self._strategy.fan_out(context, run.reads)
        return FanOut(batches(listed, plan.task.batch_size), forker, max(plan.task.concurrency or 1, 1))

    def fork(self, run: TaskRun, fan: FanOut, slot: int) -> Fork:
        """The context of one slot. Raises `ResultError`, naming task and item, if the strategy cannot carry it."""
        index = fan.index(slot)
        for hook in self._watch.forking:
            hook(run.name, index)
        # A plain task reads a fork too, one without item and index, so that it is isolated as items are.
        try:
            fork = plain_fork(fan.forker) if index is None else fan.forker.fork(fan.items[slot], index)
        except ResultError as error:
            item = "" if index is None else f", item {index}"
            raise ResultError(f"task {run.name!r}{item}: {error}") from None
        for hook in self._watch.forked:
            hook(run.name, index, fork)
        return fork

    def input(self, run: TaskRun, fork: Fork, index: int | None) -> Mapping[str, Any]:
        """The input of one attempt, rendered anew."""
        for hook in self._watch.rendering:
            hook(run.name, index)
        template = run.plan.input
        try:
            input: Mapping[str, Any] = (
                self._raw_parameters(fork) if template is None else template.render(fork, run.last_in(fork))
            )
        except ExpressionError as error:
            if template is None:
                raise
            raise in_full(error, run, fork, lambda scope: template.render(scope, run.last)) from None
        for hook in self._watch.rendered:
            hook(run.name, index, input)
        return input

    def __repr__(self) -> str:
        return f"<Handing by {self._strategy.name!r}>"

    def _raw_parameters(self, fork: Fork) -> dict[str, Any]:
        held = fork.resolve("parameters")
        if self._parameters is None:
            return dict(held)
        return {name: None if value is None else held[name] for name, value in self._parameters.items()}

    def timeout(self, run: TaskRun, context: Context) -> float | None:
        """The limit of each attempt in seconds; 0 and null mean none."""
        template = run.plan.timeout
        value = template.render(context, run.last) if template is not None else None
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


class _Whole:
    """A fork with all that its task could have read: the context as it was dispatched, and the item."""

    def __init__(self, fork: Fork, context: Context) -> None:
        self._fork = fork
        self._context = context

    def resolve(self, name: str) -> Any:
        return self._fork.resolve(name) if name in LOCALS else self._context.resolve(name)


def in_full(
    error: ExpressionError, run: TaskRun, fork: Fork, evaluate: Callable[[Scope], Any]
) -> ExpressionError:
    """The error as every strategy has it: what it suggests must not depend on what a fork happens to hold."""
    if run.seen is None:
        return error
    try:
        evaluate(_Whole(fork, run.seen))
    except ExpressionError as full:
        return full
    return error


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray)
