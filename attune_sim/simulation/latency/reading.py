"""Latencies from what a person gives: a text, a number of seconds, a model; one for all tasks, or one a task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from attune_sim.amounts import second_count
from attune_sim.errors import InputError, UnknownNameError
from attune_sim.simulation.calls import of_task
from attune_sim.simulation.latency.cold_start import ColdStart
from attune_sim.simulation.latency.constant import Constant
from attune_sim.simulation.latency.empirical import Empirical
from attune_sim.simulation.latency.exponential import Exponential
from attune_sim.simulation.latency.lognormal import Lognormal
from attune_sim.simulation.latency.model import Latency, LatencyModel
from attune_sim.simulation.latency.pareto import Pareto
from attune_sim.simulation.latency.per_target import PerTarget
from attune_sim.simulation.latency.uniform import Uniform
from attune_sim.simulation.models import read_model

MODELS: Final[tuple[type[LatencyModel], ...]] = (
    Constant,
    Uniform,
    Exponential,
    Lognormal,
    Pareto,
    Empirical,
    PerTarget,
    ColdStart,
)
"""The models that can be typed, in the order in which they are listed."""

LatencySource: TypeAlias = "Latency | str | float"
LatenciesSource: TypeAlias = "LatencySource | Mapping[str, LatencySource] | Sequence[str] | None"


def read_latency(source: LatencySource, what: str = "latency") -> Latency:
    """A latency from its text, or from a number of seconds or a time alone, which is constant; a model as it is.

    Raises:
        InputError: no latency can be made of it; says what to write.

    >>> read_latency("lognormal(80ms, 0.8)"), read_latency("80ms")
    (<Latency lognormal(80ms, 0.8): mean 110 ms>, <Latency constant(80ms): mean 80.0 ms>)
    >>> read_latency("normal(80ms, 10ms)")
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: latency: unknown model 'normal' (did you mean 'lognormal'?); choose from: constant(80ms), ...
    >>> read_latency("0ms")
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: latency constant: value '0ms' is no time above 0; write for example 60s (us ms s min h d)
    """
    if isinstance(source, str):
        return read_model(source, MODELS, what, bare=Constant)
    if isinstance(source, Latency):
        return source
    return Constant(second_count(source, what))


@dataclass(frozen=True)
class Latencies:
    """Which task has which latency: its own among `of_tasks`, else that `of_all`, else none."""

    of_all: Latency | None = None
    of_tasks: Mapping[str, Latency] = field(default_factory=dict)

    def of(self, task: str) -> Latency | None:
        """The latency of a task."""
        return self.of_tasks.get(task, self.of_all)

    def require_tasks(self, known: Iterable[str]) -> None:
        """Raises UnknownNameError for a task that is not among those that there are."""
        names = list(known)
        for task in self.of_tasks:
            if task not in names:
                raise UnknownNameError("task", task, names)

    def __repr__(self) -> str:
        return f"<Latencies {self.text or 'of nothing'}>"

    @property
    def text(self) -> str:
        """As it can be typed, separated by `; `."""
        own = [f"{task}={latency.text}" for task, latency in self.of_tasks.items()]
        return "; ".join(([] if self.of_all is None else [self.of_all.text]) + own)


def read_latencies(source: LatenciesSource) -> Latencies:
    """Latencies of tasks: one for all, a mapping of task to latency, or texts of which each may begin with `TASK=`.

    In a mapping `""` is for all tasks that it does not name. Raises InputError as `read_latency` does, with the task.

    >>> read_latencies(["80ms", "check=lognormal(80ms, 0.8)"])
    <Latencies constant(80ms); check=lognormal(80ms, 0.8)>
    >>> read_latencies({"check": "2s"}).of("list") is None
    True
    """
    if source is None:
        return Latencies()
    if isinstance(source, Mapping):
        return _of_pairs(source.items())
    if isinstance(source, Sequence) and not isinstance(source, str):
        return _of_pairs(map(_pair, source))
    return _of_pairs([_pair(source)])


def _pair(source: Any) -> tuple[str, LatencySource]:
    return of_task(source) if isinstance(source, str) else ("", source)


def _of_pairs(pairs: Iterable[tuple[str, LatencySource]]) -> Latencies:
    read: dict[str, Latency] = {}
    for task, source in pairs:
        if task in read:
            raise InputError(f"latency{_of(task)} is given twice")
        read[task] = read_latency(source, f"latency{_of(task)}")
    of_all = read.pop("", None)
    return Latencies(of_all, read)


def _of(task: str) -> str:
    return f" of task {task!r}" if task else ""
