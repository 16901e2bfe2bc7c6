"""What a run does with its context, by strategy: fork, render, publish, look up, and a whole fan-out.

Each operation stands in a group with its floor: the least that plain Python needs for the same. A call that is timed
does the operation many times over; `extra_info` says how often (`operations`), and what a fork keeps (`fork_bytes`).

    python -m pytest benchmarks/grid/operations.py [--megabytes 1] [--payloads records] [-k fork]
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final, NamedTuple

import given
import pytest
from given import ITEM
from pytest_benchmark.fixture import BenchmarkFixture

from attune_sim.contexts.registry import strategies
from attune_sim.contexts.strategy import Context, ContextStrategy, Forker
from attune_sim.executors import executor_named
from attune_sim.executors.timeline import RealTimeline
from attune_sim.expressions import compile_value, reads
from attune_sim.probes.forks import FIRST_INDEX, Bare, fork_heap
from attune_sim.probes.memory import Memory
from attune_sim.probes.recorder import Recorder
from attune_sim.runspec import RunSpec
from attune_sim.session import Session, session_of
from attune_sim.workflow import Task, Workflow

INPUT: Final = {
    "url": "{{ item.health_endpoint }}",
    "region": "{{ parameters.region }}",
    "limit": "{{ limit }}",
}
READS: Final = reads(INPUT)
FLOOR: Final = "floor"

every_way = pytest.mark.parametrize("name", [FLOOR, *strategies])
Loop = Callable[[Any], None]
"""Does an operation so many times, or what else `prepare` makes of that number."""
Namespaces = dict[str, Any]


# -- the points -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Point:
    megabytes: float
    payload: str


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    sizes, shapes = (metafunc.config.getoption(name).split(",") for name in ("megabytes", "payloads"))
    points = [Point(float(size), shape) for size in sizes for shape in shapes]
    names = [f"{point.megabytes:g} MB of {point.payload}" for point in points]
    metafunc.parametrize("point", points, ids=names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def point(request: pytest.FixtureRequest) -> Point:
    return request.param


@pytest.fixture(scope="session")
def namespaces(point: Point) -> Iterator[dict[str, Any]]:
    """The context of that point, out of the collector's sight, as in a cell."""
    made = given.namespaces(point.megabytes, point.payload)
    gc.collect()
    gc.freeze()
    yield made
    gc.unfreeze()


# -- the operations ----------------------------------------------------------------------------------------------------


@every_way
def test_fork(benchmark: BenchmarkFixture, point: Point, namespaces: Namespaces, name: str) -> None:
    """The context of one item; the floor is a bare slotted object with three fields."""
    if name == FLOOR:
        measure(benchmark, point, name, bare_loop)
        return
    forker = begun(name, namespaces)
    measure(benchmark, point, name, fork_loop(forker))
    benchmark.extra_info["fork_bytes"] = fork_heap(forker, [ITEM], Memory()).bytes_each


@every_way
def test_render(benchmark: BenchmarkFixture, point: Point, namespaces: Namespaces, name: str) -> None:
    """Three templates over a fork (item, parameter, variable); the floor reads the same by hand."""
    if name == FLOOR:
        measure(benchmark, point, name, repeated(lambda: by_hand(namespaces)))
        return
    fork, render = begun(name, namespaces).fork(ITEM, FIRST_INDEX), compile_value(INPUT).render
    assert render(fork) == {"url": ITEM["health_endpoint"], "region": "eu", "limit": 3}
    measure(benchmark, point, name, repeated(lambda: render(fork)))


@every_way
def test_publish(benchmark: BenchmarkFixture, point: Point, namespaces: Namespaces, name: str) -> None:
    """A transition writes one variable and a task stores its result; the floor sets two keys of dicts."""
    if name == FLOOR:
        measure(benchmark, point, name, set_loop(dict(namespaces["workflow"]), dict(namespaces["task"])))
        return
    strategy = strategies[name]()
    measure(benchmark, point, name, publish_loop(strategy, strategy.begin(namespaces)))


@every_way
def test_lookup(benchmark: BenchmarkFixture, point: Point, namespaces: Namespaces, name: str) -> None:
    """A namespace of a fork and a key of it; the floor is two subscripts of dicts."""
    if name == FLOOR:
        measure(benchmark, point, name, repeated(lambda: namespaces["parameters"]["region"]))
        return
    resolve = begun(name, namespaces).fork(ITEM, FIRST_INDEX).resolve
    measure(benchmark, point, name, repeated(lambda: resolve("parameters")["region"]))


@every_way
def test_fan_out(benchmark: BenchmarkFixture, point: Point, namespaces: Namespaces, name: str) -> None:
    """A run of one task over many items with a no-op action, recorded; the floor is a loop that reads and calls."""
    if name == FLOOR:
        measure(benchmark, point, name, repeated(lambda: noop(**by_hand(namespaces))))
        return
    measure(benchmark, point, name, run, prepare=lambda items: ready(name, namespaces, items), least=20)


# -- how often ---------------------------------------------------------------------------------------------------------


def measure(
    benchmark: BenchmarkFixture,
    point: Point,
    name: str,
    loop: Loop,
    *,
    prepare: Callable[[int], Any] = int,
    least: int = 1,
) -> None:
    """Rounds of some 5 ms, 3 to 30 of them, a tenth of a second in all where that is enough.

    `prepare` makes, before each round and outside its time, what `loop` takes from the number of operations.
    """
    loop(prepare(least))
    prepared = prepare(least)
    began = perf_counter()
    loop(prepared)
    each = (perf_counter() - began) / least
    operations = max(least, min(1_000, int(0.005 / each)))
    rounds = max(3, min(30, int(0.1 / (each * operations))))
    facts = {"strategy": name, "megabytes": point.megabytes, "payload": point.payload}
    operation = benchmark.name.partition("[")[0].removeprefix("test_")
    benchmark.group = f"{operation}, {point.megabytes:g} MB of {point.payload}"
    benchmark.extra_info |= {"operation": operation, **facts, "operations": operations}
    benchmark.pedantic(loop, setup=lambda: ((prepare(operations),), {}), rounds=rounds)


# -- what is timed -----------------------------------------------------------------------------------------------------


def begun(name: str, namespaces: Namespaces) -> Forker:
    strategy = strategies[name]()
    return strategy.fan_out(strategy.begin(namespaces), READS)


def repeated(work: Callable[[], Any]) -> Loop:
    def loop(times: int) -> None:
        for _ in range(times):
            work()

    return loop


def bare_loop(times: int) -> None:
    context = object()
    for index in range(FIRST_INDEX, FIRST_INDEX + times):
        Bare(context, ITEM, index)


def fork_loop(forker: Forker) -> Loop:
    fork = forker.fork

    def loop(times: int) -> None:
        for index in range(FIRST_INDEX, FIRST_INDEX + times):
            fork(ITEM, index)

    return loop


def by_hand(namespaces: Namespaces) -> dict[str, Any]:
    return {
        "url": ITEM["health_endpoint"],
        "region": namespaces["parameters"]["region"],
        "limit": namespaces["workflow"]["limit"],
    }


def set_loop(variables: dict[str, Any], results: dict[str, Any]) -> Loop:
    def loop(times: int) -> None:
        for number in range(times):
            variables["done"] = number
            results["each"] = number

    return loop


def publish_loop(strategy: ContextStrategy, first: Context) -> Loop:
    def loop(times: int) -> None:
        context = first
        for number in range(times):
            context = strategy.store(strategy.publish(context, {"done": number}), "each", number)

    return loop


def noop(url: Any, region: str, limit: int) -> None:
    """Nothing."""


class Ready(NamedTuple):
    """A run that is about to begin."""

    session: Session
    timeline: RealTimeline


def ready(name: str, namespaces: Namespaces, items: int) -> Ready:
    """Items are numbers made by a template: a list of them in the context would be copied with it.

    Results of finished tasks stand among the variables: they are as large there, and are made once a point.
    """
    task = Task(
        "each", action="noop", with_items=f"{{{{ range({items}) }}}}", input=INPUT | {"url": "{{ item }}"}
    )
    spec = RunSpec(
        workflow=Workflow((task,), ref="grid"),
        parameters=namespaces["parameters"],
        variables=namespaces["workflow"] | namespaces["task"],
        strategy=name,
    )
    timeline = RealTimeline()
    return Ready(session_of(spec, {"noop": noop}, observers=[Recorder(timeline.now)]), timeline)


def run(ready: Ready) -> None:
    ending = executor_named("inline").run(ready.session.job, ready.timeline)
    assert ending.status == "succeeded", ending.error
