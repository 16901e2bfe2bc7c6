"""Inside the worker: one run of a workload, watched, and what one more fork of it costs."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from time import perf_counter
from typing import Any, Final

from attune_sim.actions.registry import actions_of
from attune_sim.canonical import as_json
from attune_sim.engine.offer import Offer
from attune_sim.engine.state import RunState
from attune_sim.executors import executor_named
from attune_sim.executors.readied import Readied
from attune_sim.experiment.answers import answer_digest, answer_of, json_bytes_of
from attune_sim.experiment.crew import Joined
from attune_sim.experiment.limits import MemoryLimit, in_binary
from attune_sim.experiment.readings import (
    Held,
    base_readings,
    memory_readings,
    pace_readings,
    price_readings,
    time_readings,
)
from attune_sim.experiment.ready import LargestFanOut, session_of_cell
from attune_sim.experiment.refusals import Escape, NotingTimeline, Refusals, RefusalsByAttempt
from attune_sim.experiment.spec import CellSpec
from attune_sim.experiment.warmup import warm_up
from attune_sim.probes.clock import clock_floor_us
from attune_sim.probes.forklog import ForkLog
from attune_sim.probes.freelists import fill_free_lists
from attune_sim.probes.memory import Memory
from attune_sim.probes.pace import pace_us
from attune_sim.probes.parts import Moments, Span, wall_s
from attune_sim.probes.pauses import Pauses
from attune_sim.probes.recorder import Recorder
from attune_sim.probes.sampler import Growth, Sampler, apart
from attune_sim.probes.surroundings import surroundings
from attune_sim.record import Reading
from attune_sim.session import Session

Tell = Callable[[Mapping[str, Any]], None]
"""Hands one row to the parent."""

GC_POLICY: Final = "collected and frozen after set-up, free lists filled, then enabled"
_START_BYTES: Final = 8


def record_bytes(state: RunState, offer: Offer, memory: Memory) -> float | None:
    """Live heap that an item which ended leaves behind: what is freed when the results of its fan-out are let go, and the
    eight bytes that note its start. None if the fan-out did not come to its end."""
    result = state.task_results.get(offer.task)
    results = result.get("results") if isinstance(result, dict) else None
    if not isinstance(results, list) or len(results) != len(offer.items):
        return None
    memory.heap()  # the first reading makes things that stay
    before = memory.heap()
    results[:] = [None] * len(results)
    return (before - memory.heap()) / len(results) + _START_BYTES


class CellRun:
    """One cell from its spec to its last row. `extra` are parameters that real parts gave."""

    def __init__(self, spec: CellSpec, extra: Mapping[str, Any], tell: Tell, commit: str | None) -> None:
        self._spec, self._tell, self._commit = spec, tell, commit
        self._memory = Memory()
        self._limit = MemoryLimit(spec.memory_limit_bytes)
        self._fan_out = LargestFanOut()
        self._refusals = Refusals() if spec.executor == "inline" else RefusalsByAttempt()
        self._timeline = NotingTimeline(self._refusals)
        self._recorder, self._pauses = Recorder(self._timeline.now), Pauses(perf_counter)
        self._forks = ForkLog(self._recorder)
        self._sampler = Sampler(
            self._memory,
            perf_counter,
            self._beat,
            every=apart(spec.workload.items),
            overhead=self._noted_bytes,
            room=self._room,
            done=lambda: self._recorder.done,
            pace=lambda: pace_us(perf_counter),
        )
        self._actions = actions_of(spec.all_actions)
        self._readied = [action for action in self._actions.values() if isinstance(action, Readied)]
        self._executor = executor_named(spec.executor)
        self._joined = None if spec.line is None else Joined(spec.line)
        self._session = self._made_session(extra)
        self._resident = 0
        self._space: int | None = None
        self._peak_label = ""

    def run(self) -> None:
        """Run, and tell everything as it comes to be known."""
        moments, escape = self._run_watched()
        peak = self._memory.process.peak()
        self._tell_run(self._wall_s(moments), escape)
        if self._is_timed:
            self._tell_readings(self._times(moments))
        if self._joined is not None:
            self._joined.leave()
            self._tell_readings(self._joined.readings())
        grown = Reading("peak_rss_bytes", max(0.0, peak - self._resident), label=self._peak_label)
        base = base_readings(self._resident, self._space)
        self._tell_readings([*memory_readings(self._sampler.peaks, self._memory.labels), grown, *base])
        held = self._held()
        del self._session  # what is measured from now on needs its memory
        offer, room = self._fan_out.offer, min(256e6, self._spec.memory_limit_bytes / 4)
        for readings in price_readings(
            offer, held, self._memory, room, timed=self._is_timed, by_pympler=self._spec.by_pympler
        ):
            self._tell_readings(readings)

    @property
    def _is_timed(self) -> bool:
        """Whether this cell has the machine to itself."""
        return not self._spec.memory_only

    @property
    def _keeps_forks(self) -> bool:
        """Whether all forks of a fan-out are alive here at once; those of a cluster are made there, or sent."""
        return self._spec.dispatch == "eager" and self._joined is None

    @property
    def _inline(self) -> bool:
        return self._spec.executor == "inline"

    def _wall_s(self, moments: Moments) -> float | None:
        if not self._is_timed:
            return None
        return wall_s(self._recorder, self._forks, moments) if self._inline else moments.wall_s

    def _times(self, moments: Moments) -> list[Reading]:
        clock_us = clock_floor_us()
        parts = time_readings(self._recorder, self._forks, moments, clock_us=clock_us, inline=self._inline)
        return [*parts, *pace_readings(self._sampler.paces, self._sampler.attempt_paces)]

    def reached(self) -> tuple[int, int, float]:
        """Items that ended, forks that were made so far, and the microseconds that these took."""
        return self._recorder.done, self._forks.forks, self._forks.total_us

    def _noted_bytes(self) -> int:
        own = self._recorder.nbytes + self._forks.nbytes + self._pauses.nbytes
        return own + sum(action.nbytes for action in self._readied)

    def _moments(self, began_s: float, ended_s: float) -> Moments:
        """In run time, as what items are recorded in."""
        origin = self._timeline.origin
        pauses = tuple((since - origin, took) for since, took in self._pauses)
        looks = tuple((since - origin, took) for since, took in self._sampler.spans)
        looked_at = tuple(sorted({forks - 1 for forks in self._sampler.marks.forks if forks}))
        return Moments(began_s - origin, ended_s - origin, pauses, looks, looked_at, self._asides(origin))

    def _asides(self, origin: float) -> tuple[Span, ...]:
        """When results were made anew; where attempts overlap, other attempts went on meanwhile."""
        if not self._inline:
            return ()
        stamps = (zip(action.began, action.took, strict=True) for action in self._readied)
        return tuple(sorted((began - origin, took) for spans in stamps for began, took in spans))

    def _held(self) -> Held:
        """What the heap held over the largest fan-out; what one item leaves behind is what is freed as the results go."""
        offer, marks = self._fan_out.offer, self._sampler.marks
        record = None if offer is None else record_bytes(self._session.state, offer, self._memory)
        elsewhere = (
            {} if self._joined is None else {"unknown": "forks live at workers, or until they are sent there"}
        )
        return Held(
            items=0 if offer is None else len(offer.items),
            forks=self._forks.forks,
            record_bytes=record,
            beside_first=marks.beside_first(record),
            fork_slope=marks.slope_of_forks() if self._keeps_forks else None,
            **elsewhere,
        )

    def _room(self) -> float | None:
        """Bytes that are left of the limit."""
        in_use = self._memory.process.address_space()
        return None if in_use is None else float(self._spec.memory_limit_bytes - in_use)

    def answer(self) -> None:
        """Run without measuring, and tell the whole answer."""
        self._tell({"row": "running"})
        escape = self._attempted()
        self._limit.lift()
        outcome, error = self._outcome(escape)
        row: dict[str, Any] = {"row": "ran", "outcome": outcome, "error": error}
        if outcome == "ok":
            row["answer"] = as_json(answer_of(self._session.state)).decode()
        self._tell(row)

    def _made_session(self, extra: Mapping[str, Any]) -> Session:
        spec = self._spec
        watching = (self._fan_out, self._recorder, self._forks, self._sampler)
        observers = (self._refusals,) if spec.answer_only else (self._refusals, *watching)
        return session_of_cell(spec, extra, self._actions, observers)

    def _run_watched(self) -> tuple[Moments, Escape | None]:
        """When the run began and ended, and what escaped it."""
        known = surroundings(
            heap_source=self._memory.heap_source,
            clock_floor_us=clock_floor_us(),
            gc_policy=GC_POLICY,
            commit=self._commit,
        )
        warm_up(self._memory)
        gc.collect()
        gc.freeze()
        if not MemoryLimit.is_available():
            known["memory_limit"] = "not available on this system"
        if not self._memory.process.reset_peak():
            self._peak_label = "since the process began: this system does not reset its peak"
        self._tell({"row": "running", "surroundings": known})
        self._resident = self._memory.process.resident()
        self._space = self._memory.process.address_space()
        fill_free_lists()  # which that collection emptied
        self._sampler.begin()
        self._pauses.begin()
        began = perf_counter()
        escape = self._attempted()
        ended = perf_counter()
        self._pauses.end()
        self._limit.lift()
        return self._moments(began, ended), escape

    def _attempted(self) -> Escape | None:
        """Drive the run under the limit; what escaped it. The limit is lifted before that is put into words."""
        self._refusals.forget()
        try:
            with self._actions.closed():
                try:
                    self._limit.set(self._memory.process.address_space())
                    beside = {} if self._joined is None else self._joined.options
                    self._executor.run(self._session.job, self._timeline, **beside)
                except BaseException:
                    self._refusals.note()  # before closing: a connection that is shut down may leave an errno of its own
                    self._limit.lift()
                    if not self._spec.answer_only:
                        self._sampler.sample()  # what it held when it died, while it is all there
                    raise
        except BaseException as error:
            return Escape.of(error, self._refusals.at_failure)
        return None

    def _tell_run(self, wall_s: float | None, escape: Escape | None) -> None:
        state = self._session.state
        outcome, error = self._outcome(escape)
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

    def _outcome(self, escape: Escape | None) -> tuple[str, str | None]:
        """How the run ended, and why."""
        error = self._session.state.error if escape is None else escape.reason
        near = self._limit.is_near(self._memory.process.peak_address_space())
        if self._refusals.was_short(escape, near=near):
            return "memory_limit", error or self._refusals.failure
        return "ok" if escape is None else "crashed", error

    def _beat(self, elapsed_s: float, samples: list[Growth]) -> None:
        self._tell({"row": "sample", "elapsed_s": elapsed_s, "samples": samples, **self._so_far()})
        self._refusals.forget()

    def _so_far(self) -> dict[str, float | None]:
        """What every sample and the end of a run carry: the size of the largest fan-out, what was done, what forks took."""
        return {
            "fan_out_items": max(map(len, self._recorder.items), default=None),
            "items_done": self._recorder.done,
            "items_failed": self._recorder.failed,
            "items_timed_out": self._recorder.timed_out,
            "forks": max(self._forks.forks, self._sampler.forks),
            "fork_us": self._forks.total_us if self._is_timed else None,
        }

    def _tell_readings(self, readings: Iterable[Reading]) -> None:
        for reading in readings:
            self._tell({"row": "reading", **asdict(reading)})
