from __future__ import annotations

import copy
import gc
import pickle

import pandas as pd
import pytest

import attune_sim as at
from attune_sim.api.showing.frames import show, with_units
from attune_sim.errors import InputError, UnknownNameError


def prices(rows: int = 3) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "workload": "baseline",
            "strategy": [f"s{n}" for n in range(rows)],
            "fork_us": [36074.944464 / (n + 1) for n in range(rows)],
            "fork_bytes": [72.0 * 1000**n if n < 3 else float("nan") for n in range(rows)],
            "fits": [n % 2 == 0 for n in range(rows)],
        }
    )


def test_a_frame_is_shown_with_units_and_what_is_the_same_in_all_rows_once() -> None:
    text = str(show(prices()))

    assert text.splitlines()[0] == "3 rows. In all rows: workload baseline"
    assert text.splitlines()[3].split() == ["0", "s0", "36.1", "ms", "72", "B", "yes"]


def test_a_value_has_the_unit_of_its_metric() -> None:
    frame = pd.DataFrame(
        {"metric": ["fork_us", "fork_bytes", "closure"], "value": [26100.0, 2_920_000.0, 0.98]}
    )

    assert [row[-1] for row in show(frame).table().rows] == ["26.1 ms", "2.92 MB", "0.98"]


def test_a_long_frame_is_sorted_and_says_by_what() -> None:
    shown = show(prices(50), rows=5)

    assert shown.part["fork_us"].is_monotonic_decreasing
    assert str(shown).startswith("50 rows, the first 5 by fork_us, the largest first")
    assert len(shown.table().rows) == 5
    assert show(prices(50), by="fork_bytes", ascending=True, rows=2).part["strategy"].tolist() == ["s0", "s1"]


def test_a_frame_that_was_handed_out_is_a_plain_one_that_a_notebook_shows_with_units() -> None:
    frame = with_units(prices())

    assert type(frame) is pd.DataFrame
    pd.testing.assert_frame_equal(frame, prices())
    assert "36.1\xa0ms" in frame._repr_html_()  # type: ignore[operator]
    assert "36074.94" in repr(frame)


def test_what_pandas_makes_of_it_is_shown_as_ever() -> None:
    frame = with_units(prices())

    made = [
        frame.head(),
        frame.copy(),
        copy.deepcopy(frame),
        frame.groupby("workload").count(),
        frame[["fork_us"]],
    ]
    made.append(pickle.loads(pickle.dumps(frame)))
    for one in made:
        assert "_repr_html_" not in vars(one)
        assert "ms" not in one._repr_html_()  # type: ignore[operator]


def test_a_frame_is_let_go_of_as_soon_as_nobody_holds_it() -> None:
    import weakref

    frame = with_units(prices())
    gone = weakref.ref(frame)
    gc.disable()
    try:
        del frame
        assert gone() is None
    finally:
        gc.enable()


def test_hostile_texts_are_escaped() -> None:
    frame = pd.DataFrame({"<script>": ["<img src=x>", "b", "c"]}, index=["<b>", 1, 2])

    html = show(frame)._repr_mimebundle_()["text/html"]

    assert "<img" not in html
    assert "<script>" not in html
    assert "<b>" not in html


def test_an_empty_frame_can_be_shown() -> None:
    assert str(show(prices(0))).startswith("0 rows")


@pytest.mark.parametrize("wrong", [0, -1, True, "5"])
def test_rows_are_a_number(wrong: object) -> None:
    with pytest.raises(InputError, match="rows is how many"):
        show(prices(), rows=wrong)  # type: ignore[arg-type]


def test_an_unknown_column_is_told_with_the_ones_there_are() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'fork_us'"):
        at.show(prices(), by="fork_uss")
    with pytest.raises(InputError, match="not a list"):
        at.show([1, 2])  # type: ignore[arg-type]
