"""What the conductor asks of a strategy: which paths its forks must hold, and what it says if a fork cannot be made."""

import pytest

from attune_sim.contexts.registry import strategies
from attune_sim.engine.plan import make_plan
from attune_sim.engine.runner import Runner
from attune_sim.errors import ActionError
from attune_sim.executors import executor_named
from attune_sim.workflow import Retry, Task, Transition, Workflow

ISOLATING = [name for name in strategies if strategies[name].guarantees.isolated_nested]


def run(strategy, *tasks, actions, dispatch="windowed", **options):
    runner = Runner(
        Workflow(tuple(tasks)), strategy=strategies[strategy](), actions=actions, dispatch=dispatch, **options
    )
    executor_named("inline").run(runner)
    return runner.state


def reads_of(**given):
    [plan] = make_plan(Workflow((Task("t", action="a", **given),))).tasks.values()
    return plan.reads


def test_the_forks_of_a_task_hold_what_its_input_and_its_retries_read():
    retry = Retry(count=1, delay=0, on_error="{{ parameters.again and result().code == item.code }}")

    assert reads_of(input={"url": "{{ item.url }}"}, retry=retry) == {
        ("item", "url"),
        ("item", "code"),
        ("parameters", "again"),
    }


@pytest.mark.parametrize("given", [None, {}])
def test_a_task_without_input_reads_all_parameters(given):
    retry = Retry(count=1, delay=0, on_error="limit > 1")

    assert reads_of(input=given, retry=retry) == {("parameters",), ("workflow", "limit")}


@pytest.mark.parametrize("strategy", strategies)
def test_the_condition_of_a_retry_reads_the_fork_that_failed(strategy):
    attempts = []

    def act(n):
        attempts.append(n)
        raise ActionError("no")

    retry = Retry(count=2, delay=0, on_error="item.again and again[0] and parameters.again")
    items = "{{ [{'n': 1, 'again': true}, {'n': 2, 'again': false}] }}"
    task = Task("t", action="act", with_items=items, input={"n": "{{ item.n }}"}, retry=retry)
    state = run(strategy, task, actions={"act": act}, parameters={"again": True}, variables={"again": [1]})

    assert attempts == [1, 1, 1, 2]
    assert state.warnings == []


@pytest.mark.parametrize("dispatch", ["eager", "windowed"])
@pytest.mark.parametrize("strategy", ISOLATING)
def test_result_isolates_items_as_every_other_value_does(strategy, dispatch):
    lengths = []

    def scribble(rows):
        lengths.append(len(rows))
        if strategy != "frozen":
            rows.append("scribbled")

    first = Task("first", action="make", input={"x": 1}, next=(Transition(do=("each",)),))
    each = Task("each", action="scribble", with_items="{{ range(3) }}", input={"rows": "{{ result().rows }}"})
    actions = {"make": lambda x: {"rows": [x]}, "scribble": scribble}
    state = run(strategy, first, each, actions=actions, dispatch=dispatch)

    assert lengths == [1, 1, 1]
    assert state.status == "succeeded"
    assert list(state.task_results["first"]["rows"]) == [1]


@pytest.mark.parametrize("dispatch", ["eager", "windowed"])
@pytest.mark.parametrize("strategy", ["json", "orjson"])
def test_a_value_that_cannot_be_handed_on_fails_its_task_by_name(strategy, dispatch):
    def make(x):
        return {"tags": {x}}

    first = Task("first", action="make", input={"x": 1}, next=(Transition(do=("each",)),))
    each = Task("each", action="make", with_items="{{ [7] }}", input={"x": "{{ item }}"})
    state = run(strategy, first, each, actions={"make": make}, dispatch=dispatch)

    assert state.status == "failed"
    expected = f"task 'each', item 0: strategy {strategy!r} cannot hand on task.first.tags: a set is not JSON"
    assert expected in state.error


def test_running_out_of_memory_in_a_fork_is_not_the_task_s_failure():
    class Exhausted(strategies["shared"]):
        def fan_out(self, context, reads):
            return self

        def fork(self, item, index):
            raise MemoryError

    runner = Runner(
        Workflow((Task("t", action="act", input={"x": 1}),)),
        strategy=Exhausted(),
        actions={"act": lambda x: x},
    )
    with pytest.raises(MemoryError):
        runner.start()
