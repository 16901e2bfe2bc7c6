"""What a fan-out hands to whoever performs it: a forker over one snapshot, a compiled input, what `result()` means.

An offer is pure: it forks and renders when it is asked to, wherever it is, in this thread, in another, or in another
process that was sent it. A plain task is an offer with one slot and no item. What only the home process can say of an
attempt (why a preparation failed, seen through the whole context; what `on_error` says of a failure) it says there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from attune_sim.contexts.strategy import Context, Fork, Forker, plain_fork
from attune_sim.errors import ExpressionError, ResultError, counted
from attune_sim.expressions import Condition, Template
from attune_sim.results import result_view
from attune_sim.scope import LOCALS, MISSING, Ended, Scope

if TYPE_CHECKING:
    from attune_sim.engine.events import ActionEnded


class Prepared(NamedTuple):
    """What one attempt is handed: a fork of the context, and the input that was rendered from it."""

    fork: Fork
    input: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"<Prepared: an input of {len(self.input)} entries>"  # which may hold secrets


@dataclass(slots=True, kw_only=True, repr=False)
class Offer:
    """One visit of a task, ready to be performed slot by slot. Two offers are equal if they are of the same visit.

    `within` names the calls of sub-workflows around it, the same in every run of one definition, where `run` is a number in
    the order in which they began. `items` are those of the fan-out (of a `plain` task: one slot, which holds nothing); `input` None means that the
    action gets the raw `parameters`; `ended` is what `result()` and its kin mean, whose result the fork has as that of
    the task `result_of` (None: the input does not call `result()`). `timeout` is in seconds (None: no limit), `calls`
    tells that the action is a sub-workflow, `concurrent` that two threads may fork at once, `forks_travel` that forks are made at
    home and sent with their items, where otherwise the forker is sent, once. `kept` says what becomes of results where
    they are made: `counts` (they are let go of), or the folder in which they stay (None: they are handed on). `context` is the snapshot
    that is forked, and None where an offer has travelled to: it stays at home, with `retry_if`.
    """

    task: str
    visit: int
    run: int = 0
    within: str = field(default="", compare=False)
    action: str = ""
    timeout: float | None = None
    plain: bool = False
    calls: bool = False
    concurrent: bool = field(default=False, compare=False)
    forks_travel: bool = field(default=False, compare=False)
    kept: str | None = field(default=None, compare=False)
    items: Sequence[Any] = field(default=(MISSING,), compare=False)
    forker: Forker = field(compare=False)
    input: Template | None = field(default=None, compare=False)
    parameters: Mapping[str, Any] | None = field(default=None, compare=False)
    ended: Ended = field(default=Ended(), compare=False)  # a value that never changes
    result_of: str | None = field(default=None, compare=False)
    retry_if: Condition | None = field(default=None, compare=False)
    context: Context | None = field(default=None, compare=False)

    # -- what a performer asks for -------------------------------------------------------------------------------------

    def prepare(self, slot: int) -> Prepared:
        """Fork and input of one slot. Raises what `fork` and `render` raise."""
        fork = self.fork(slot)
        return Prepared(fork, self.render(fork))

    def fork(self, slot: int) -> Fork:
        """The context of one slot. Raises `ResultError`, naming task and item, if the strategy cannot carry it."""
        try:
            if self.plain:
                return plain_fork(self.forker)
            return self.forker.fork(self.items[slot], slot)
        except ResultError as error:
            raise self.cannot_fork(slot, error) from None

    def cannot_fork(self, slot: int, error: Exception) -> ResultError:
        """What a strategy raised, with the names of task and item."""
        item = "" if self.plain else f", item {slot}"
        return ResultError(f"task {self.task!r}{item}: {error}")

    def render(self, fork: Fork) -> Mapping[str, Any]:
        """The input of an attempt, rendered anew. Raises `ExpressionError`, naming task, field and expression."""
        if self.input is None:
            return self._raw_parameters(fork)
        ended = self.ended if self.result_of is None else self._ended_in(fork, self.result_of)
        input: Mapping[str, Any] = self.input.render(fork, ended)
        return input

    @property
    def rendering(self) -> Callable[[Fork, Ended], Mapping[str, Any]]:
        """`render` for who asks many times: what it gives takes a fork, and `ended`."""
        if self.input is None or self.result_of is not None:
            return lambda fork, ended: self.render(fork)
        return self.input.render

    def _ended_in(self, fork: Fork, task: str) -> Ended:
        """The last end, with its result as the strategy hands it on: `result()` isolates as `task.NAME` does."""
        return self.ended._replace(result=fork.resolve("task")[task])

    def _raw_parameters(self, fork: Fork) -> dict[str, Any]:
        held = fork.resolve("parameters")
        if self.parameters is None:
            return dict(held)
        return {name: None if value is None else held[name] for name, value in self.parameters.items()}

    # -- what only the home process can say ----------------------------------------------------------------------------

    def completed(self, event: ActionEnded) -> ActionEnded:
        """The event of an attempt that did not succeed, with the reason in full and what `on_error` says of it."""
        slot = event.index or 0
        if event.stage == "render":
            event.error = self._reason_in_full(slot, event.error)
        elif self.retry_if is not None and event.retry is None and event.outcome in ("failed", "timed_out"):
            event.retry = self._verdict(self.retry_if, slot, event) if event.stage == "action" else None
        return event

    def _reason_in_full(self, slot: int, reason: str | None) -> str | None:
        """Why the input cannot be rendered, as every strategy has it: what an error suggests must not depend on what a
        fork happens to hold."""
        template = self.input
        if template is None:
            return reason
        full = self._error_in_full(slot, lambda scope: template.render(scope, self.ended))
        return reason if full is None else str(full)

    def _verdict(self, condition: Condition, slot: int, event: ActionEnded) -> bool | str:
        failed = Ended(result_view(event.result), event.outcome, self.ended.tasks)
        try:
            return condition.holds(self.fork(slot), failed)
        except ExpressionError as error:
            return str(self._error_in_full(slot, lambda scope: condition.holds(scope, failed)) or error)
        except ResultError as error:
            return str(error)

    def _error_in_full(self, slot: int, evaluate: Callable[[Scope], Any]) -> ExpressionError | None:
        if self.context is None:
            return None
        try:
            evaluate(_Whole(self.context, None if self.plain else (self.items[slot], slot)))
        except ExpressionError as error:
            return error
        return None

    # -- how it is told from others, and how it travels ----------------------------------------------------------------

    def __hash__(self) -> int:
        return hash((self.run, self.task, self.visit))

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__ if name not in ("context", "retry_if")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in {"context": None, "retry_if": None, **state}.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        slots = "plain" if self.plain else counted(len(self.items), "item")
        return f"<Offer of {self.task!r} visit {self.visit}, run {self.run}: {slots}, action {self.action!r}>"


class _Whole:
    """All that a task could have read: the context as it was dispatched, and the item."""

    __slots__ = ("_context", "_local")

    def __init__(self, context: Context, local: tuple[Any, int] | None) -> None:
        self._context = context
        self._local: dict[str, Any] = dict(zip(LOCALS, local, strict=True)) if local else {}

    def resolve(self, name: str) -> Any:
        return self._local.get(name, MISSING) if name in LOCALS else self._context.resolve(name)
