"""One run, weighed: what each of its tasks holds under a strategy, read off the live heap of this process.

The strategy's contexts are its own; its forks are not made for every item, but a few are at each opening, which is what they are weighed by: a copy of
megabytes for each of a million items would take as long as the run that nobody wants to make.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import linear_regression
from time import perf_counter
from typing import Any, Final

from attune_sim.actions.registry import actions_of
from attune_sim.collector import collector_at_rest
from attune_sim.contexts.plain import PlainFork
from attune_sim.contexts.strategy import Context, ContextStrategy, Forker, plain_fork
from attune_sim.engine.events import EndRun
from attune_sim.engine.offer import Offer
from attune_sim.executors import executor_named
from attune_sim.executors.timeline import RealTimeline
from attune_sim.experiment.spec import CellSpec
from attune_sim.probes.forks import fork_heap
from attune_sim.probes.memory import Memory
from attune_sim.scope import MISSING, ContextPath, Missing
from attune_sim.session import Session, session_of

NAMESPACES: Final = ("parameters", "workflow", "task", "config", "keystore", "system")

SECONDS: Final = 0.15
"""How long forks of one fan-out are made for their bytes; six are made in any case."""

ROOM_BYTES: Final = 64e6
"""What forks that are kept meanwhile may take together."""

LARGE: Final = 256e3
"""Bytes of a fork from which on it is worth while to look at the address space: below, an allocator's arenas tell nothing."""

GROWN: Final = 96e6
"""Bytes of forks over which the address space is looked at."""

_LONG_S: Final = 1.5


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


@dataclass(slots=True)
class Weighed:
    """What a run held: before its first task, and each task by its name. `spaces` and `residents` are growths of the process for growths
    of the live heap, a pair each, seen while large forks were made."""

    begin: float = 0.0
    tasks: dict[str, Weights] = field(default_factory=dict)
    space_each: float | None = None
    resident_each: float | None = None


def weighed(spec: CellSpec, memory: Memory) -> Weighed:
    """Run a cell's workload once, weighing. Raises whatever the strategy, or the run, does."""
    scales = _Scales(memory)
    actions = actions_of(spec.all_actions)
    with collector_at_rest(), actions.closed():
        scales.begin()
        session = _session_of(spec, actions, [scales])
        executor_named("inline").run(session.job, RealTimeline())
    return scales.found


def made_once(spec: CellSpec) -> None:
    """Make a cell's run, and drop it: what is imported and compiled on the way belongs to the process."""
    actions = actions_of(spec.all_actions)
    with actions.closed():
        _session_of(spec, actions, [])


def _session_of(
    spec: CellSpec, actions: Mapping[str, Callable[..., Any]], observers: Sequence[object]
) -> Session:
    run = spec.workload.spec({}, strategy=spec.strategy, dispatch="windowed")
    return session_of(run, dict(actions), observers=observers, strategy=Sparing(spec.strategy()))


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
    """An observer that reads the live heap whenever something has changed, and tells whom that belongs to."""

    def __init__(self, memory: Memory) -> None:
        self.found = Weighed()
        self._memory = memory
        self._last = 0

    def begin(self) -> None:
        self._memory.heap()  # the first reading makes things that stay
        self._last = self._memory.heap()

    def _grown(self) -> float:
        before, self._last = self._last, self._memory.heap()
        return float(self._last - before)

    def run_started(self, workflow: Any, context: Any) -> None:
        self.found.begin = self._grown()

    def fan_out_opened(self, offer: Offer) -> None:
        weights = self.found.tasks[offer.task] = Weights(len(offer.items), offer.plain)
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
        spaces = _Spaces(self._memory)
        if spaces.look_at(forker, offer.items, 0) >= LARGE:
            spaces.look_on(forker, offer.items)
            weights.workspace = spaces.workspace
            self.found.space_each, self.found.resident_each = spaces.slopes()
        heap = fork_heap(forker, offer.items, self._memory, seconds=SECONDS, room_bytes=ROOM_BYTES)
        weights.fork = heap.bytes_each

    def fan_out_ended(self, offer: Offer) -> None:
        self.found.tasks[offer.task].records = self._grown()

    def task_ended(self, task: str, visit: int, status: str, result: Any, error: str | None) -> None:
        if status != "skipped":
            weights = self.found.tasks.setdefault(task, Weights(1, plain=True))
            weights.storing = self._grown()

    def fan_out_closed(self, offer: Offer, drop_us: float) -> None:
        self.found.tasks[offer.task].closing = self._grown()

    def run_ended(self, command: EndRun) -> None:
        self._grown()


class _Spaces:
    """Address space and resident memory beside the live heap, while forks are made that are kept: `workspace` is the most that making one of them
    took for a moment."""

    def __init__(self, memory: Memory) -> None:
        self._memory, self._process = memory, memory.process
        self._kept: list[Any] = []
        self._heap: list[float] = []
        self._space: list[float] = []
        self._resident: list[float] = []
        self.workspace = 0.0

    def look_at(self, forker: Forker, items: Sequence[Any], turn: int) -> float:
        """Make and keep a fork; bytes of live heap by which it grew."""
        before, peak = self._memory.heap(), self._process.peak_address_space() or 0
        self._kept.append(forker.fork(items[turn % len(items)], turn))
        heap, space = self._memory.heap(), self._process.address_space() or 0
        risen = self._process.peak_address_space() or 0
        if risen > peak:
            self.workspace = max(self.workspace, float(risen - space))
        for readings, value in (
            (self._heap, heap),
            (self._space, space),
            (self._resident, self._process.resident()),
        ):
            readings.append(float(value))
        return float(heap - before)

    def look_on(self, forker: Forker, items: Sequence[Any]) -> None:
        """The same until enough has grown, or time is up."""
        began = perf_counter()
        while self._heap[-1] - self._heap[0] < GROWN and perf_counter() - began < _LONG_S:
            self.look_at(forker, items, len(self._kept))

    def slopes(self) -> tuple[float | None, float | None]:
        """Bytes of address space, and resident ones, for each byte of live heap; None where too little grew.

        The first forks lie where others were before, and say nothing.
        """
        some = len(self._heap) // 4
        heap = self._heap[some:]
        if len(heap) < 4 or heap[-1] - heap[0] < GROWN / 4:
            return None, None
        space, resident = (_slope(heap, values[some:]) for values in (self._space, self._resident))
        return space, resident


def _slope(xs: Iterable[float], ys: Iterable[float]) -> float:
    return max(1.0, linear_regression(list(xs), list(ys)).slope)
