"""How attempts end in a simulation: what is described in a setting, and becomes `Fates` with its seed.

`ModelledFates` join three things: what attempts come to (`answers`), how long they take (`latency`), and what goes wrong (`faults`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from attune_sim.engine.events import StartAction
from attune_sim.engine.offer import Offer
from attune_sim.executors.fates import Fated, FateOf, Fates
from attune_sim.simulation.answers import Answering, Answers, Same
from attune_sim.simulation.blocks import by_block
from attune_sim.simulation.faults.fault import Meets
from attune_sim.simulation.faults.reading import Faults
from attune_sim.simulation.foreseen import in_blocks
from attune_sim.simulation.latency.cold_start import ColdStart, Instances
from attune_sim.simulation.latency.model import Draws, Latency, held
from attune_sim.simulation.latency.per_target import PerTarget
from attune_sim.simulation.latency.reading import Latencies
from attune_sim.simulation.visits import Visit


class FatesModel(Protocol):
    """Describes how attempts end: frozen and picklable. All draws follow from the seed."""

    def seeded(self, seed: int) -> Fates:
        """The fates of one simulation."""


@dataclass(frozen=True)
class ModelledFates(FatesModel):
    """Attempts come to what `answers` say, take what their `latency` draws, and meet the `faults` in their order.

    A task without a latency takes what its script or its plan says, else a second.

    >>> from attune_sim.simulation.latency.reading import read_latencies
    >>> ModelledFates(latency=read_latencies("lognormal(80ms, 0.8)"))
    <ModelledFates: lognormal(80ms, 0.8)>
    """

    latency: Latencies = field(default_factory=Latencies)
    faults: Faults = field(default_factory=Faults)
    answers: Answers = field(default_factory=Answers)

    def seeded(self, seed: int) -> Fates:
        return _Seeded(self, seed)

    def __repr__(self) -> str:
        parts = (self.latency.text, self.faults.text)
        return f"<ModelledFates: {', '.join(filter(None, parts)) or 'as answered'}>"


Taking = Callable[[StartAction, float, int], float]
"""The seconds that an attempt draws which begins at this moment, on this worker."""


class _Seeded(Fates):
    """The fates of one simulation."""

    def __init__(self, model: ModelledFates, seed: int) -> None:
        self._model, self._seed = model, seed
        self._answerer = model.answers.begun()
        self._instances: dict[tuple[str, int], Instances] = {}
        self._troubles = [
            (task, fault.begun(seed, number)) for number, (task, fault) in enumerate(model.faults.of_tasks)
        ]

    def open(self, offer: Offer, cycle: int) -> FateOf:
        visit, latency = Visit(offer, cycle, self._seed), self._model.latency.of(offer.task)
        answering = self._answerer.opened(offer, cycle, is_timed=latency is not None)
        fate_of = _untimed(answering) if latency is None else _timed(answering, self._taking(latency, visit))
        troubles = [trouble for task, trouble in self._troubles if task in ("", offer.task)]
        if meets := [trouble.over(visit) for trouble in troubles]:
            fate_of = _meeting(fate_of, meets)
        foreseen = [known for trouble in troubles if (known := trouble.foreseen(visit)) is not None]
        if latency is None or not isinstance(answering, Same) or len(foreseen) < len(troubles):
            return fate_of
        plain, paces, starts = _peeled(latency)
        if starts or offer.plain:
            return fate_of
        return in_blocks(answering.answer, self._blocks(plain, paces, visit), foreseen, fate_of)

    def unprepared(self, command: StartAction, cycle: int) -> float:
        return self._answerer.unprepared(command)

    def _taking(self, latency: Latency, visit: Visit) -> Taking:
        plain, paces, starts = _peeled(latency)
        drawn = by_block(self._blocks(plain, paces, visit))
        taking: Taking = lambda command, now, worker: drawn(command.attempt, command.slot)  # noqa: E731
        for depth, start in enumerate(starts):
            taking = _cold(taking, self._instances.setdefault((visit.offer.task, depth), Instances(start)))
        return taking

    def _blocks(
        self, plain: Latency, paces: list[PerTarget], visit: Visit
    ) -> Callable[[int, int], list[float]]:
        return visit.drawn_blocks("latency", lambda rng, slots: self._drawn(plain, paces, visit, rng, slots))

    def _drawn(
        self, plain: Latency, paces: list[PerTarget], visit: Visit, rng: np.random.Generator, slots: range
    ) -> Draws:
        draws = plain.draws(rng, len(slots))
        for pace in paces:
            targets = visit.targets(pace.key, slots, f"latency {pace.name}")
            draws = held(draws * pace.factors(self._seed, targets))
        return draws

    def __repr__(self) -> str:
        return f"<Fates of {self._model!r}, seed {self._seed}>"


def _peeled(latency: Latency) -> tuple[Latency, list[PerTarget], list[ColdStart]]:
    """What is drawn, and what stands around it: paces of targets and cold starts."""
    paces: list[PerTarget] = []
    starts: list[ColdStart] = []
    while isinstance(latency, PerTarget | ColdStart):
        (paces if isinstance(latency, PerTarget) else starts).append(latency)  # type: ignore[arg-type]
        latency = latency.base
    return latency, paces, starts


def _untimed(answering: Answering) -> FateOf:
    def fate(command: StartAction, now: float, input: Mapping[str, Any], worker: int) -> Fated:
        return answering(command, input)[:4]

    return fate


def _timed(answering: Answering, taking: Taking) -> FateOf:
    def fate(command: StartAction, now: float, input: Mapping[str, Any], worker: int) -> Fated:
        outcome, result, error, seconds, is_whole = answering(command, input)
        return outcome, result, error, seconds if is_whole else seconds + taking(command, now, worker)

    return fate


def _cold(taking: Taking, instances: Instances) -> Taking:
    taken = instances.taken
    return lambda command, now, worker: taken(now, taking(command, now, worker), worker)


def _meeting(fate_of: FateOf, meets: list[Meets]) -> FateOf:
    def fate(command: StartAction, now: float, input: Mapping[str, Any], worker: int) -> Fated:
        fated = fate_of(command, now, input, worker)
        for met in meets:
            fated = met(command.attempt, command.slot, now, fated)
        return fated

    return fate
