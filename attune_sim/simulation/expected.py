"""What queueing theory expects of a simulation, where one of its models fits; else why none does.

They fit where cycles come by chance, each with one fan-out (or one attempt), and nothing else asks for workers: M/M/c (Erlang C) where services are
exponential, M/G/1 (Pollaczek and Khintchine) on one slot, also of many items at once (M. L. Chaudhry, J. G. C. Templeton, *A First Course in Bulk Queues*, 1983,
chapter 3.2); of services of any kind on several slots Allen and Cunneen know it about.
"""

from __future__ import annotations

from math import inf, sqrt
from typing import NamedTuple

from attune_sim.simulation.fates import ModelledFates
from attune_sim.simulation.latency.exponential import Exponential
from attune_sim.simulation.latency.model import LatencyModel
from attune_sim.simulation.outcome import Outcome
from attune_sim.simulation.schedules import Poisson
from attune_sim.simulation.setting import Setting
from attune_sim.simulation.workers import theory
from attune_sim.simulation.workers.crew import Crew
from attune_sim.simulation.workers.setting import Workers
from attune_sim.workflow import Task


class Expected(NamedTuple):
    """A mean wait in seconds (inf: the queue grows for ever), and by which model; `is_exact` where that is no approximation."""

    wait_s: float
    by: str
    is_exact: bool = True


class Unfit(Exception):
    """No model fits; says why."""


def expected_wait(setting: Setting, outcome: Outcome) -> Expected:
    """The mean wait of an attempt for a slot, in a steady state. Raises `Unfit` where no model fits."""
    schedule, workers = setting.schedule, _workers(setting)
    if not isinstance(schedule, Poisson) or setting.overlap != "allow":
        raise Unfit("cycles do not come by chance, each whatever the others do (arrivals='poisson(...)')")
    task, latency = _service(setting)
    at_once = _at_once(task, outcome)
    return _wait(schedule.rate, at_once, latency, workers)


def _workers(setting: Setting) -> Workers:
    crew = setting.stations
    if not isinstance(crew, Crew):
        raise Unfit("nobody waits without workers")
    workers = crew.workers
    if workers.mtbf_s or workers.start_up_s or workers.idle_s is not None or workers.delay_s or crew.freight:
        raise Unfit("workers fail, start up, or are sent what they need")
    if workers.discipline == "shortest":
        raise Unfit("the shortest comes first")
    return workers


def _service(setting: Setting) -> tuple[Task, LatencyModel]:
    """The one task that asks for workers, and what its attempts take."""
    tasks, fates = list(setting.spec.workflow.walk()), setting.fates
    if len(tasks) != 1 or tasks[0].action in {one.name for one in setting.spec.workflows}:
        raise Unfit("more than one task asks for workers")
    task = tasks[0]
    if (
        task.retry
        or task.timeout is not None
        or not isinstance(fates, ModelledFates)
        or fates.faults.of_tasks
    ):
        raise Unfit("attempts are cut short, fail or are made again")
    latency = fates.latency.of(task.name)
    if (
        task.action in fates.answers.plan
        or not isinstance(latency, LatencyModel)
        or latency.variation is None
    ):
        raise Unfit("what attempts take follows no distribution of which the spread is known")
    return task, latency


def _at_once(task: Task, outcome: Outcome) -> int:
    """How many attempts come at once."""
    if task.with_items is None:
        return 1
    numbers = {row.items for row in outcome.cycles}
    number = max(numbers, default=0)
    if len(numbers) != 1 or not number or task.batch_size is not None:
        raise Unfit("fan-outs differ in their number of items")
    if (task.concurrency or 1) < number:
        raise Unfit("a window holds items back before they ask for a worker")
    return number


def _wait(rate: float, at_once: int, latency: LatencyModel, workers: Workers) -> Expected:
    mean, variation, slots = latency.mean_s, latency.variation or 0.0, workers.places
    load = theory.load(rate * at_once, mean, slots) if mean < inf else inf
    said = f"load {load:.3g}"
    if load >= 1:
        return Expected(inf, f"{said}: the queue grows for ever")
    if slots == 1:
        bulk = theory.mg1_wait(rate, at_once * mean, variation / sqrt(at_once))
        of = f" of {at_once:,} at once" if at_once > 1 else ""
        return Expected(bulk + (at_once - 1) / 2 * mean, f"Pollaczek-Khinchine: M/G/1{of}, {said}")
    if at_once > 1:
        raise Unfit("several items at once ask for several slots")
    if isinstance(latency, Exponential):
        return Expected(theory.mmc_wait(rate, mean, slots), f"Erlang C: M/M/{slots}, {said}")
    about = theory.ggc_wait(rate, mean, slots, variation=variation)
    return Expected(about, f"Allen-Cunneen, about: M/G/{slots}, {said}", is_exact=False)
