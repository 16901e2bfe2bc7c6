"""Inside the worker: one run of a workload, watched, and what one more fork of it costs."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any, Final

from attune_sim.actions.registry import actions_of
from attune_sim.contexts.strategy import ContextStrategy, Forker
from attune_sim.engine.runner import Runner
from attune_sim.engine.state import RunState
from attune_sim.errors import AttuneError
from attune_sim.executors import executor_named
from attune_sim.experiment.answers import answer_digest, answer_of, as_json, json_bytes_of
from attune_sim.experiment.limits import MemoryLimit, in_binary
from attune_sim.experiment.readings import fork_readings, memory_readings, time_readings
from attune_sim.experiment.spec import CellSpec
from attune_sim.expressions import compile_value
from attune_sim.probes.clock import clock_floor_us
from attune_sim.probes.memory import Memory
from attune_sim.probes.recorder import Recorder
from attune_sim.probes.sampler import Growth, Sampler
from attune_sim.probes.surroundings import surroundings
from attune_sim.probes.typical import typical_of
from attune_sim.record import Reading
from attune_sim.scenarios.payload import make_history
from attune_sim.scope import Ended
from attune_sim.workflow import Workflow, batches

Tell = Callable[[Mapping[str, Any]], None]
"""Hands one row to the parent."""

GC_POLICY: Final = "collected and frozen after set-up, then enabled"
_SAMPLES: Final = 25


class MainFanOut:
    """Stands before the strategy and keeps what the largest fan-out forks from, to fork more of it later."""

    def __init__(self, strategy: ContextStrategy) -> None:
        self.name, self.guarantees = strategy.name, strategy.guarantees
        self.begin, self.publish, self.store = strategy.begin, strategy.publish, strategy.store
        self._strategy = strategy
        self._last: tuple[Any, Forker | None] = (None, None)
        self.items = 0
        self.task = ""
        self.context: Any = None
        self.forker: Forker | None = None
        self.item: Any = None

    def fan_out(self, context: Any, reads: Any) -> Forker:
        forker = self._strategy.fan_out(context, reads)
        self._last = (context, forker)
        return forker

    def first_fork(self, task: str, items: int, fork: Any) -> None:
        """Told at the first fork of each fan-out."""
        if items > self.items:
            self.task, self.items = task, items
            self.context, self.forker = self._last
            self.item = fork.item

    def find_item(self, workflow: Workflow) -> None:
        """The first item as the forker was given it; what a fork answers with may be a copy of it already."""
        task = next((one for one in workflow.walk() if one.name == self.task), None)
        if task is None or task.with_items is None:
            return
        # A template may read what only the run knew: then the item of the fork stays.
        with contextlib.suppress(AttuneError):
            items = compile_value(task.with_items, where="with_items").render(self.context, Ended())
            listed = items if isinstance(items, Sequence) and not isinstance(items, str) else [items]
            self.item = next(iter(batches(listed, task.batch_size)), self.item)


class CellRun:
    """One cell from its spec to its last row. `extra` are parameters that real parts gave."""

    def __init__(self, spec: CellSpec, extra: Mapping[str, Any], tell: Tell, commit: str | None) -> None:
        self._spec, self._tell, self._commit = spec, tell, commit
        self._memory = Memory()
        self._limit = MemoryLimit(spec.memory_limit_bytes)
        self._fan_out = MainFanOut(spec.strategy())
        self._recorder = Recorder(perf_counter)
        self._sampler = Sampler(
            self._memory,
            perf_counter,
            self._beat,
            every=max(1, spec.workload.items // _SAMPLES),
            overhead=lambda: self._recorder.nbytes,
            first_fork=self._fan_out.first_fork,
        )
        self._actions = actions_of(spec.all_actions)
        self._executor = executor_named(spec.executor)
        self._runner: Runner | None = self._made_runner(extra)
        self._resident = 0
        self._peak_label = ""

    def run(self) -> None:
        """Run, and tell everything as it comes to be known."""
        wall_s, failure = self._run_watched()
        peak = self._memory.process.peak()
        self._tell_run(wall_s, failure)
        totals, typical = self._recorder.totals(), typical_of(self._recorder.items)
        clock_us = clock_floor_us()
        inline, eager = self._spec.executor == "inline", self._spec.dispatch == "eager"
        self._tell_readings(
            time_readings(totals, typical, wall_s, clock_us=clock_us, inline=inline, eager=eager)
        )
        grown = Reading("peak_rss_bytes", max(0.0, peak - self._resident), label=self._peak_label)
        self._tell_readings([*memory_readings(self._sampler.peaks, self._memory.labels), grown])
        self._runner = None
        self._fan_out.find_item(self._spec.workload.workflow)
        room = min(256e6, self._spec.memory_limit_bytes / 4)
        for readings in fork_readings(self._fan_out, totals, typical, self._memory, room, clock_us=clock_us):
            self._tell_readings(readings)

    def answer(self) -> None:
        """Run without measuring, and tell the whole answer."""
        assert self._runner is not None
        self._tell({"row": "running"})
        reason = self._attempted()
        self._limit.lift()
        state = self._runner.state
        error = reason or state.error
        outcome = self._outcome([error] if error else [], crashed=reason is not None)
        row: dict[str, Any] = {"row": "ran", "outcome": outcome, "error": error}
        if outcome == "ok":
            row["answer"] = as_json(answer_of(state)).decode()
        self._tell(row)

    def _made_runner(self, extra: Mapping[str, Any]) -> Runner:
        workload = self._spec.workload
        return Runner(
            workload.workflow,
            {**workload.make_parameters(workload), **extra},
            strategy=self._fan_out,
            dispatch="eager" if self._spec.dispatch == "eager" else "windowed",
            actions=dict(self._actions),
            workflows=workload.workflows,
            history=make_history(workload.history, workload.seed),
            variables=workload.make_variables(workload),
            observers=() if self._spec.answer_only else (self._recorder, self._sampler),
        )

    def _run_watched(self) -> tuple[float, str | None]:
        known = self._surroundings()
        gc.collect()
        gc.freeze()
        if not MemoryLimit.is_available():
            known["memory_limit"] = "not available on this system"
        if not self._memory.process.reset_peak():
            self._peak_label = "since the process began: this system does not reset its peak"
        self._tell({"row": "running", "surroundings": known})
        self._resident = self._memory.process.resident()
        self._sampler.begin()
        began = perf_counter()
        reason = self._attempted()
        wall_s = perf_counter() - began - self._sampler.spent_s
        self._limit.lift()
        return wall_s, reason

    def _attempted(self) -> str | None:
        """Drive the run under the limit; what escaped it, as one line. The limit is lifted before that line is made."""
        assert self._runner is not None
        try:
            self._limit.set(self._memory.process.address_space())
            with self._actions.closed():
                self._executor.run(self._runner)
        except BaseException as error:
            self._limit.lift()
            text = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
            return text[:500]
        return None

    def _tell_run(self, wall_s: float, reason: str | None) -> None:
        assert self._runner is not None
        state: RunState = self._runner.state
        totals = self._recorder.totals()
        error = reason or state.error
        # A handled failure of an item may hide that memory was short.
        complaints = (
            [error, *self._recorder.errors.values()] if error else list(self._recorder.errors.values())
        )
        outcome = self._outcome(complaints, crashed=reason is not None)
        if outcome == "memory_limit":
            error = f"memory limit of {in_binary(self._spec.memory_limit_bytes)} met: {error}"
        self._tell(
            {
                "row": "ran",
                "outcome": outcome,
                "run_status": state.status,
                "error": error,
                "wall_s": wall_s,
                "answer": answer_digest(answer_of(state)) if outcome == "ok" else None,
                "fan_out_context_bytes": json_bytes_of(self._fan_out.context),
                **counts(self._recorder),
                "fork_us": totals.fork_us,
            }
        )

    def _outcome(self, complaints: Sequence[str], *, crashed: bool) -> str:
        if self._limit.was_met(complaints, self._memory.process.peak_address_space()):
            return "memory_limit"
        return "crashed" if crashed else "ok"

    def _surroundings(self) -> dict[str, Any]:
        return surroundings(
            heap_source=self._memory.heap_source,
            clock_floor_us=clock_floor_us(),
            gc_policy=GC_POLICY,
            commit=self._commit,
        )

    def _beat(self, elapsed_s: float, samples: list[Growth]) -> None:
        recorder = self._recorder
        self._tell(
            {
                "row": "sample",
                "elapsed_s": elapsed_s,
                "samples": samples,
                **counts(recorder),
                "fork_us": recorder.totals().fork_us,
            }
        )

    def _tell_readings(self, readings: list[Reading]) -> None:
        for one in readings:
            self._tell(
                {
                    "row": "reading",
                    "metric": one.metric,
                    "value": one.value,
                    "source": one.source,
                    "n": one.n,
                    "label": one.label,
                }
            )


def counts(recorder: Recorder) -> dict[str, int | None]:
    """The counts that every sample and the end of a run carry, and the size of the largest fan-out so far."""
    return {
        "fan_out_items": max(map(len, recorder.items), default=None),
        "items_done": recorder.done,
        "items_failed": recorder.failed,
        "items_timed_out": recorder.timed_out,
        "forks": recorder.forks,
    }
