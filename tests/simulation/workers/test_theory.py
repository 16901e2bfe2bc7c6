"""Formulas of queueing theory against tables and against each other."""

from math import factorial, inf

import pytest

from attune_sim.simulation.workers.theory import erlang_c, ggc_wait, load, mg1_wait, mmc_wait


@pytest.mark.parametrize(("offered", "servers"), [(0.5, 1), (1.0, 2), (4.0, 5), (9.5, 10), (15.0, 30)])
def test_erlang_c_is_what_its_series_gives(offered, servers):
    last = offered**servers / factorial(servers) * servers / (servers - offered)
    series = sum(offered**n / factorial(n) for n in range(servers)) + last
    assert erlang_c(offered, servers) == pytest.approx(last / series, rel=1e-12)


def test_erlang_c_of_ten_thousand_servers_does_not_overflow():
    assert 0 < erlang_c(9_900.0, 10_000) < 1


def test_one_server_waits_as_the_book_has_it():
    assert mmc_wait(0.9, 1.0) == pytest.approx(0.9 / 0.1)
    assert mg1_wait(0.9, 1.0, 1.0) == pytest.approx(9.0)


def test_services_that_do_not_vary_halve_the_wait():
    assert mg1_wait(0.8, 1.0, 0.0) == pytest.approx(mg1_wait(0.8, 1.0, 1.0) / 2)


@pytest.mark.parametrize("rate", [2.0, 3.0])
def test_too_many_arrivals_wait_for_ever(rate):
    assert mmc_wait(rate, 1.0, 2) == ggc_wait(rate, 1.0, 2) == mg1_wait(rate, 1.0, 1.0) == inf
    assert erlang_c(rate, 2) == 1.0
    assert load(rate, 1.0, 2) >= 1


def test_nobody_waits_where_nobody_comes():
    assert mmc_wait(0.0, 1.0, 3) == mg1_wait(0.0, 1.0, 1.0) == erlang_c(0.0, 3) == 0.0
