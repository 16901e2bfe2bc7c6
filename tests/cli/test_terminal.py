"""What is printed where somebody looks: a terminal of 80 columns."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import redirect_stdout

import pytest

from attune_sim.cli.output import print_findings, print_table


class Terminal(io.StringIO):
    """A standard output that is looked at."""

    def isatty(self) -> bool:
        return True


def printed(show: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> str:
    """What is shown on a terminal of 80 columns, with the signs that colour it."""
    monkeypatch.setenv("COLUMNS", "80")
    terminal = Terminal()
    with redirect_stdout(terminal):
        show()
    return terminal.getvalue()


def plain(text: str) -> list[str]:
    return re.sub(r"\x1b\[[\d;]*m", "", text).splitlines()


HEADERS = (
    "strategy",
    "isolates",
    "outcome",
    "fork_us",
    "× better",
    "paid_fork_us",
    "fork_bytes",
    "live_heap_bytes",
)
ROW = (
    "persistent",
    "top level",
    "✗ memory limit at 673 of 1,000",
    "0.123 µs",
    "26,100",
    "1.52 µs",
    "2.92 MB",
    "≥ 1.96 GB",
)


def test_a_table_of_a_comparison_fits_80_columns_and_breaks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def show() -> None:
        texts = frozenset({0, 1, 2})
        print_table("What a strategy costs an item", HEADERS, [ROW], failed=frozenset({0}), texts=texts)

    text = printed(show, monkeypatch)
    lines = plain(text)
    assert max(map(len, lines)) <= 80
    for word in (*ROW[3:], *HEADERS[3:]):
        assert sum(word in line.split("  ") or f" {word}" in line for line in lines) == 1, word
    assert "\x1b[31m" in text


def test_words_around_a_table_are_wrapped_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    lead, remark = "lead " * 40, "remark " * 30

    lines = plain(printed(lambda: print_findings(lead, [], [("Doubts", [remark])]), monkeypatch))
    assert max(map(len, lines)) <= 80
    assert " ".join(lines).split() == [*lead.split(), "Doubts", *remark.split()]


def test_what_a_program_reads_is_one_line_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("caption", HEADERS, [ROW], texts=frozenset({0, 1, 2}))

    assert len(capsys.readouterr().out.splitlines()) == 3
