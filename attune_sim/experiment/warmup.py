"""What a process does only once is done before a run is watched: it belongs to none of its items.

The first run in a process fills caches, specializes code, and takes the interpreter's first memory: some 10 KB and a
millisecond that would be told as the price of the first fork, or of the strategy that happened to come first.
"""

from __future__ import annotations

from collections.abc import Iterable
from time import perf_counter
from typing import Final, Literal

from attune_sim.executors import executor_named
from attune_sim.executors.timeline import RealTimeline
from attune_sim.probes.forklog import ForkLog
from attune_sim.probes.memory import Memory
from attune_sim.probes.recorder import Recorder
from attune_sim.probes.sampler import Sampler
from attune_sim.runspec import RunSpec
from attune_sim.session import session_of
from attune_sim.workflow import Task, Workflow

Dispatch = Literal["eager", "windowed"]

_EACH: Final = Task(
    "each", action="warm.up", with_items="{{ parameters.items }}", input={"n": "{{ item.n }}"}
)
_WORKFLOW: Final = Workflow((_EACH,), ref="warm.up")
_MANY: Final = tuple({"n": number} for number in range(50))


def warm_up(memory: Memory) -> None:
    """Run a small workflow with all instruments, under both ways of dispatching."""
    ways: tuple[Dispatch, Dispatch] = ("windowed", "eager")
    for dispatch in ways:
        sampler = Sampler(memory, perf_counter, lambda elapsed_s, samples: None, every=1)
        sampler.begin()
        _run(_MANY, dispatch, [sampler])


def _run(items: tuple[dict[str, int], ...], dispatch: Dispatch, observers: Iterable[object] = ()) -> None:
    timeline = RealTimeline()
    recorder = Recorder(timeline.now)
    spec = RunSpec(workflow=_WORKFLOW, parameters={"items": list(items)}, dispatch=dispatch)
    watching = (recorder, ForkLog(recorder), *observers)
    session = session_of(spec, {"warm.up": lambda n: n}, observers=watching)
    executor_named("inline").run(session.job, timeline)
