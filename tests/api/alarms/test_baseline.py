from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from attune_sim.api.alarms.baseline import cell_of, load_baseline, merged, record_of, save_baseline
from attune_sim.errors import FileError, InputError
from attune_sim.frame import cells_frame, metrics_frame


def test_a_cell_comes_back_as_it_was_measured(comparison_records) -> None:
    for record in comparison_records:
        found = record_of(json.loads(json.dumps(cell_of(record))))
        assert found == replace(record, samples=(), answer=None)


def test_a_baseline_gives_the_frames_of_what_it_was_made_of(comparison_records, tmp_path: Path) -> None:
    path = save_baseline(
        tmp_path / "b.json", map(cell_of, comparison_records), commit="abc", date="2026-11-28"
    )

    found = load_baseline(path)
    assert (found.commit, found.date) == ("abc", "2026-11-28")
    # Without samples nothing stands for what a run that was cut short could not read.
    kept = [replace(record, samples=()) for record in comparison_records]
    assert metrics_frame(found.records).equals(metrics_frame(kept))
    assert cells_frame(found.records).drop(columns="answer").equals(cells_frame(kept).drop(columns="answer"))


def test_a_file_says_its_schema_its_surroundings_once_and_a_line_a_cell(
    comparison_records, tmp_path: Path
) -> None:
    path = tmp_path / "b.json"
    save_baseline(path, map(cell_of, comparison_records))

    text = path.read_text()
    assert json.loads(text)["attune_baseline"] == 1
    assert json.loads(text)["surroundings"] == [{"cpu": "two cores", "python": "3.11.7", "seed": 0}]
    assert text.count("\n") == len(comparison_records) + 6


def test_what_is_saved_anew_stands_in_place_of_what_there_was_of_it(record_of, tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    old = [record_of(strategy=name, repeat=n) for name in ("shared", "hamt") for n in range(3)]
    save_baseline(path, map(cell_of, old))

    cells = merged(path, [cell_of(record_of(strategy="shared", repeat=0, digest="f" * 16))])
    assert [(cell["key"]["strategy"], cell["key"]["repeat"]) for cell in cells] == [
        ("hamt", 0),
        ("hamt", 1),
        ("hamt", 2),
        ("shared", 0),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "is no baseline of attune-sim"),
        ("[1]", "is no baseline of attune-sim"),
        ("{", "is no baseline of attune-sim"),
        ('{"attune_baseline": 9}', "is a baseline of schema 9; this version of attune-sim knows 1"),
        ('{"attune_baseline": 1, "surroundings": [], "cells": [{"surroundings": 0}]}', "cannot be read"),
    ],
)
def test_what_is_no_baseline_is_told(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "b.json"
    path.write_text(text)

    with pytest.raises(InputError, match=message) as caught:
        load_baseline(path)
    assert str(path) in str(caught.value)


def test_a_file_of_somebody_else_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    path.write_text("{}")

    with pytest.raises(FileError, match="attune-sim did not write it"):
        save_baseline(path, [])
