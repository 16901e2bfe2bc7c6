from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from matplotlib.figure import Figure

import attune_sim as at

BOTH = ["deepcopy", "shared"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"items": []}, "items is empty: give the values to measure, as items=[...]"),
        ({"context_bytes": []}, "context_bytes is empty"),
        ({"items": [10, 0]}, "items must be a whole number of 1 or more, not 0"),
        ({"items": [10, "20"]}, "items must be a whole number of 1 or more, not '20'"),
        ({"items": [10, 20], "payloads": ["blobs"]}, "payload 'blobs' does not exist; choose from: text"),
        ({"items": [10, 20], "dispatch": ["lazy"]}, "dispatch 'lazy' does not exist; choose from: eager"),
        ({"items": [10, 20], "concurrency": [0]}, "concurrency must be a whole number of 1 or more"),
        ({"items": [10, 20], "workers": 0}, "workers must be a whole number of 1 or more"),
        ({"items": [10, 20], "repeats": 0}, "repeats must be a whole number of 1 or more"),
        ({"items": [10, 20], "strategies": ["deepcopi"]}, "did you mean 'deepcopy'?"),
        (
            {"items": [10, 20], "context_bytes": ["10 parsecs"]},
            "context_bytes '10 parsecs' is no number of bytes",
        ),
        ({"items": [10, 20], "context_bytes": [1]}, "ask for"),
        ({"items": [10, 20], "workers": 900}, "900 workers, each with a memory limit of"),
        ({"items": [10, 20], "budget": "soon"}, "budget 'soon' is no time"),
        ({"budget": "1s"}, "give more, or name fewer strategies"),
        ({}, "a sweep needs several sizes: give a list"),
        ({"items": [10]}, "a sweep needs several sizes"),
    ],
)
def test_what_cannot_be_used_is_an_input_error_before_anything_is_measured(given: dict, message: str) -> None:
    with pytest.raises(at.InputError) as caught:
        at.sweep("baseline", **{"memory_limit": "512MiB", **given})
    assert message in str(caught.value)


def test_an_option_that_does_not_exist_is_refused() -> None:
    with pytest.raises(TypeError, match="itmes"):
        at.sweep("baseline", items=[1, 2], itmes=[3])  # type: ignore[call-arg]


@pytest.fixture(scope="session")
def small_sweep(tmp_path_factory: pytest.TempPathFactory) -> at.Sweep:
    """A real sweep of two strategies over six small sizes."""
    store = tmp_path_factory.mktemp("swept") / "cells.jsonl"
    return at.sweep(
        "baseline",
        BOTH,
        items=[8, 32, 64],
        context_bytes=["20KB", "60KB"],
        repeats=1,
        store=store,
        progress=False,
    )


@pytest.mark.slow
def test_all_combinations_are_measured_small_ones_first(small_sweep: at.Sweep) -> None:
    sizes = list(
        dict.fromkeys(zip(small_sweep.cells["items"], small_sweep.cells["context_bytes"], strict=True))
    )

    assert set(small_sweep.cells["outcome"]) == {"ok"}
    assert len(sizes) == 6
    works = [items * context for items, context in sizes]
    assert works == sorted(works)


@pytest.mark.slow
def test_copying_is_found_to_grow_with_both_sizes_and_sharing_is_not(small_sweep: at.Sweep) -> None:
    laws = small_sweep.laws().set_index(["strategy", "metric"])["law"]

    assert laws["deepcopy", "live_heap_bytes"] == "O(N*C)"
    assert laws["deepcopy", "fork_bytes"] == "O(C)"
    assert laws["shared", "fork_bytes"] == "O(1)"


@pytest.mark.slow
def test_a_sweep_goes_on_with_what_its_store_keeps_and_is_found_there(tmp_path: Path) -> None:
    store = tmp_path / "cells.jsonl"
    asked = {"context_bytes": "20KB", "repeats": 1, "store": store, "progress": False}
    first = at.sweep("baseline", "shared", items=[2, 4], **asked)
    size = store.stat().st_size

    again = at.sweep("baseline", "shared", items=[2, 4], **asked)
    assert again.records == first.records
    assert store.stat().st_size == size
    more = at.sweep("baseline", "shared", items=[2, 4, 8], **asked)
    assert more.records[:2] == first.records
    found = at.load_comparison(store)
    assert isinstance(found, at.Sweep)
    assert found.records == more.records


@pytest.mark.slow
def test_a_sweep_that_is_stopped_keeps_what_there_is(squares: at.Workflow) -> None:
    class Impatient:
        """Presses Ctrl-C in the parent of the second cell's process."""

        def __call__(self, n: int) -> int:
            if n == 7:
                os.kill(os.getppid(), signal.SIGINT)
            return n

    with pytest.raises(at.Interrupted) as halt:
        at.sweep(
            squares, "shared", items=[2, 40], parameters={"numbers": [1, 7]}, repeats=1, real=True,
            actions={"demo.square": Impatient()}, progress=False,
        )  # fmt: skip

    assert at.last() is halt.value.result
    assert isinstance(at.last(), at.Sweep)
    assert "2 missing" in str(halt.value) or "1 missing" in str(halt.value)


@pytest.mark.slow
def test_cells_beside_each_other_read_memory_only() -> None:
    swept = at.sweep(
        "baseline", "shared", items=[4, 8], workers=2, repeats=1, memory_limit="512MiB", progress=False
    )

    assert {"us", "s"}.isdisjoint(swept.frame["unit"])
    assert swept.cells["memory_only"].all()
    assert "wall_s" not in str(swept)


@pytest.mark.slow
def test_a_user_s_workflow_is_swept_over_its_list_and_its_actions_are_called_once_for_all_sizes(
    squares: at.Workflow, tmp_path: Path
) -> None:
    calls = str(tmp_path / "calls")

    def square(n: int) -> int:
        with open(calls, "a") as file:
            file.write(f"{n}\n")
        return n * n

    swept = at.sweep(
        squares, BOTH, items=[2, 8], context_bytes=["10KB", "20KB"], actions={"demo.square": square},
        parameters={"numbers": [1, 2]}, repeats=1, progress=False,
    )  # fmt: skip

    assert sorted(set(swept.cells["items"])) == [2, 8]
    assert set(swept.cells["run_status"]) == {"succeeded"}
    assert Path(calls).read_text().split() == ["1", "2"]
    estimates = swept.cells.groupby("items")["assumed"].agg(
        lambda lines: set(lines.str.contains("8 items, answered by the 2"))
    )
    assert estimates.to_dict() == {2: {False}, 8: {True}}


# -- what there is of it -----------------------------------------------------------------------------------------------


@pytest.fixture
def planted(sweep_records) -> at.Sweep:
    return at.Sweep(sweep_records, design=["target: 256 items", "stopped because it was enough"])


def test_a_prediction_has_an_interval_and_is_estimated(planted: at.Sweep) -> None:
    told = planted.predict(items=4096, context_bytes="1.28MB").set_index(["strategy", "metric"])

    assert set(told["source"]) == {"estimated"}
    copied, shared = (told.loc[(name, "live_heap_bytes")] for name in BOTH)
    assert copied["low"] < 2.9 * 4096 * 1_280_000 < copied["high"]
    assert shared["low"] < 104 * 4096 + 20_000 < shared["high"]


def test_a_prediction_is_for_the_largest_measured_size_where_none_is_given(planted: at.Sweep) -> None:
    told = planted.predict(strategy="shared")

    assert set(told["strategy"]) == {"shared"}
    assert (told["items"].iloc[0], told["context_bytes"].iloc[0]) == (256, 320_000)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"items": -1}, "items must be a number of 0 or more"),
        ({"items": "many"}, "items must be a number"),
        ({"context_bytes": float("nan")}, "context_bytes must be a number"),
        ({"context_bytes": "10 parsecs"}, "context_bytes '10 parsecs' is no number of bytes"),
        ({"strategy": "hamt"}, "strategy 'hamt' does not exist; choose from: deepcopy, shared"),
    ],
)
def test_a_prediction_for_no_size_is_refused(planted: at.Sweep, given: dict, message: str) -> None:
    with pytest.raises(at.InputError) as caught:
        planted.predict(**given)
    assert message in str(caught.value)


def test_the_summary_has_what_was_foretold_beside_what_was_measured_and_tells_them_apart(
    planted: at.Sweep,
) -> None:
    summary = planted.summary()

    assert len(summary) == 18
    assert summary["source"].value_counts().to_dict() == {"measured": 17, "estimated": 1}
    told = summary[summary["source"] == "estimated"].iloc[0]
    assert (told["strategy"], told["items"], told["live_heap_bytes"]) == ("deepcopy", 256, 2.4e8)
    assert told["outcome"] == "skipped"
    assert told["doubts"] == "not run: too large"


def test_a_crossing_is_where_another_strategy_becomes_cheaper(planted: at.Sweep) -> None:
    found = planted.crossovers()

    assert {"metric", "along", "at", "cheaper_below", "cheaper_above"} <= set(found.columns)


def test_it_reads_well_in_a_terminal_and_in_a_notebook(planted: at.Sweep) -> None:
    text, shown = str(planted), planted._repr_mimebundle_()

    assert max(map(len, text.splitlines())) <= 80
    assert "stopped because it was enough" in text
    assert "O(N*C), 2.9 B" in text
    assert "≈ 240 MB" in text
    assert repr(planted).startswith("<Sweep of 'baseline': deepcopy, shared; 18 cells (17 ok, 1 skipped)")
    assert ".predict(items=)" in repr(planted)
    assert shown["text/plain"] == repr(planted)
    assert "<table" in shown["text/html"]


def test_its_plots_take_axes_and_its_report_is_one_file(planted: at.Sweep, tmp_path: Path) -> None:
    for along in ("items", "context_bytes"):
        axes = Figure().subplots()
        assert planted.plot_growth(along=along, ax=axes) is axes

    html = Path(planted.report(tmp_path / "report.html")).read_text()
    assert html.count("<svg") == 3 + 9
    assert "How each cost grows" in html
    assert "Which sizes were measured" in html
    assert "attune-sim sweep baseline" in html
    assert "--items 16,64,256 --context-bytes 20000,80000,320000" in html
