from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.analysis.claims import (
    CLAIM_COLUMNS,
    READING_COLUMNS,
    SUMMARY_COLUMNS,
    Claim,
    Figure,
    Line,
    amount,
    claims_of,
    judged,
    overall,
    summarised,
)

FORK = Figure("copied", "fork_bytes")
LINE = Line(
    reading="bytes", claimed=100.0, upto=100.0, unit="bytes", argues="more", tolerance=2.0, of=(FORK,)
)


def claim(*lines: Line, shapes: tuple[str, ...] = ("text", "records"), note: str = "") -> Claim:
    return Claim(id="one", words="It is so.", origin="somebody", lines=lines, shapes=shapes, note=note)


def readings(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Rows of cell, shape, repeat, metric, value, and whether it is a lower bound."""
    return pd.DataFrame(
        [(*row, False)[: len(READING_COLUMNS)] for row in rows], columns=list(READING_COLUMNS)
    )


def forks(**values: float) -> pd.DataFrame:
    return readings(*(("copied", shape, 0, "fork_bytes", value) for shape, value in values.items()))


@pytest.mark.parametrize(
    ("argues", "below", "above"),
    [
        ("more", "refuted", "exceeded"),
        ("less", "exceeded", "refuted"),
        ("same", "refuted", "refuted"),
    ],
)
def test_beyond_its_band_a_figure_exceeds_a_claim_the_way_it_argues(
    argues: Any, below: str, above: str
) -> None:
    line = replace(LINE, argues=argues)

    assert [line.verdict(figure) for figure in (49.0, 51.0, 199.0, 201.0)] == [
        below,
        "confirmed",
        "confirmed",
        above,
    ]


def test_a_range_is_confirmed_within_it_and_a_tolerance_beyond() -> None:
    line = replace(LINE, claimed=10.0, upto=100.0)

    assert [line.verdict(figure) for figure in (4.0, 6.0, 50.0, 190.0, 210.0)] == [
        "refuted",
        "confirmed",
        "confirmed",
        "confirmed",
        "exceeded",
    ]
    assert [line.ratio(figure) for figure in (5.0, 50.0, 200.0)] == [0.5, 1.0, 2.0]


def test_a_range_without_an_end_cannot_be_exceeded() -> None:
    line = replace(LINE, upto=inf)

    assert line.verdict(1e12) == "confirmed"
    assert line.verdict(49.0) == "refuted"


@given(
    st.floats(1e-3, 1e9), st.floats(1.0, 1e6), st.sampled_from(["more", "less", "same"]), st.floats(1.0, 20.0)
)
def test_of_a_lower_bound_only_that_is_said_which_any_larger_figure_keeps(
    figure: float, more: float, argues: Any, tolerance: float
) -> None:
    line = replace(LINE, argues=argues, tolerance=tolerance)

    told = line.verdict(figure, at_least=True)

    larger = line.verdict(figure * more)
    if told == "confirmed":
        assert larger in ("confirmed", "exceeded")
    elif told != "not measured":
        assert larger == told


def test_the_verdict_of_a_claim_is_what_its_lines_and_shapes_agree_on() -> None:
    assert overall(["exceeded"] * 3) == "exceeded"
    assert overall(["exceeded", "confirmed"]) == "depends"
    assert overall(["refuted", "not measured"]) == "refuted"
    assert overall(["not measured"]) == "not measured"


def test_shapes_that_disagree_are_named_in_the_reason() -> None:
    frame = judged([claim(LINE, note="Texts are shared.")], forks(text=1.0, records=300.0))

    (row,) = summarised(frame, {"one": "Texts are shared."}).to_dict("records")
    assert frame["verdict"].tolist() == ["refuted", "exceeded"]
    assert row["verdict"] == "depends"
    assert row["measured"] == "1 B to 300 B"
    assert row["why"] == "bytes: refuted for text, exceeded for records. Texts are shared."


def test_readings_that_disagree_are_named_in_the_reason() -> None:
    window = replace(LINE, reading="alive at once", of=(replace(FORK, times=0.01),))

    frame = judged([claim(LINE, window)], forks(text=100.0, records=110.0))

    (row,) = summarised(frame, {}).to_dict("records")
    assert row["why"] == "bytes: confirmed; alive at once: refuted"
    assert row["verdict"] == "depends"


def test_frames_have_their_columns_and_a_row_a_line_and_shape() -> None:
    frame = judged([claim(LINE, LINE)], forks(text=100.0, records=100.0))

    assert tuple(frame.columns) == CLAIM_COLUMNS
    assert tuple(summarised(frame, {}).columns) == SUMMARY_COLUMNS
    assert len(frame) == 4


def test_what_was_not_measured_is_no_verdict_and_does_not_decide_one() -> None:
    frame = judged([claim(LINE)], forks(text=100.0))

    assert frame["verdict"].tolist() == ["confirmed", "not measured"]
    assert summarised(frame, {})["verdict"].tolist() == ["confirmed"]


def test_a_factor_is_the_median_over_pairs_of_repeats() -> None:
    line = replace(LINE, claimed=2.0, upto=2.0, unit="times", over=(Figure("shared", "fork_bytes"),))
    pairs = [(20.0, 10.0), (400.0, 200.0), (7.0, 1.0)]
    rows = [
        (cell, "text", repeat, "fork_bytes", value)
        for repeat, pair in enumerate(pairs)
        for cell, value in zip(("copied", "shared"), pair, strict=True)
    ]

    (row,) = judged([claim(line, shapes=("text",))], readings(*rows)).to_dict("records")

    assert (row["measured"], row["low"], row["high"], row["n"]) == (2.0, 2.0, 7.0, 3)
    assert row["near"]


def test_factors_of_times_do_not_move_with_the_pace_of_the_machine() -> None:
    line = replace(LINE, unit="times", of=(Figure("copied", "fork_us"),), over=(Figure("shared", "fork_us"),))
    rows = [
        ("copied", "text", 0, "fork_us", 180.0),
        ("copied", "text", 0, "floor_us", 0.18),
        ("shared", "text", 0, "fork_us", 1.0),
        ("shared", "text", 0, "floor_us", 0.1),
    ]

    (row,) = judged([claim(line, shapes=("text",))], readings(*rows)).to_dict("records")

    assert row["measured"] == pytest.approx(100.0)


def test_figures_are_summed_before_they_are_divided() -> None:
    context = Figure("context", "context_heap_bytes")
    line = replace(LINE, of=(context, FORK), over=(context,), claimed=1.5, upto=1.5)
    rows = readings(
        ("context", "text", 0, "context_heap_bytes", 200.0), ("copied", "text", 0, "fork_bytes", 100.0)
    )

    assert judged([claim(line, shapes=("text",))], rows)["measured"].tolist() == [1.5]


def test_what_has_no_shape_counts_in_each() -> None:
    assert (
        judged([claim(LINE)], readings(("copied", "any", 0, "fork_bytes", 100.0)))["verdict"].tolist()
        == ["confirmed"] * 2
    )


def test_a_figure_that_stands_for_more_than_was_run_is_estimated() -> None:
    many = replace(LINE, of=(replace(FORK, times=1000.0),))
    shares = replace(many, over=(Figure("copied", "fork_bytes", 1000.0),))

    frame = judged([claim(LINE, many, shares, shapes=("text",))], forks(text=100.0))

    assert frame["source"].tolist() == ["measured", "estimated", "measured"]


def test_a_lower_bound_is_marked_as_one() -> None:
    line = replace(LINE, of=(Figure("copied", "wall_s"),), unit="times")
    rows = readings(("copied", "text", 0, "wall_s", 500.0, True))

    frame = judged([claim(line, shapes=("text",))], rows)

    assert frame["verdict"].tolist() == ["exceeded"]
    assert summarised(frame, {})["measured"].tolist() == ["≥ 500 times"]


def test_claimed_amounts_are_read_in_their_unit() -> None:
    known = {"reading": "r", "argues": "more", "tolerance": 2, "of": [{"cell": "c", "metric": "fork_us"}]}
    lines = [
        {**known, "claimed": {"value": 1.06, "unit": "MB"}},
        {**known, "claimed": {"value": 100, "unit": "ms"}},
        {**known, "claimed": {"value": 10, "upto": 100, "unit": "times"}},
        {**known, "claimed": {"value": 10, "upto": None, "unit": "GB"}},
    ]
    data = {
        "sources": {"s": "a page"},
        "shapes": ["text"],
        "claims": [{"id": "i", "words": "w", "source": "s", "lines": lines}],
    }

    (found,) = claims_of(data)

    assert [(line.claimed, line.upto, line.unit) for line in found.lines] == [
        (1_060_000.0, 1_060_000.0, "bytes"),
        (100_000.0, 100_000.0, "us"),
        (10.0, 100.0, "times"),
        (1e10, inf, "bytes"),
    ]
    assert found.origin == "a page"


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (2_265_621.0, "bytes", "2.27 MB"),
        (0.18, "us", "0.18 µs"),
        (23_600.4, "times", "23,600 times"),
        (1.0, "share", "100 %"),
        (0.0, "share", "0 %"),
        (3.0, "count", "3"),
        (inf, "bytes", "–"),
    ],
)
def test_amounts_are_said_as_a_person_reads_them(value: float, unit: str, said: str) -> None:
    assert amount(value, unit) == said
