"""Sub-workflows, parameters, unknown actions: one run as an executor sees it."""

import pytest

from attune_sim.contexts.registry import strategies
from attune_sim.engine.calls import MAX_DEPTH
from attune_sim.engine.runner import Runner
from attune_sim.errors import ActionError, InputError, ParametersError
from attune_sim.executors import executor_named
from attune_sim.loader import load

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


def _run(
    text,
    actions=None,
    *,
    workflows=(CHILD,),
    executor="inline",
    parameters=None,
    strategy="shared",
    **options,
):
    runner = Runner(
        load(text), parameters, strategy=strategies[strategy](), actions=actions or {"t.add": lambda n: n + 5},
        workflows=[load(child) for child in workflows], **options,
    )  # fmt: skip
    executor_named(executor).run(runner)
    return runner.state


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
    text = "version: '1'\ntasks:\n  - {name: a, action: t.add, input: {n: '{{ task.before.n }}'}}\n"

    assert _run(text, history={"before": {"n": 7}}).task_results["a"] == 12


def test_what_an_action_does_to_a_variable_does_not_reach_the_definition():
    workflow = load(
        "version: '1'\nvars: {list: [1]}\ntasks:\n  - {name: a, action: t.write, input: {l: '{{ list }}'}}\n"
    )
    for _ in range(2):
        runner = Runner(workflow, strategy=strategies["shared"](), actions={"t.write": lambda l: l.append(2)})  # noqa: E741
        executor_named("inline").run(runner)

    assert runner.state.variables == {"list": [1, 2]}


def test_the_start_of_the_run_is_fixed():
    text = "version: '1'\ntasks:\n  - {name: a, action: t.id, input: {x: '{{ system.workflow_start }}'}}\n"
    state = _run(text, {"t.id": lambda x: x}, started_at="2026-11-24T12:00:00Z")

    assert state.task_results["a"] == "2026-11-24T12:00:00Z"
