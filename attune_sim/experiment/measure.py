"""Inside the worker: one run of a workload, watched, and what one more fork of it costs."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from time import perf_counter
from typing import Any, Final

from attune_sim.actions.registry import actions_of
from attune_sim.executors import executor_named
from attune_sim.executors.timeline import RealTimeline
from attune_sim.experiment.answers import answer_digest, answer_of, as_json, json_bytes_of
from attune_sim.experiment.limits import MemoryLimit, in_binary
from attune_sim.experiment.readings import fork_readings, memory_readings, time_readings
from attune_sim.experiment.ready import LargestFanOut, session_of_cell
from attune_sim.experiment.spec import CellSpec
from attune_sim.probes.clock import clock_floor_us
from attune_sim.probes.forklog import ForkLog
from attune_sim.probes.memory import Memory
from attune_sim.probes.recorder import Recorder
from attune_sim.probes.sampler import Growth, Sampler
from attune_sim.probes.surroundings import surroundings
from attune_sim.probes.typical import typical_of
from attune_sim.record import Reading
from attune_sim.session import Session

Tell = Callable[[Mapping[str, Any]], None]
"""Hands one row to the parent."""

GC_POLICY: Final = "collected and frozen after set-up, then enabled"
_SAMPLES: Final = 25


class CellRun:
    """One cell from its spec to its last row. `extra` are parameters that real parts gave."""

    def __init__(self, spec: CellSpec, extra: Mapping[str, Any], tell: Tell, commit: str | None) -> None:
        self._spec, self._tell, self._commit = spec, tell, commit
        self._memory = Memory()
        self._limit = MemoryLimit(spec.memory_limit_bytes)
        self._fan_out = LargestFanOut()
        self._timeline = RealTimeline()
        self._recorder, self._forks = Recorder(self._timeline.now), ForkLog()
        self._sampler = Sampler(
            self._memory,
            perf_counter,
            self._beat,
            every=max(1, spec.workload.items // _SAMPLES),
            overhead=lambda: self._recorder.nbytes + self._forks.nbytes,
        )
        self._actions = actions_of(spec.all_actions)
        self._executor = executor_named(spec.executor)
        self._session = self._made_session(extra)
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
            time_readings(totals, typical, self._forks, wall_s, clock_us=clock_us, inline=inline, eager=eager)
        )
        grown = Reading("peak_rss_bytes", max(0.0, peak - self._resident), label=self._peak_label)
        self._tell_readings([*memory_readings(self._sampler.peaks, self._memory.labels), grown])
        del self._session  # what is measured from now on needs its memory
        offer, room = self._fan_out.offer, min(256e6, self._spec.memory_limit_bytes / 4)
        for readings in fork_readings(offer, self._forks, self._memory, room, clock_us=clock_us):
            self._tell_readings(readings)

    def answer(self) -> None:
        """Run without measuring, and tell the whole answer."""
        self._tell({"row": "running"})
        reason = self._attempted()
        self._limit.lift()
        outcome, error = self._outcome(reason)
        row: dict[str, Any] = {"row": "ran", "outcome": outcome, "error": error}
        if outcome == "ok":
            row["answer"] = as_json(answer_of(self._session.state)).decode()
        self._tell(row)

    def _made_session(self, extra: Mapping[str, Any]) -> Session:
        observers = (self._fan_out, self._recorder, self._forks, self._sampler)
        return session_of_cell(self._spec, extra, self._actions, () if self._spec.answer_only else observers)

    def _run_watched(self) -> tuple[float, str | None]:
        known = surroundings(
            heap_source=self._memory.heap_source,
            clock_floor_us=clock_floor_us(),
            gc_policy=GC_POLICY,
            commit=self._commit,
        )
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
        try:
            self._limit.set(self._memory.process.address_space())
            with self._actions.closed():
                self._executor.run(self._session.job, self._timeline)
        except BaseException as error:
            self._limit.lift()
            text = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
            return text[:500]
        return None

    def _tell_run(self, wall_s: float, reason: str | None) -> None:
        state = self._session.state
        # A handled failure of an item may hide that memory was short.
        outcome, error = self._outcome(reason, self._recorder.errors.values())
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
                "fan_out_context_bytes": json_bytes_of(getattr(self._fan_out.offer, "context", None)),
                **self._so_far(),
            }
        )

    def _outcome(self, reason: str | None, failures: Iterable[str] = ()) -> tuple[str, str | None]:
        """How the run ended, and why: `reason` is what escaped it, `failures` are those of its items."""
        error = reason or self._session.state.error
        complaints = [error, *failures] if error else list(failures)
        if self._limit.was_met(complaints, self._memory.process.peak_address_space()):
            return "memory_limit", error
        return "ok" if reason is None else "crashed", error

    def _beat(self, elapsed_s: float, samples: list[Growth]) -> None:
        self._tell({"row": "sample", "elapsed_s": elapsed_s, "samples": samples, **self._so_far()})

    def _so_far(self) -> dict[str, float | None]:
        """What every sample and the end of a run carry: the size of the largest fan-out, what was done, what forks took."""
        return {
            "fan_out_items": max(map(len, self._recorder.items), default=None),
            "items_done": self._recorder.done,
            "items_failed": self._recorder.failed,
            "items_timed_out": self._recorder.timed_out,
            "forks": self._forks.forks,
            "fork_us": self._forks.total_us,
        }

    def _tell_readings(self, readings: Iterable[Reading]) -> None:
        for reading in readings:
            self._tell({"row": "reading", **asdict(reading)})
