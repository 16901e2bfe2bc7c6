"""What is known of a workload at one setting, and how a point of it is measured."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import attune_sim as at
from attune_sim.store import Store


def test_it_begins_at_the_largest_size_that_was_measured(explorer: at.Explorer) -> None:
    setting = explorer.setting

    assert (setting.items, setting.context_bytes, setting.payload, setting.window) == (
        1_000,
        200_000,
        "records",
        None,
    )
    assert explorer.frame["source"].tolist() == ["measured", "measured"]


def test_moving_it_changes_what_is_told(explorer: at.Explorer) -> None:
    before = explorer.frame["live_heap_bytes"].tolist()

    assert explorer.at(items=2_000, memory="2GiB") is explorer
    assert explorer.frame["live_heap_bytes"].tolist() == pytest.approx([2 * one for one in before], rel=0.02)
    assert explorer.setting.memory_bytes == 2 * 2**30
    assert explorer.frame["source"].tolist() == ["estimated", "estimated"]


@pytest.mark.parametrize(
    "wrong",
    [{"items": 0}, {"context_bytes": "much"}, {"payload": "yaml"}, {"window": -1}, {"memory": "1 furlong"}],
)
def test_what_is_no_setting_is_refused_and_nothing_moves(explorer: at.Explorer, wrong: dict) -> None:
    before = explorer.setting

    with pytest.raises(at.InputError):
        explorer.at(**wrong)
    assert explorer.setting == before


def test_without_a_front_end_it_is_a_text_that_says_who_lives(explorer: at.Explorer) -> None:
    explorer.at(items=100_000)

    assert "shared live, deepcopy die" in repr(explorer)
    rows = str(explorer).splitlines()
    assert rows[0] == "baseline: 100,000 items over 200 KB of records, all at once, in 1 GiB"
    assert any(row.startswith("deepcopy") and "1,6" in row and row.endswith("estimated") for row in rows)


def test_the_extra_that_is_missing_is_named_with_what_to_type(
    explorer: at.Explorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ipywidgets", None)

    with pytest.raises(at.InputError, match=r"pip install 'attune-sim\[explore\]'"):
        at.explore(explorer.result)


def test_a_store_a_sweep_and_a_workload_can_be_explored(explorer, swept, stored, tmp_path: Path) -> None:
    store = stored(tmp_path / "cells.jsonl", *swept)

    assert at.explore(store).store == store
    assert at.explore(str(store), "shared").strategies == ("shared",)
    assert at.explore("baseline", "shared").outlook.missing == ("shared",)
    assert at.explore(at.Sweep(swept)).workload == "baseline"


def test_what_holds_no_cells_is_refused(explorer: at.Explorer, tmp_path: Path) -> None:
    with pytest.raises(at.InputError, match="no such store"):
        at.explore(tmp_path / "none.jsonl")
    with pytest.raises(at.InputError, match="give the sweep"):
        at.explore(explorer.frame)


def test_a_workload_that_nobody_named_cannot_be_measured(record_of) -> None:
    explorer = at.explore(at.Comparison([record_of(workload="theirs.yaml")]))

    with pytest.raises(at.InputError, match=r"write at\.explore\(\.\.\., workload=\.\.\.\)"):
        explorer.measure()


@pytest.mark.slow
def test_measuring_the_shown_point_puts_it_on_the_curve_and_into_the_store(tmp_path: Path) -> None:
    store = tmp_path / "cells.jsonl"
    explorer = at.explore("baseline", "shared", store=store).at(
        items=40, context_bytes=5_000, memory="512MiB"
    )

    (first,) = explorer.measure()
    (second,) = explorer.measure()

    assert (first.outcome, second.key.repeat) == ("ok", 1)
    assert {dot.items for dot in explorer.outlook.memory_dots} == {40.0}
    assert explorer.frame["source"].tolist() == ["measured"]
    assert [one.key.id for one in Store(store).records()] == [first.key.id, second.key.id]


@pytest.mark.slow
def test_four_sizes_give_laws(tmp_path: Path) -> None:
    explorer = at.explore("baseline", "shared").at(items=80, context_bytes=8_000, memory="512MiB")
    assert explorer.outlook.missing == ("shared",)

    assert len(explorer.scout()) == 4
    assert explorer.outlook.missing == ()
    assert explorer.at(items=1_000).frame["source"].tolist() == ["estimated"]
