"""M/G/1: mean waits of simulated stations are those of Pollaczek and Khinchine, whatever the distribution of services.

Intervals are those of `test_queueing_mmc`; all seeds are 0, 1, 2 ...
"""

from math import exp, inf

import pytest
from scipy.integrate import quad

from attune_sim.simulation.workers import theory


@pytest.mark.parametrize("service", ["deterministic", "uniform", "lognormal", "hyperexponential"])
@pytest.mark.parametrize("load", [0.3, 0.7])
def test_the_mean_wait_is_within_the_simulations_interval(served, services, load, service):
    pool = served(load, 20_000, seed=0, service=service)
    expected = theory.mg1_wait(load, 1.0, services[service].variation)
    assert pool.waits.interval(0.999).holds(expected)


def test_where_the_shortest_comes_first_the_mean_wait_is_that_of_phipps(served):
    """T. E. Phipps, *Machine Repair as a Priority Waiting-Line Problem*, Operations Research 4 (1956): an infinity of priorities."""
    rate = 0.8
    residual = rate * 2.0 / 2  # of exponential services with a mean of 1 s

    def wait_of(length):
        shorter = rate * (1 - exp(-length) * (1 + length))  # the load of all that is shorter
        return exp(-length) * residual / (1 - shorter) ** 2

    pool = served(rate, 60_000, seed=0, workers="1(shortest)", expected=lambda customer: customer.service_s)
    expected, _ = quad(wait_of, 0, inf)
    assert expected < 0.6 * theory.mg1_wait(rate, 1.0, 1.0)
    assert pool.waits.interval(0.999).holds(expected)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("load", "service", "arrivals", "within"),
    [
        (0.5, "lognormal", 2_000_000, 0.02),
        (0.8, "uniform", 3_000_000, 0.02),
        (0.95, "lognormal", 6_000_000, 0.05),
    ],
)
def test_of_millions_of_arrivals_the_mean_wait_is_pollaczeks(
    served, services, recursion, campaign, load, service, arrivals, within
):
    """By the station itself in a campaign, else by the recursion that it comes to."""
    if campaign:
        mean = served(load, arrivals, seed=0, service=service).waits.mean
    else:
        mean = recursion.drawn(load, arrivals, seed=0, service=service).mean()
    expected = theory.mg1_wait(load, 1.0, services[service].variation)
    assert mean == pytest.approx(expected, rel=within)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("load", "service", "arrivals"),
    [(0.5, "lognormal", 20_000), (0.8, "lognormal", 100_000), (0.95, "lognormal", 2_560_000)],
)
def test_in_97_of_100_seeds_theory_lies_in_the_simulations_own_interval(
    served, services, recursion, campaign, load, service, arrivals
):
    """By the station itself in a campaign, else by the recursion that it comes to."""
    expected = theory.mg1_wait(load, 1.0, services[service].variation)

    def interval(seed):
        if campaign:
            return served(load, arrivals, seed, service=service).waits.interval()
        return recursion.interval(recursion.drawn(load, arrivals, seed, service=service))

    assert sum(interval(seed).holds(expected) for seed in range(100)) >= 97
