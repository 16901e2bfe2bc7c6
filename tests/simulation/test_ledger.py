"""The ledger: what happens in a simulation, charged to every strategy at once."""

from dataclasses import dataclass

import pytest

from attune_sim.errors import InputError
from attune_sim.executors.fates import Fates
from attune_sim.loader import load
from attune_sim.runspec import RunSpec
from attune_sim.simulation.fates import FatesModel
from attune_sim.simulation.ledger import Ledger
from attune_sim.simulation.prices import Line, Prices, Process, StrategyPrices, TaskPrice
from attune_sim.simulation.schedule import Schedule
from attune_sim.simulation.setting import Setting
from attune_sim.simulation.simulate import simulate

LISTED = """
version: '1'
parameters: {n: {type: integer, required: true}}
tasks:
  - name: list
    action: t.list
    next: [{do: [each]}]
  - name: each
    action: t.each
    with_items: "{{ range(parameters.n) }}"
    concurrency: %d
    retry: {count: 1, delay: 4}
    input: {n: "{{ item }}"}
"""

TWELVE = tuple(f"s{number}" for number in range(12))


@dataclass(frozen=True)
class Ending(FatesModel, Fates):
    """Each attempt takes a second and a bit by its slot; first attempts of every k-th slot fail."""

    failing: int = 0

    def seeded(self, seed):
        return self

    def open(self, offer, cycle):
        def fate(command, now, input, worker):
            bad = self.failing and not command.attempt and command.slot % self.failing == 1
            return "failed" if bad else "succeeded", {}, "no" if bad else None, 1.0 + command.slot % 3 / 8

        return fate


@dataclass(frozen=True)
class Times(Schedule):
    at: tuple[float, ...]

    def moments(self, duration_s, seed):
        return iter(self.at)


def setting_of(n=10, window=4, at=(0.0,), failing=0, **spec):
    known = RunSpec(workflow=load(LISTED % window), parameters={"n": n}, **spec)
    return Setting(spec=known, fates=Ending(failing), schedule=Times(at), duration_s=1e6)


def price_of(scale=1.0, **process):
    each = TaskPrice(
        fork=Line(100.0 * scale),
        opening=Line(0.0, 2.0),
        record=Line(7.0 * scale),
        storing=Line(50.0),
        kept=Line(0.0, 8.0),
        workspace=Line(3.0),
    )
    tasks = {"list": TaskPrice(fork=Line(30.0), storing=Line(5.0), kept=Line(5.0)), "each": each}
    return StrategyPrices(begin=11.0, tasks=tasks, process=Process(**process))


def prices(**by_name):
    return Prices(by_name or {name: price_of(2.0 ** (place - 6)) for place, name in enumerate(TWELVE)})


def charged(setting, known=None, **given):
    ledger = Ledger(known or prices(one=price_of()), **given)
    simulate(setting, [ledger])
    return ledger


def death_of(ledger, strategy="one"):
    columns = ledger.deaths()
    place = columns["strategy"].index(strategy)
    return {name: column[place] for name, column in columns.items()}


def test_windowed_holds_the_forks_under_way_and_the_records_of_what_ended():
    told = death_of(charged(setting_of(n=10, window=4)))
    # 4 forks are there until the seventh item has ended, and 6 records then
    assert told["heap_bytes"] == 11 + 5 + 10 * 2 + 4 * 100 + 6 * 7
    assert told["time_s"] is None


def test_eager_holds_all_forks_until_the_fan_out_is_closed():
    ledger = charged(setting_of(n=10, window=4, dispatch="eager"), dispatch="eager")
    assert death_of(ledger)["heap_bytes"] == 11 + 5 + 10 * 2 + 10 * 100 + 10 * 7 + 50


def test_a_retry_forks_anew_beside_the_forks_that_are_kept():
    ledger = charged(setting_of(n=10, window=10, failing=9), dispatch="eager")
    assert death_of(ledger)["heap_bytes"] == 11 + 5 + 10 * 2 + 11 * 100 + 9 * 7  # slot 1 alone is tried again


def test_what_a_run_held_is_gone_when_it_is_over():
    ledger = charged(setting_of(at=(0.0, 1000.0, 2000.0), failing=3))
    memory = ledger.memory()
    assert memory["low_bytes"][-1] == 0.0
    assert death_of(ledger)["peak_cycle"] == 0  # later ones hold no more


def test_cycles_that_overlap_hold_what_each_of_them_does():
    alone = death_of(charged(setting_of(n=20, window=4)))["heap_bytes"]
    both = death_of(charged(setting_of(n=20, window=4, at=(0.0, 0.0))))["heap_bytes"]
    assert both == 2 * alone


@pytest.mark.parametrize(("dispatch", "limit"), [("eager", 4_000.0), ("windowed", 900.0)])
def test_one_simulation_gives_the_same_ledger_as_twelve_separate_ones(dispatch, limit):
    def setting(**more):
        return setting_of(n=60, window=5, at=(0.0, 7.0, 9.0, 400.0), failing=4, dispatch=dispatch, **more)

    known = prices()
    together = charged(setting(), known, dispatch=dispatch, memory_bytes=limit)
    memory, deaths = together.memory(), together.deaths()
    assert len(set(deaths["time_s"])) > 2  # some live, some die at other times
    assert None in deaths["time_s"]
    for place, name in enumerate(TWELVE):
        alone = charged(setting(), known.only(name), dispatch=dispatch, memory_bytes=limit)
        own = [row for row, of in enumerate(memory["strategy"]) if of == name]
        assert alone.memory() == {column: [values[row] for row in own] for column, values in memory.items()}
        assert alone.deaths() == {column: [values[place]] for column, values in deaths.items()}


# -- deaths ----------------------------------------------------------------------------------------------------------------


def test_eager_dies_as_it_forks_at_the_item_that_finds_no_room():
    ledger = charged(setting_of(n=10), dispatch="eager", memory_bytes=11 + 5 + 20 + 3 + 699.0)
    told = death_of(ledger)
    assert (told["time_s"], told["cycle"], told["item"]) == (1.0, 0, 6)
    assert told["heap_bytes"] == 1156.0  # what it would have needed


def test_windowed_dies_as_an_attempt_begins_or_an_item_leaves_its_record():
    limit = 11 + 5 + 20 + 3 + 399.0
    told = death_of(charged(setting_of(n=10), memory_bytes=limit))
    assert (told["time_s"], told["cycle"], told["item"]) == (1.0, 0, 3)


def test_a_later_cycle_may_be_the_one_that_dies():
    limit = 2.0 * 478 - 1  # one at a time is no trouble
    told = death_of(charged(setting_of(n=10, at=(0.0, 500.0, 1000.0, 1000.0)), memory_bytes=limit + 3))
    assert (told["cycle"], told["time_s"] > 1000) == (3, True)


def test_a_death_between_items_names_none():
    told = death_of(charged(setting_of(), memory_bytes=10.0))
    assert (told["time_s"], told["cycle"], told["item"]) == (0.0, 0, None)


def test_the_process_takes_its_part_of_the_limit_and_a_byte_of_heap_takes_more_than_one():
    process = {"resident": 50.0, "space": 100.0, "resident_each": 1.5, "space_each": 2.0}
    known = prices(one=price_of(**process))
    heap = 1156.0
    lives = charged(setting_of(), known, dispatch="eager", memory_bytes=100 + 2 * (heap + 3))
    dies = charged(setting_of(), known, dispatch="eager", memory_bytes=100 + 2 * heap - 1)
    assert death_of(lives)["time_s"] is None
    assert death_of(lives)["peak_bytes"] == 50 + 1.5 * heap == max(lives.memory()["high_bytes"])
    assert death_of(dies)["time_s"] is not None


def test_a_strategy_has_no_memory_after_its_death_and_none_above_its_limit():
    ledger = charged(setting_of(n=10, at=(0.0, 100.0)), dispatch="eager", memory_bytes=700.0)
    memory = ledger.memory()
    assert max(memory["time_s"]) <= 1.0
    assert max(memory["high_bytes"]) == 700.0


# -- what is not known -----------------------------------------------------------------------------------------------------


def test_tasks_without_a_price_cost_nothing_and_are_named():
    known = prices(one=StrategyPrices(tasks={"each": TaskPrice(fork=Line(100.0))}))
    ledger = charged(setting_of(window=4), known)
    assert ledger.unpriced == {"list"}
    assert death_of(ledger)["heap_bytes"] == 400.0


def test_a_fan_out_of_nothing_costs_no_fork():
    assert death_of(charged(setting_of(n=0)))["heap_bytes"] <= 11 + 5 + 50 + 30


def test_without_any_price_there_is_no_ledger():
    with pytest.raises(InputError, match="prices: no strategy has any; frozen: cannot carry a lock"):
        Ledger(Prices({}, missing={"frozen": "cannot carry a lock"}))


@pytest.mark.parametrize("limit", [0, -5.0, float("nan")])
def test_a_limit_is_a_number_of_bytes(limit):
    with pytest.raises(InputError, match="memory: a limit is a number of bytes above 0"):
        Ledger(prices(), memory_bytes=limit)
