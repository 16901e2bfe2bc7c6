"""A workload in another size: so many bytes of context, so many items, so many of them at a time."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune_sim.actions.payload import SHAPES
from attune_sim.errors import InputError
from attune_sim.experiment.spec import context_bytes_of
from attune_sim.runspec import History
from attune_sim.scenarios.contents import LEAST, Ballast, spread
from attune_sim.scenarios.payload import make_history
from attune_sim.scenarios.registry import scenarios, workload_of

MINE = """
version: 1.0.0
ref: mine.sized
parameters: {hosts: {type: array, default: [{id: 1}, {id: 2}]}, note: {type: string, default: ""}}
vars: {city: Bern}
tasks:
  - {name: check, action: mine.check, with_items: "{{ parameters.hosts }}", concurrency: 2, input: {host: "{{ item.id }}"}}
"""
ACTIONS = {"mine.check": lambda host: host}


def json_bytes(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":")).encode())


def made_bytes(workload) -> int:
    """The context as it is really made, counted by the standard library."""
    history = make_history(workload.history, workload.seed).values()
    others = (workload.parameters(), workload.variables(), dict(workload.workflow.vars))
    return sum(map(json_bytes, history)) + sum(json_bytes(value) for value in others if value)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", list(scenarios))
@pytest.mark.parametrize("wanted", [100_000, 1_000_000, pytest.param(10_000_000, marks=pytest.mark.slow)])
def test_a_scenario_has_exactly_the_context_that_is_asked_for(name, shape, wanted):
    workload = scenarios[name](50, payload=shape).sized(context_bytes=wanted)
    assert workload.context_bytes == context_bytes_of(workload) == wanted
    assert workload.history.payload == shape
    if wanted <= 100_000:
        assert made_bytes(workload) == wanted


def test_history_variables_and_settings_are_scaled_together():
    small, large = (scenarios.baseline(10).sized(context_bytes=size) for size in (212_000, 10_600_014))
    for workload, factor in ((small, 0.2), (large, 10)):
        assert workload.history.tasks == 100
        assert workload.history.context_bytes == pytest.approx(1_000_000 * factor, rel=0.001)
        assert workload.ballast.variables == pytest.approx(50_000 * factor, rel=0.001)
        assert workload.ballast.parameters == pytest.approx(10_000 * factor, rel=0.001)


def test_a_small_history_has_fewer_results_rather_than_tiny_ones():
    workload = scenarios.health_check(10).sized(context_bytes=20_000)
    assert (workload.history.tasks, workload.history.bytes_each, workload.history.over) == (39, 512, 4)
    assert spread(History(tasks=100, bytes_each=200), 20_000) == History(100, 200)


def test_without_a_history_the_ballast_is_scaled_alone_and_without_both_a_history_is_made():
    only = scenarios.baseline(10, history=0).sized(context_bytes=500_000)
    assert (only.history.tasks, only.context_bytes) == (0, 500_000)
    assert only.ballast.variables == pytest.approx(5 * only.ballast.parameters, rel=0.01)
    neither = scenarios.health_check(10, history=0).sized(context_bytes=500_000)
    assert (neither.history.tasks, neither.context_bytes) == (100, 500_000)


def test_items_parameters_and_context_bytes_of_one_size_fit_each_other():
    workload = workload_of("baseline", parameters={"settings": {"mine": "x" * 5_000}})
    for items in (1, 1_000, 100_000):
        sized = workload.sized(items=items, context_bytes=300_000)
        assert (sized.items, sized.context_bytes) == (items, 300_000)
        assert sized.parameters()["settings"] == {"mine": "x" * 5_000}


@settings(deadline=None, max_examples=40)
@given(
    wanted=st.integers(100, 200_000),
    variables=st.integers(0, 20_000),
    parameters=st.integers(0, 20_000),
    tasks=st.integers(0, 30),
    each=st.integers(100, 2_000),
    shape=st.sampled_from(SHAPES),
)
def test_every_size_is_met_to_the_byte_or_refused_as_too_small(
    wanted, variables, parameters, tasks, each, shape
):
    ballast = Ballast(variables if variables >= 500 else 0, parameters if parameters >= 500 else 0, shape)
    workload = scenarios.baseline(
        3,
        payload=shape,
        history={"tasks": tasks, "bytes_each": each},
        variables_bytes=ballast.variables,
        parameters_bytes=ballast.parameters,
    )
    natural = json_bytes({"items": 3})
    if natural < wanted < natural + LEAST:
        with pytest.raises(InputError, match=f"ask for {natural + LEAST} or more, not {wanted}"):
            workload.sized(context_bytes=wanted)
    else:
        sized = workload.sized(context_bytes=wanted)
        assert made_bytes(sized) == sized.context_bytes == wanted
        assert sized.sized(context_bytes=wanted).context_bytes == wanted


@given(bytes=st.integers(0, 10**9), tasks=st.integers(0, 500), each=st.integers(2, 10**6))
def test_a_history_is_spread_to_the_byte_and_none_of_its_results_is_tiny(bytes, tasks, each):
    history = spread(History(tasks, each), bytes)
    assert history.context_bytes == bytes
    assert 0 <= history.over < max(1, history.tasks)
    assert history.tasks <= (tasks or 100)
    assert history.tasks == 0 or history.bytes_each >= min(100, bytes)


def test_a_users_workflow_gets_synthetic_results_and_says_that_they_are_estimated(driven):
    workload = workload_of(MINE, actions=ACTIONS, parameters={"note": "n" * 500})
    natural = json_bytes({"note": "n" * 500, "hosts": [{"id": 1}, {"id": 2}]}) + json_bytes({"city": "Bern"})
    assert (workload.context_bytes, workload.assumed) == (natural, ())
    sized = workload.sized(items=5, context_bytes=250_000)
    assert (sized.items, sized.context_bytes, made_bytes(sized)) == (5, 250_000, 250_000)
    assert sized.history.tasks == 100
    assert sized.assumed == (f"estimated: {250_000 - natural - 27:,} bytes of synthetic finished results",)
    assert driven(sized).state.task_results["check"]["results"] == [1, 2, 1, 2, 1]
    assert workload.sized(context_bytes=natural).assumed == ()


def test_a_context_below_the_natural_size_is_refused():
    workload = workload_of(MINE, actions=ACTIONS, parameters={"note": "n" * 500})
    for wanted in (10, workload.context_bytes + 1):
        with pytest.raises(
            InputError,
            match=rf"'mine\.sized' has 554 bytes of parameters and variables by itself with 2 items; ask for 654 or more, not {wanted}",
        ):
            workload.sized(context_bytes=wanted)


@pytest.mark.parametrize("wanted", [-1, 1.5, True, "1MB"])
def test_a_context_of_no_size_is_refused(wanted):
    with pytest.raises(InputError, match="context_bytes must be an integer of 0 or more, not"):
        scenarios.baseline(3).sized(context_bytes=wanted)


def test_history_and_context_bytes_do_not_go_together():
    for workload in (scenarios.baseline(3), workload_of(MINE, actions=ACTIONS)):
        with pytest.raises(InputError, match=r"history .* and context_bytes .* give one of them"):
            workload.sized(history=History(3), context_bytes=100_000)


def test_a_context_for_which_there_is_no_memory_is_refused_before_it_is_made():
    for workload in (scenarios.baseline(3), workload_of(MINE, actions=ACTIONS)):
        with pytest.raises(InputError, match=r"a context of 1,000,000,000,000 bytes: would take .* GB"):
            workload.sized(context_bytes=10**12)


def test_concurrency_is_that_of_the_main_fan_out(driven):
    for workload in (scenarios.health_check(5), workload_of(MINE, actions=ACTIONS)):
        sized = workload.sized(concurrency=7)
        assert (sized.concurrency, sized.workflow.by_name[sized.fan_out].concurrency) == (7, 7)
        assert sized.sized(items=3).concurrency == 7
        assert driven(sized).state.status == "succeeded"
        assert workload.concurrency != 7
        with pytest.raises(InputError, match="concurrency must be an integer of 1 or more, not 0"):
            workload.sized(concurrency=0)


def test_concurrency_of_a_scripted_fan_out_within_a_parallel_task():
    text = MINE.replace(
        "  - {name: check", "  - name: both\n    type: parallel\n    tasks:\n      - {name: check"
    )
    workload = workload_of(text, script={"actions": {"check": [{}]}}).sized(concurrency=3)
    assert (workload.fan_out, workload.concurrency) == ("check", 3)
    assert next(task for task in workload.workflow.walk() if task.name == "check").action == "scripted.check"


def test_a_workflow_without_a_fan_out_has_no_concurrency():
    workload = workload_of(
        "version: '1'\ntasks:\n  - {name: one, action: demo.one}\n", actions={"demo.one": dict}
    )
    assert workload.concurrency is None
    with pytest.raises(InputError, match="concurrency: 'workflow' has no fan-out"):
        workload.sized(concurrency=3)


GROWTH = """
import sys
import attune_sim as at
from attune_sim.probes.memory import Memory
from attune_sim.scenarios.payload import make_history
shape = sys.argv[1]
memory, grown, kept = Memory(), [], []
memory.heap()
for size in (1_000_000, 4_000_000):
    workload = at.scenarios.baseline(3, payload=shape).sized(context_bytes=size)
    before = memory.heap()
    kept.append((make_history(workload.history, workload.seed), workload.variables(), workload.parameters()))
    grown.append(memory.heap() - before)
print(grown[1] / grown[0])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the heap is read on Linux")
@pytest.mark.parametrize("shape", SHAPES)
def test_memory_follows_the_size_of_the_context(shape):
    """Four times the bytes of JSON are four times the heap, in a process of their own."""
    done = subprocess.run(
        [sys.executable, "-c", GROWTH, shape], capture_output=True, text=True, check=True, timeout=60
    )
    assert float(done.stdout) == pytest.approx(4, rel=0.05)


# -- a size, and what the user gave --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "ref"),
    [("health_check", "monitoring.check_http"), ("notifications", "notify.send"), ("baseline", "core.noop")],
)
def test_an_action_of_the_users_in_a_scenario_is_kept_in_every_size(name, ref):
    def mine(**input):
        return {"mine": True}

    workload = workload_of(name, actions={ref: mine}).sized(items=5, context_bytes=50_000)
    assert workload.actions()[ref] is workload.actions(real=True)[ref] is mine
    assert workload.unreplayed == {ref}


@pytest.mark.parametrize(
    ("name", "knob"),
    [
        ("health_check", "servers"),
        ("notifications", "messages"),
        ("baseline", "items"),
        ("log_pipeline", "entries"),
    ],
)
def test_a_size_asked_for_wins_over_the_one_among_the_parameters(name, knob):
    workload = workload_of(name, parameters={knob: 30}).sized(items=50)
    assert (workload.items, workload.parameters()[knob]) == (50, 50)


def test_what_is_given_to_a_users_workload_later_is_sized_too(driven):
    workload = workload_of(workload_of(MINE), actions=ACTIONS, parameters={"hosts": [{"id": 7}, {"id": 8}]})
    assert workload.items == 2
    assert driven(workload.sized(items=5)).state.task_results["check"]["results"] == [7, 8, 7, 8, 7]


def test_parameters_of_the_users_win_over_those_of_real_parts_in_every_verb():
    workload = workload_of("health_check", parameters={"inventory": "http://mine"})
    assert workload.spec({"inventory": "http://127.0.0.1:1"}).parameters["inventory"] == "http://mine"


# -- items: the length of the last fan-out's list ------------------------------------------------------------------------

COUNTED = """
version: 1.0.0
ref: mine.counted
parameters: {n: {type: integer, default: 4}, fleet: {type: object, default: {size: 3, zone: a}}}
tasks:
  - name: list
    action: mine.list
    next:
      - {publish: [{many: "{{ range(parameters.n) }}", number: "{{ parameters.n }}", rows: "{{ result().rows }}"}], do: [prepare]}
  - {name: prepare, action: mine.same, with_items: "{{ FIRST }}", input: {of: "{{ item }}"}, next: [{publish: [{ready: "{{ result().results }}"}], do: [check]}]}
  - {name: check, action: mine.same, with_items: "{{ ITEMS }}", input: {of: "{{ item }}"}}
"""
SAME = {"mine.list": lambda **input: {"rows": ["a", "b"]}, "mine.same": lambda of: of}


def counted(items, first="[1]"):
    return workload_of(COUNTED.replace("ITEMS", items).replace("FIRST", first), actions=SAME)


@pytest.mark.parametrize(
    "items", ["range(parameters.n)", " range( parameters['n'] ) ", "many", "workflow.many", "range(number)"]
)
def test_a_range_over_a_parameter_sets_the_parameter(driven, items):
    workload = counted(items)
    assert (workload.items, workload.parameters()) == (4, {})
    sized = workload.sized(items=9)
    assert (sized.items, sized.parameters()["n"]) == (9, 9)
    assert driven(sized).state.task_results["check"]["results"] == list(range(9))


def test_a_range_sets_a_part_of_a_parameter_and_leaves_the_others(driven):
    sized = counted("range(parameters.fleet.size)").sized(items=5)
    assert sized.parameters() == {"fleet": {"size": 5, "zone": "a"}}
    assert driven(sized).state.task_results["check"]["total"] == 5


def test_a_number_of_items_that_the_schema_of_the_parameter_forbids_is_refused():
    text = COUNTED.replace("ITEMS", "range(parameters.n)").replace("default: 4", "default: 4, maximum: 20")
    workload = workload_of(text, actions=SAME)
    assert workload.sized(items=20).items == 20
    with pytest.raises(
        InputError, match=r"items: 'mine\.counted' cannot have 21: parameter 'n' does not satisfy 'maximum'"
    ):
        workload.sized(items=21)


def test_a_range_over_a_parameter_that_is_not_given_can_be_set():
    text = COUNTED.replace("ITEMS", "range(parameters.other.size)").replace("FIRST", "[1]")
    workload = workload_of(text, actions=SAME)
    assert workload.items == 0
    assert workload.sized(items=5).parameters() == {"other": {"size": 5}}


@pytest.mark.parametrize("items", ["task.prepare.results", "ready", "tasks['prepare'].output.results"])
def test_the_results_of_a_fan_out_are_as_many_as_its_own_items(driven, items):
    workload = counted(items, first="range(parameters.n)").sized(items=6)
    assert driven(workload).state.task_results["check"]["results"] == list(range(6))


@pytest.mark.parametrize(
    ("items", "why"),
    [
        ("range(3)", "its items are computed"),
        ("range(0, parameters.n)", "its items are computed"),
        ("range(1, parameters.n + 1)", "its items are computed"),
        ("range(parameters.n) | list", "its items are computed"),
        ("range(task.list.total)", "its items are computed"),
        ("range(many)", "its items are computed"),
        ("many[0]", r"its items are an element\[0\] of a range"),
        ("[parameters.n]", "its items are computed"),
        ("task.prepare.failed_items", "task 'prepare', a fan-out, of which `results` without batches"),
        ("system.rows", r"those of 'system\.rows'"),
    ],
)
def test_whatever_else_items_are_is_an_error_that_names_the_expression(items, why):
    with pytest.raises(InputError) as raised:
        counted(items, first="range(parameters.n)").sized(items=6)
    message = str(raised.value)
    assert message.startswith("items: the size of 'mine.counted', fan-out 'check', with_items '{{ ")
    assert items in message
    assert re.search(why, message)


def test_fan_outs_over_the_results_of_each_other_have_no_origin():
    with pytest.raises(InputError, match="items come from task 'prepare', a fan-out"):
        counted("task.prepare.results", first="task.check.results").sized(items=6)


def test_items_of_a_recorded_result_can_be_asked_for_and_are_unknown_before():
    workload = counted("rows")
    assert (workload.items, workload.repeat) == (0, None)
    sized = workload.sized(items=6)
    assert (sized.items, str(sized.repeat)) == (6, "task.list.rows")
    assert sized.as_recorded().items == 0
    assert sized.sized(context_bytes=50_000).as_recorded().context_bytes == workload.context_bytes


@pytest.mark.parametrize("inside", ["data", "stdout"])
def test_a_list_that_an_action_returned_or_printed_inside_is_repeated_there(driven, inside):
    rows = {"rows": [1, 2, 3]}
    result = {inside: json.dumps(rows) if inside == "stdout" else rows}
    text = COUNTED.replace("ITEMS", "rows").replace("FIRST", "[1]")
    script = {"actions": {"list": [{"result": result}], "prepare": [{}], "check": [{}]}}
    workload = workload_of(text, script=script)
    assert workload.items == 3
    sized = driven(workload.sized(items=7)).state.task_results
    assert sized["check"]["total"] == 7
    kept = sized["list"][inside]
    assert (json.loads(kept) if inside == "stdout" else kept) == {"rows": [1, 2, 3, 1, 2, 3, 1]}


def test_answers_by_index_are_repeated_with_the_list_and_that_is_said(driven):
    """As in the script of a run that was recorded: there is one for each item, and none for others."""
    check = [{"index": 0, "result": "first"}, {"index": 1, "status": "failed", "error": "no disk"}]
    check += [{"index": 2, "attempt": 0, "status": "failed"}, {"index": 2, "attempt": 1, "result": "third"}]
    script = {"actions": {"list": [{"result": {"servers": [{"id": n} for n in range(3)]}}], "check": check}}
    text = (
        MINE.replace("parameters.hosts", "task.list.servers")
        .replace("tasks:\n", "tasks:\n  - {name: list, action: mine.list, next: [{do: [check]}]}\n")
        .replace("concurrency: 2", "retry: {count: 1, delay: 0}")
    )
    workload = workload_of(text, script=script)
    assert workload.assumed == ()
    sized = workload.sized(items=7)
    results = driven(sized)
    assert results.state.task_results["check"]["results"] == ["first", None, "third"] * 2 + ["first"]
    assert results.items.errors == {1: "no disk", 4: "no disk"}
    assert sized.assumed == ("estimated: check: 7 items, answered by the 3 of the script",)


def test_a_default_that_says_how_many_items_there_are_is_handed_to_no_task_as_if_it_were_given() -> None:
    text = """
    version: 1.0.0
    ref: mine.counted
    parameters: {n: {type: integer, default: 3}}
    tasks:
      - {name: first, action: my.first, next: [{do: [each]}]}
      - {name: each, action: my.each, with_items: "{{ range(parameters.n) }}", input: {i: "{{ item }}"}}
    """
    actions = {"my.first": lambda: None, "my.each": lambda i: i}
    own = workload_of(text, actions=actions)
    assert (own.items, own.parameters()) == (3, {})
    assert own.sized(items=5).parameters() == {"n": 5}
