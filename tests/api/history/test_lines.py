from __future__ import annotations

import json
from pathlib import Path

import pytest

from attune_sim.api.alarms.baseline import cell_of, save_baseline
from attune_sim.api.alarms.gate import Gate
from attune_sim.api.alarms.repository import Commit
from attune_sim.api.history import shown
from attune_sim.api.history.lines import append_line, history_of, line_of, read_lines
from attune_sim.errors import InputError
from attune_sim.record import Reading
from attune_sim.thresholds import parse


@pytest.fixture
def records(record_of):
    """`records(fork_bytes)`: three repeats of two strategies."""

    def made(fork_bytes: float, **given) -> list:
        return [
            record_of(
                strategy=name,
                repeat=n,
                samples=(),
                readings=(
                    Reading("fork_us", us),
                    Reading("fork_bytes", fork_bytes),
                    Reading("floor_us", 0.1),
                    Reading("wall_s", 3.0),
                ),
                **given,
            )
            for name, us in (("shared", 0.2), ("deepcopy", 400.0))
            for n in range(3)
        ]

    return made


GATE = Gate(name="sharing", workload="baseline", rules=(parse("fork_us * 1000 < deepcopy.fork_us"),))


def commit(n: int) -> Commit:
    return Commit(f"c{n}", f"2026-01-{n:02}T00:00:00+00:00")


def test_a_line_has_counts_and_ratios_and_no_times(records) -> None:
    line = json.loads(json.dumps(line_of(commit(1), [(GATE, records(72.0))])))

    assert [(row["strategy"], row["metric"], row.get("over", "")) for row in line["series"]] == [
        ("shared", "fork_bytes", ""),
        ("shared", "fork_us", "floor_us"),
        ("shared", "fork_us", "deepcopy.fork_us"),
    ]
    assert [row["values"] for row in line["series"]] == [
        {"0": 72.0, "1": 72.0, "2": 72.0},
        {"0": 2.0, "1": 2.0, "2": 2.0},
        {"0": 0.0005, "1": 0.0005, "2": 0.0005},
    ]
    assert line["surroundings"] == {"python": "3.11.7"}


def test_a_history_has_one_line_a_commit(records, tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    for n, size in ((1, 72.0), (2, 72.0), (2, 80.0), (3, 80.0)):
        append_line(path, line_of(commit(n), [(GATE, records(size))]))

    assert [line["commit"] for line in read_lines(path)] == ["c1", "c2", "c3"]
    [size, *_] = history_of(path)
    assert [point.median for point in size.points] == [72.0, 80.0, 80.0]
    [(one, step)] = shown.changes(history_of(path))
    assert shown.told(one, step) == (
        "2026-01-02 c2: sharing: shared.fork_bytes: 72 B -> 80 B, 1.11 times (1.11 to 1.11 over 3 pairs), after c1"
    )


def test_a_folder_of_baselines_is_a_history(records, tmp_path: Path) -> None:
    for n, size in ((2, 136.0), (1, 72.0)):
        where = commit(n)
        save_baseline(
            tmp_path / f"b{n}.json", map(cell_of, records(size)), commit=where.digits, date=where.date
        )

    found = {one.name: one for one in history_of(tmp_path)}
    assert [point.commit for point in found[": shared.fork_bytes"].points] == ["c1", "c2"]
    assert {step.commit for _, step in shown.changes(found.values())} == {"c2"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}\n", ":1: is no line of a history"),
        (
            '{"written_by": "attune-sim", "history": 7}\n',
            ":1: has schema 7; this version of attune-sim knows 1",
        ),
    ],
)
def test_what_is_no_history_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(text)

    with pytest.raises(InputError, match=message):
        read_lines(path)


def test_a_place_without_any_history_says_how_to_begin_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--history FILE` begins one"):
        history_of(tmp_path)


def test_cells_that_name_no_commit_are_no_history(records, tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    save_baseline(path, map(cell_of, records(72.0)))

    with pytest.raises(InputError, match="its cells name no commit"):
        history_of(path)
