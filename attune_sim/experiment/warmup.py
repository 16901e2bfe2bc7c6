"""What a process does only once is done before a run is watched: it belongs to none of its items.

The first run in a process fills caches, specializes code, and takes the interpreter's first memory: some 10 KB and a
millisecond that would be told as the price of the first fork, or of the strategy that happened to come first.
"""

from __future__ import annotations

from time import perf_counter
from typing import Final

from attune_sim.executors import executor_named
from attune_sim.executors.timeline import RealTimeline
from attune_sim.probes.forklog import ForkLog
from attune_sim.probes.memory import Memory
from attune_sim.probes.recorder import Recorder
from attune_sim.probes.sampler import Sampler
from attune_sim.runspec import RunSpec
from attune_sim.session import session_of
from attune_sim.workflow import Task, Workflow

_ITEMS: Final = 50
_EACH: Final = Task(
    "each", action="warm.up", with_items="{{ parameters.items }}", input={"n": "{{ item.n }}"}
)


def warm_up(memory: Memory) -> None:
    """Run a small workflow with all instruments, under both ways of dispatching."""
    items = [{"n": number} for number in range(_ITEMS)]
    for dispatch in ("windowed", "eager"):
        timeline = RealTimeline()
        recorder = Recorder(timeline.now)
        sampler = Sampler(memory, perf_counter, lambda elapsed_s, samples: None, every=1)
        spec = RunSpec(
            workflow=Workflow((_EACH,), ref="warm.up"), parameters={"items": items}, dispatch=dispatch
        )
        observers = (recorder, ForkLog(recorder), sampler)
        sampler.begin()
        session = session_of(spec, {"warm.up": lambda n: n}, observers=observers)
        executor_named("inline").run(session.job, timeline)
