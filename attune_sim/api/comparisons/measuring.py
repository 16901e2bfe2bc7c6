"""What `compare` and `sweep` stand on: an experiment made of what a user asks for, measured with one display, one store and one
folder of recordings, and made into what there is of it, whether or not somebody stopped it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from os import PathLike
from typing import Any, Final, TypedDict, TypeVar, cast

from attune_sim.amounts import byte_count, second_count
from attune_sim.api.choices import ExecutorName, ProbeName
from attune_sim.api.comparisons.comparison import Comparison
from attune_sim.api.comparisons.deciding import Deciding, repeated
from attune_sim.api.runs.chosen import chosen_strategies
from attune_sim.api.runs.given import ActionSource, ScriptSource, Source, given_workload
from attune_sim.api.runs.running import DISPATCHES, Strategy, one_of, positive
from attune_sim.api.runs.workflows import SubWorkflows
from attune_sim.api.showing.progress import Watcher
from attune_sim.api.showing.telling import Telling
from attune_sim.api.stopped import stopped
from attune_sim.errors import InputError, Interrupted, action_hint
from attune_sim.executors import executor_names
from attune_sim.experiment import Experiment, Progress, run_experiment
from attune_sim.experiment.crew import Crew, on_cluster
from attune_sim.experiment.foretold import Foreteller
from attune_sim.experiment.optional import PROBES, OptionalProbe
from attune_sim.experiment.recordings import Recordings
from attune_sim.experiment.spec import TIME_LIMIT_S
from attune_sim.parameters import unknown_parameters
from attune_sim.record import CellRecord
from attune_sim.scenarios.workload import Workload
from attune_sim.store import Store

C = TypeVar("C", bound=Comparison)

Steps = Callable[[Watcher | None], Iterable[list[CellRecord]]]
"""Handed who is told of progress, it gives the records of what it measured, part by part."""


class Options(TypedDict, total=False):
    """What every verb that measures takes, by name; `Asked` says what it means."""

    parameters: Mapping[str, Any] | None
    actions: ActionSource | None
    workflows: SubWorkflows
    script: ScriptSource | None
    config: Mapping[str, Any] | None
    keystore: Mapping[str, Any] | None
    seed: int
    executor: ExecutorName | None
    cluster: Any
    real: bool
    memory_limit: int | str | None
    time_limit: float | str | None
    probes: ProbeName | Iterable[ProbeName]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`Options`: what goes with a workload, and how its cells are run, whatever their sizes and number."""

    parameters: Mapping[str, Any] | None = None
    actions: ActionSource | None = None
    workflows: SubWorkflows = ()
    script: ScriptSource | None = None
    config: Mapping[str, Any] | None = None
    keystore: Mapping[str, Any] | None = None
    seed: int = 0
    executor: str | None = None
    cluster: Any = None
    real: bool = False
    memory_limit: int | str | None = None
    time_limit: float | str | None = None
    probes: str | Iterable[str] = ()

    def workload(self, source: Source) -> Workload:
        """The workload in its own size, with what goes with it. Raises InputError for what cannot be used."""
        return given_workload(
            source, parameters=self.parameters, actions=self.actions, workflows=self.workflows, script=self.script,
            config=self.config, keystore=self.keystore, seed=self.seed,
        )  # fmt: skip

    def experiment(
        self,
        workloads: Sequence[Workload],
        strategies: Strategy | Iterable[Strategy] | None,
        *,
        repeats: int | str,
        dispatches: Iterable[str],
        concurrencies: Sequence[int | None] = (None,),
        workers: int = 1,
        away: Mapping[str, float] | None = None,
        deciding: Deciding | None = None,
    ) -> Experiment:
        """The grid, one workload a size; with `away` (the resources of each) cells may be run on the `cluster`.

        Raises InputError for what cannot be used.
        """
        _require_performers(workloads[0], self.real)
        memory, time = self.memory_limit, self.time_limit
        return Experiment(
            workloads=workloads,
            strategies=chosen_strategies(strategies),
            dispatches=[one_of("dispatch", dispatch, DISPATCHES) for dispatch in dispatches],
            executors=[self._executor],
            crew=self._crew(away),
            away=None if self.cluster is None or on_cluster(self._executor) else away,
            concurrencies=concurrencies,
            **repeated(repeats, deciding),
            real=self.real,
            memory_limit_bytes=None if memory is None else byte_count(memory, "memory_limit"),
            time_limit_s=TIME_LIMIT_S if time is None else second_count(time, "time_limit"),
            probes=chosen_probes(self.probes),
            workers=positive("workers", workers),
        )

    @property
    def _executor(self) -> str:
        return one_of("executor", self.executor or "inline", executor_names())

    def _crew(self, away: Mapping[str, float] | None) -> Crew | None:
        """Workers that make the attempts of cells, or run them. Raises InputError for a cluster of which nobody makes use."""
        if on_cluster(self._executor) or (self.cluster is not None and away is not None):
            return Crew(self.cluster)
        if self.cluster is not None:
            raise InputError(
                f'cluster= needs executor="dask"; {self._executor!r} performs in the process of a cell'
            )
        return None


class Measurement:
    """One call of a verb that measures: its `recordings` (with `natural`, of one size for all), its store, and what is made of
    its records."""

    def __init__(
        self, grid: Experiment, *, store: str | PathLike[str] | None, progress: bool, natural: bool = False
    ) -> None:
        self._grid, self._path, self._telling = grid, store, Telling(progress)
        self._store = None if store is None else Store(store)
        self.recordings = Recordings(lambda text: self._telling.note(text), natural)
        self._known: tuple[CellRecord, ...] = ()

    def run(
        self, grid: Experiment, told: Watcher | None, foretell: Foreteller = lambda cell, records: None
    ) -> list[CellRecord]:
        """The records of a grid; see `run_experiment`."""
        return run_experiment(
            grid,
            store=self._store,
            progress=told,
            recordings=self.recordings,
            foretell=foretell,
            known=self._known,
        )

    def of(self, steps: Steps, make: Callable[..., C], listener: Watcher | None = None) -> C:
        """Take the steps, and `make(records, warnings, promises=, printed=)` of them what there is. A partial result goes on by
        taking them again: only what is missing is measured then.

        Raises:
            Interrupted: somebody stopped it; what there is is its `result`, and kept for `last`.
        """
        records: list[CellRecord] = []
        halt: Interrupted | None = None
        with self._telling.watching() as watcher, self.recordings, self._grid.crew or nullcontext():
            try:
                for more in steps(_told_to(watcher, listener)):
                    records += more
            except Interrupted as stop:
                records += cast("list[CellRecord]", stop.result)
                halt = stop
        if halt is None:
            return self._made(make, records)
        again = "" if self._path is None else f"; the same call goes on with what {self._path} keeps"
        partial = self._made(make, records, f"stopped: {halt}") if records else None
        self._known, self._telling = tuple(records), self._telling.fresh()
        raise stopped(f"{halt}{again}", partial, lambda: self.of(steps, make, listener))

    def _made(self, make: Callable[..., C], records: list[CellRecord], *stops: str) -> C:
        workload, taken = self._grid.workloads[0], self.recordings.all
        undeclared = unknown_parameters(workload.workflow.parameters, workload.parameters(), workload.name)
        wrote = dict.fromkeys(_WROTE.format(task) for one in taken for task in one.wrote)
        return make(
            records,
            [*stops, *map(str, undeclared), *wrote],
            promises={one.name: one.guarantees for one in self._grid.strategies},
            printed="".join(one.printed for one in taken),
        )


_WROTE: Final = (
    "task {!r}: its action wrote into what it was handed. A replay does not, so that nothing here tells what other items "
    "would see of it under a strategy that shares: at.check_isolation, attune-sim check-isolation"
)


def _told_to(*listeners: Watcher | None) -> Watcher | None:
    """Who is told of progress: each of those that are there, in turn."""
    known = [listener for listener in listeners if listener is not None]

    def tell(progress: Progress) -> None:
        for listener in known:
            listener(progress)

    return tell if known else None


def chosen_probes(wanted: str | Iterable[str]) -> list[OptionalProbe]:
    """The optional probes of these names, each once.

    >>> [probe.metrics for probe in chosen_probes("instructions")]
    [('fork_instructions', 'render_instructions')]
    >>> chosen_probes(["instruction"])
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: probe 'instruction' does not exist; choose from: instructions
    """
    names = dict.fromkeys([wanted] if isinstance(wanted, str) else wanted)
    return [PROBES[one_of("probe", name, tuple(PROBES))] for name in names]


def _require_performers(workload: Workload, real: bool) -> None:
    """Raises InputError where it is not clear who performs the actions, or nobody does."""
    _require_actions(workload, real)
    if real and workload.script is not None:
        raise InputError(
            f"{workload.name}: a script gives results instead of the real thing; leave out either real=True (--real) or "
            "the script (--script)"
        )


def _require_actions(workload: Workload, real: bool) -> None:
    """Raises InputError for an action that nobody performs: every cell would measure a run that fails at once."""
    known = [*workload.actions(real), *(child.name for child in workload.workflows)]
    for workflow in workload.reached:
        for task in workflow.walk():
            if task.action is not None and task.action not in known:
                place = f"task {task.name!r} of {workflow.name}"
                otherwise = "pass it with actions= or --actions, or a script of results"
                hint = action_hint(task.action, known) or otherwise
                raise InputError(f"{place}: unknown action {task.action!r} ({hint})")
