"""The forms of a summary: how much of it there is room for, and plain values."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from attune_sim.reports import Code, Facts, Lines, Number, Section, Summary, Table, json_text, markdown, page
from attune_sim.reports.output import MOST_MARKDOWN, plain
from attune_sim.reports.trimmed import ROWS, trimmed


def table(rows: int, name: str = "t", width: int = 3) -> Table:
    cells = tuple((f"row {n}", *(f"{n} of {width}" for _ in range(width))) for n in range(rows))
    return Table("Many rows", ("name", *(f"c{n}" for n in range(width))), cells, name=name)


def test_markdown_stays_under_sixty_kilobytes_and_says_what_is_left_out() -> None:
    sections = (
        Section("First", (table(4_000),)),
        Section("More", (Lines(tuple(f"line {n}" for n in range(5_000))), Code("x\n" * 50_000))),
        Section("Folded away", (table(3_000),), folded=True),
    )
    text = markdown(Summary("T", "It is so.", sections))

    assert len(text.encode()) < MOST_MARKDOWN
    assert "left out here: Folded away" in text
    assert "of 4,000 rows" in text
    assert "It is so." in text


def test_several_summaries_share_the_room_of_one_comment() -> None:
    one = Summary("T", "It is so.", tuple(Section(f"S{n}", (table(100, width=12),)) for n in range(8)))

    text = markdown(one, one, one, one)
    assert len(text.encode()) < MOST_MARKDOWN
    assert text.count("# T\n") == 4


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400), st.booleans()), max_size=8),
    st.text(max_size=3_000),
)
def test_whatever_is_told_fits_into_a_comment(parts: list[tuple[int, int, bool]], text: str) -> None:
    sections = tuple(
        Section(f"S{n}", (table(rows, width=9), Lines((text,) * lines)), folded=folded)
        for n, (rows, lines, folded) in enumerate(parts)
    )

    assert len(markdown(Summary("T", text, sections)).encode()) < MOST_MARKDOWN


def test_a_page_shows_three_hundred_rows_and_says_how_many_there_are() -> None:
    summary = Summary("T", "L", (Section("S", (table(1_000),)),))

    assert len(trimmed(summary).tables[0].rows) == ROWS
    assert "the first 300 of 1,000 rows" in page(summary)
    assert len(json.loads(json_text(summary))["reports"][0]["sections"][0]["blocks"][0]["rows"]) == 1_000


def test_failed_rows_that_are_not_shown_are_not_marked() -> None:
    long = Table("C", ("a",), tuple((str(n),) for n in range(9)), failed=frozenset({1, 8}))

    short = trimmed(Summary("T", "L", (Section("S", (long,)),)), 5)
    assert short.tables[0].failed == {1}


def test_every_block_is_plain_values_with_its_kind() -> None:
    blocks = (table(1), Lines(("a",)), Code("b"), Facts((("name", "value"),)))
    told = plain(Summary("T", "L", (Section("S", blocks),), number=Number("3 ×", "less")))

    assert [block["block"] for block in told["sections"][0]["blocks"]] == ["table", "lines", "code", "facts"]
    assert told["number"] == {"value": "3 ×", "words": "less"}
    assert json.loads(json.dumps(told)) == told


def test_a_table_is_found_by_its_name_the_first_of_several() -> None:
    summary = Summary("T", "L", (Section("S", (table(1, "a"), table(2, "b"), table(3, "a"))),))

    assert [len(one.rows) for one in summary.named("b", "none", "a")] == [2, 1]


def test_what_a_notebook_shows_is_the_first_table_and_all_sentences() -> None:
    sections = (Section("S", (table(1), table(2))), Section("Doubts", (Lines(("one",)),)))
    short = Summary("T", "L", sections, warnings=("w",)).short

    assert len(short.tables) == 1
    assert short.remarks == (("Warnings", ("w",)), ("Doubts", ("one",)))
