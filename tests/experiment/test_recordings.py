"""What can only be called for real is called once, and every strategy is asked the same of what it gave."""

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from attune_sim.contexts.deepcopy import Deepcopy
from attune_sim.contexts.shared import Shared
from attune_sim.errors import ExperimentError
from attune_sim.experiment import Experiment, run_experiment
from attune_sim.experiment.recordings import Recordings
from attune_sim.experiment.taking import SHOWN
from attune_sim.loader import load
from attune_sim.scenarios.user import user_workload
from attune_sim.store import Store

LIMIT = 2**31
FILE = """
version: 1.0.0
ref: demo.mail
parameters:
  people: {type: array, default: [{name: ann}, {name: bob}, {name: cid}]}
tasks:
  - {name: find, action: demo.find, next: [{do: [send]}]}
  - {name: send, action: demo.send, with_items: "{{ parameters.people }}", input: {to: "{{ item }}"}}
"""


class Sending:
    """Sends mails: a line a mail in a file, and what is sent is given back."""

    def __init__(self, file):
        self.file = str(file)

    def __call__(self, to):
        with open(self.file, "a") as file:
            file.write(f"{to['name']} {os.getpid()}\n")
        print("sent to", to["name"])
        return {"sent": (to["name"],)}

    @property
    def sent(self):
        path = Path(self.file)
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def sending(tmp_path):
    return Sending(tmp_path / "mails")


def find(**parameters):
    return {"found": 3}


def experiment(action, **given):
    workload = user_workload(load(FILE), actions={"demo.send": action, "demo.find": find})
    given = {"strategies": (Deepcopy, Shared), "repeats": 2, "memory_limit_bytes": LIMIT, **given}
    return Experiment(workloads=(workload,), **given)


class Folders(Recordings):
    """Remembers what it told, and where the files were."""

    def __init__(self):
        self.told = []
        super().__init__(self.told.append)

    def of(self, cell):
        taken = super().of(cell)
        self.folder = Path(taken.file).parent
        assert self.folder.is_dir()
        return taken


def test_of_what_actions_print_without_end_the_last_of_it_is_kept_and_read(sending):
    def loud(**input):
        print("x" * 1_000_000)
        print("the end")

    recordings = Folders()
    run_experiment(experiment(loud, strategies=(Shared,), repeats=1), recordings=recordings)

    (taken,) = recordings.all
    assert len(taken.printed) == SHOWN
    assert taken.printed.endswith("x\nthe end\n")


def test_actions_are_called_once_in_a_process_of_their_own_whatever_is_compared(sending):
    recordings = Folders()
    records = run_experiment(experiment(sending), recordings=recordings)

    assert [name for name, _ in sending.sent] == ["ann", "bob", "cid"]
    assert os.getpid() not in {int(process) for _, process in sending.sent}
    assert [record.outcome for record in records] == ["ok"] * 4
    assert {record.run_status for record in records} == {"succeeded"}
    (taken,) = recordings.all
    assert {record.answer for record in records} == {taken.answer}
    assert taken.printed == "sent to ann\nsent to bob\nsent to cid\n"
    assert not recordings.folder.exists()
    (told,) = recordings.told
    assert "called for real once, for 3 items, in a process of their own; 4 cells replay" in told


def test_that_actions_are_called_is_told_once_and_before_whoever_asks_for_a_recording(sending):
    recordings = Folders()
    [cell, *_] = experiment(sending, strategies=(Shared,), repeats=1).cells(10**9)
    with recordings:
        recordings.of(cell)
        recordings.say([cell])

    (told,) = recordings.told
    assert told.endswith("its actions are called for real once, for 3 items, in a process of their own")


class Elsewhere(Shared):
    """A strategy that hands another name to its second item."""

    name = "elsewhere"

    def fan_out(self, context, reads):
        return Renaming(Shared().fan_out(context, reads))


class Renaming:
    def __init__(self, forker):
        self._forker = forker

    def fork(self, item, index):
        changed = {"name": "dora"} if index == 1 else item
        return self._forker.fork(changed, index)

    def fork_plain(self):
        return self._forker.fork_plain()


def test_another_input_is_a_different_answer_though_every_result_is_replayed(sending, tmp_path):
    path = tmp_path / "cells.jsonl"
    text = r"'projected' and 'elsewhere' give different answers, task 'send', item 1: its input differs at to\.name"
    with pytest.raises(ExperimentError, match=text) as raised:
        run_experiment(experiment(sending, strategies=(Shared, Elsewhere)), store=Store(path))
    assert "dora" not in str(raised.value)  # what an input holds may be secret
    assert Store(path).records() == []


@pytest.mark.slow
def test_answers_of_a_script_are_no_proof_that_inputs_are_equal():
    script = {"actions": {"find": [{"result": {}}], "send": [{"result": "sent"}]}}
    workload = user_workload(load(FILE), script=script)
    grid = replace(experiment(find), workloads=(workload,), strategies=(Shared, Elsewhere), repeats=1)
    with pytest.raises(ExperimentError, match=r"task 'send', item 1: its input differs at to\.name"):
        run_experiment(grid)


class Unready(Shared):
    """A strategy that cannot carry its last item."""

    name = "unready"

    def fan_out(self, context, reads):
        return Refusing(Shared().fan_out(context, reads))


class Refusing(Renaming):
    def fork(self, item, index):
        from attune_sim.errors import ResultError

        if index == 2:
            raise ResultError("too heavy")
        return self._forker.fork(item, index)


@pytest.mark.slow
def test_an_item_that_a_strategy_cannot_carry_is_a_different_answer(sending):
    with pytest.raises(ExperimentError, match=r"task 'send', item 2: it could not be prepared: .*too heavy"):
        run_experiment(experiment(sending, strategies=(Unready,)))


@pytest.mark.slow
def test_a_rerun_calls_nothing_and_what_answered_otherwise_then_is_measured_again(sending, tmp_path):
    path, flag = tmp_path / "cells.jsonl", str(tmp_path / "flag")

    def send(to):
        sending(to)
        return os.path.exists(flag)

    grid = experiment(send, strategies=(Shared,), repeats=1)
    (first,) = run_experiment(grid, store=Store(path))
    assert run_experiment(grid, store=Store(path)) == [first]
    assert len(sending.sent) == 3

    Path(flag).touch()  # the world is another one now
    both = run_experiment(replace(grid, strategies=(Shared, Deepcopy)), store=Store(path))
    assert len(sending.sent) == 6
    assert {record.answer for record in both} != {first.answer}
    assert len({record.answer for record in both}) == 1


@pytest.mark.slow
def test_with_real_actions_are_called_in_every_cell_and_it_is_said_before(sending):
    recordings = Folders()
    run_experiment(experiment(sending, real=True), recordings=recordings)
    assert len(sending.sent) == 4 * 3
    assert "called for real in every cell: 4 cells, 3 items each" in recordings.told[0]
    assert recordings.all == []


def test_a_result_that_cannot_be_pickled_is_told_and_the_real_thing_proposed(sending):
    def send(to):
        sending(to)
        return {"lock": threading.Lock()}

    text = r"demo\.mail: its actions could not be recorded: task 'send', item 0: .*result\.lock .*--real"
    with pytest.raises(ExperimentError, match=text):
        run_experiment(experiment(send))
    assert len(sending.sent) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("breaks", "limits", "why"),
    [
        ("bytearray(2**32)", {"memory_limit_bytes": 2**29}, "memory limit of 512 MiB met"),
        ("__import__('time').sleep(60)", {"time_limit_s": 1.0}, "time limit of 1 s met"),
        ("__import__('os')._exit(3)", {}, "exit code 3"),
    ],
)
def test_a_recording_that_comes_to_no_end_says_why(breaks, limits, why):
    def send(to):
        return eval(breaks)

    with pytest.raises(ExperimentError, match=f"could not be recorded: .*{why}.*--real"):
        run_experiment(experiment(send, **limits))


@pytest.mark.slow
def test_actions_of_the_users_in_a_scenario_are_recorded_too(sending):
    from attune_sim.scenarios.registry import workload_of

    def check(url, timeout):
        sending({"name": url})
        return {"healthy": True}

    workload = workload_of("health_check", items=2, actions={"monitoring.check_http": check})
    grid = replace(experiment(find), workloads=(workload,), repeats=1)
    assert {record.outcome for record in run_experiment(grid)} == {"ok"}
    assert len(sending.sent) == 2
