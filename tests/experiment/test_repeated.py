"""What was recorded of one size, asked in another one: actions are called once, and what they gave is repeated in order."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace

import pytest

from attune_sim.contexts.deepcopy import Deepcopy
from attune_sim.contexts.shared import Shared
from attune_sim.errors import ExperimentError, InputError
from attune_sim.experiment import Experiment, run_experiment
from attune_sim.experiment.recordings import Recordings
from attune_sim.loader import load
from attune_sim.recording.resized import Resized
from attune_sim.scenarios.user import user_workload

LIMIT = 2**31
FILE = """
version: 1.0.0
ref: demo.fleet
tasks:
  - {name: find, action: demo.find, next: [{do: [check], publish: [{hosts: "{{ result().hosts }}"}]}]}
  - name: check
    action: demo.check
    with_items: "{{ hosts }}"
    retry: {count: 1, delay: 0}
    input: {name: "{{ item.name }}"}
    next: [{do: [tell], publish: [{seen: "{{ result().results }}"}]}]
  - {name: tell, action: demo.tell, with_items: "{{ seen }}", input: {state: "{{ item.state }}"}}
"""


class Fleet:
    """Finds three hosts and checks each; writes a line a call into a file. The second one is well at the second try only."""

    def __init__(self, file, hosts=("a", "b", "c")):
        self.file, self.hosts = str(file), hosts

    def __call__(self, **input):
        with open(self.file, "a") as file:
            file.write(json.dumps(input) + "\n")

    @property
    def calls(self):
        with open(self.file) as file:
            return [json.loads(line) for line in file]

    @property
    def actions(self):
        return {"demo.find": self.find, "demo.check": self.check, "demo.tell": self.tell}

    def find(self, **input):
        self()
        return {"hosts": [{"name": name} for name in self.hosts]}

    def check(self, name):
        self(name=name)
        if name == "b" and self.calls.count({"name": "b"}) == 1:
            raise ValueError("not yet")
        return {"state": f"{name} is well"}

    def tell(self, state):
        self(state=state)
        return state


@pytest.fixture
def fleet(tmp_path):
    return Fleet(tmp_path / "calls")


def experiment(*workloads, **given):
    given = {"strategies": (Deepcopy, Shared), "repeats": 1, "memory_limit_bytes": LIMIT, **given}
    return Experiment(workloads=workloads, **given)


def fleet_workload(fleet, text=FILE):
    return user_workload(load(text), actions=fleet.actions)


def answers_of(records):
    return {record.answer for record in records}


def test_a_recorded_list_is_repeated_with_the_results_of_its_items_and_nothing_is_called_for_that(fleet):
    told = []
    workload = fleet_workload(fleet)
    grid = experiment(workload.sized(items=7), workload.sized(items=2), strategies=(Shared,))
    records = run_experiment(grid, recordings=Recordings(told.append))

    assert len(fleet.calls) == 1 + 4 + 3  # of the list as it is, one of its items twice
    assert [record.outcome for record in records] == ["ok"] * 2
    assert [record.run_status for record in records] == ["succeeded"] * 2
    assert [(record.items, record.items_done) for record in records] == [(7, 14), (2, 4)]
    assert len(answers_of(records)) == 2
    assert [record.assumed for record in records] == [
        (f"estimated: tell: {items} items, answered by the 3 that were recorded",) for items in (7, 2)
    ]
    (line,) = told
    assert "called for real once, for as many items as there are" in line
    assert "2 cells replay what came of that, repeated for 2 to 7 items" in line


@pytest.mark.slow
def test_what_is_repeated_is_the_answer_of_a_list_that_has_these_elements(fleet, tmp_path):
    """The real thing with the list written out seven times, each item answering as before, is the measure."""
    seven = Fleet(tmp_path / "seven", hosts=("a", "b", "c", "a", "b", "c", "a"))
    seven(name="b")  # its first try is over: failed tries are no part of an answer
    repeated = run_experiment(experiment(fleet_workload(fleet).sized(items=7)))
    written = run_experiment(experiment(fleet_workload(seven)))
    assert answers_of(repeated) == answers_of(written)
    assert {record.assumed for record in written} == {()}


@pytest.mark.slow
def test_as_many_items_as_were_recorded_are_no_estimate(fleet):
    (record,) = run_experiment(experiment(fleet_workload(fleet).sized(items=3), strategies=(Shared,)))
    assert (record.items_done, record.assumed) == (6, ())


CALLING = """
version: 1.0.0
ref: demo.calling
tasks:
  - {name: find, action: demo.find, next: [{do: [check]}]}
  - {name: check, action: demo.one, with_items: "{{ task.find.hosts }}", input: {name: "{{ item.name }}"}}
"""
ONE = """
version: 1.0.0
ref: demo.one
parameters: {name: {type: string}}
tasks:
  - {name: twice, action: demo.check, with_items: "{{ range(2) }}", input: {name: "{{ parameters.name }}"}}
output_map: {states: "{{ task.twice.results }}"}
"""


@pytest.mark.slow
def test_items_that_call_sub_workflows_are_repeated_with_all_that_is_within(fleet, tmp_path):
    seven = Fleet(tmp_path / "seven", hosts=("a", "c", "a", "c", "a"))
    few = Fleet(tmp_path / "few", hosts=("a", "c"))
    workloads = [
        user_workload(load(CALLING), actions=each.actions, workflows=(load(ONE),)) for each in (few, seven)
    ]
    repeated = run_experiment(experiment(workloads[0].sized(items=5), strategies=(Shared,)))
    written = run_experiment(experiment(workloads[1], strategies=(Shared,)))
    assert len(few.calls) == 1 + 2 * 2
    assert answers_of(repeated) == answers_of(written)
    assert repeated[0].assumed == ("estimated: check: 5 items, answered by the 2 that were recorded",)


@pytest.mark.slow
@pytest.mark.parametrize("hosts", [(), None])
def test_a_result_without_an_element_to_repeat_is_told_with_its_place(tmp_path, hosts):
    fleet = Fleet(tmp_path / "calls", hosts or ())
    if hosts is None:
        fleet.find = lambda **input: {"hosts": "many"}
    text = (
        r"demo\.fleet: what its actions gave cannot be repeated for 9 items: "
        r"items: task\.find\.hosts is no list with an element to repeat, in what the action of task 'find' gave$"
    )
    with pytest.raises(ExperimentError, match=text):
        run_experiment(experiment(fleet_workload(fleet).sized(items=9)))


@pytest.mark.slow
def test_in_their_natural_size_actions_are_called_once_for_all_sizes_also_where_items_are_parameters(fleet):
    text = FILE.replace("{{ hosts }}", "{{ parameters.hosts }}").replace(
        "tasks:", "parameters: {hosts: {type: array, default: [{name: a}, {name: c}]}}\ntasks:", 1
    )
    workload = fleet_workload(fleet, text)
    sizes = [workload, *(workload.sized(items=items, context_bytes=10_000) for items in (2, 5))]
    recordings = Recordings(natural=True)
    records = run_experiment(experiment(*sizes, strategies=(Shared,)), recordings=recordings)
    assert len(fleet.calls) == 1 + 2 + 2
    assert [record.items for record in records] == [2, 2, 5]
    assert [line for record in records for line in record.assumed if "answered" in line] == [
        "estimated: tell: 5 items, answered by the 2 that were recorded"
    ]


@pytest.mark.slow
def test_without_that_they_are_called_for_every_size_of_a_list_among_the_parameters(fleet):
    text = FILE.replace("{{ hosts }}", "{{ parameters.hosts }}").replace(
        "tasks:", "parameters: {hosts: {type: array, default: [{name: a}, {name: c}]}}\ntasks:", 1
    )
    records = run_experiment(experiment(fleet_workload(fleet, text).sized(items=5), strategies=(Shared,)))
    assert len(fleet.calls) == 1 + 5 + 5
    assert records[0].assumed == ()


def test_a_recording_in_another_size_travels_as_what_it_is(fleet):
    with Recordings() as recordings:
        cell = next(experiment(fleet_workload(fleet).sized(items=7)).cells(LIMIT))
        recordings.of(cell)
        (first,) = recordings.all
        resized = Resized(first.file, cell.workload.repeat)
        assert pickle.loads(pickle.dumps(resized)).items_of("check") == resized.items_of("check") == 3
        assert replace(cell.workload.repeat, items=2).done({"hosts": [1, 2, 3]}) == {"hosts": [1, 2]}


def test_where_actions_are_called_for_real_no_recording_can_be_repeated(fleet):
    workload = fleet_workload(fleet).sized(items=7)
    with pytest.raises(InputError, match=r"the items of 'demo\.fleet' are task\.find\.hosts, of which"):
        workload.require_items_of_its_own()
