"""`attune-sim strategies`: the matrix, with or without prices."""

import json

import pytest

from attune_sim.cli import main


def printed(arguments, capsys):
    try:
        code = main(arguments)
    except SystemExit as ended:
        code = ended.code
    assert code in (0, None)
    return capsys.readouterr().out


def test_the_matrix_shows_promises_prices_and_what_all_of_them_keep(capsys):
    text = printed(["strategies"], capsys)

    row = next(line for line in text.splitlines() if line.startswith("projected"))
    assert row.split()[1:4] == ["yes", "yes", "no"]
    assert "its memory" in text
    assert row.rstrip().endswith("B")
    assert "all items of a fan-out read the context as their task was dispatched" in text
    assert "json: tuple, set, datetime, integer keys, bytes" in text


def test_without_prices_nothing_is_measured(capsys):
    text = printed(["strategies", "--no-price"], capsys)

    assert "its memory" not in text
    assert "thread safe" in text


@pytest.mark.parametrize("more", [[], ["--no-price"]])
def test_a_program_gets_promises_and_prices_as_json(more, capsys):
    strategies = json.loads(printed(["strategies", "--json", *more], capsys))

    assert strategies["frozen"]["immutable"] is True
    assert strategies["frozen"]["parent_unchanged"] is True
    assert strategies["orjson"]["lost_types"].endswith("NaN")
    assert ("fork_us" in strategies["shared"]) is (not more)
