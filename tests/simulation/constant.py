"""The simplest models, for tests: they can be sent to another process."""

from dataclasses import dataclass

from attune_sim.executors.fates import Fates
from attune_sim.simulation.fates import FatesModel
from attune_sim.simulation.schedule import Schedule


@dataclass(frozen=True)
class ConstantFates(FatesModel, Fates):
    """Every attempt takes as long, and gives the same."""

    seconds: float = 1.0
    result: object = None

    def seeded(self, seed):
        return self

    def open(self, offer, cycle):
        fate = ("succeeded", self.result, None, self.seconds)
        return lambda command, now, input, worker: fate


@dataclass(frozen=True)
class Every(Schedule):
    """A cycle every so many seconds."""

    seconds: float

    def moments(self, duration_s, seed):
        moment, number = 0.0, 0
        while moment < duration_s:
            yield moment
            number += 1
            moment = number * self.seconds
