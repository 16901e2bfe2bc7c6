from __future__ import annotations

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from attune_sim.api.showing.text import aligned, cells, fitted

WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1, max_size=12)
TEXTS = st.lists(WORDS, min_size=1, max_size=8).map(" ".join)
TABLES = st.integers(1, 7).flatmap(
    lambda count: st.tuples(
        st.lists(TEXTS, min_size=count, max_size=count),
        st.lists(st.lists(TEXTS, min_size=count, max_size=count), max_size=4),
        st.frozensets(st.integers(0, count - 1)),
    )
)


@given(TABLES, st.integers(30, 120))
def test_no_word_and_no_number_is_ever_broken_and_all_of_them_are_there(table, width: int) -> None:
    headers, rows, texts = table
    shown = " ".join(line.text for line in fitted(headers, rows, texts, width)).split()

    assert set(shown) == {word for row in (headers, *rows) for text in row for word in text.split()}


@given(TABLES, st.integers(30, 120))
def test_a_line_is_wider_than_the_terminal_only_where_the_first_column_and_one_more_are(
    table, width: int
) -> None:
    headers, rows, texts = table
    naturals = [max(cells(row[place]) for row in (headers, *rows)) for place in range(len(headers))]
    least = naturals[0] + 2 + max(naturals)

    assert all(cells(line.text) <= max(width, least) for line in fitted(headers, rows, texts, width))


def test_what_does_not_fit_stands_below_with_the_names_of_the_rows() -> None:
    headers, row = (
        ("strategy", "fork_us", "fork_bytes", "wall_s"),
        ("deepcopy", "26.1 ms", "2.92 MB", "17.6 s"),
    )

    lines = [line.text for line in fitted(headers, [row], frozenset({0}), 30)]
    assert lines == [
        "strategy  fork_us  fork_bytes",
        "deepcopy  26.1 ms     2.92 MB",
        "",
        "strategy  wall_s",
        "deepcopy  17.6 s",
    ]


def test_a_line_knows_its_row() -> None:
    found = fitted(("a", "b"), [("one", "x y"), ("two", "z")], frozenset({0, 1}), inf)

    assert [line.row for line in found] == [None, 0, 1]


def test_wide_letters_take_two_cells_and_what_would_lead_a_terminal_astray_is_escaped() -> None:
    lines = list(aligned(("name", "n"), [("\u6570\u636e", "1"), ("\x1b[2J\n", "22")]))

    assert lines == ["name        n", "\u6570\u636e        1", "\\x1b[2J\\n  22"]
