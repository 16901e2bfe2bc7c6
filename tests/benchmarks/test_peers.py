"""The peers' benchmark without its peers: predictions, how often a cell runs, the table, the targets."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest


def row(peer: str, variant: str, items: int, micros: float, **more: Any) -> dict[str, Any]:
    return {
        "peer": peer,
        "variant": variant,
        "context_mb": 1.0,
        "items": items,
        "outcome": "ok",
        "seconds": micros * items / 1e6,
        "bytes": 2_048.0 * items,
        "repeats": 3,
        **more,
    }


def test_nothing_is_predicted_without_a_neighbour(script: Any) -> None:
    assert script("prediction").predicted({}, 1.0, 10) is None
    assert script("prediction").predicted({(4.0, 10): 1.0}, 1.0, 10) is None


@pytest.mark.parametrize(
    ("known", "cell", "expected"),
    [
        ({(1, 10): 1.0, (1, 100): 10.0}, (1, 1_000), 100.0),  # linear
        ({(1, 10): 1.0, (1, 100): 1.9}, (1, 1_000), 10.9),  # most of it a fixed cost
        ({(1, 10): 0.5, (1, 100): 45.0}, (1, 1_000), 4_050.0),  # quadratic
        ({(1, 10): 0.5}, (1, 100), 5.0),  # nothing but one smaller N
        ({(0.1, 10): 1.0, (0.1, 100): 80.0, (1, 10): 3.0}, (1, 100), 240.0),  # as at the smaller C
        ({(1, 10): 2.0}, (4, 10), 8.0),  # the same N, four times the context
        ({(1, 10): 2.0, (1, 100): 1.0}, (1, 1_000), 1.0),  # never less than the cell before
    ],
)
def test_a_cell_is_predicted_from_its_smaller_neighbours(
    script: Any, known: dict[tuple[float, int], float], cell: tuple[float, int], expected: float
) -> None:
    assert script("prediction").predicted(known, *cell, curved=True) == pytest.approx(expected)


class FakeMeasure:
    """A linear engine: 40 ms an item at the first context, 160 ms at any other."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, int]] = []

    def __call__(self, file: Path, items: int) -> dict[str, Any]:
        self.ran.append((file.name, items))
        seconds = items * (0.04 if file.name == "one" else 0.16)
        return {"outcome": "ok", "seconds": seconds, "bytes": 1_000, "repeats": 3}


def test_a_cell_beyond_the_limit_is_skipped_with_its_prediction_and_its_neighbours_follow(
    script: Any,
) -> None:
    cells, measure = script("cells"), FakeMeasure()
    plan = cells.Plan({1.0: Path("one"), 4.0: Path("four")}, (10, 100, 1_000), 3, 10.0, 1e9, 0)
    rows = list(cells.cells("any", "variant", plan, measure))
    assert measure.ran == [("one", 10), ("one", 100), ("four", 10)]
    assert [(row["outcome"], pytest.approx(row["seconds"])) for row in rows[2:]] == [
        ("skipped", 40.0),
        ("ok", 1.6),
        ("skipped", 16.0),
        ("skipped", 160.0),
    ]


def test_a_long_cell_runs_once_and_a_tiny_one_more_often(script: Any) -> None:
    times = script("cells").times
    assert (times(3, 6.0, 8.0), times(3, 1.0, 30.0), times(3, 1.0, 2.0)) == (1, 1, 3)
    assert times(3, 0.001, 0.5) > 3
    assert times(1, 0.001, 0.5) == 1


def test_the_table_shows_figures_marks_predictions_and_reasons(script: Any) -> None:
    rows = [
        row("attune-sim", "shared", 10, 40.0, versions={"python": "3.11"}),
        row("attune-sim", "shared", 100, 5.0, queued=0.0001),
        row("orquesta", "unlimited", 10, 44_000.0, repeats=1),
        row("orquesta", "unlimited", 100, 470_000.0, outcome="skipped", bytes=2e9),
        row("prefect", "unmapped", 10, 0.0, outcome="unavailable", reason="needs Python 3.8"),
    ]
    lines = script("table").markdown(rows).splitlines()
    assert "| attune-sim / shared | 40 | 5.00² | 1 | 2.0 kB | 2.0 kB |" in lines
    assert "| orquesta / unlimited | 44,000¹ | skip (47 s, 2.0 GB) | – | 2.0 kB | – |" in lines
    assert "| prefect / unmapped | – | – | – | – | – |" in lines
    assert "- prefect / unmapped: needs Python 3.8" in lines
    assert "- attune-sim: python 3.11" in lines


@pytest.mark.parametrize(
    ("pypyr", "orquesta", "code"), [(9.0, 44_000.0, 0), (4.0, 44_000.0, 1), (9.0, 4_000.0, 1)]
)
def test_a_missed_target_is_the_exit_code(script: Any, pypyr: float, orquesta: float, code: int) -> None:
    rows = [row("attune-sim", "shared", 100, 7.0), row("orquesta", "unlimited", 100, orquesta)]
    duel = script("duel").Duel(items=1_000, own_s=0.005, rival_s=pypyr * 1_000 / 1e6)
    with pytest.raises(SystemExit) as left:
        script("targets").check(rows, [duel])
    assert left.value.code == code


class FakePeer:
    """A program that takes, by its own word, more time with each process of it."""

    def __init__(self, folder: Path, name: str, seconds: float) -> None:
        self.count = folder / name
        self.command = [
            sys.executable,
            "-c",
            "import json, pathlib, sys; json.load(sys.stdin); "
            f"file = pathlib.Path({str(self.count)!r}); n = len(file.read_text()) if file.exists() else 0; "
            f"file.write_text('x' * (n + 1)); print(json.dumps({{'seconds': {seconds} + n}}))",
        ]


def test_rivals_take_turns_and_the_best_of_each_counts(script: Any, tmp_path: Path) -> None:
    duel, cells = script("duel"), script("cells")
    own, rival = FakePeer(tmp_path, "own", 0.001), FakePeer(tmp_path, "rival", 0.002)
    plan = cells.Plan({1.0: tmp_path / "context"}, (10,), 3, 5.0, 1e9, 0)
    [found] = duel.in_turns([(own.command, "shared"), (rival.command, "foreach")], plan)
    assert (found.own_s, found.rival_s, found.ratio) == (0.001, 0.002, 0.5)
    assert len(own.count.read_text()) == len(rival.count.read_text()) == duel.TURNS
    assert "| 10 | 100 | 200 | 0.50 |" in duel.markdown([found])


def test_the_table_goes_between_the_marks_of_the_page(script: Any) -> None:
    script("run")
    pages = script("pages")
    page = f"before\n{pages.BEGIN}\nold\n{pages.END}\nafter\n"
    assert pages.inserted(page, "new") == f"before\n{pages.BEGIN}\n\nnew\n\n{pages.END}\nafter\n"


def test_the_context_has_the_promised_size(script: Any, tmp_path: Path) -> None:
    file = script("run").write_context(tmp_path, 0.1)
    assert 99_000 < file.stat().st_size < 102_000


def test_a_program_that_leaves_a_process_behind_leaves_none(script: Any, tmp_path: Path) -> None:
    cells = script("cells")
    program = (
        "import json, subprocess, sys; json.load(sys.stdin); "
        "left = subprocess.Popen(['sleep', '60'], start_new_session=True, stdout=subprocess.DEVNULL); "
        "print(json.dumps({'seconds': 1.0, 'pid': left.pid}))"
    )
    answer = cells.run_once([sys.executable, "-c", program], {}, 5.0)
    assert answer["outcome"] == "ok"
    assert not Path(f"/proc/{answer['pid']}").exists()
