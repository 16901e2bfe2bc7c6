"""Sub-workflows, parameters, unknown actions: one run as an executor sees it."""

import pytest

from attune_sim.contexts.registry import strategies
from attune_sim.engine.calls import MAX_DEPTH
from attune_sim.engine.events import (
    ActionEnded,
    CallPrepared,
    CancelRequested,
    CloseFanOut,
    EndRun,
    StartAction,
    StopAction,
    TimeUp,
)
from attune_sim.errors import ActionError, InputError, ParametersError
from attune_sim.executors import executor_named
from attune_sim.loader import load
from attune_sim.runspec import History, RunSpec
from attune_sim.scenarios.payload import make_history
from attune_sim.session import session_of

CHILD = """
version: '1'
ref: demo.child
parameters: {n: {type: integer, required: true}}
vars: {own: secret}
tasks:
  - {name: add, action: t.add, input: {n: "{{ parameters.n }}"}}
output_map: {sum: "{{ task.add }}"}
"""

PARENT = """
version: '1'
vars: {n: 1}
tasks:
  - name: call
    action: demo.child
    input: {n: "{{ n }}"}
    next: [{publish: [{sum: "{{ result().sum }}"}]}]
"""


def _session(text, actions=None, *, workflows=(CHILD,), **options):
    spec = RunSpec(workflow=load(text), workflows=tuple(map(load, workflows)), **options)
    return session_of(spec, actions or {"t.add": lambda n: n + 5})


def _run(text, actions=None, *, executor="inline", **options):
    session = _session(text, actions, **options)
    executor_named(executor).run(session.job)
    return session.state


@pytest.mark.parametrize("executor", ["inline", "threads", "asyncio"])
@pytest.mark.parametrize("strategy", list(strategies))
def test_a_sub_workflow_has_its_own_variables_and_hands_its_result_back(strategy, executor):
    state = _run(PARENT, strategy=strategy, executor=executor)

    assert state.variables == {"n": 1, "sum": 6}
    assert state.task_starts == ["call"]
    assert state.task_results["call"] == {"sum": 6, "succeeded": True}


class FlakyAdd:
    """Fails the first call."""

    def __init__(self):
        self.calls = 0

    def __call__(self, n):
        self.calls += 1
        if self.calls == 1:
            raise ActionError("busy")
        return n


def test_a_failed_child_is_a_failed_task_that_can_be_retried():
    text = PARENT.replace("input:", "retry: {count: 1, delay: 0}\n    input:")
    state = _run(text, {"t.add": FlakyAdd()})

    assert state.status == "succeeded"
    assert state.task_starts == ["call", "call"]


def test_a_child_that_fails_tells_its_reason_to_the_parent():
    def refuse(n):
        raise ActionError("no")

    state = _run(PARENT, {"t.add": refuse})

    assert state.status == "failed"
    assert "add: no" in state.error


def test_a_child_that_is_given_wrong_parameters_fails_its_task_naming_them():
    state = _run(PARENT.replace('"{{ n }}"', "text"))

    assert "task 'call', input: parameter 'n'" in state.error


def test_a_fan_out_over_a_sub_workflow_runs_one_child_an_item():
    text = """
version: '1'
tasks:
  - name: call
    action: demo.child
    with_items: "{{ [1, 2, 3] }}"
    concurrency: 2
    input: {n: "{{ item }}"}
"""
    state = _run(text)

    assert [one["sum"] for one in state.task_results["call"]["results"]] == [6, 7, 8]


def test_a_workflow_that_calls_itself_without_end_is_stopped_with_its_name():
    text = "version: '1'\nref: demo.self\ntasks:\n  - {name: again, action: demo.self, input: {x: 1}}\n"
    state = _run(text, workflows=(text,))

    assert state.status == "failed"
    assert f"sub-workflow 'demo.self' is nested {MAX_DEPTH} deep" in state.error


def test_two_sub_workflows_of_one_name_are_refused():
    with pytest.raises(InputError, match=r"two sub-workflows are called 'demo.child'"):
        _run(PARENT, workflows=(CHILD, CHILD))


def test_parameters_are_checked_before_anything_runs_all_problems_at_once():
    schema = "parameters: {a: {type: string, required: true}, b: {type: integer, enum: [1, 2]}}\n"
    with pytest.raises(ParametersError) as caught:
        _run(PARENT.replace("vars:", schema + "vars:"), parameters={"b": 3})

    assert len(caught.value.problems) == 2


def test_a_default_excuses_a_missing_required_parameter():
    text = PARENT.replace(
        "vars: {n: 1}", "parameters: {n: {type: integer, required: true, default: 4}}"
    ).replace("{{ n }}", "{{ parameters.n }}")

    assert _run(text).variables == {"sum": 9}


def test_an_unknown_action_fails_its_task_with_a_did_you_mean():
    state = _run(PARENT.replace("demo.child", "demo.chlid"))

    assert "task 'call', action: unknown action 'demo.chlid' (did you mean 'demo.child'?)" in state.error


def test_an_unknown_action_can_be_handled_like_any_failure():
    text = """
version: '1'
tasks:
  - {name: a, action: no.such, input: {x: 1}, next: [{when: "{{ failed() }}", do: [b]}]}
  - {name: b, action: t.add, input: {n: 1}}
"""
    assert _run(text).status == "succeeded"


def test_history_is_read_like_results_of_this_run():
    text = "version: '1'\ntasks:\n  - {name: a, action: t.id, input: {n: '{{ task.step_001 }}'}}\n"
    history = History(tasks=2, bytes_each=300)
    state = _run(text, {"t.id": lambda n: n}, history=history, seed=7)

    assert state.task_results["a"] == make_history(history, 7)["step_001"]


def test_what_an_action_does_to_a_variable_does_not_reach_the_definition():
    workflow = load(
        "version: '1'\nvars: {list: [1]}\ntasks:\n  - {name: a, action: t.write, input: {l: '{{ list }}'}}\n"
    )
    for _ in range(2):
        session = session_of(RunSpec(workflow=workflow), {"t.write": lambda l: l.append(2)})  # noqa: E741
        executor_named("inline").run(session.job)

        assert session.state.variables == {"list": [1, 2]}


def test_the_start_of_the_run_is_fixed():
    text = "version: '1'\ntasks:\n  - {name: a, action: t.id, input: {x: '{{ system.workflow_start }}'}}\n"
    state = _run(text, {"t.id": lambda x: x}, started_at="2026-11-24T12:00:00Z")

    assert state.task_results["a"] == "2026-11-24T12:00:00Z"


# -- the start of a sub-workflow, told by hand -------------------------------------------------------------------------


def _prepared(command):
    """What answers the start of a sub-workflow."""
    input = command.offer.prepare(command.slot).input
    key = command.key
    return CallPrepared(key.task, key.visit, key.index, key.attempt, command.action, input, key.run)


def test_a_sub_workflow_begins_when_its_input_is_there_and_not_before():
    steps = _session(PARENT).steps
    _, call = steps.start()
    assert (call.action, call.offer.calls, call.run) == ("demo.child", True, 0)

    _, inner = steps.handle(_prepared(call))

    assert (inner.task, inner.run, inner.offer.calls) == ("add", 1, False)
    assert inner.offer.prepare(inner.slot).input == {"n": 1}


@pytest.mark.parametrize("policy", ["allow_finish", "cancel_running"])
def test_a_call_that_is_cancelled_while_its_input_is_prepared_never_begins(policy):
    session = _session(PARENT)
    _, call = session.steps.start()

    *_, ending = session.steps.handle(CancelRequested(policy))

    assert (ending.status, session.state.task_statuses) == ("cancelled", {"call": "cancelled"})
    assert session.steps.handle(_prepared(call)) == []


def test_cancelling_with_the_policy_cancel_running_stops_what_runs_in_sub_workflows():
    steps = _session(PARENT).steps
    _, call = steps.start()
    steps.handle(_prepared(call))

    assert steps.handle(CancelRequested("cancel_running")) == [StopAction("add", 0, None, 0, run=1)]


def test_nothing_follows_from_the_end_of_a_sub_workflow_that_is_cancelled():
    text = PARENT.replace("next: [{", "next: [{do: [after], ") + "  - {name: after, action: t.add}\n"
    child = CHILD.replace("action: t.add,", "action: t.add, retry: {count: 1, delay: 60},")
    session = _session(text, workflows=(child,))
    _, call = session.steps.start()
    _, inner = session.steps.handle(_prepared(call))
    session.steps.handle(
        _ended(inner, "failed", error="no")
    )  # a pause before its retry: nothing is under way

    *closed, ending = session.steps.handle(CancelRequested())

    assert [command.offer.task for command in closed] == ["add", "call"]
    assert ending.status == "cancelled"
    assert session.state.task_statuses == {"call": "cancelled"}


def test_commands_of_a_sub_workflow_that_is_over_are_not_wanted_any_more():
    session = _session(PARENT.replace("input: {n", "timeout: 5\n    input: {n"))
    _, call = session.steps.start()
    timer, _, inner = session.steps.handle(_prepared(call))
    assert session.runner.wants(timer)
    assert session.runner.wants(inner)
    assert session.runner.called(1) == "demo.child"
    assert session.runner.unfinished(inner.offer) == (0,)

    *_, ending = session.steps.handle(_ended(inner, "failed", error="no"))

    assert isinstance(ending, EndRun)
    assert not session.runner.wants(timer)
    assert not session.runner.wants(inner)
    assert session.runner.called(1) is None
    assert session.runner.unfinished(inner.offer) == ()


def test_a_sub_workflow_whose_time_is_up_stops_what_runs_and_closes_what_is_open():
    session = _session(PARENT.replace("input: {n", "timeout: 5\n    input: {n"))
    opened, call = session.steps.start()
    timer, opened_inside, inner = session.steps.handle(_prepared(call))

    commands = session.steps.handle(TimeUp(*timer.key[1:], run=timer.run))

    assert commands[:3] == [
        StopAction("add", 0, None, 0, run=1),
        CloseFanOut(opened_inside.offer),
        CloseFanOut(opened.offer),
    ]
    assert [type(command) for command in commands[3:]] == [EndRun]
    assert session.state.task_statuses == {"call": "timed_out"}
    assert session.steps.handle(_ended(inner, "succeeded", 6)) == [], "a late word"


def _ended(command: StartAction, outcome, result=None, error=None):
    key = command.key
    return ActionEnded(key.task, key.visit, key.index, key.attempt, outcome, result, error, 0.0, 1.0, key.run)


class Told:
    """Watches a run, and each sub-workflow by a watcher of its own: `lines` are theirs all."""

    def __init__(self, lines, run=0):
        self.lines, self.run = lines, run

    def sub_workflow_started(self, call, run):
        self.lines.append((self.run, f"{call.task} calls {call.action} as {run}"))
        return Told(self.lines, run)

    def task_ended(self, task, visit, status, result, error):
        self.lines.append((self.run, f"{task} {status}"))

    def run_ended(self, command):
        self.lines.append((self.run, f"run {command.status}"))


@pytest.mark.parametrize("executor", ["inline", "threads", "asyncio"])
def test_who_watches_a_run_names_who_watches_its_sub_workflows(executor):
    lines = []
    session = session_of(
        RunSpec(workflow=load(PARENT), workflows=(load(CHILD),)),
        {"t.add": lambda n: n + 5},
        observers=[Told(lines)],
    )
    executor_named(executor).run(session.job)

    assert lines == [
        (0, "call calls demo.child as 1"),
        (1, "add succeeded"),
        (1, "run succeeded"),
        (0, "call succeeded"),
        (0, "run succeeded"),
    ]
