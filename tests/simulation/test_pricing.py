"""Prices that are weighed: what a run holds under a strategy, without the forks of all its items."""

import pytest

from attune_sim.contexts.registry import strategies
from attune_sim.errors import InputError, ResultError
from attune_sim.experiment.spec import CellSpec
from attune_sim.scenarios.registry import scenarios
from attune_sim.simulation.pricing import priced

HISTORY = 20_000  # bytes of JSON: some 90 KB alive


class Refusing(strategies["shared"]):
    """Forks nothing."""

    name = "refusing"

    def fan_out(self, context, reads):
        raise ResultError("it carries nothing")


def cell_of(servers, history=HISTORY, **given):
    workload = scenarios.health_check(servers=servers, history={"tasks": 2, "bytes_each": history // 2})
    return CellSpec(workload=workload, strategy=strategies["projected"], **given)


@pytest.fixture(scope="module")
def weighed():
    names = ("deepcopy", "hamt", "frozen", "shared")
    return priced([cell_of(32), cell_of(128)], [*(strategies[name] for name in names), Refusing])


def test_a_fork_is_what_its_strategy_makes_of_the_context(weighed):
    forks = {name: weighed[name].tasks["check_health"].fork for name in weighed}
    assert 56 <= forks["shared"].at(128) == forks["shared"].at(10**6) <= 110
    assert 250 < forks["hamt"].at(128) < 450
    # the list of servers is part of what each item is handed, and copied with it
    assert forks["deepcopy"].at(128) > 2 * HISTORY
    assert forks["deepcopy"].each > 300


def test_what_is_there_beside_forks_belongs_to_the_tasks_that_made_it(weighed):
    for name in ("deepcopy", "hamt", "shared"):
        listed, checked = weighed[name].tasks["get_servers"], weighed[name].tasks["check_health"]
        assert 128 * 300 < listed.storing.at(1) < 128 * 1500  # the result of the plain task
        assert 100 < checked.record.at(128) < 400  # and of each item
        assert checked.kept.at(128) == pytest.approx(128 * checked.record.at(128), rel=0.5)
        assert weighed[name].begin > HISTORY


def test_a_strategy_that_makes_its_own_of_a_result_pays_as_it_is_stored(weighed):
    shared, frozen = (weighed[name].tasks["check_health"].storing.at(128) for name in ("shared", "frozen"))
    assert frozen > shared + 128 * 300
    assert weighed["frozen"].begin > weighed["shared"].begin + HISTORY


def test_the_process_is_the_same_for_all_of_them(weighed):
    processes = {weighed[name].process.resident for name in weighed}
    assert len(processes) == 1
    assert 20e6 < processes.pop() < 300e6


def test_a_strategy_that_cannot_carry_the_workload_is_missing_and_says_why(weighed):
    assert "refusing" not in weighed
    assert "it carries nothing" in weighed.missing["refusing"]


def test_forks_that_do_not_fit_the_memory_are_missing():
    # the context takes some 45 MB alive, and a copy of it takes as much again
    found = priced(
        [cell_of(8, 10_000_000, memory_limit_bytes=230_000_000)], [strategies["pickle"], strategies["shared"]]
    )
    assert list(found) == ["shared"]
    assert "MemoryError" in found.missing["pickle"]


def test_without_cells_there_is_nothing_to_weigh():
    with pytest.raises(InputError, match="no cell to weigh"):
        priced([], [strategies["shared"]])
