"""Sums over time for many accounts at once: what brute force finds, move by move."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.simulation import accounts as module
from attune_sim.simulation.accounts import Accounts, Move, Peak, grained

AMOUNTS = st.integers(-300, 300).map(lambda n: n / 4)


@st.composite
def histories(draw):
    """Moves of two accounts, and when each of them happens: some at one moment, some far apart."""
    moves = draw(st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=5))
    gaps = st.one_of(st.just(0.0), st.floats(1e-4, 1e5))
    steps = draw(st.lists(st.tuples(st.integers(0, len(moves) - 1), gaps), min_size=1, max_size=60))
    return moves, steps


def noted(moves, steps, rooms=(inf, inf), bins=16, settling=()):
    accounts, now = Accounts(rooms, bins), 0.0
    codes = [accounts.code_of(Move(amounts)) for amounts in moves]
    for turn, (place, gap) in enumerate(steps):
        now += gap
        accounts.moved(codes[place], now, turn)
        if turn in settling:
            accounts.settle()
    accounts.settle()
    return accounts


def held_after(moves, steps, account):
    held, now, found = 0.0, 0.0, []
    for place, gap in steps:
        now += gap
        held += moves[place][account]
        found.append((now, held))
    return found


@given(histories(), st.sets(st.integers(0, 60)))
def test_peaks_and_deaths_are_those_of_adding_move_by_move(history, settling):
    accounts = noted(*history, rooms=(100.0, 37.5), settling=settling)
    for account, room in enumerate((100.0, 37.5)):
        course = held_after(*history, account)
        top = max([0.0, *(held for _, held in course)])
        first = next((turn for turn, (_, held) in enumerate(course) if held == top), None)
        peak = accounts.peaks[account]
        assert peak.bytes == top
        if top > 0:
            assert peak == Peak(top, course[first][0], first)
        over = next((turn for turn, (_, held) in enumerate(course) if held > room), None)
        death = accounts.deaths[account]
        assert (death and death[:3]) == (None if over is None else (course[over][0], over, None))


@given(histories(), st.sets(st.integers(0, 60)))
def test_each_stretch_of_time_knows_the_least_and_the_most_that_was_held_in_it(history, settling):
    times, low, high = noted(*history, settling=settling).course()
    assert len(times) <= 16
    width = times[1] - times[0] if len(times) > 1 else inf
    for account in range(2):
        course = [(0.0, 0.0), *held_after(*history, account)]
        for place, begin in enumerate(times):
            inside = [held for now, held in course if begin <= now < begin + width]
            entering = [held for now, held in course if now < begin][-1:] or [0.0]
            assert low[account, place] == min(inside + entering)
            assert high[account, place] == max(inside + entering)


def test_moves_are_summed_before_they_become_too_many():
    accounts = Accounts([inf])
    code = accounts.code_of(Move([1.0]))
    for turn in range(2 * module.AT_ONCE + 5):
        accounts.moved(code, float(turn), turn)
    assert len(accounts.codes) == 5
    accounts.settle()
    assert accounts.peaks == [
        Peak(2.0 * module.AT_ONCE + 5, 2.0 * module.AT_ONCE + 4, 2 * module.AT_ONCE + 4)
    ]


def test_there_may_be_more_kinds_of_moves_than_there_was_room_for():
    accounts = Accounts([inf])
    codes = [accounts.code_of(Move([float(number)])) for number in range(200)]
    for code in codes:
        accounts.moved(code, 0.0, code)
    accounts.settle()
    assert accounts.peaks[0].bytes == sum(range(200))


def test_what_passes_counts_against_the_room_and_stays_nowhere():
    accounts = Accounts([100.0])
    fork = accounts.code_of(Move([10.0], passing=[50.0]))
    for turn in range(6):
        accounts.moved(fork, float(turn), turn)
    accounts.settle()
    assert [death[:3] for death in accounts.deaths] == [
        (5.0, 5, None)
    ]  # 60 are held, and 50 more are needed for a moment
    assert accounts.peaks[0].bytes == 60.0


@pytest.mark.parametrize(("room", "fitted"), [(1000.0, None), (105.0, 9), (5.0, 0), (-1.0, 0)])
def test_of_forks_that_are_made_together_it_is_told_how_many_fitted(room, fitted):
    accounts = Accounts([room])
    before = accounts.code_of(Move([6.0]))
    all_forks = accounts.code_of(Move([500.0], passing=[4.0], forks=50, fork=[10.0]))
    accounts.moved(before, 0.0, 0)
    accounts.moved(all_forks, 1.0, 1)
    accounts.settle()
    [death] = accounts.deaths
    if room < 6:
        assert death[:3] == (0.0, 0, None)
    else:
        assert (death and death[:3]) == (None if fitted is None else (1.0, 1, fitted))


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=30))
def test_amounts_that_are_taken_back_leave_nothing(amounts):
    accounts = Accounts([inf])
    for amount in amounts:
        there = accounts.code_of(Move([grained(amount)]))
        accounts.moved(there, 0.0, 0)
    for amount in amounts:
        back = accounts.code_of(Move([-grained(amount)]))
        accounts.moved(back, 1.0, 0)
    _, low, high = _settled(accounts).course()
    assert high[0, -1] >= 0
    assert low[0, -1] == 0.0


def _settled(accounts):
    accounts.settle()
    return accounts


@given(
    st.lists(st.tuples(st.sampled_from(["end", "start"]), st.sampled_from([0.0, 0.0, 1.0])), max_size=80),
    st.sets(st.integers(0, 80)),
)
def test_an_end_that_a_start_follows_at_the_same_moment_is_one_move(steps, settling):
    joined, apart = Accounts([1e9]), Accounts([1e9])
    codes = {
        accounts: {"end": accounts.code_of(Move([-30.0])), "start": accounts.code_of(Move([100.0]))}
        for accounts in (joined, apart)
    }
    joined.join(codes[joined]["end"], codes[joined]["start"], joined.code_of(Move([70.0])))
    for accounts, known in codes.items():
        now = 0.0
        for turn, (what, gap) in enumerate(steps):
            now += gap
            accounts.moved(known[what], now, turn)
            if turn in settling:
                accounts.settle()
        accounts.settle()
    assert joined.peaks == apart.peaks
    (_, low, high), (_, all_low, all_high) = joined.course(), apart.course()
    assert (high == all_high).all()
    assert (low >= all_low).all()  # nothing is held less for no time at all
