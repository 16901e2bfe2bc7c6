"""What objects of the engine say of themselves in a debugger or a notebook: short, useful, and no secrets."""

import dataclasses
import inspect
from importlib import import_module
from pathlib import Path

import attune_sim.engine
from attune_sim.contexts.registry import strategies
from attune_sim.engine.events import ActionEnded, EndRun, StartAction
from attune_sim.engine.hidden import Hidden
from attune_sim.engine.journal import Recorded
from attune_sim.engine.runner import Runner
from attune_sim.loader import load

TOKEN = "tok-12345"
PARENT = load("""
version: '1'
ref: demo.parent
parameters: {token: {type: string, secret: true, default: tok-12345-default}}
tasks:
  - {name: call, action: demo.child, input: {token: "{{ parameters.token }}", other: tok-12345-written}}
""")
CHILD = load("""
version: '1'
ref: demo.child
parameters: {token: {type: string, secret: true}, other: {type: string, secret: true}}
tasks: [{name: inner, action: t.inner, input: {token: "{{ parameters.token }}"}}]
""")


def _runner():
    return Runner(
        PARENT, {"token": TOKEN}, strategy=strategies["shared"](), actions={"t.inner": print}, workflows=[CHILD],
        keystore={f"key{n}": f"{TOKEN}-{n}" for n in range(9)},
    )  # fmt: skip


def _objects(value, found):
    """All objects of the engine that an object holds, however deep."""
    if id(value) in found:
        return found
    if type(value).__module__.startswith("attune_sim.engine"):
        found[id(value)] = value
        for name in getattr(type(value), "__slots__", None) or vars(value):
            _objects(getattr(value, name, None), found)
    elif isinstance(value, dict | list | tuple):
        for one in value.values() if isinstance(value, dict) else value:
            _objects(one, found)
    return found


def test_a_runner_on_its_way_says_what_it_does():
    runner = _runner()
    assert repr(runner) == "<Runner of 'demo.parent' (shared, windowed): going on, 0 task(s) ended>"

    runner.start()

    assert repr(runner) == (
        "<Runner of 'demo.parent' (shared, windowed): going on, 0 task(s) ended, 1 sub-workflow(s) under way>"
    )
    assert repr(runner._conductors[1]) == "<Conductor of 'demo.child', run 1: going on, active: inner>"
    assert repr(runner._calls) == "<Calls: 1 by 'call' of 0>"


def test_no_object_that_a_runner_holds_shows_a_secret_or_much_text():
    runner = _runner()
    runner.start()
    objects = [
        one for one in _objects(runner, {}).values() if type(one).__module__ != "attune_sim.engine.events"
    ]

    assert {"Runner", "Conductor", "RunState", "Routes", "Handing", "Plan", "TaskPlan", "Secrets"} <= {
        type(one).__name__ for one in objects
    }
    for one in objects:
        assert TOKEN not in repr(one)
        assert len(repr(one)) < 400
    assert TOKEN not in repr(Hidden.of(PARENT, [CHILD]))
    assert TOKEN not in repr(runner.secrets)


def test_a_record_says_where_it_is(tmp_path):
    path = tmp_path / "run.jsonl"
    path.write_text('{"journal":1}\n')
    assert repr(Recorded.open(path)) == f"<Recorded {str(path)!r}: not over>"


def test_every_class_of_the_engine_has_a_repr_of_its_own():
    folder = Path(attune_sim.engine.__file__).parent
    modules = [import_module(f"attune_sim.engine.{file.stem}") for file in folder.glob("[!_]*.py")]
    classes = [
        one
        for module in modules
        for name, one in inspect.getmembers(module, inspect.isclass)
        if one.__module__ == module.__name__
        and not name.startswith("_")
        and not getattr(one, "_is_protocol", False)
    ]

    bare = {one.__name__ for one in classes if one.__repr__ is object.__repr__}
    assert len(classes) > 20
    assert bare == {"Observer"}
    assert all(
        dataclasses.is_dataclass(one) or "__repr__" in vars(one)
        for one in classes
        if one.__name__ != "Observer"
    )


def test_what_observers_are_handed_shows_no_data_in_its_repr_but_holds_it():
    start = StartAction("a", 0, 1, 2, "t.a", {"token": TOKEN})
    ended = ActionEnded("a", 0, 1, 2, "failed", {"token": TOKEN}, f"no {TOKEN}")
    over = EndRun("failed", {"token": TOKEN}, f"no {TOKEN}")

    assert repr(start) == (
        "StartAction(task='a', visit=0, index=1, attempt=2, action='t.a', timeout=None, run=0)"
    )
    assert TOKEN not in repr([start, ended, over])
    assert start.input == ended.result == over.output == {"token": TOKEN}
