"""What is asked of a simulation: checked beforehand, and made into one setting a seed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from attune_sim import __version__
from attune_sim.actions.synthetic import Scripted
from attune_sim.amounts import byte_count, second_count, time_text
from attune_sim.api.runs.chosen import chosen_strategies, sized_workload
from attune_sim.api.runs.given import checked_seed
from attune_sim.api.runs.run import Run
from attune_sim.api.runs.running import DISPATCHES, Strategy, one_of
from attune_sim.errors import InputError, counted
from attune_sim.experiment.limits import in_binary
from attune_sim.runspec import Dispatch
from attune_sim.scenarios.counts import positive
from attune_sim.scenarios.workload import Workload
from attune_sim.simulation.answers import Answers
from attune_sim.simulation.fates import ModelledFates
from attune_sim.simulation.faults.reading import FaultsSource, read_faults
from attune_sim.simulation.latency.reading import Latencies, LatenciesSource, read_latencies
from attune_sim.simulation.schedule import Schedule
from attune_sim.simulation.schedules import Every, ScheduleModel, read_schedule
from attune_sim.simulation.setting import Overlap, Setting
from attune_sim.simulation.workers.crew import Crew, MeanOfTask
from attune_sim.simulation.workers.reading import workers_of, workers_text
from attune_sim.simulation.workers.setting import Workers

MAX_EVENTS: Final = 50_000_000
MAX_ITEMS: Final = 100_000

Arrivals = str | Iterable[float] | ScheduleModel


@dataclass(frozen=True, kw_only=True)
class When:
    """When cycles come: at most one of `every`, `cron` and `arrivals`, for how long, and what is done about overlaps."""

    every: float | str | None = None
    cron: str | None = None
    arrivals: Arrivals | None = None
    duration: float | str | None = None
    overlap: Overlap = "allow"

    def schedule(self) -> tuple[ScheduleModel | None, float | None]:
        """The schedule and its duration (s). Raises InputError where one is without the other, or it never fires."""
        schedule = read_schedule(every=self.every, cron=self.cron, arrivals=self.arrivals)
        duration_s = None if self.duration is None else second_count(self.duration, "duration")
        if schedule is None and duration_s is not None:
            raise InputError(
                "duration (--for) says for how long cycles come; say how often too: every=, cron= or arrivals= (--every, "
                "--cron, --arrivals)"
            )
        if schedule is not None and duration_s is None:
            raise InputError(
                f"{schedule.text} comes again and again; say for how long: duration= (--for), as 24h"
            )
        return schedule, duration_s


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is simulated: a `setting` with the first of the `seeds`, and what goes with it.

    `expected` is how many cycles are due, in the mean where they come by chance; `strategies` are those that memory is charged to,
    against `memory_bytes` (None: no limit); `assumed` says what nobody gave.
    """

    workload: Workload
    setting: Setting
    seeds: tuple[int, ...]
    strategies: tuple[str, ...]
    memory_bytes: int | None
    expected: float
    workers: Workers | None = None
    assumed: tuple[str, ...] = ()
    words: str = ""
    surroundings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The workload."""
        return self.workload.name

    def settings(self, seeds: Iterable[int]) -> list[Setting]:
        """A setting a seed."""
        return [replace(self.setting, seed=seed) for seed in seeds]

    def __repr__(self) -> str:
        return f"<Asked of {self.name!r}: {self.words}>"


def asked(
    own: Workload,
    *,
    items: int | None,
    concurrency: int | None,
    context_bytes: int | str | None,
    latency: LatenciesSource,
    faults: FaultsSource,
    when: When,
    workers: Workers | int | str | None,
    bandwidth: Run | float | str | None = None,
    memory: int | str | None,
    strategies: Strategy | Iterable[Strategy] | None,
    dispatch: Dispatch,
    seed: int,
    seeds: int | Iterable[int] | None,
    max_events: int,
    max_items: int,
) -> Asked:
    """All of it checked. Raises InputError for what cannot be simulated, or would take more events than `max_events`."""
    if concurrency is not None:
        positive("concurrency", concurrency, least=1)
    workload = sized_workload(own, items=items, concurrency=concurrency, context_bytes=context_bytes)
    latencies, troubles = read_latencies(latency), read_faults(faults)
    tasks = [task.name for workflow in workload.reached for task in workflow.walk()]
    latencies.require_tasks(tasks)
    troubles.require_tasks(tasks)
    schedule, duration_s = when.schedule()
    crew = _with_bandwidth(None if workers is None else workers_of(workers), bandwidth)
    chosen = _seeds(seed, seeds)
    one_of("dispatch", dispatch, DISPATCHES)
    answers = Answers.of(workload)
    setting = Setting(
        spec=workload.spec(dispatch=dispatch),
        fates=ModelledFates(latencies, troubles, answers),
        schedule=schedule,
        duration_s=duration_s,
        overlap=when.overlap,
        stations=None if crew is None else _crew(crew, workload, latencies),
        seed=chosen[0],
        max_events=positive("max_events", max_events, least=1),
        max_items=positive("max_items", max_items),
    )
    expected = 1.0 if schedule is None or duration_s is None else schedule.count(duration_s)
    _require_cycles(schedule, duration_s, expected)
    _require_budget(workload, expected, max_events)
    room = None if memory is None else byte_count(memory, "memory")
    names = _names(strategies)
    assumed = (*workload.assumed, *_assumed(workload, latencies, answers))
    parts = _parts(workload, setting, latencies.text, troubles.text, crew, dispatch, room)
    return Asked(
        workload=workload, setting=setting, seeds=chosen, strategies=names, memory_bytes=room, expected=expected,
        workers=crew, assumed=assumed, words=_words(workload, parts), surroundings=parts,
    )  # fmt: skip


def _seeds(seed: int, seeds: int | Iterable[int] | None) -> tuple[int, ...]:
    """One, or as many as were asked for from `seed` on, or those that are listed."""
    first = checked_seed(seed)
    if seeds is None:
        return (first,)
    if isinstance(seeds, int):
        return tuple(range(first, first + positive("seeds", seeds, least=1)))
    listed = tuple(dict.fromkeys(map(checked_seed, seeds)))
    if not listed:
        raise InputError("seeds: name at least one, or say how many")
    return listed


def _names(strategies: Strategy | Iterable[Strategy] | None) -> tuple[str, ...]:
    """Names of strategies; an empty list stays one."""
    listed = strategies if strategies is None or isinstance(strategies, str | type) else list(strategies)
    return () if listed == [] else tuple(one.name for one in chosen_strategies(listed))


def _with_bandwidth(workers: Workers | None, given: Run | float | str | None) -> Workers | None:
    """Workers with the link that was given, or measured by a run. Raises InputError for one that is none."""
    if given is None:
        return workers
    if workers is None:
        raise InputError("bandwidth is that of the link to workers: give workers= too")
    if workers.bandwidth_bytes_s is not None:
        raise InputError(f"workers {workers_text(workers)} have a bandwidth: leave out one of the two")
    if isinstance(given, Run):
        measured = given.bandwidth
        if measured is None:
            raise InputError(
                f'the run of {given.name!r} sent no contexts to workers, so that it has no bandwidth: run it with executor="dask" and '
                "a strategy that shares"
            )
        return replace(workers, bandwidth_bytes_s=round(measured))
    if isinstance(given, str):
        return replace(workers, bandwidth_bytes_s=float(byte_count(given.removesuffix("/s"), "bandwidth")))
    return replace(workers, bandwidth_bytes_s=given)


def _crew(workers: Workers, workload: Workload, latencies: Latencies) -> Crew:
    means = {
        task.name: latency.mean_s for task in workload.workflow.walk() if (latency := latencies.of(task.name))
    }
    return Crew(workers, expected=MeanOfTask(means) if means else None)


def _require_cycles(schedule: ScheduleModel | None, duration_s: float | None, expected: float) -> None:
    if schedule is not None and not expected:
        raise InputError(
            f"{schedule.text} never fires within {time_text(duration_s or 0.0)}; give a longer duration (--for)"
        )


def _require_budget(workload: Workload, expected: float, max_events: int) -> None:
    """An item is an event at least, its end; what retries and waits add is known only while it runs."""
    least = expected * max(workload.items, 1)
    if least > max_events:
        cycles = counted(round(expected), "cycle")
        raise InputError(
            f"{cycles} of {counted(workload.items, 'item')} are {least:,.0f} events or more, and the budget is {max_events:,}: "
            "simulate less, or give more max_events (--max-events)"
        )


def _assumed(workload: Workload, latencies: Latencies, answers: Answers) -> Iterator[str]:
    """Fan-outs of which nobody said how long their attempts take."""
    for task in workload.workflow.walk():
        if task.with_items is None or task.action is None or latencies.of(task.name) is not None:
            continue
        if task.action not in answers.plan and not isinstance(answers.actions.get(task.action), Scripted):
            yield f"an attempt of {task.name} takes 1 s: say how long with latency (latency=, --latency)"


def _parts(
    workload: Workload,
    setting: Setting,
    latency: str,
    faults: str,
    workers: Workers | None,
    dispatch: Dispatch,
    memory: int | None,
) -> dict[str, Any]:
    """What was simulated, in words that can be typed."""
    schedule = setting.schedule
    parts: dict[str, Any] = {
        "attune_sim": __version__,
        "workload": workload.name,
        "items": workload.items,
        "concurrency": workload.concurrency,
        "schedule": None if schedule is None else _said(schedule),
        "duration": None if setting.duration_s is None else time_text(setting.duration_s),
        "overlap": None if schedule is None else setting.overlap,
        "latency": latency or None,
        "faults": faults or None,
        "workers": None if workers is None else workers_text(workers),
        "memory": None if memory is None else in_binary(memory),
        "dispatch": dispatch,
        "source": "estimated",
    }
    return {name: value for name, value in parts.items() if value is not None}


def _said(schedule: Schedule) -> str:
    """`every 5min`, else as it can be typed."""
    text = str(getattr(schedule, "text", schedule))
    return f"every {time_text(schedule.period_s)}" if isinstance(schedule, Every) else text


def _words(workload: Workload, parts: Mapping[str, Any]) -> str:
    """`1,000 items a cycle, every 5min for 24h, 50 at a time`."""
    told: Sequence[str | None] = (
        f"{counted(workload.items, 'item')} a cycle",
        f"{parts['schedule']} for {parts['duration']}" if "schedule" in parts else "one cycle",
        f"{parts['concurrency']:,} at a time" if "concurrency" in parts else None,
        f"workers {parts['workers']}" if "workers" in parts else None,
    )
    return ", ".join(part for part in told if part)
