"""Probes that are asked for: once a case, after the cells, and for cells that a store had already."""

import pytest

from attune_sim.contexts.deepcopy import Deepcopy
from attune_sim.contexts.shared import Shared
from attune_sim.experiment import Experiment, run_experiment
from attune_sim.experiment.optional import NOT_INSTALLED, Instructions, due
from attune_sim.record import CellRecord, Reading
from attune_sim.store import Store


class FakeProbe:
    """Reads what it is told to, and notes of which cells."""

    name, metrics = "instructions", ("fork_instructions", "render_instructions")

    def __init__(self, value=2_285.0, label=""):
        self.seen, self.value, self.label = [], value, label

    def readings(self, spec, record):
        self.seen.append((spec.strategy.name, spec.repeat, record.outcome))
        return [Reading(metric, self.value, label=self.label) for metric in self.metrics]


def double(n):
    return {"double": 2 * n}


def experiment(workload, *probes, **given):
    given = {"strategies": (Shared,), "repeats": 1, "memory_limit_bytes": 2**31, **given}
    return Experiment(workloads=(workload,), probes=probes, **given)


def read_of(record):
    return {
        reading.metric: reading.value for reading in record.readings if reading.metric in FakeProbe.metrics
    }


BOTH = dict.fromkeys(FakeProbe.metrics, 2_285.0)


def test_a_probe_reads_once_a_case_after_all_cells_and_says_so(workload_of):
    probe, told = FakeProbe(), []
    grid = experiment(workload_of(double, 3), probe, strategies=(Deepcopy, Shared), repeats=2)

    records = run_experiment(grid, progress=told.append)

    assert probe.seen == [("deepcopy", 0, "ok"), ("shared", 0, "ok")]
    assert [read_of(record) for record in records] == [BOTH, BOTH, {}, {}]
    assert [progress.title.rpartition(": ")[2] for progress in told[-2:]] == ["instructions"] * 2


def test_a_store_that_has_the_cell_is_given_what_it_lacks_and_nothing_is_read_twice(workload_of, tmp_path):
    path, workload, probe = tmp_path / "cells.jsonl", workload_of(double, 3), FakeProbe()
    [before] = run_experiment(experiment(workload), store=Store(path))

    first = run_experiment(experiment(workload, probe), store=Store(path))
    again = run_experiment(experiment(workload, probe), store=Store(path))

    assert len(probe.seen) == 1
    assert first == again == Store(path).records()
    assert first[0].key.id == before.key.id
    assert first[0].readings[: len(before.readings)] == before.readings
    assert read_of(first[0]) == BOTH


def test_what_a_machine_could_not_read_another_one_reads(workload_of, tmp_path):
    path, workload = tmp_path / "cells.jsonl", workload_of(double, 3)
    run_experiment(experiment(workload, Instructions(installed=lambda: False)), store=Store(path))
    assert read_of(Store(path).records()[0]) == dict.fromkeys(BOTH)

    run_experiment(experiment(workload, FakeProbe()), store=Store(path))

    assert read_of(Store(path).records()[0]) == BOTH


def test_a_count_that_failed_for_a_reason_of_its_own_is_not_tried_again(workload_of, tmp_path):
    path, workload = tmp_path / "cells.jsonl", workload_of(double, 3)
    probe = FakeProbe(None, "unavailable: time limit of 5 s met")

    for _ in range(2):
        run_experiment(experiment(workload, probe), store=Store(path))

    assert len(probe.seen) == 1


@pytest.mark.parametrize("outcome", ["killed", "crashed", "interrupted", "skipped"])
def test_a_cell_that_did_not_end_by_itself_is_due_nothing(spec_of, outcome):
    record = CellRecord(key=spec_of(double).key, outcome=outcome)

    assert list(due([FakeProbe()], record)) == []


@pytest.mark.parametrize(
    ("installed", "real", "items", "why"),
    [
        (False, False, 5, NOT_INSTALLED),
        (True, True, 5, "the real thing is not done again to be counted"),
        (True, False, None, "nothing fanned out"),
    ],
)
def test_where_nothing_can_be_counted_there_are_rows_without_value(spec_of, installed, real, items, why):
    spec = spec_of(double, real=real)
    record = CellRecord(key=spec.key, outcome="ok", fan_out_items=items)

    found = Instructions(installed=lambda: installed).readings(spec, record)

    assert [(reading.metric, reading.value, reading.label) for reading in found] == [
        (metric, None, f"unavailable: {why}") for metric in FakeProbe.metrics
    ]
