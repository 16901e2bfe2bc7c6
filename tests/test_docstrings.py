"""What a public name says of itself: an example, which another test runs, and what it raises."""

from __future__ import annotations

import inspect

import pytest

import attune_sim as at

FUNCTIONS = [name for name in at.__all__ if inspect.isroutine(getattr(at, name))]
ERRORS = [
    name
    for name in at.__all__
    if isinstance(getattr(at, name), type) and issubclass(getattr(at, name), BaseException)
]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_has_an_example_and_says_what_it_raises(name: str) -> None:
    text = inspect.getdoc(getattr(at, name)) or ""

    assert ">>> " in text
    assert "Raises" in text or " raises " in text  # or that it raises nothing


@pytest.mark.parametrize("name", ERRORS)
def test_a_public_error_shows_one(name: str) -> None:
    assert ">>> " in (inspect.getdoc(getattr(at, name)) or "")


@pytest.mark.parametrize("name", [name for name in at.__all__ if name not in FUNCTIONS])
def test_another_public_name_says_what_it_is(name: str) -> None:
    assert len((inspect.getdoc(getattr(at, name)) or "").split()) > 4
