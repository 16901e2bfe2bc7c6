"""An experiment: fair order, equal answers first, nothing measured twice, nothing lost."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from attune_sim.actions.script import Script
from attune_sim.actions.synthetic import Scripted
from attune_sim.contexts.deepcopy import Deepcopy
from attune_sim.contexts.shared import Shared
from attune_sim.errors import ExperimentError, InputError, Interrupted
from attune_sim.experiment import Experiment, run_experiment
from attune_sim.experiment.spec import hash_seed_of
from attune_sim.frame import metrics_frame
from attune_sim.runspec import History
from attune_sim.store import Store

LIMIT = 2**31
BOTH = (Deepcopy, Shared)


def double(n):
    return {"double": 2 * n}


def experiment(workload, **given):
    given = {"strategies": BOTH, "repeats": 1, "memory_limit_bytes": LIMIT, **given}
    return Experiment(workloads=(workload,), **given)


def names(records):
    return [(record.key.strategy, record.key.repeat) for record in records]


def test_repeats_are_interleaved_across_sizes_and_strategies_and_each_begins_with_the_next_strategy(
    workload_of,
):
    grid = Experiment(workloads=(workload_of(double, 2), workload_of(double, 3)), strategies=BOTH, repeats=3)
    order = [(cell.repeat, cell.workload.items, cell.strategy.name) for cell in grid.cells(LIMIT)]
    names = (("deepcopy", "shared"), ("shared", "deepcopy"), ("deepcopy", "shared"))
    assert order == [
        (repeat, items, name) for repeat in range(3) for items in (2, 3) for name in names[repeat]
    ]


def test_a_repeat_has_one_hash_seed_for_all_strategies_sizes_and_reruns_and_no_other_repeat_has_it(
    workload_of,
):
    def seeds(seed=0):
        sizes = (workload_of(double, 2, seed=seed), workload_of(double, 3, seed=seed))
        cells = Experiment(workloads=sizes, strategies=BOTH, repeats=40).cells(LIMIT)
        return {(cell.repeat, cell.hash_seed) for cell in cells}

    assert seeds() == seeds()
    assert len(seeds()) == 40
    assert len({hash_seed for _, hash_seed in seeds() | seeds(seed=1)}) == 80
    assert all(0 <= hash_seed < 2**32 for _, hash_seed in seeds())


def test_every_cell_is_measured_stored_and_told(workload_of, tmp_path):
    told = []
    path = tmp_path / "cells.jsonl"
    records = run_experiment(experiment(workload_of(double, 5)), store=Store(path), progress=told.append)
    assert names(records) == [("deepcopy", 0), ("shared", 0)]
    assert {record.outcome for record in records} == {"ok"}
    assert len({record.answer for record in records}) == 1
    assert [record.readings for record in Store(path).records()] == [record.readings for record in records]
    assert [progress.number for progress in told if progress.record] == [1, 2]
    assert {progress.total for progress in told} == {2}


@pytest.mark.slow
def test_a_rerun_measures_only_what_is_missing(workload_of, tmp_path):
    path = tmp_path / "cells.jsonl"
    workload = workload_of(double, 3)
    [first] = run_experiment(experiment(workload, strategies=(Shared,)), store=Store(path))
    size = path.stat().st_size
    again = run_experiment(experiment(workload, strategies=(Shared,)), store=Store(path))
    assert again == [first]
    assert path.stat().st_size == size
    both = run_experiment(experiment(workload), store=Store(path))
    assert names(both) == [("deepcopy", 0), ("shared", 0)]
    assert both[1] == first


@pytest.mark.slow
def test_an_edited_action_is_measured_anew(workload_of, tmp_path):
    path = tmp_path / "cells.jsonl"
    for action in (double, lambda n: {"double": n + n}):
        run_experiment(experiment(workload_of(action, 2), strategies=(Shared,)), store=Store(path))
    assert len(Store(path).records()) == 2


@pytest.mark.slow
def test_a_cell_that_was_killed_runs_again_and_the_others_do_not(workload_of, tmp_path):
    path, flag = tmp_path / "cells.jsonl", tmp_path / "flag"

    def once_killed(n):
        if n == 20 and not flag.exists():
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    grid = experiment(workload_of(once_killed, 40), check_answers=False)
    first = run_experiment(grid, store=Store(path))
    assert [record.outcome for record in first] == ["killed", "ok"]
    assert len(first[0].samples) > 10
    told = []
    second = run_experiment(grid, store=Store(path), progress=told.append)
    assert [record.outcome for record in second] == ["ok", "ok"]
    assert second[1] == first[1]
    assert {progress.title for progress in told if progress.record is None} == {
        "numbers, deepcopy, 40 items, repeat 1"
    }


class Forgetful(Shared):
    """A strategy that loses what items read: it answers differently."""

    name = "forgetful"

    def fan_out(self, context, reads):
        return Off(context)


class Off:
    def __init__(self, context):
        self.context = context

    def fork(self, item, index):
        return Shared().fan_out(self.context, None).fork(item + 1, index)


def test_unequal_answers_are_refused_with_their_first_difference_before_anything_is_timed(
    workload_of, tmp_path
):
    path = tmp_path / "cells.jsonl"
    with pytest.raises(
        ExperimentError, match=r"'shared' and 'forgetful' give .* results\.each\.results\[0\].* 0 and 2"
    ):
        run_experiment(experiment(workload_of(double, 5), strategies=(Shared, Forgetful)), store=Store(path))
    assert Store(path).records() == []


class LateForgetful(Forgetful):
    """The same, but only far into the run."""

    name = "late"

    def fan_out(self, context, reads):
        return Late(context)


class Late(Off):
    def fork(self, item, index):
        return Shared().fan_out(self.context, None).fork(item + (index == 15), index)


@pytest.mark.slow
def test_answers_that_differ_only_at_full_size_are_refused_after_the_first_repeat(workload_of, tmp_path):
    path = tmp_path / "cells.jsonl"
    grid = experiment(workload_of(double, 20), strategies=(Shared, LateForgetful), repeats=3)
    with pytest.raises(ExperimentError, match=r"results\.each\.results\[15\]\.double 30 and 32"):
        run_experiment(grid, store=Store(path))
    assert len(Store(path).records()) == 2


@pytest.mark.slow
def test_an_answer_that_depends_on_the_hash_seed_is_compared_within_one_seed(workload_of):
    def in_the_order_of_a_set(n):
        return list({f"text {n} {letter}" for letter in "abcdefgh"})

    records = run_experiment(experiment(workload_of(in_the_order_of_a_set, 5), repeats=2))
    answers = {record.hash_seed: set() for record in records}
    for record in records:
        answers[record.hash_seed].add(record.answer)
    assert [len(found) for found in answers.values()] == [1, 1]
    assert len(set.union(*answers.values())) == 2


class Moody(Forgetful):
    """Loses what items read under the hash seed of the second repeat only."""

    name = "moody"

    def fan_out(self, context, reads):
        second = os.environ["PYTHONHASHSEED"] == str(hash_seed_of(0, 1))
        return Off(context) if second else Shared().fan_out(context, reads)


@pytest.mark.slow
def test_answers_that_differ_under_one_hash_seed_only_are_refused_after_its_repeat(workload_of, tmp_path):
    path = tmp_path / "cells.jsonl"
    grid = experiment(workload_of(double, 5), strategies=(Shared, Moody), repeats=3)
    with pytest.raises(ExperimentError, match=r"'moody' and 'shared' give .* 2 and 0"):
        run_experiment(grid, store=Store(path))
    assert len(Store(path).records()) == 4


def as_of_version_1(path):
    """Rewrites a store as it was before hash seeds: every cell says nothing of its own, and answered something else."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row in rows:
        if row["row"] == "started":
            del row["hash_seed"]
            row["schema"] = 1
        if row["row"] == "ran":
            row["answer"] = "in another order"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.slow
def test_beside_a_cell_of_an_older_store_it_counts_what_both_answer_under_one_hash_seed(
    workload_of, tmp_path
):
    path = tmp_path / "cells.jsonl"
    run_experiment(experiment(workload_of(double, 3), strategies=(Shared,)), store=Store(path))
    as_of_version_1(path)

    both = run_experiment(
        experiment(workload_of(double, 3), strategies=(Shared, Deepcopy)), store=Store(path)
    )
    assert [record.hash_seed for record in both] == [0, hash_seed_of(0, 0)]
    with pytest.raises(ExperimentError, match=r"'shared' and 'forgetful' give .* 0 and 2"):
        run_experiment(experiment(workload_of(double, 3), strategies=(Shared, Forgetful)), store=Store(path))


def test_a_workload_that_no_strategy_can_run_is_one_clear_error(workload_of):
    workload = workload_of(double, 3, history=History(tasks=1, bytes_each=1))
    with pytest.raises(
        ExperimentError, match=r"numbers cannot run under any strategy; deepcopy: .*integer of 2 or more"
    ):
        run_experiment(experiment(workload))


@pytest.mark.slow
def test_a_strategy_that_cannot_run_is_a_row_beside_the_others(workload_of):
    class Broken(Shared):
        name = "broken"

        def fan_out(self, context, reads):
            raise NotImplementedError("one day")

    records = run_experiment(experiment(workload_of(double, 3), strategies=(Broken, Shared)))
    assert [record.outcome for record in records] == ["crashed", "ok"]
    assert "one day" in records[0].error


@pytest.mark.slow
@pytest.mark.parametrize("size", [{"tasks": 10**9}, {"tasks": 1, "bytes_each": 10**13, "payload": "text"}])
def test_a_history_that_is_more_than_a_cell_may_take_is_refused_before_any_cell_begins(workload_of, size):
    told = []
    with pytest.raises(
        InputError, match=r"history.* would take .* and a cell may take 2\.1 GB; .*--memory-limit"
    ):
        run_experiment(experiment(workload_of(double, history=History(**size))), progress=told.append)
    assert not told


def test_a_scripted_result_that_is_more_than_a_cell_may_take_is_refused_by_its_place(workload_of):
    script = {"actions": {"act": [{"result": {"rows": {"shape": "records", "bytes": 400_000_000}}}]}}
    scripted = Scripted("act", Script.read(script))
    with pytest.raises(
        InputError, match=r"act: result\.rows, 400,000,000 bytes of records: would take 2\.6 GB"
    ):
        run_experiment(experiment(workload_of(scripted)))


def test_after_each_repeat_it_is_asked_whether_there_is_enough_and_a_rerun_stops_at_the_same_place(
    workload_of, tmp_path
):
    path, asked = tmp_path / "cells.jsonl", []

    def enough(records):
        asked.append(names(records))
        return len(asked) in (2, 4)

    grid = experiment(workload_of(double, 3), repeats=9, check_answers=False, enough=enough, looks=(2, 5, 9))
    records = run_experiment(grid, store=Store(path))
    assert [len(told) for told in asked] == [2, 4]
    assert names(records) == [("deepcopy", 0), ("shared", 0), ("shared", 1), ("deepcopy", 1)]
    assert {record.looks for record in Store(path).records()} == {(2, 5, 9)}
    assert run_experiment(grid, store=Store(path)) == records
    assert asked[2:] == asked[:2]


def test_a_slow_cell_is_not_repeated_and_says_so(workload_of, tmp_path):
    def slow(n):
        time.sleep(0.2)

    path = tmp_path / "cells.jsonl"
    grid = experiment(workload_of(slow, 2), strategies=(Shared,), repeats=3, slow_s=0.3)
    records = run_experiment(grid, store=Store(path))
    assert [record.outcome for record in records] == ["ok", "skipped", "skipped"]
    assert records[1].error == f"not repeated: the first run took {records[0].wall_s:.1f} s"
    assert run_experiment(grid, store=Store(path)) == records


@pytest.mark.slow
def test_ctrl_c_tells_what_there_is_and_a_rerun_goes_on(workload_of, tmp_path):
    path = tmp_path / "cells.jsonl"

    pressed = []

    def interrupt_second(progress):
        if progress.number == 2 and progress.forks and not pressed:
            pressed.append(progress)
            os.kill(os.getpid(), signal.SIGINT)

    grid = experiment(workload_of(double, 5), repeats=2, check_answers=False)
    with pytest.raises(Interrupted, match=r"^1 of 4 cells were measured, 3 missing$") as halt:
        run_experiment(grid, store=Store(path), progress=interrupt_second)
    assert [record.outcome for record in halt.value.result] == ["ok", "interrupted"]
    assert [record.outcome for record in run_experiment(grid, store=Store(path))] == ["ok"] * 4


def test_a_cell_whose_last_row_is_on_the_disk_counts_though_ctrl_c_comes_right_behind_it(
    workload_of, tmp_path
):
    class Late(Store):
        def append(self, cell, row):
            super().append(cell, row)
            if row["row"] == "ended":
                raise KeyboardInterrupt

    path = tmp_path / "cells.jsonl"
    grid = experiment(workload_of(double, 3), check_answers=False)
    with pytest.raises(Interrupted, match=r"^1 of 2 cells were measured, 1 missing$") as halt:
        run_experiment(grid, store=Late(path))
    assert names(halt.value.result) == [("deepcopy", 0)]
    assert list(Store(path).finished().values()) == halt.value.result


def test_ctrl_c_between_two_cells_tells_what_there_is(workload_of):
    def interrupt_after_first(progress):
        if progress.record is not None:
            os.kill(os.getpid(), signal.SIGINT)

    grid = experiment(workload_of(double, 3), check_answers=False)
    with pytest.raises(Interrupted, match=r"^1 of 2 cells were measured, 1 missing$") as halt:
        run_experiment(grid, progress=interrupt_after_first)
    assert names(halt.value.result) == [("deepcopy", 0)]


@pytest.mark.slow
def test_without_a_memory_limit_a_rerun_goes_on_with_that_of_the_store(workload_of, tmp_path):
    path = tmp_path / "cells.jsonl"
    workload = workload_of(double, 2)
    run_experiment(
        experiment(workload, strategies=(Shared,), memory_limit_bytes=LIMIT + 1), store=Store(path)
    )
    [record] = run_experiment(
        experiment(workload, strategies=(Shared,), memory_limit_bytes=None), store=Store(path)
    )
    assert record.key.memory_limit_bytes == LIMIT + 1
    assert len(Store(path).records()) == 1


PROGRAM = """
import sys, time
from attune_sim.contexts.shared import Shared
from attune_sim.contexts.deepcopy import Deepcopy
from attune_sim.experiment import Experiment, run_experiment
from attune_sim.runspec import History
from attune_sim.scenarios.workload import Workload
from attune_sim.store import Store
from attune_sim.workflow import Task, Workflow

def act(n):
    time.sleep(0.01)
    return n

each = Task("each", action="test.act", with_items="{{ parameters.numbers }}", input={"n": "{{ item }}"})
workload = Workload(name="numbers", workflow=Workflow((each,), ref="numbers"), items=100,
    history=History(tasks=1, bytes_each=1000), replay={"test.act": act},
    make_parameters=lambda workload: {"numbers": list(range(workload.items))})
grid = Experiment(workloads=(workload,), strategies=(Shared, Deepcopy), repeats=1, memory_limit_bytes=2**31)
def told(progress):
    print(progress.number, progress.forks, progress.record.outcome if progress.record else "", flush=True)
run_experiment(grid, store=Store(sys.argv[1]), progress=told)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="workers die with their parent on Linux")
def test_a_program_killed_half_way_leaves_its_rows_and_the_rerun_completes_only_what_is_missing(tmp_path):
    path = tmp_path / "cells.jsonl"
    command = [sys.executable, "-c", PROGRAM, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        for line in program.stdout:
            number, forks, _ = line.rstrip("\n").split(" ")
            if number == "2" and int(forks) >= 20:
                program.kill()
                break
    outcomes = {record.key.strategy: record for record in Store(path).records()}
    assert outcomes["shared"].outcome == "ok"
    assert outcomes["deepcopy"].outcome == "killed"
    assert outcomes["deepcopy"].samples[-1].item_index >= 20
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    lines = [line.split(" ") for line in done.stdout.splitlines()]
    assert {line[0] for line in lines if line[2] == ""} == {"0", "2"}  # 0: answers are looked at first
    again = {record.key.strategy: record for record in Store(path).records()}
    assert again["shared"] == outcomes["shared"]
    assert again["deepcopy"].outcome == "ok"


TIMED = {"us", "s"}


@pytest.mark.slow
def test_cells_that_have_company_tell_memory_and_no_time(workload_of, tmp_path):
    path = tmp_path / "cells.jsonl"
    records = run_experiment(experiment(workload_of(double, 20), workers=2, repeats=2), store=Store(path))

    assert [(one.key.strategy, one.key.repeat) for one in records] == [
        ("deepcopy", 0), ("shared", 0), ("shared", 1), ("deepcopy", 1)
    ]  # fmt: skip
    assert {one.outcome for one in records} == {"ok"}
    frame = metrics_frame(records)
    assert {"live_heap_bytes", "fork_bytes"} <= set(frame["metric"])
    assert TIMED.isdisjoint(frame["unit"])
    assert {(one.wall_s, one.forking_us) for one in records} == {(None, None)}
    assert [(one.wall_s, one.readings) for one in Store(path).records()] != []
    assert all(one.wall_s is None for one in Store(path).records())


@pytest.mark.slow
def test_a_ctrl_c_ends_all_cells_that_run_beside_each_other(workload_of, tmp_path):
    def endless(n):
        time.sleep(0.05)

    def press(progress):
        if progress.number and progress.forks > 3 and not pressed:
            pressed.append(1)
            os.kill(os.getpid(), signal.SIGINT)

    pressed = []
    grid = experiment(workload_of(endless, 2000), workers=2, check_answers=False, dispatches=("windowed",))
    with pytest.raises(Interrupted) as halt:
        run_experiment(grid, store=Store(tmp_path / "cells.jsonl"), progress=press)

    assert {one.outcome for one in halt.value.result} == {"interrupted"}
    assert len(halt.value.result) == 2


@pytest.mark.slow
def test_a_concurrency_that_was_asked_for_is_part_of_the_key_and_of_the_run(workload_of):
    grid = experiment(workload_of(double, 6), strategies=(Shared,), concurrencies=(None, 3))
    records = run_experiment(grid)

    assert [one.key.concurrency for one in records] == [None, 3]
    assert len({one.key.digest for one in records}) == 2
    assert {one.outcome for one in records} == {"ok"}
