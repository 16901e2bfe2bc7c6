"""Mistakes shown under the lines of a text."""

from __future__ import annotations

import pickle

from hypothesis import given, settings
from hypothesis import strategies as st

from attune_sim.api.magics.underlined import CellError, underlined
from attune_sim.errors import Problem


def test_two_mistakes_of_a_line_stand_under_it_once() -> None:
    problems = [
        Problem("unknown_key", "unknown key", line=1, column=1, text="tsks"),
        Problem("type", "expected a list", line=1, column=7),
    ]

    assert list(underlined("tsks: 3", problems)) == [
        "1 | tsks: 3",
        "    ^^^^ unknown key 'tsks'",
        "          ^ expected a list",
    ]


def test_a_mistake_without_a_place_is_its_message() -> None:
    assert list(underlined("a: b", [Problem("yaml", "no tasks")])) == ["no tasks"]


LETTERS = st.sampled_from("ab:\"'{ \n\t\x1b\u2028\u6570")


@settings(max_examples=50, deadline=None)
@given(
    text=st.text(LETTERS, max_size=40),
    line=st.integers(1, 6),
    column=st.integers(1, 100),
    meant=st.none() | st.text(LETTERS, max_size=5),
)
def test_any_place_in_any_text_can_be_shown(text: str, line: int, column: int, meant: str | None) -> None:
    shown = list(
        underlined(text, [Problem("k", "wrong", line=line, column=column, text=meant)], colours=True)
    )

    assert 1 <= len(shown) <= 2
    assert "wrong" in shown[-1]


def test_an_error_of_a_cell_travels() -> None:
    error = CellError([Problem("k", "wrong", line=1, column=1)], (), "a: b")

    again = pickle.loads(pickle.dumps(error))
    assert (again.problems, again.text) == (error.problems, "a: b")
    assert any("a" in line for line in again._render_traceback_())
