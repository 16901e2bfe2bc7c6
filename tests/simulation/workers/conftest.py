"""A station by itself, without a workflow: requests that write down what they are told, and customers by the million."""

import heapq
import os
from dataclasses import dataclass

import numpy as np
import pytest

from attune_sim.executors.timeline import VirtualTimeline
from attune_sim.simulation.waits import Waits
from attune_sim.simulation.workers.arrivals import Arrivals, drawn
from attune_sim.simulation.workers.pool import Pool
from attune_sim.simulation.workers.reading import workers_of

MOST = 20_000
"""More things than happen in any of these tests."""


class Job:
    """A request that writes down what it is told; lost with its worker, it asks again."""

    def __init__(self, station, name, seconds, cycle):
        self.station, self.name, self.seconds, self.cycle = station, name, seconds, cycle
        self.queued_s = station.timeline.now()
        self.context = cycle
        self.worker = None

    def begun(self, now, worker):
        self.worker = worker
        self.station.note(self.name, "begun")
        return self.seconds

    def ended(self, now):
        self.station.note(self.name, "ended")
        for then in self.station.then.pop(self.name, ()):
            then()

    def lost(self, now):
        self.station.note(self.name, "lost")
        self.queued_s = now
        self.station.pool.request(self)


class Station:
    """A pool on a timeline of its own, what is asked of it, and the `lines` (moment, name, what) that it comes to."""

    def __init__(self, workers, **options):
        self.timeline = VirtualTimeline()
        self.pool = Pool(workers_of(workers), self.timeline, **options)
        self.lines, self.jobs, self.then = [], {}, {}

    def note(self, name, what):
        self.lines.append((self.timeline.now(), name, what))

    def ask(self, name, seconds=1.0, *, at=0.0, cycle=0):
        def come(_):
            job = self.jobs[name] = Job(self, name, seconds, cycle)
            self.pool.request(job)

        self.timeline.at(at, come, None)

    def withdraw(self, name, *, at):
        self.timeline.at(at, lambda _: self.pool.withdraw(self.jobs[name]), None)

    def run(self):
        assert self.timeline.ring(MOST) < MOST, "it does not come to an end"
        return self

    def when(self, what):
        """Name -> the last moment at which it was told this."""
        return {name: moment for moment, name, told in self.lines if told == what}

    def order(self, what="begun"):
        return [name for _, name, told in self.lines if told == what]

    def column(self, name):
        return self.pool.workers()[name]


@pytest.fixture(scope="session")
def station():
    return Station


@dataclass(frozen=True)
class Service:
    """Services with a mean of 1 s: `draw(rng, n)` of them, and their standard deviation, the coefficient of variation."""

    draw: object
    variation: float


SERVICES = {
    "exponential": Service(lambda rng, n: rng.exponential(1.0, n), 1.0),
    "deterministic": Service(lambda rng, n: np.ones(n), 0.0),
    "uniform": Service(lambda rng, n: rng.uniform(0.0, 2.0, n), 3**-0.5),
    "lognormal": Service(lambda rng, n: rng.lognormal(-0.18, 0.6, n), (np.exp(0.36) - 1) ** 0.5),
    "hyperexponential": Service(
        lambda rng, n: rng.exponential(rng.choice([0.5, 3.0], n, p=[0.8, 0.2])), 3**0.5
    ),
}


def _served(load, number, seed, *, workers="1", service="exponential", expected=None):
    gaps, lengths = (np.random.default_rng([seed, stream]) for stream in (1, 2))
    timeline = VirtualTimeline()
    pool = Pool(workers_of(workers), timeline, seed=seed, expected=expected)
    mean_gap, draw = 1.0 / (load * pool.setting.places), SERVICES[service].draw
    gaps_s = drawn(lambda n: gaps.exponential(mean_gap, n), number)
    Arrivals(timeline, pool, gaps_s, drawn(lambda n: draw(lengths, n), number)).run()
    assert all(law.holds for law in pool.little())
    return pool


@pytest.fixture(scope="session")
def served():
    """Makes the pool that has served a number of Poisson arrivals, which keep a share of its slots busy (`load`)."""
    return _served


@pytest.fixture(scope="session")
def campaign():
    """Whether this is `make campaign`, which has the time for all arrivals."""
    return bool(int(os.environ.get("ATTUNE_SIM_CAMPAIGN", "0")))


BLOCK = 64


class Recursion:
    """Waits of first come, first served without a station: by the recursions that a station comes to, draw by draw (`test_recursions`).

    They are a hundred times as quick where there is one server: D. V. Lindley (1952); of several, J. Kiefer and J. Wolfowitz (1955).
    """

    def waits(self, gaps, services, servers=1):
        return self._of_one(gaps, services) if servers == 1 else self._of_several(gaps, services, servers)

    def _of_one(self, gaps, services):
        steps = np.concatenate([[0.0], services[:-1] - gaps[1:]])
        course = np.cumsum(steps)
        return course - np.minimum.accumulate(course)

    def _of_several(self, gaps, services, servers):
        free, parts, moments = [0.0] * servers, [], np.cumsum(gaps)
        for start in range(
            0, len(gaps), 65_536
        ):  # plain floats are quicker, and take five times as much room
            waits, own = [], slice(start, start + 65_536)
            for moment, length in zip(moments[own].tolist(), services[own].tolist(), strict=True):
                begin = max(moment, free[0])
                waits.append(begin - moment)
                heapq.heapreplace(free, begin + length)
            parts.append(np.array(waits))
        return np.concatenate(parts)

    def interval(self, waits):
        """What `Waits` makes of them, given in blocks, which its batches consist of."""
        told = Waits()
        for mean in waits[: len(waits) // BLOCK * BLOCK].reshape(-1, BLOCK).mean(axis=1).tolist():
            told.add(mean)
        return told.interval()

    def drawn(self, load, number, seed, *, servers=1, service="exponential"):
        gaps, lengths = (np.random.default_rng([seed, stream]) for stream in (1, 2))
        return self.waits(
            gaps.exponential(1.0 / (load * servers), number), SERVICES[service].draw(lengths, number), servers
        )


@pytest.fixture(scope="session")
def recursion():
    return Recursion()


@pytest.fixture(scope="session")
def services():
    """Distributions of services by name, all with a mean of 1 s."""
    return SERVICES
