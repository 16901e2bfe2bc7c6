"""Prices: lines over items, and what a process makes of bytes of live heap."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.simulation.prices import Line, Prices, Process, StrategyPrices, TaskPrice

BYTES = st.floats(0, 1e9)


@given(st.integers(1, 1000), BYTES, st.integers(1, 1000), BYTES)
def test_a_line_goes_through_its_points(small, low, more, high):
    line = Line.through([(small, low), (small + more, high)])
    assert line.at(small) == pytest.approx(low, abs=1e-3, rel=1e-6)
    assert line.at(small + more) == pytest.approx(high, abs=1e-3, rel=1e-6)


def test_a_line_never_falls_below_nothing():
    assert Line.through([(10, 100.0), (20, 50.0)]).at(100) == 0.0


def test_the_room_of_a_limit_is_what_the_process_leaves_of_it():
    process = Process(space=100.0, space_each=1.25)
    assert process.room(350.0) == 200.0
    assert process.room(50.0) < 0
    assert process.room(None) == inf


def made(*names, basis="made up", **missing):
    tasks = {"check": TaskPrice(fork=Line(56.0, 0.5), record=Line(200.0))}
    found = {
        name: StrategyPrices(begin=7.0, tasks=tasks, process=Process(resident=1.0, space_each=1.01))
        for name in names
    }
    return Prices(found, basis, missing)


def test_prices_are_read_back_as_they_were_written():
    prices = made("shared", "deepcopy", frozen="cannot carry a lock")
    assert Prices.of_row(prices.as_row()) == prices


def test_those_that_are_there_win_over_those_that_join_them():
    mine, others = (
        made("shared", basis="mine", json="why"),
        made("shared", "json", basis="theirs", rpds="not"),
    )
    joined = mine.joined(others)
    assert list(joined) == ["shared", "json"] or list(joined) == ["json", "shared"]
    assert joined["shared"] == mine["shared"]
    assert (joined.basis, joined.missing) == ("mine; theirs", {"rpds": "not"})


def test_some_may_be_taken_out_in_an_order_of_their_own():
    assert list(made("a", "b", "c").only("c", "a")) == ["c", "a"]
