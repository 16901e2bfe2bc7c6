"""What an offer needs of a strategy, what it says when a fork or an input cannot be made, and how it travels."""

import pickle
import subprocess
import sys

import cloudpickle
import pytest

from attune_sim.contexts.plain import PlainFork
from attune_sim.contexts.registry import strategies
from attune_sim.engine.events import ActionEnded
from attune_sim.engine.offer import Offer
from attune_sim.engine.plan import make_plan
from attune_sim.errors import ActionError, ExpressionError, ResultError
from attune_sim.executors import executor_named
from attune_sim.runspec import History, RunSpec
from attune_sim.session import session_of
from attune_sim.workflow import Retry, Task, Transition, Workflow

ISOLATING = [name for name in strategies if strategies[name].guarantees.isolated_nested]


def run(strategy, *tasks, actions, **options):
    session = session_of(RunSpec(workflow=Workflow(tuple(tasks)), strategy=strategy, **options), actions)
    executor_named("inline").run(session.job)
    return session.state


def offer_of(strategy, task, **options):
    """The offer of the first task of a workflow, as it stands when the run begins."""
    spec = RunSpec(workflow=Workflow((task,)), strategy=strategy, **options)
    return session_of(spec, {task.action: None}).steps.start()[0].offer


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
def test_the_condition_of_a_retry_reads_a_fork_of_the_item_that_failed(strategy):
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


class Exhausted(strategies["shared"]):
    """A strategy whose every fork needs more memory than there is."""

    name = "exhausted"

    def fan_out(self, context, reads):
        return self

    def fork(self, item, index):
        raise MemoryError


@pytest.mark.parametrize("dispatch", ["eager", "windowed"])
def test_running_out_of_memory_in_a_fork_is_not_the_task_s_failure(dispatch):
    spec = RunSpec(
        workflow=Workflow((Task("t", action="act", with_items="{{ [1] }}", input={"x": 1}),)),
        strategy=Exhausted,
        dispatch=dispatch,
    )

    with pytest.raises(MemoryError):
        executor_named("inline").run(session_of(spec, {"act": lambda x: x}).job)


# -- what cannot be prepared, and what is said of it -------------------------------------------------------------------

SUGGESTING = Task("t", action="act", with_items="{{ [{'kind': 1}] }}", input={"x": "{{ item.kinds }}"})


def test_the_reason_of_a_failed_rendering_is_told_through_the_whole_context_whatever_a_fork_holds():
    bare, full = set(), set()
    for strategy in strategies:
        offer = offer_of(strategy, SUGGESTING)
        with pytest.raises(ExpressionError) as caught:
            offer.prepare(0)
        bare.add(str(caught.value))
        event = ActionEnded("t", 0, 0, 0, "failed", error=str(caught.value), stage="render")
        full.add(offer.completed(event).error)

    assert full == {"task 't', input.x: key 'kinds' not found (did you mean 'kind'?) in {{ item.kinds }}"}
    assert len(bare) > 1


def test_a_fork_that_cannot_be_made_names_task_item_and_place():
    items = [1, 2, {3}]
    offer = offer_of(
        "json",
        Task("t", action="act", with_items="{{ parameters.items }}", input={"x": "{{ item }}"}),
        parameters={"items": items},
    )

    with pytest.raises(ResultError, match="task 't', item 2: strategy 'json' cannot hand on"):
        offer.fork(2)


def test_what_on_error_says_goes_into_an_event_that_failed_and_into_no_other():
    retry = Retry(count=1, delay=0, on_error="{{ result().code == item }}")
    task = Task("t", action="act", with_items="{{ [503] }}", input={"x": 1}, retry=retry)
    offer = offer_of("shared", task)

    def verdict(outcome, result, stage="action", asked=None):
        event = ActionEnded("t", 0, 0, 0, outcome, result, "no", stage=stage, retry=asked)
        return offer.completed(event).retry

    assert verdict("failed", {"code": 503}) is True
    assert verdict("timed_out", {"code": 404}) is False
    assert "result().code" in verdict("failed", {"mode": 503})
    assert verdict("cancelled", {"code": 503}) is None
    assert verdict("failed", {"code": 503}, "fork") is None
    assert verdict("failed", {"code": 503}, "render") is None
    assert verdict("failed", {"code": 503}, asked=False) is False, "it was asked already"


# -- how an offer travels ----------------------------------------------------------------------------------------------

PREPARE = """
import pickle, sys

def prepared(offer, slot):
    try:
        return dict(offer.prepare(slot).input)
    except Exception as error:
        return [type(error).__name__, str(error)]

offers = pickle.load(sys.stdin.buffer)
assert all((offer.context, offer.retry_if) == (None, None) for offer in offers)
answers = [[prepared(offer, slot) for slot in range(len(offer.items))] for offer in offers]
pickle.dump(answers, sys.stdout.buffer)
"""
"""A process that has never heard of the run."""

TASKS = (
    Task(
        "each",
        action="act",
        with_items="{{ [{'n': 1}, {'n': 2}, {'m': 3}] }}",
        input={"n": "{{ item.n }}", "place": "{{ index }}", "history": "{{ task.step_000 }}"},
        retry=Retry(count=1, delay=0, on_error="item.n > 1"),
    ),
    Task("plain", action="act", input={"text": "{{ parameters.region }} {{ deep.list[1] }}"}),
    Task("hostile", action="act", input={"x": "{{ parameters.region.__class__.__mro__ }}"}),
    Task("raw", action="act"),
)


def offers_of(strategy):
    """All that one run begins with, over a context of more than 1 MB."""
    given = {
        "parameters": {"region": "eu", "none": None},
        "variables": {"deep": {"list": [1, "two"]}},
        "history": History(tasks=100, bytes_each=11_000),
    }
    spec = RunSpec(workflow=Workflow(TASKS), strategy=strategy, **given)
    begun = session_of(spec, {"act": None}).steps.start()
    offers = {command.offer.task: command.offer for command in begun}
    return [offers[task.name] for task in TASKS]


def prepared_here(offer, slot):
    try:
        return dict(offer.prepare(slot).input)
    except ExpressionError as error:
        return [type(error).__name__, str(error)]


def prepared_in_a_fresh_process(form):
    command = [sys.executable, "-c", PREPARE]
    done = subprocess.run(command, input=form, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return pickle.loads(done.stdout)


def check_that_they_travel(offers, form):
    here = [[prepared_here(offer, slot) for slot in range(len(offer.items))] for offer in offers]
    each, plain, hostile, raw = here
    assert [one["place"] for one in each[:2]] == [0, 1]
    assert "item.n" in each[2][1]
    assert (plain, raw) == ([{"text": "eu two"}], [{"region": "eu", "none": None}])
    assert hostile[0][0] == "ExpressionError"
    assert prepared_in_a_fresh_process(form) == here
    assert all(offer.context is not None for offer in offers), "what is sent stays as it is"
    assert offers[0].retry_if is not None


@pytest.mark.parametrize("strategy", strategies)
def test_an_offer_over_a_megabyte_prepares_the_same_inputs_in_a_fresh_process(strategy):
    offers = offers_of(strategy)

    check_that_they_travel(offers, pickle.dumps(offers))


def test_an_offer_of_a_strategy_that_no_module_has_travels_by_cloudpickle():
    class Local(strategies["shared"]):
        name = "local"

        def fan_out(self, context, reads):
            namespaces = context.namespaces

            class Forker:
                def fork(self, item, index):
                    return PlainFork(namespaces, item, index)

            return Forker()

    offers = offers_of(Local)

    check_that_they_travel(offers, cloudpickle.dumps(offers))


def test_two_offers_are_equal_if_they_are_of_the_same_visit_of_a_task_and_of_no_other():
    first, again, other = (offer_of("shared", task) for task in (TASKS[1], TASKS[1], TASKS[0]))
    later = Offer(task="plain", visit=1, action="act", plain=True, forker=first.forker, input=first.input)

    assert first == again
    assert hash(first) == hash(again)
    assert first != other
    assert first != later
    assert repr(other) == "<Offer of 'each' visit 0, run 0: 3 items, action 'act'>"
