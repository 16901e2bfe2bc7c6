"""Where prices come from: what a store has, else a few forks that are made now."""

import pytest

from attune_sim.api.pricing import prices_of
from attune_sim.contexts.registry import strategies
from attune_sim.errors import InputError
from attune_sim.experiment.spec import CellSpec
from attune_sim.record import CellKey, Reading
from attune_sim.scenarios.registry import scenarios
from attune_sim.store import Store, ended_row, started_row

FORKS = {16: 1_000.0, 64: 1_000.0}


@pytest.fixture(scope="module")
def workload():
    return scenarios.baseline(items=64, history=0)


def kept_cells(path, workload, name, sizes):
    """A store of cells that were measured in these sizes: a run holds 5,000 bytes, and each item a fork and a record of 200."""
    with Store(path) as store:
        for items in sizes:
            key: CellKey = CellSpec(workload=workload.sized(items=items), strategy=strategies[name]).key
            readings = {
                "live_heap_bytes": 5_000.0 + FORKS[items] + 200.0 * items,
                "fork_bytes": FORKS[items],
                "record_bytes": 200.0,
                "base_rss_bytes": 50e6,
                "base_space_bytes": 60e6,
                "peak_rss_bytes": 1e5,
            }
            store.append(key.id, started_row(key, (), 0))
            store.append(key.id, {"row": "ran", "outcome": "ok", "run_status": "succeeded", "error": None, "wall_s": 1.0, "answer": "a", "items_done": items, "items_failed": 0, "items_timed_out": 0, "forks": items, "fork_us": 1.0, "fan_out_items": items, "fan_out_context_bytes": 100})  # fmt: skip
            for metric, value in readings.items():
                row = Reading(metric, value)
                store.append(
                    key.id, {"row": "reading", **{field: getattr(row, field) for field in row.__slots__}}
                )
            store.append(key.id, ended_row("ok", None))


def test_what_was_weighed_is_kept_and_not_weighed_again(tmp_path, workload):
    store = tmp_path / "prices.jsonl"
    first = prices_of(workload, ["shared", "hamt"], store=store)
    rows = store.read_text()
    again = prices_of(workload, ["hamt", "shared"], store=store)
    assert list(again) == ["hamt", "shared"]
    assert {name: again[name] for name in first} == dict(first)
    assert store.read_text() == rows
    assert Store(store).records() == []  # which are no cells


def test_cells_of_two_sizes_tell_prices_too(tmp_path, workload):
    store = tmp_path / "cells.jsonl"
    kept_cells(store, workload, "shared", (16, 64))
    prices = prices_of(workload, ["shared"], store=store)
    assert prices.basis == "2 cells of the store"
    task = prices["shared"].tasks[workload.fan_out]
    assert (task.fork.at(64), task.record.at(64)) == (1_000.0, 200.0)
    assert task.opening.at(64) == pytest.approx(5_000, abs=1)
    assert prices["shared"].process.space == 60e6


def test_cells_of_another_workload_tell_nothing(tmp_path, workload):
    store = tmp_path / "cells.jsonl"
    kept_cells(store, scenarios.health_check(servers=64), "shared", (16, 64))
    assert "weighed" in prices_of(workload, ["shared"], store=store).basis


def test_a_row_that_is_no_price_is_named(tmp_path, workload):
    store = tmp_path / "prices.jsonl"
    prices_of(workload, ["shared"], store=store)
    store.write_text(store.read_text().replace('"by_strategy"', '"by_colour"'))
    with pytest.raises(InputError, match=r"prices\.jsonl: not a row of prices"):
        prices_of(workload, ["shared"], store=store)
