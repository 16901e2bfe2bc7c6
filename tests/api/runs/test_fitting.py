"""Whether tasks fit the actions that they name, told without calling anything."""

from __future__ import annotations

import pytest

from attune_sim.actions.registry import standard
from attune_sim.api.runs.fitting import unfit_tasks
from attune_sim.loader import load

HEAD = "version: 1.0.0\n"


def find(region, *, limit=10):
    raise AssertionError("it is not called")


def anything(**input):
    raise AssertionError("it is not called")


def told(task: str, actions, *called: str, head: str = HEAD) -> list[str]:
    workflow = load(f"{head}tasks:\n  - {{name: a, {task}}}\n")
    return [str(problem) for problem in unfit_tasks(workflow, actions, [load(text) for text in called])]


@pytest.mark.parametrize(
    "task",
    [
        "action: demo.find, input: {region: eu}",
        "action: demo.find, input: {region: eu, limit: 3}",
        "action: demo.any, input: {whatever: 1}",
        "action: demo.any",
        "type: parallel, tasks: [{name: b, action: demo.any}]",
    ],
)
def test_tasks_that_fit_are_not_spoken_of(task: str) -> None:
    assert told(task, {"demo.find": find, "demo.any": anything}) == []


def test_an_input_that_the_action_does_not_take_is_told_with_what_may_have_been_meant() -> None:
    assert told("action: demo.find, input: {region: eu, limti: 3}", {"demo.find": find}) == [
        "<text>:3:41: task 'a': demo.find takes no input 'limti' (did you mean 'limit'?)"
    ]


def test_an_input_that_the_action_needs_is_told() -> None:
    assert told("action: demo.find, input: {limit: 3}", {"demo.find": find}) == [
        "<text>:3:41: task 'a': demo.find needs an input 'region' (write input: {region: ...})"
    ]


def test_a_task_without_input_is_handed_the_declared_parameters() -> None:
    declared = f"{HEAD}parameters: {{region: {{type: string}}}}\n"

    assert told("action: demo.find", {"demo.find": find}, head=declared) == []
    assert told("action: demo.find", {"demo.find": find}) == [
        "<text>:3:23: task 'a': demo.find needs an input 'region' (write input: {region: ...})"
    ]


@pytest.mark.parametrize(
    ("action", "hint"),
    [
        ("demo.fnd", "did you mean 'demo.find'?"),
        ("my.tool", "name the function 'my__tool': two underscores stand for the dot"),
        ("x.y", "define it in the FILE.py of your actions, or give a sub-workflow with --workflows"),
    ],
)
def test_an_action_that_does_not_exist_is_told_with_what_to_write(action: str, hint: str) -> None:
    known = {"demo.find": find, "my_tool": anything, "mine.my_tool": anything}
    assert told(f"action: {action}", known) == [
        f"<text>:3:23: task 'a': there is no action {action!r} ({hint})"
    ]


CHILD = f"{HEAD}ref: demo.child\nparameters: {{n: {{type: integer, required: true}}, m: {{default: 1}}}}\ntasks: [{{name: t, action: core.noop}}]\n"


def test_a_sub_workflow_is_handed_what_it_declares_and_needs() -> None:
    assert told("action: demo.child, input: {n: 1}", {}, CHILD) == []
    assert told("type: workflow, action: demo.child, input: {m: 1, o: 2}", {}, CHILD) == [
        "<text>:3:58: task 'a': demo.child takes no input 'o' (demo.child takes: n, m)",
        "<text>:3:58: task 'a': demo.child needs an input 'n' (write input: {n: ...})",
    ]


def test_sub_tasks_are_looked_at_and_actions_that_come_along_are_known() -> None:
    task = "type: parallel, tasks: [{name: b, action: core.sleep, input: {secs: 3}}, {name: c, action: core.slep}]"
    assert [line.split(": ", 1)[1] for line in told(task, standard())] == [
        "task 'b': core.sleep takes no input 'secs' (did you mean 'seconds'?)",
        "task 'c': there is no action 'core.slep' (did you mean 'core.sleep'?)",
    ]
