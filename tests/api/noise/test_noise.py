"""The noise of a machine is measured once, kept where tests keep it, and found by every comparison of that machine and Python."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import attune_sim as at
from attune_sim.api.noise.kept import STATE, kept_noise, noise_file
from attune_sim.api.noise.noise import Noise
from attune_sim.api.noise.noising import NAMES, aliases
from attune_sim.contexts.shared import Shared
from attune_sim.errors import InputError
from attune_sim.store import Store, ended_row, started_row

HERE = {"python": "3.11.7", "cpu": "two cores"}


def kept(record_of, path: Path, rounds: int = 12) -> None:
    """A file as `at.noise` leaves it, of cells that were made up."""
    cells = [record_of(repeat=n, surroundings=HERE, samples=()) for n in range(rounds)]
    names = ("shared", "shared~2")
    records = [replace(one, key=replace(one.key, strategy=name)) for one in cells for name in names]
    path.parent.mkdir(parents=True, exist_ok=True)
    with Store(path) as store:
        for record in records:
            store.append(record.key.id, started_row(record.key, (), 0))
            store.append(record.key.id, {"row": "running", "surroundings": HERE})
            for reading in record.readings:
                store.append(
                    record.key.id, {"row": "reading", "metric": reading.metric, "value": reading.value}
                )
            store.append(record.key.id, ended_row("ok", None))


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(STATE, str(tmp_path))
    return tmp_path


def test_a_comparison_says_how_often_its_rule_errs_where_that_was_measured_here(record_of, state) -> None:
    records = [
        record_of(strategy=name, repeat=n, surroundings=HERE)
        for n in range(5)
        for name in ("deepcopy", "shared")
    ]
    before = at.Comparison(records)
    assert "false alarms: not measured here: at.noise()" in str(before)
    kept(record_of, noise_file(HERE))

    after = at.Comparison(records)
    assert "false alarms: fork_us 0 of 500, fork_bytes 0 of 500," in str(after)
    assert (after.verdicts()["false_alarm_rate"] == 0).all()
    assert before.verdicts()["false_alarm_rate"].isna().all(), "what a comparison found once, it keeps"


def test_noise_of_another_machine_or_python_or_of_several_says_nothing_here(record_of, state) -> None:
    kept(record_of, noise_file(HERE))
    there = {**HERE, "cpu": "four cores"}

    assert kept_noise([record_of(surroundings=HERE)]) is not None
    assert kept_noise([record_of(surroundings=there)]) is None
    assert kept_noise([record_of(surroundings={**HERE, "python": "3.13.1"})]) is None
    assert kept_noise([record_of(surroundings=HERE), record_of(surroundings=there)]) is None


def test_a_file_that_cannot_be_read_costs_no_report(record_of, state) -> None:
    noise_file(HERE).write_text("something else\n")

    assert kept_noise([record_of(surroundings=HERE)]) is None


def test_the_file_is_named_by_machine_and_python_below_the_place_that_was_chosen(state, tmp_path) -> None:
    assert noise_file(HERE).parent == state
    assert noise_file(HERE, tmp_path / "elsewhere").parent == tmp_path / "elsewhere"
    assert noise_file(HERE).name.endswith("-3.11.7.jsonl")
    assert noise_file(HERE) != noise_file({**HERE, "cpu": "four cores"})


def test_names_are_those_of_one_strategy(state) -> None:
    found = list(aliases(Shared))

    assert [one.name for one in found] == ["shared", "shared~2", "shared~3"]
    assert all(issubclass(one, Shared) for one in found)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"rounds": 0}, "rounds"), ({"budget": "soon"}, "budget"), ({"strategy": "sharde"}, "shared")],
)
def test_what_cannot_be_used_is_refused_before_anything_is_measured(state, wrong, says) -> None:
    with pytest.raises(InputError, match=says):
        at.noise(**wrong)
    assert list(state.iterdir()) == []


def test_noise_reads_well(record_of, state) -> None:
    kept(record_of, noise_file(HERE))
    found = Noise(Store(noise_file(HERE)).records(), noise_file(HERE))

    assert repr(found) == ("<Noise of baseline: 0 false alarms in 2,500 comparisons of 5 pairs; see .frame>")
    assert max(map(len, str(found).splitlines())) <= 80
    assert "0\xa0of\xa0500" in found._repr_mimebundle_()["text/html"]
    assert list(found.frame.columns[:4]) == ["metric", "interval", "false_alarm_rate", "n"]


@pytest.mark.slow
def test_it_is_measured_once_and_kept_and_the_same_call_measures_only_what_is_missing(state) -> None:
    found = at.noise(items=5, rounds=2, progress=False)

    assert len(found.records) == NAMES * 2
    assert found.path.parent == state
    assert set(found.frame["metric"]) == {
        "fork_us", "fork_bytes", "render_us", "bookkeeping_us", "live_heap_bytes",
    }  # fmt: skip
    size = found.path.stat().st_size
    assert at.noise(items=5, rounds=2, progress=False).records == found.records
    assert found.path.stat().st_size == size
    assert kept_noise(found.records) is not None
