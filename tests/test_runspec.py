"""One description of a run: made by scenarios and users' files, written, read again, and never with a secret in it."""

from __future__ import annotations

import dataclasses
import json
import pickle
import string
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import attune_sim as at
from attune_sim.contexts.shared import Shared
from attune_sim.errors import JournalError
from attune_sim.expressions import Limits
from attune_sim.journal.file import Journal, Recorded
from attune_sim.journal.header import taken_up
from attune_sim.runspec import EPOCH, History, RunSpec, ScenarioRef, SourceFile
from attune_sim.secrecy.secrets import Secrets
from attune_sim.session import session_of
from attune_sim.workflow import Task, Workflow

FILE = """\
version: 1.0.0
ref: demo.orders
parameters:
  count: {type: integer, default: 2}
  token: {type: string, secret: true}
vars: {city: Bern}
tasks:
  - name: list
    action: demo.list
    input: {count: "{{ parameters.count }}"}
    next: [{do: [ship]}]
  - name: ship
    action: demo.ship
    with_items: "{{ task.list.orders }}"
    input: {order: "{{ item }}", key: "{{ keystore.key }}", token: "{{ parameters.token }}"}
    next: [{do: [bill]}]
  - {name: bill, action: demo.bill, input: {account: "{{ config.account }}"}}
"""
BILL = """\
version: 1.0.0
ref: demo.bill
parameters: {account: {type: string, secret: true}}
tasks: [{name: sum, action: demo.sum, input: {account: "{{ parameters.account }}"}}]
"""
SCRIPT: Mapping[str, Any] = {
    "parameters": {"count": 3},
    "config": {"account": "none"},
    "keystore": {"key": "nothing"},
    "actions": {
        "list": [{"result": {"orders": {"shape": "records", "bytes": 2000, "count": 10}}}],
        "ship": [
            {"index": 1, "status": "failed", "error": "no lorry"},
            {"result": {"ok": True}, "duration": 2},
        ],
    },
}


def open_text(value: Any, place: str) -> Any:
    """A mask that hides nothing."""
    return value


def again(spec: RunSpec) -> RunSpec:
    """What comes back of a description that was written as JSON."""
    return RunSpec.read(json.loads(json.dumps(spec.written(open_text))))


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    path = tmp_path / "orders.yaml"
    path.write_text(FILE)
    return path


# -- round trips -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(at.scenarios))
@pytest.mark.parametrize("dispatch", ["eager", "windowed"])
def test_a_scenario_is_described_written_and_read_again(name: str, dispatch: Any) -> None:
    workload = at.scenarios[name](5, history=2, seed=3)
    spec = workload.spec(
        {"address": "http://127.0.0.1:1"},
        {"more": [1]},
        strategy="hamt",
        dispatch=dispatch,
        limits=Limits(text=9),
    )

    assert again(spec) == spec
    assert (spec.name, spec.seed, spec.history) == (workload.name, 3, workload.history)
    assert spec.scenario == ScenarioRef(name, 5, workload.knobs)
    assert (spec.parts, spec.file, spec.script) == ({"address": "http://127.0.0.1:1"}, None, None)
    assert spec.parameters == {**workload.parameters(), "address": "http://127.0.0.1:1", "more": [1]}
    assert spec.variables == workload.variables()


def test_a_users_file_with_a_script_is_described_written_and_read_again(orders: Path) -> None:
    workload = at.workload_of(orders, script=SCRIPT, workflows=(at.load(BILL),))
    spec = workload.spec(parameters={"token": "t"}, max_task_runs=7)

    assert again(spec) == spec
    assert (spec.config, spec.keystore) == ({"account": "none"}, {"key": "nothing"})
    assert spec.parameters == {"count": 3, "token": "t"}
    assert spec.script is not None
    assert list(spec.script["actions"]) == ["list", "ship"]
    assert spec.file == SourceFile.of(at.load(orders))
    assert spec.file is not None
    assert (spec.file.name, spec.file.path) == ("demo.orders", str(orders))
    assert (spec.scenario, spec.max_task_runs) == (None, 7)


def test_what_is_given_wins_over_the_config_and_the_keystore_of_a_script(orders: Path) -> None:
    spec = at.workload_of(orders, script=SCRIPT).spec(config={"account": "mine"}, keystore={})

    assert (spec.config, spec.keystore) == ({"account": "mine"}, {})


def test_the_script_of_a_resized_workload_is_the_one_in_its_size(orders: Path) -> None:
    spec = at.workload_of(orders, script=SCRIPT, items=40).spec()

    assert spec.script is not None
    (answer,) = spec.script["actions"]["list"]
    assert answer["result"]["orders"] == {"shape": "records", "bytes": 8000, "count": 40}


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=9,
)
MAPS = st.dictionaries(st.text(max_size=9), PLAIN, max_size=3)


@given(
    parameters=MAPS,
    variables=MAPS,
    config=st.none() | MAPS,
    keystore=st.none() | MAPS,
    history=st.builds(History, st.integers(0, 9), st.integers(2, 99), st.sampled_from(["text", "records"])),
    limits=st.none() | st.builds(Limits, text=st.integers(1, 9)),
    seed=st.integers(0, 2**31),
)
def test_whatever_a_run_is_given_comes_back(**given_fields: Any) -> None:
    spec = RunSpec(workflow=Workflow((Task("a", action="core.noop"),), ref="demo"), **given_fields)

    assert again(spec) == spec


def test_a_class_of_a_strategy_is_written_as_its_name() -> None:
    class Mine(Shared):
        name = "mine"

    spec = RunSpec(workflow=Workflow(()), strategy=Mine)

    assert (spec.strategy_name, again(spec).strategy) == ("mine", "mine")
    assert (RunSpec(workflow=Workflow(())).started_at, RunSpec(workflow=Workflow(())).strategy) == (
        EPOCH,
        "shared",
    )


def test_only_the_sub_workflows_that_a_run_can_reach_are_written() -> None:
    def calling(ref: str, *actions: str) -> Workflow:
        return Workflow(tuple(Task(f"t{n}", action=action) for n, action in enumerate(actions)), ref=ref)

    others = (calling("d.never", "x"), calling("c.last", "a.first"), calling("b.second", "c.last"))
    spec = RunSpec(workflow=calling("a.first", "b.second", "core.noop", "c.last"), workflows=others)

    assert [workflow.ref for workflow in spec.called] == ["b.second", "c.last"]
    assert [workflow.ref for workflow in again(spec).workflows] == ["b.second", "c.last"]


# -- data, and nothing else --------------------------------------------------------------------------------------------


def callables_in(value: Any, path: str) -> Iterator[str]:
    """The paths of everything inside of a value that could be called."""
    if callable(value):
        yield path
    elif dataclasses.is_dataclass(value):
        for one in dataclasses.fields(value):
            yield from callables_in(getattr(value, one.name), f"{path}.{one.name}")
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from callables_in(inner, f"{path}.{name}")
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from callables_in(inner, f"{path}[{number}]")


@pytest.mark.parametrize("name", list(at.scenarios))
def test_the_description_of_a_scenario_names_no_callable_and_travels_as_it_is(name: str) -> None:
    spec = at.scenarios[name](5, history=2).spec()

    assert list(callables_in(spec, "spec")) == []
    assert pickle.loads(pickle.dumps(spec)) == spec


def test_a_description_cannot_be_changed() -> None:
    spec = RunSpec(workflow=Workflow(()))

    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.seed = 3  # type: ignore[misc]


# -- secrets -----------------------------------------------------------------------------------------------------------

SECRET = st.text(string.ascii_letters + string.digits + "+/=\"'\\\n é€", min_size=6, max_size=20).map(
    "s3cr:".__add__
)


@given(key=SECRET, token=SECRET, account=SECRET)
@settings(max_examples=60, deadline=None)
def test_no_secret_is_ever_in_what_is_written(
    tmp_path_factory: pytest.TempPathFactory, key: str, token: str, account: str
) -> None:
    path = tmp_path_factory.mktemp("journal") / "run.jsonl"
    spec = RunSpec(
        workflow=at.load(FILE),
        workflows=(at.load(BILL),),
        parameters={"count": 3, "token": token, "note": f"with {token}"},
        variables={"copied": [key], account: 1},
        parts={"url": f"http://host/{token}"},
        config={"account": account, "other": 1},
        keystore={"key": key},
        script={"actions": {"list": [{"result": {"echo": account, "both": key + token}}]}},
        file=SourceFile("demo.orders", "/nowhere/orders.yaml", "0" * 16),
    )
    journal = Journal(path)
    session_of(spec, {}, journal=journal)
    journal.close()

    header = Recorded.open(path).header
    told = list(texts_in(dict(header)))
    assert [text for text in told for secret in (key, token, account) if secret in text] == []
    secrets = {"keystore": {"key": key}, "parameters": {"token": token}, "config": spec.config}
    assert taken_up(Recorded.open(path), **secrets) == spec


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from (name, *texts_in(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from texts_in(inner)


def test_every_part_of_a_description_goes_through_the_mask() -> None:
    """Whatever holds a secret: the mask of a run finds it in each part that a caller may fill."""
    secrets = Secrets({"keystore.key": "s3cr:t-value"})
    held = {"value": "s3cr:t-value"}
    parts = ("parameters", "parts", "variables", "config", "keystore", "script")
    spec = RunSpec(
        workflow=Workflow((Task("a", action="core.noop", input=held),), ref="demo"),
        scenario=ScenarioRef("baseline", 1, held),
        **dict.fromkeys(parts, held),
    )

    assert "s3cr:t-value" not in json.dumps(spec.written(secrets.masked))


# -- resuming ----------------------------------------------------------------------------------------------------------


class Died(MemoryError):
    """Ends a run as the death of its process would."""


class DiesAtItem:
    """An observer that ends the process, as far as the run can tell, before an item is called."""

    def __init__(self, index: int) -> None:
        self.index = index

    def calling(self, command: Any) -> None:
        if command.index == self.index:
            raise Died


def test_a_run_is_taken_up_with_the_description_that_its_journal_begins_with(orders: Path) -> None:
    path = orders.with_name("run.jsonl")
    workload = at.workload_of(orders, script=SCRIPT, items=4, workflows=(at.load(BILL),))
    given_options = {
        "strategy": "deepcopy",
        "dispatch": "eager",
        "limits": Limits(text=999),
        "max_task_runs": 9,
    }
    with pytest.raises(Died):
        at.run(workload, {"token": "t0ken-123"}, journal=path, observers=[DiesAtItem(2)], **given_options)

    recorded = Recorded.open(path)
    found = taken_up(
        recorded, keystore={"key": "nothing"}, parameters={"token": "t0ken-123"}, config={"account": "none"}
    )

    described = workload.spec(parameters={"token": "t0ken-123"}, started_at=found.started_at, **given_options)
    assert found == described
    assert found.started_at > "2026"


def test_every_secret_that_is_missing_is_named_when_a_run_is_taken_up(orders: Path) -> None:
    path = orders.with_name("run.jsonl")
    workload = at.workload_of(orders, script=SCRIPT, items=4)
    with pytest.raises(Died):
        at.run(workload, {"token": "t0ken-123"}, journal=path, observers=[DiesAtItem(2)])

    with pytest.raises(JournalError, match="needs secrets that a journal does not keep") as caught:
        taken_up(Recorded.open(path))
    assert [name in str(caught.value) for name in ("parameters.token", "keystore.key")] == [True, True]
