"""A run that is recorded: every attempt is written once, and answers from then on as it did."""

import os
import pickle
import stat
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from attune_sim.actions.registry import Actions
from attune_sim.errors import ActionError, ActionTimeout, ExperimentError
from attune_sim.executors import executor_named
from attune_sim.executors.stoppable import is_async
from attune_sim.experiment.answers import input_digest
from attune_sim.loader import load
from attune_sim.recording.attendance import Attendance
from attune_sim.recording.file import Place, Recording, RecordingWriter
from attune_sim.recording.replayed import Replayed
from attune_sim.recording.taking import Taking
from attune_sim.runspec import RunSpec
from attune_sim.session import session_of

EXECUTORS = ("inline", "threads", "asyncio")

FILE = """
version: 1.0.0
ref: t.each
tasks:
  - name: each
    action: t.act
    with_items: "{{ range(4) }}"
    concurrency: 4
    retry: {count: 1, delay: 0}
    input: {n: "{{ item }}"}
"""


def driven(workflow, actions, executor="inline", workflows=(), attendant=None, **options):
    """A run that was driven to its end, with an attendant if there is one."""
    spec = RunSpec(workflow=workflow, workflows=workflows, strategy="projected")
    if attendant is None:
        session = session_of(spec, actions)
        executor_named(executor).run(session.job)
        return session.state
    attendance = Attendance(attendant)
    session = session_of(spec, attendance.actions(actions))
    job = replace(session.job, steps=attendance.steps(session.job.steps))
    executor_named(executor).run(job)
    return session.state


class Recorder:
    """Records a run: `recorder(workflow, actions)` gives its state, the recording, and who took it."""

    def __init__(self, folder):
        self.path = str(folder / "recording")

    def __call__(self, workflow, actions, executor="inline", workflows=()):
        with RecordingWriter(self.path) as writer:
            taking = Taking(writer, input_digest(b"key"), actions)
            state = driven(workflow, actions, executor, workflows, taking)
        return state, Recording(self.path), taking


@pytest.fixture
def recorded(tmp_path):
    return Recorder(tmp_path)


def replayed(recording, actions):
    return {
        ref: Replayed(ref, recording, is_async=is_async(action)) for ref, action in Actions(actions).items()
    }


class Flaky:
    """Fails for 1 at the first try, for 2 always, is late for 3."""

    def __init__(self):
        self.calls = 0
        self._lock = threading.Lock()
        self._tried = set()

    def __call__(self, n):
        with self._lock:
            self.calls += 1
            first = n not in self._tried
            self._tried.add(n)
        if n == 2 or (n == 1 and first):
            raise ValueError(f"no {n}")
        if n == 3:
            raise ActionTimeout("too late", {"so far": n})
        return {"n": (n, {n})}


def seen(state):
    return state.status, state.error, state.task_results, list(state.starts)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_replay_ends_as_the_real_run_did_and_calls_nothing(recorded, executor):
    workflow, act = load(FILE), Flaky()
    real, recording, taking = recorded(workflow, {"t.act": act}, executor)

    calls = act.calls
    again = driven(workflow, replayed(recording, {"t.act": act}), executor)

    assert calls == act.calls == taking.attempts == 7
    assert sorted(seen(again)[3]) == sorted(seen(real)[3])
    assert seen(again)[:3] == seen(real)[:3]


def test_a_recording_belongs_to_its_owner_and_holds_no_input(recorded):
    recorded(load(FILE.replace("{n:", "{token: s3cr3t-of-mine, n:")), {"t.act": lambda n, token: n})

    assert stat.S_IMODE(os.stat(recorded.path).st_mode) == 0o600
    assert b"s3cr3t" not in Path(recorded.path).read_bytes()
    with pytest.raises(FileExistsError):
        RecordingWriter(recorded.path)


def test_every_replayed_result_is_made_anew(recorded):
    _, recording, _ = recorded(load(FILE), {"t.act": lambda n: {"rows": [n]}})
    results = [
        driven(load(FILE), replayed(recording, {"t.act": None or len})).task_results["each"]["results"]
        for _ in range(2)
    ]

    results[0][0]["rows"].append("mine")
    assert results[1][0] == {"rows": [0]}


async def fetch(n):
    return n * 10


@pytest.mark.parametrize("executor", EXECUTORS)
def test_what_was_awaited_is_awaited_again(recorded, executor):
    real, recording, _ = recorded(load(FILE), {"t.act": fetch}, executor)
    actions = replayed(recording, {"t.act": fetch})

    assert is_async(actions["t.act"])
    assert driven(load(FILE), actions, executor).task_results == real.task_results


PARENT = """
version: 1.0.0
ref: t.parent
tasks:
  - name: call
    action: t.child
    with_items: "{{ range(2) }}"
    concurrency: 2
    input: {base: "{{ item * 10 }}"}
"""
CHILD = """
version: 1.0.0
ref: t.child
parameters: {base: {type: integer}}
tasks:
  - {name: each, action: t.act, with_items: "{{ range(2) }}", input: {n: "{{ parameters.base + item }}"}}
output_map: {got: "{{ task.each.results }}"}
"""


@pytest.mark.parametrize("executor", EXECUTORS)
def test_attempts_in_sub_workflows_are_told_apart_by_the_calls_around_them(recorded, executor):
    children = (load(CHILD),)
    real, recording, taking = recorded(load(PARENT), {"t.act": lambda n: n}, executor, children)

    again = driven(load(PARENT), replayed(recording, {"t.act": len}), executor, children)

    assert taking.attempts == 4
    assert again.task_results == real.task_results
    assert [result["got"] for result in again.task_results["call"]["results"]] == [[0, 1], [10, 11]]
    places = {str(entry.place) for entry in recording.entries()}
    assert places == {f"task 'call[{n}]': task 'each', item {m}" for n in (0, 1) for m in (0, 1)}


def test_an_attempt_that_was_never_made_is_refused_by_name(recorded):
    _, recording, _ = recorded(load(FILE), {"t.act": lambda n: n})

    with pytest.raises(ExperimentError, match=r"task 'each', item 4: was not begun when .* recorded"):
        driven(load(FILE.replace("range(4)", "range(5)")), replayed(recording, {"t.act": len}))


def test_what_cannot_be_pickled_is_told_by_its_path_and_nothing_else_is_called(recorded):
    called = []

    def act(n):
        called.append(n)
        return {"rows": [n, {"lock": threading.Lock()}]}

    text = r"task 'each', item 0: .* result\.rows\[1\]\.lock is a lock, which cannot be pickled; .*--real"
    with pytest.raises(ExperimentError, match=text):
        recorded(load(FILE), {"t.act": act})
    assert called == [0]


def test_an_input_that_could_not_be_rendered_is_no_call_and_fails_again(recorded):
    text = FILE.replace("item }}", "10 / item }}")
    real, recording, taking = recorded(load(text), {"t.act": lambda n: n})

    again = driven(load(text), replayed(recording, {"t.act": len}))

    assert [entry.stage for entry in recording.entries()].count("render") == 1
    assert again.task_results == real.task_results
    assert taking.attempts == 4


def test_who_writes_into_its_input_is_noted(recorded):
    text = FILE.replace('{n: "{{ item }}"}', '{rows: "{{ [item] }}"}')
    _, _, taking = recorded(load(text), {"t.act": lambda rows: rows.append(1)})
    assert list(taking.wrote) == ["each"]


def test_a_real_action_that_is_late_is_given_up_while_it_is_recorded(recorded):
    text = FILE.replace("retry: {count: 1, delay: 0}", "timeout: 1").replace("range(4)", "range(1)")
    real, recording, _ = recorded(load(text), {"t.act": lambda n: time.sleep(2)})
    began = time.monotonic()
    again = driven(load(text), replayed(recording, {"t.act": len}))

    assert again.task_results == real.task_results
    assert "timed out after 1 s" in str(again.error)
    assert time.monotonic() - began < 60  # it does not hang; nothing is said about speed


def test_an_input_is_told_by_a_digest_that_says_nothing_without_its_key():
    one, other = input_digest(b"one"), input_digest(b"other")
    assert one({"a": (1,), "b": 2}) == one({"b": 2, "a": [1]})
    assert one("secret") != other("secret")


def test_a_recording_travels_as_its_path_and_is_read_where_it_arrives(recorded):
    _, recording, _ = recorded(load(FILE), {"t.act": lambda n: n})
    arrived = pickle.loads(pickle.dumps(recording))
    assert {str(entry.place) for entry in arrived.entries()} == {f"task 'each', item {n}" for n in range(4)}
    assert str(Place("", "a", 1, None, 2)) == "task 'a', visit 2, attempt 3"


def test_a_failure_is_raised_again_with_its_reason_and_result(recorded):
    def act(n):
        raise ActionError("no disk", {"left": n})

    real, recording, _ = recorded(load(FILE), {"t.act": act})
    again = driven(load(FILE), replayed(recording, {"t.act": len}))
    assert again.task_results["each"]["failed_items"] == real.task_results["each"]["failed_items"]


class Halved:
    """Comes back from its pickle with half of what it had."""

    def __init__(self, n):
        self.n = n

    def __reduce__(self):
        return (Halved, (self.n // 2,))


def test_what_follows_in_a_recorded_run_reads_what_a_replay_will_be_given(recorded):
    text = """
version: 1.0.0
ref: t.two
tasks:
  - {name: one, action: t.one, next: [{do: [two]}]}
  - {name: two, action: t.two, input: {n: "{{ task.one }}"}}
"""
    actions = {"t.one": lambda: Halved(8), "t.two": lambda n: n.n}
    real, _, _ = recorded(load(text), actions)
    assert real.task_results["two"] == 2  # halved by its pickle, and once more by the copy that its fork has
