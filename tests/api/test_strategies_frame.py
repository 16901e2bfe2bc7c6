"""The matrix of strategies: a row each, a column for every guarantee that has a law, and the price beside it."""

import math
from dataclasses import fields

import numpy as np
import pytest

import attune_sim as at
from attune_sim.api.strategies import strategy_rows
from attune_sim.contexts.laws import LAWS
from attune_sim.contexts.registry import strategies
from attune_sim.contexts.strategy import ALWAYS, Guarantees
from attune_sim.frame import STRATEGY_COLUMNS


def test_every_cell_of_the_matrix_is_what_the_laws_find(verdicts_of):
    frame = at.strategies_frame(price=False).set_index("strategy")

    assert list(frame.index) == list(strategies)
    for name in strategies:
        kept = {}
        for verdict in verdicts_of(name):
            kept[verdict.guarantee] = kept.get(verdict.guarantee, True) and verdict.held
        kept.pop(None)
        assert frame.loc[name, list(kept)].to_dict() == kept


def test_the_columns_are_the_declared_ones_and_each_guarantee_has_one():
    frame = at.strategies_frame(price=False)

    guarantees = [field.name for field in fields(Guarantees)]
    assert list(frame.columns) == ["strategy", *ALWAYS, *guarantees, *STRATEGY_COLUMNS]
    assert set(frame[[*ALWAYS, *guarantees]].dtypes) == {np.dtype(bool)}
    assert {law.guarantee for law in LAWS} - {None} < set(frame.columns)
    assert frame[list(ALWAYS)].all(axis=None)
    assert frame.attrs["units"]["fork_bytes"] == "bytes"


def test_without_a_price_nothing_is_measured():
    frame = at.strategies_frame(price=False)

    assert frame[["fork_us", "floor_us", "fork_bytes", "travel_bytes"]].isna().all(axis=None)


@pytest.fixture(scope="module")
def priced():
    return at.strategies_frame().set_index("strategy")


def test_a_price_stands_beside_every_promise(priced):
    assert (priced[["fork_us", "floor_us"]] > 0).all(axis=None)
    # A twentieth of what is so: what comes first among the quickest is decided by the machine.
    assert priced.loc["deepcopy", "fork_us"] > 50 * priced.loc["shared", "fork_us"]


def test_what_copies_everything_takes_more_memory_than_what_copies_what_is_read(priced):
    whole = priced.loc[["deepcopy", "pickle", "json", "orjson"], "fork_bytes"]

    assert whole.min() > 50 * priced.loc["projected", "fork_bytes"]
    assert priced.loc["projected", "fork_bytes"] > priced.loc["shared", "fork_bytes"]


def test_what_is_sent_elsewhere_weighs_the_whole_context_or_what_is_read_of_it(priced):
    assert priced["travels"].all()
    assert priced["travel_bytes"].drop("projected").min() > 50 * priced.loc["projected", "travel_bytes"]


def test_a_strategy_that_cannot_fork_has_no_price(monkeypatch):
    class Broken(strategies["shared"]):
        name = "broken"

        def fan_out(self, context, reads):
            raise RuntimeError("not today")

    monkeypatch.setitem(strategies.__dict__["_registered"], "broken", Broken)

    [row] = [row for row in strategy_rows() if row["strategy"] == "broken"]
    assert "fork_us" not in row
    assert row["price_failed"] == "RuntimeError: not today"
    assert "tuple" in row["lost_types"]
    assert not row["one_snapshot"]
    assert row["parent_unchanged"]
    assert math.isnan(at.strategies_frame(price=False).set_index("strategy").loc["broken", "fork_us"])
