"""A network of three queues: what Ciw, a simulator of others, makes of the same draws; and what Jackson's theorem says.

Customers come to queue A (2 slots), go to B (1 slot) or C (3 slots), from B sometimes to C, and from C sometimes back to A.
"""

from itertools import chain
from random import Random

import numpy as np
import pytest

from attune_sim.executors.timeline import VirtualTimeline
from attune_sim.simulation.waits import interval_of
from attune_sim.simulation.workers import theory
from attune_sim.simulation.workers.pool import Pool
from attune_sim.simulation.workers.setting import Workers

SLOTS = (2, 1, 3)
GO_TO = ((0.0, 0.6, 0.4), (0.0, 0.0, 0.3), (0.2, 0.0, 0.0))
"""From queue to queue; the rest leaves."""
MEANS_S = (1.2, 1.0, 3.2)


class Traveller:
    """Goes from queue to queue as its route has it, and writes down where it waited, and how long."""

    cycle = 0
    context = None

    def __init__(self, network, route):
        self.network, self.route = network, iter(route)

    def go_on(self):
        self.place = next(self.route, None)
        if self.place is not None:
            self.queued_s = self.network.timeline.now()
            self.network.pools[self.place].request(self)

    def begun(self, now, worker):
        self.network.waits[self.place].append(now - self.queued_s)
        return next(self.network.services[self.place])

    def ended(self, now):
        self.go_on()


class Network:
    """Three pools on one timeline. `waits` of each, in the order in which service began."""

    def __init__(self, services):
        self.timeline = VirtualTimeline()
        self.pools = [Pool(Workers(slots), self.timeline) for slots in SLOTS]
        self.services = [iter(lengths) for lengths in services]
        self.waits = [[], [], []]

    def run(self, gaps, routes):
        for moment, route in zip(np.cumsum(gaps).tolist(), routes, strict=True):
            self.timeline.post(moment, Traveller.go_on, Traveller(self, route))
        self.timeline.run()
        assert all(law.holds for pool in self.pools for law in pool.little())
        return self


def routes_of(seed, number):
    """A route each: the queues in their order."""
    choices = Random(seed).choices

    def route():
        place = 0
        while place is not None:
            yield place
            shares = GO_TO[place]
            [place] = choices([0, 1, 2, None], [*shares, 1 - sum(shares)])

    return [list(route()) for _ in range(number)]


def lengths_of(draws, routes):
    """As many services of each queue as the routes have visits."""
    return [
        (mean * draw(list(chain.from_iterable(routes)).count(place))).tolist()
        for place, (mean, draw) in enumerate(zip(MEANS_S, draws, strict=True))
    ]


def test_ciw_makes_the_same_waits_of_the_same_draws():
    ciw = pytest.importorskip("ciw")
    customers = 4_000
    rng = np.random.default_rng(0)
    routes, gaps = routes_of(0, customers), rng.exponential(1.0, customers).tolist()
    services = lengths_of(
        (
            lambda n: rng.exponential(1.0, n),
            lambda n: rng.uniform(0.0, 2.0, n),
            lambda n: rng.lognormal(-0.32, 0.8, n),
        ),
        routes,
    )
    ours = Network(services).run(gaps, routes)

    peer = ciw.Simulation(
        ciw.create_network(
            arrival_distributions=[ciw.dists.Sequential([*gaps, float("inf")]), None, None],
            service_distributions=[ciw.dists.Sequential(lengths) for lengths in services],
            number_of_servers=list(SLOTS),
            routing=ciw.routing.ProcessBased(
                lambda customer, _: [place + 1 for place in routes[customer.id_number - 1][1:]]
            ),
        )
    )
    peer.simulate_until_max_customers(customers, method="Finish")
    records = sorted(peer.get_all_records(), key=lambda record: record.service_start_date)
    assert len(records) == sum(map(len, routes))
    for place, waits in enumerate(ours.waits):
        theirs = [record.waiting_time for record in records if record.node == place + 1]
        assert np.mean(waits) == pytest.approx(np.mean(theirs), rel=1e-9)
        assert waits == pytest.approx(theirs, abs=1e-6)


def test_exponential_services_give_the_mean_waits_of_jacksons_theorem():
    """J. R. Jackson, *Networks of Waiting Lines* (1957): each queue is as an M/M/c of its own. Twelve replications, 99.9 %."""
    rates = np.linalg.solve(np.eye(3) - np.array(GO_TO).T, [0.8, 0.0, 0.0])
    means = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        routes, gaps = routes_of(seed, 1_000), rng.exponential(1 / 0.8, 1_000)
        services = lengths_of((lambda n, rng=rng: rng.exponential(1.0, n),) * 3, routes)
        means.append([np.mean(waits) for waits in Network(services).run(gaps, routes).waits])
    for place, slots in enumerate(SLOTS):
        expected = theory.mmc_wait(rates[place], MEANS_S[place], slots)
        assert interval_of([row[place] for row in means], 0.999).holds(expected)
