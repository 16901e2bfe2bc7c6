"""M/M/c: mean waits of simulated stations are those of Erlang's C formula.

A simulation's own interval is that of batch means (`Waits.interval`): 10 to 19 batches of equally many successive waits, Student's t
of the logarithm, 99 %. All seeds are 0, 1, 2 ...: none is chosen.
"""

import pytest

from attune_sim.simulation.workers import theory

ARRIVALS = 6_000_000


@pytest.mark.parametrize(("load", "servers"), [(0.3, 1), (0.3, 3), (0.7, 1), (0.7, 5), (0.8, 20)])
def test_the_mean_wait_is_within_the_simulations_interval(served, load, servers):
    pool = served(load, 20_000, seed=0, workers=servers)
    assert pool.waits.interval(0.999).holds(theory.mmc_wait(load * servers, 1.0, servers))


@pytest.mark.parametrize("discipline", ["lifo", "random"])
def test_it_is_the_same_in_every_order_that_does_not_look_at_lengths(served, discipline):
    pool = served(0.7, 20_000, seed=0, workers=f"1({discipline})")
    assert pool.waits.interval(0.999).holds(theory.mmc_wait(0.7, 1.0))
    assert pool.waits.longest != served(0.7, 20_000, seed=0).waits.longest


def test_the_share_of_slots_that_are_busy_is_the_load(served):
    pool = served(0.7, 20_000, seed=0, workers=4)
    shares = pool.workers()["utilisation"]
    assert sum(shares) / 4 == pytest.approx(0.7, rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize(("load", "within"), [(0.5, 0.02), (0.8, 0.02), (0.95, 0.05)])
def test_of_six_million_arrivals_the_mean_wait_is_erlangs(served, recursion, campaign, load, within):
    """By the station itself at the highest load, and in a campaign at all; else by the recursion that it comes to."""
    servers, expected = 4, theory.mmc_wait(load * 4, 1.0, 4)
    if campaign or load > 0.9:
        mean = served(load, ARRIVALS, seed=0, workers=servers).waits.mean
    else:
        mean = recursion.drawn(load, ARRIVALS, seed=0, servers=servers).mean()
    assert mean == pytest.approx(expected, rel=within)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("load", "servers", "arrivals"), [(0.5, 3, 20_000), (0.8, 3, 100_000), (0.95, 1, 1_280_000)]
)
def test_in_97_of_100_seeds_theory_lies_in_the_simulations_own_interval(
    served, recursion, campaign, load, servers, arrivals
):
    """By the station itself at the lowest load, and in a campaign at all; else by the recursion that it comes to."""
    expected = theory.mmc_wait(load * servers, 1.0, servers)

    def interval(seed):
        if campaign or load <= 0.5:
            return served(load, arrivals, seed, workers=servers).waits.interval()
        return recursion.interval(recursion.drawn(load, arrivals, seed, servers=servers))

    assert sum(interval(seed).holds(expected) for seed in range(100)) >= 97
