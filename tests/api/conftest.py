from __future__ import annotations

from pathlib import Path

import pytest

import attune_sim as at

SQUARES = """\
version: 1.0.0
ref: demo.squares
label: Squares
parameters:
  numbers: {type: array, default: [1, 2, 3, 4]}
tasks:
  - name: square
    action: demo.square
    with_items: "{{ parameters.numbers }}"
    input: {n: "{{ item }}"}
    next:
      - when: "{{ succeeded() }}"
        publish: [{squares: "{{ result().results }}"}]
output_map:
  squares: "{{ workflow.squares }}"
"""


@pytest.fixture
def squares() -> at.Workflow:
    """A workflow with one fan-out over numbers, whose action `demo.square` is missing."""
    return at.load(SQUARES)


@pytest.fixture
def squares_file(tmp_path: Path) -> Path:
    """The same as a file, with FILE.py of its action beside it."""
    path = tmp_path / "squares.yaml"
    path.write_text(SQUARES)
    (tmp_path / "squares.py").write_text("def demo__square(n):\n    return n * n\n")
    return path


@pytest.fixture(scope="session")
def small_comparison(tmp_path_factory: pytest.TempPathFactory) -> at.Comparison:
    """A real comparison of two strategies over a small context."""
    store = tmp_path_factory.mktemp("store") / "cells.jsonl"
    return at.compare("baseline", ["deepcopy", "shared"], items=20, history=3, repeats=1, store=store)
