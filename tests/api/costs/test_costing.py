"""What any call or statement keeps alive and takes, as a notebook holds it."""

from __future__ import annotations

import traceback

import pytest

import attune_sim as at
from attune_sim.api.costs.costing import statement_cost
from attune_sim.api.costs.statement import FILE, Statement, own_part


def test_a_cost_says_what_it_is_in_one_line_in_a_table_and_in_a_frame() -> None:
    cost = at.context_cost(lambda: bytearray(100_000), n=3)

    assert repr(cost).startswith("<ContextCost of 'the call': keeps ")
    assert "ran 3 times" in str(cost)
    assert cost.frame["source"].unique().tolist() == ["measured"]
    assert cost.frame["n"].unique().tolist() == [3]
    shown = cost._repr_mimebundle_()
    assert shown["text/plain"] == str(cost)
    assert "keeps alive" in shown["text/html"]


def test_what_ran_once_says_that_it_did() -> None:
    cost = at.context_cost(list, n=1)

    assert cost.runs == 1
    assert "ran once: what it filled for later ones is in it" in str(cost)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"call": 3}, "a function without arguments, not a int"),
        ({"n": 0}, "n"),
        ({"seconds": "soon"}, "seconds"),
    ],
)
def test_what_cannot_be_measured_is_refused(given: dict, message: str) -> None:
    with pytest.raises(at.InputError, match=message):
        at.context_cost(**{"call": list, **given})


def test_names_that_a_statement_binds_are_its_own_and_what_they_hold_is_measured() -> None:
    names = {"size": 100_000}
    cost = statement_cost(Statement.of("data = bytearray(size)\nhalf = size // 2", names), n=3)

    assert cost.bytes == pytest.approx(100_000, rel=0.05)
    assert "data" not in names
    assert cost.title == "data = bytearray(size) ..."


def test_a_statement_that_binds_and_ends_with_a_value_keeps_both() -> None:
    cost = statement_cost(Statement.of("data = bytearray(100_000)\nbytearray(50_000)", {}), n=3)

    assert cost.bytes == pytest.approx(150_000, rel=0.05)


def test_a_statement_that_does_nothing_keeps_nothing() -> None:
    assert abs(statement_cost(Statement.of("pass", {}), n=100).bytes) < 1
    assert abs(statement_cost(Statement.of("x = y = None", {}), n=100).bytes) < 1


def test_comprehensions_and_functions_see_the_names_of_their_statement() -> None:
    assert Statement.of("n = 3\n[n + k for k in range(2)]", {}).run() in ((3, [3, 4]), ([3, 4], 3))


def test_no_statement_is_refused() -> None:
    with pytest.raises(at.InputError, match="no statement to measure"):
        Statement.of("# nothing\n", {})


def test_the_traceback_of_a_statement_begins_in_it() -> None:
    with pytest.raises(IndexError) as caught:
        statement_cost(Statement.of("n = 1\n[][n]", {}), n=1)

    first = traceback.extract_tb(own_part(caught.value).__traceback__)[0]
    assert (first.filename, first.lineno, first.line) == (FILE, 2, "[][n]")
