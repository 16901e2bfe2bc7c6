"""One run, weighed: what each of its tasks holds under a strategy, read off the live heap of this process.

The strategy's contexts are its own; its forks are not made for every item, but a few are at each opening, which is what they are weighed by: a copy of
megabytes for each of a million items would take as long as the run that nobody wants to make.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import linear_regression
from time import thread_time
from typing import Any, Final

from attune_sim.actions.registry import actions_of
from attune_sim.collector import collector_at_rest
from attune_sim.contexts.plain import PlainFork
from attune_sim.contexts.strategy import Context, ContextStrategy, Forker, plain_fork
from attune_sim.engine.events import EndRun, StartAction
from attune_sim.engine.offer import Offer
from attune_sim.errors import ExpressionError, ResultError
from attune_sim.executors import executor_named
from attune_sim.executors.timeline import RealTimeline
from attune_sim.experiment.spec import CellSpec
from attune_sim.probes.forks import FIRST_INDEX, fork_heap, time_forks
from attune_sim.probes.freelists import fill_free_lists
from attune_sim.probes.memory import Memory
from attune_sim.runspec import RunSpec
from attune_sim.scope import MISSING, ContextPath, Missing
from attune_sim.session import Session, session_of
from attune_sim.simulation.subworkflows import named
from attune_sim.workflow import Workflow

NAMESPACES: Final = ("parameters", "workflow", "task", "config", "keystore", "system")

SECONDS: Final = 0.15
"""How long forks of one fan-out are made for their bytes; six are made in any case."""

ROOM_BYTES: Final = 64e6
"""What forks that are kept meanwhile may take together."""

LARGE: Final = 256e3
"""Bytes of a fork from which on it is worth while to look at the address space: below, an allocator's arenas tell nothing."""

GROWN: Final = 160e6
"""Bytes of forks over which the address space is looked at."""

_ROUNDS: Final = 20
_TIMED_S: Final = 0.05
_RENDERED: Final = 50
_LONG_S: Final = 1.5
_MOST: Final = 400
_SLOT: Final = 8
_GOLDEN: Final = (
    0.6180339887  # multiples of it, without their whole parts, are spread evenly however many there are
)


@dataclass(slots=True)
class Weights:
    """What one task held, in bytes, with so many items; see `attune_sim.simulation.prices.TaskPrice`."""

    items: int
    plain: bool
    fork: float = 0.0
    workspace: float = 0.0
    opening: float = 0.0
    records: float = 0.0
    storing: float = 0.0
    closing: float = 0.0
    fork_us: float | None = None
    render_us: float | None = None


@dataclass(slots=True)
class Weighed:
    """What a run held: before its first task, and each task by its name; of sub-workflows the same, by their refs. `space_each` and `resident_each` are bytes of the process for a byte of
    live heap, where forks were large enough to tell; `error` is why the run failed, if it did."""

    begin: float = 0.0
    tasks: dict[str, Weights] = field(default_factory=dict)
    begins: dict[str, float] = field(default_factory=dict)
    space_each: float | None = None
    resident_each: float | None = None
    error: str | None = None


def weighed(spec: CellSpec, memory: Memory) -> Weighed:
    """Run a cell's workload once, weighing. Raises whatever the strategy, or the run, does."""
    scales = _Scales(memory)
    actions = actions_of(spec.all_actions)
    with collector_at_rest(), actions.closed():
        scales.begin()
        session = _session_of(spec, actions, [scales])
        executor_named("inline").run(session.job, RealTimeline())
    scales.found.error = session.state.error
    return scales.found


def made_once(spec: CellSpec) -> None:
    """Make a cell's run, and drop it: what is imported and compiled on the way belongs to the process."""
    actions = actions_of(spec.all_actions)
    with actions.closed():
        _session_of(spec, actions, [])


def _session_of(
    spec: CellSpec, actions: Mapping[str, Callable[..., Any]], observers: Sequence[object]
) -> Session:
    run = _in_turn(spec.workload.spec({}, strategy=spec.strategy, dispatch="windowed"))
    return session_of(run, dict(actions), observers=observers, strategy=Sparing(spec.strategy()))


def _in_turn(run: RunSpec) -> RunSpec:
    """The same with sub-workflows one after another: what one of them holds is seen where no other one is under way."""
    if not run.workflows:
        return run
    called = {one.name for one in run.workflows}

    def alone(workflow: Workflow) -> Workflow:
        return workflow.changed(lambda task: replace(task, concurrency=1) if task.action in called else task)

    return replace(run, workflow=alone(run.workflow), workflows=tuple(map(alone, run.workflows)))


class Sparing:
    """A strategy whose forks read its context in place: a run under it holds what a run under the strategy does beside forks."""

    def __init__(self, own: ContextStrategy) -> None:
        self.name, self.guarantees = own.name, own.guarantees
        self.begin, self.publish, self.store = own.begin, own.publish, own.store
        self._own = own

    def fan_out(self, context: Context, reads: frozenset[ContextPath] | None) -> SparingForker:
        return SparingForker(self._own.fan_out(context, reads), context)


class SparingForker:
    """`own` is the strategy's forker."""

    def __init__(self, own: Forker, context: Context) -> None:
        self.own = own
        self._maps: Mapping[str, Any] = _InPlace(context)

    def fork(self, item: Any, index: int | Missing) -> PlainFork:
        return PlainFork(self._maps, item, index)

    def fork_plain(self) -> PlainFork:
        return self.fork(MISSING, MISSING)


class _InPlace(dict[str, Any]):
    """Namespaces of a context, looked up there."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context

    def __missing__(self, name: str) -> Any:
        return self._context.resolve(name)


class _Scales:
    """An observer that reads the live heap whenever something has changed, and tells whom that belongs to.

    The first sub-workflow of each ref is weighed; what others hold, which may be under way beside it, is passed over.
    """

    ref = ""

    def __init__(self, memory: Memory) -> None:
        self.found = Weighed()
        self._memory = memory
        self._last = 0
        self._called: dict[
            str, list[int]
        ] = {}  # the heap as the second and the last sub-workflow of a fan-out began
        self._started: dict[str, int] = {}

    def begin(self) -> None:
        fill_free_lists()  # as a cell does before it is watched
        self._memory.heap()  # the first reading makes things that stay
        self._last = self._memory.heap()

    def _grown(self) -> float:
        before, self._last = self._last, self._memory.heap()
        return float(self._last - before)

    def run_started(self, workflow: Any, context: Any) -> None:
        self.found.begin = self._grown()

    def sub_workflow_started(self, call: StartAction, run: int) -> object:
        self._count(call)
        if call.action in self.found.begins:
            return _Passing(self)
        self.found.begins[call.action] = 0.0
        return _CalledScales(self, call.action)

    def _count(self, call: StartAction) -> None:
        number = self._started[call.task] = self._started.get(call.task, 0) + 1
        if number == 2 or number == len(call.offer.items):
            gc.collect()  # runs of sub-workflows hold each other
            fill_free_lists()
            self._called.setdefault(call.task, []).append(self._memory.heap())

    def weights_of(self, task: str, fresh: Weights) -> Weights:
        """What is known of a task by now."""
        return self.found.tasks.setdefault(named(self.ref, task), fresh)

    def fan_out_opened(self, offer: Offer) -> None:
        weights = self.weights_of(offer.task, Weights(len(offer.items), offer.plain))
        weights.opening = self._grown()
        if isinstance(offer.forker, SparingForker) and not offer.calls:
            if offer.plain:
                weights.fork = self._plain_fork(offer.forker.own)
            else:
                self._weigh_forks(offer.forker.own, offer, weights)
        self._last = self._memory.heap()

    def _plain_fork(self, forker: Forker) -> float:
        before = self._memory.heap()
        _alive = plain_fork(forker)
        return float(self._memory.heap() - before)

    def _weigh_forks(self, forker: Forker, offer: Offer, weights: Weights) -> None:
        large = LargeForks(forker, offer.items, self._memory)
        if large.first() >= LARGE:
            large.more()
            weights.fork, weights.workspace = large.bytes_each, large.workspace
            weights.fork_us, weights.render_us = large.us_each, _render_us(offer, large.kept[:3])
            self.found.space_each, self.found.resident_each = large.slopes()
        else:
            heap = fork_heap(forker, offer.items, self._memory, seconds=SECONDS, room_bytes=ROOM_BYTES)
            weights.fork = heap.bytes_each
            weights.fork_us = time_forks(forker, offer.items, rounds=_ROUNDS, seconds=_TIMED_S).fork_us
            step = max(1, len(offer.items) // _RENDERED)
            forks = [forker.fork(offer.items[place], place) for place in range(0, len(offer.items), step)]
            weights.render_us = _render_us(offer, forks)

    def fan_out_ended(self, offer: Offer) -> None:
        weights = self.weights_of(offer.task, Weights(len(offer.items), offer.plain))
        weights.records = self._grown()
        second, *last = self._called.pop(offer.task, [0])
        if (
            offer.calls and last and len(offer.items) > 2
        ):  # each that had ended left its record, what is under way is the same
            weights.records = (last[-1] - second) / (len(offer.items) - 2) * len(offer.items)

    def task_ended(self, task: str, visit: int, status: str, result: Any, error: str | None) -> None:
        if status != "skipped":
            self.weights_of(task, Weights(1, plain=True)).storing = self._grown()

    def fan_out_closed(self, offer: Offer, drop_us: float) -> None:
        self.weights_of(offer.task, Weights(0, plain=True)).closing = self._grown()

    def run_ended(self, command: EndRun) -> None:
        self._grown()

    def pass_over(self) -> None:
        """Let what has changed be nobody's."""
        self._grown()


class _CalledScales(_Scales):
    """Weighs a sub-workflow, on the scales of who called it."""

    def __init__(self, outer: _Scales, ref: str) -> None:
        super().__init__(outer._memory)
        self.found, self.ref, self._outer = outer.found, ref, outer

    def _grown(self) -> float:
        return self._outer._grown()

    def run_started(self, workflow: Any, context: Any) -> None:
        self.found.begins[self.ref] = self._grown()

    def fan_out_opened(self, offer: Offer) -> None:
        super().fan_out_opened(offer)
        self.pass_over()  # of forks that were made to be weighed


class _Passing:
    """Watches a sub-workflow of which another run was weighed."""

    def __init__(self, scales: _Scales) -> None:
        self._scales = scales

    def sub_workflow_started(self, call: StartAction, run: int) -> object:
        return self._scales.sub_workflow_started(call, run)

    def run_started(self, workflow: Any, context: Any) -> None:
        self._scales.pass_over()

    def fan_out_opened(self, offer: Offer) -> None:
        self._scales.pass_over()

    def task_ended(self, task: str, visit: int, status: str, result: Any, error: str | None) -> None:
        self._scales.pass_over()

    def run_ended(self, command: EndRun) -> None:
        self._scales.pass_over()


class LargeForks:
    """Forks that are made one by one and kept, of items from all over the fan-out; live heap, address space and resident memory after each of them.

    `workspace` is the most address space that making one of them took for a moment beside it.
    """

    def __init__(self, forker: Forker, items: Sequence[Any], memory: Memory) -> None:
        self._forker, self._items, self._memory = forker, items, memory
        self._kept: list[Any] = [None] * _MOST  # in a list that does not outgrow itself
        self._readings: list[tuple[float, float, float]] = []
        self._made = 0
        self._took_s = 0.0
        self.workspace = 0.0

    def first(self) -> float:
        """Make one; bytes of live heap by which it grew."""
        self._read()
        self._make()
        return self.bytes_each

    def more(self) -> None:
        """Make more of them, until enough has grown or time is up."""
        began = thread_time()
        while self._grown < GROWN and self._made < _MOST and thread_time() - began < _LONG_S:
            self._make()

    def _make(self) -> None:
        process, peak = self._memory.process, self._memory.process.peak_address_space() or 0
        place = round(self._made * _GOLDEN % 1 * (len(self._items) - 1))
        began = thread_time()
        self._kept[self._made] = self._forker.fork(self._items[place], FIRST_INDEX + self._made)
        self._took_s += thread_time() - began
        self._made += 1
        risen, (_, space, _) = process.peak_address_space() or 0, self._read()
        if risen > peak:
            self.workspace = max(self.workspace, risen - space)

    def _read(self) -> tuple[float, float, float]:
        process = self._memory.process
        heap, space = float(self._memory.heap()), float(process.address_space() or 0)
        self._readings.append((heap, space, float(process.resident())))
        return self._readings[-1]

    @property
    def _grown(self) -> float:
        return self._readings[-1][0] - self._readings[0][0]

    @property
    def bytes_each(self) -> float:
        """Live heap of one of them, and of its slot in a list."""
        return self._grown / self._made + _SLOT

    @property
    def us_each(self) -> float:
        """Microseconds of the processor that one of them took."""
        return self._took_s / self._made * 1e6

    @property
    def kept(self) -> list[Any]:
        """All that were made."""
        return self._kept[: self._made]

    def slopes(self) -> tuple[float | None, float | None]:
        """Bytes of address space, and resident ones, for each byte of live heap; None where too little grew.

        The first forks lie where other things were before, and say nothing.
        """
        told = self._readings[1 + len(self._readings) // 4 :]
        if len(told) < 4 or told[-1][0] - told[0][0] < GROWN / 4:
            return None, None
        heap, space, resident = zip(*told, strict=True)
        return _slope(heap, space), _slope(heap, resident)


def _render_us(offer: Offer, forks: Sequence[Any]) -> float | None:
    """Microseconds of an input from one of these forks, once all is warm; None where one cannot be rendered."""
    took = 0.0
    for _ in range(3):
        began = thread_time()
        try:
            for fork in forks:
                offer.render(fork)
        except (ExpressionError, ResultError):
            return None
        took = thread_time() - began
    return took / len(forks) * 1e6 if forks else None


def _slope(xs: Sequence[float], ys: Sequence[float]) -> float:
    return max(1.0, linear_regression(xs, ys).slope)
