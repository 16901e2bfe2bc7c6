"""What objects of the engine, and of what stands around it, say of themselves: short, useful, and no secrets."""

import dataclasses
import inspect
from importlib import import_module
from pathlib import Path

import pytest

import attune_sim
from attune_sim.engine.events import ActionEnded, CallPrepared, EndRun, OpenFanOut, StartAction
from attune_sim.engine.offer import Offer, Prepared
from attune_sim.journal.file import Journal, Recorded
from attune_sim.loader import load
from attune_sim.runspec import RunSpec
from attune_sim.secrecy.hidden import SecretPaths
from attune_sim.session import session_of

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
ROOMS = ("engine", "journal", "secrecy", "session")


def _session(**options):
    spec = RunSpec(
        workflow=PARENT, workflows=(CHILD,), parameters={"token": TOKEN},
        keystore={f"key{n}": f"{TOKEN}-{n}" for n in range(9)},
    )  # fmt: skip
    return session_of(spec, {"t.inner": print}, **options)


def _begin(session):
    _, call = session.steps.start()
    input = call.offer.prepare(call.slot).input
    session.steps.handle(CallPrepared(call.task, 0, None, 0, call.action, input))


def _objects(value, found):
    """All objects of ours that an object holds, however deep."""
    if id(value) in found:
        return found
    if type(value).__module__.startswith("attune_sim.") and not isinstance(value, RunSpec | type(PARENT)):
        found[id(value)] = value
        for name in getattr(type(value), "__slots__", None) or getattr(value, "__dict__", ()):
            _objects(getattr(value, name, None), found)
    elif isinstance(value, dict | list | tuple):
        for one in value.values() if isinstance(value, dict) else value:
            _objects(one, found)
    return found


def test_a_runner_on_its_way_says_what_it_does():
    session = _session()
    runner = session.runner
    assert repr(runner) == "<Runner of 'demo.parent' (shared): going on, 0 task(s) ended>"
    assert repr(session) == f"<Session of {runner!r}>"

    _begin(session)

    assert repr(runner) == (
        "<Runner of 'demo.parent' (shared): going on, 0 task(s) ended, 1 sub-workflow(s) under way>"
    )
    assert repr(runner._conductors[1]) == "<Conductor of 'demo.child', run 1: going on, active: inner>"
    assert repr(runner._calls) == "<Calls: 1 by 'call' of 0>"


def test_no_object_that_a_session_holds_shows_a_secret_or_much_text(tmp_path):
    session = _session(journal=Journal(tmp_path / "run.jsonl"))
    _begin(session)
    objects = _objects([session, session.steps], {}).values()
    held = [one for one in objects if one.__class__.__module__.split(".")[1] in ROOMS]

    assert {
        "Session", "Journaled", "Guard", "Secrets", "SecretPaths", "Runner", "Conductor", "RunState", "Routes",
        "Opening", "Offer", "Plan", "TaskPlan", "Journal",
    } <= {type(one).__name__ for one in held}  # fmt: skip
    for one in held:
        assert TOKEN not in repr(one)
        assert len(repr(one)) < 400
    assert TOKEN not in repr(SecretPaths.of(PARENT, [CHILD]))
    session.journal.close()


def test_a_record_says_where_it_is(tmp_path):
    path = tmp_path / "run.jsonl"
    path.write_text('["x","succeeded"')
    assert repr(Recorded(str(path), {})) == f"<Recorded {str(path)!r}: not over>"


@pytest.mark.parametrize(("room", "fewest"), [("engine", 20), ("journal", 5), ("secrecy", 4)])
def test_every_class_has_a_repr_of_its_own(room, fewest):
    folder = Path(attune_sim.__file__).parent / room
    modules = [import_module(f"attune_sim.{room}.{file.stem}") for file in folder.glob("[!_]*.py")]
    classes = [
        one
        for module in modules
        for name, one in inspect.getmembers(module, inspect.isclass)
        if one.__module__ == module.__name__
        and not name.startswith("_")
        and not getattr(one, "_is_protocol", False)
        and not issubclass(one, BaseException)
    ]

    bare = {one.__name__ for one in classes if one.__repr__ is object.__repr__}
    assert len(classes) >= fewest
    assert bare == ({"Observer"} if room == "engine" else set())
    assert all(
        dataclasses.is_dataclass(one) or "__repr__" in vars(one) or issubclass(one, tuple)
        for one in classes
        if one.__name__ != "Observer"
    )


def test_what_observers_are_handed_shows_no_data_in_its_repr_but_holds_it():
    class Forker:
        def fork(self, item, index):
            raise NotImplementedError

    offer = Offer(
        task="a",
        visit=0,
        action="t.a",
        items=[TOKEN, TOKEN],
        forker=Forker(),
        parameters={"token": TOKEN},
        timeout=3.0,
    )
    start, opened = StartAction(offer, 1, 2), OpenFanOut(offer)
    prepared = CallPrepared("a", 0, 1, 2, "t.a", {"token": TOKEN})
    ended = ActionEnded("a", 0, 1, 2, "failed", {"token": TOKEN}, f"no {TOKEN}", retry=f"no {TOKEN}")
    over = EndRun("failed", {"token": TOKEN}, f"no {TOKEN}")

    assert repr(start) == (
        "StartAction(offer=<Offer of 'a' visit 0, run 0: 2 items, action 't.a'>, slot=1, attempt=2)"
    )
    assert (start.task, start.visit, start.index, start.action, start.timeout, start.run) == (
        "a", 0, 1, "t.a", 3.0, 0,
    )  # fmt: skip
    assert start.key == ended.key == prepared.key
    assert TOKEN not in repr([start, opened, prepared, ended, over, Prepared(None, {"token": TOKEN})])
    assert start.offer.items[1] == TOKEN
    assert prepared.input == ended.result == over.output == {"token": TOKEN}


def test_costs_are_no_part_of_what_happened():
    plain = ActionEnded("a", 0, 1, 2, "succeeded", 1)

    assert plain == ActionEnded("a", 0, 1, 2, "succeeded", 1, fork_us=1.0, render_us=2.0, action_us=3.0)
    assert plain != ActionEnded("a", 0, 1, 2, "succeeded", 1, stage="render")
