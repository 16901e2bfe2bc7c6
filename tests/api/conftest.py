from __future__ import annotations

import pytest

import attune_sim as at


@pytest.fixture
def squares(squares_text: str) -> at.Workflow:
    """A workflow with one fan-out over numbers, whose action `demo.square` is missing."""
    return at.load(squares_text)


@pytest.fixture(scope="session")
def small_comparison(tmp_path_factory: pytest.TempPathFactory) -> at.Comparison:
    """A real comparison of two strategies over a small context."""
    store = tmp_path_factory.mktemp("store") / "cells.jsonl"
    return at.compare("baseline", ["deepcopy", "shared"], items=20, history=3, repeats=1, store=store)
