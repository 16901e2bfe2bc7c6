"""What a public name says of itself: an example, which another test runs, and what it raises."""

from __future__ import annotations

import inspect

import pytest

import attune_sim as at

FUNCTIONS = [name for name in at.__all__ if inspect.isroutine(getattr(at, name))]
CLASSES = [name for name in at.__all__ if isinstance(getattr(at, name), type)]
TAKES_LONG = {
    "Advice": "cells of every strategy: half a minute",
    "Noise": "thirty cells at the least",
    "OriginalBenchmarks": "seven minutes",
}
"""Classes whose example nobody runs, and what it would take."""


def said_of(name: str) -> str:
    return inspect.getdoc(getattr(at, name)) or ""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_has_an_example_and_says_what_it_raises(name: str) -> None:
    text = said_of(name)

    assert ">>> " in text
    assert "Raises" in text or " raises " in text  # or that it raises nothing


@pytest.mark.parametrize("name", at.scenarios)
def test_a_scenario_has_an_example_and_says_what_it_raises(name: str) -> None:
    text = inspect.getdoc(at.scenarios[name]) or ""

    assert ">>> " in text
    assert "Raises:" in text


@pytest.mark.parametrize("name", CLASSES)
def test_a_public_class_shows_one_in_an_example_that_is_run(name: str) -> None:
    text = said_of(name)

    assert ">>> " in text
    assert ("+SKIP" in text) == (name in TAKES_LONG)


@pytest.mark.parametrize("name", [name for name in at.__all__ if name not in FUNCTIONS])
def test_another_public_name_says_what_it_is(name: str) -> None:
    assert len(said_of(name).split()) > 4
