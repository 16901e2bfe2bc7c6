"""The form of the seed: `workflow:` on top, hyphenated keys, no version, tasks in listed order."""

from __future__ import annotations

import pytest

from attune_sim.errors import WorkflowError
from attune_sim.loader import load

SEED = """
workflow:
  tasks:
    - name: list_servers
      action: cloud.list_servers
    - name: check_health
      action: monitoring.check_http
      with-items: "{{ task.list_servers.items }}"
      input:
        health-url: "{{ item.url }}"
      retry: {count: 2, delay: 1, max-delay: 4}
    - name: done
"""


def test_tasks_run_in_the_order_in_which_they_are_listed() -> None:
    workflow = load(SEED)
    assert workflow.listed_order
    assert workflow.entry_points == ("list_servers",)
    assert [[(t.when, t.do) for t in task.next] for task in workflow.tasks] == [
        [("{{ succeeded() }}", ("check_health",))],
        [("{{ succeeded() }}", ("done",))],
        [],
    ]


def test_hyphens_are_read_as_underscores_in_fields_and_kept_in_free_maps() -> None:
    check = load(SEED).by_name["check_health"]
    assert check.with_items == "{{ task.list_servers.items }}"
    assert check.retry is not None
    assert check.retry.max_delay == 4
    assert check.input == {"health-url": "{{ item.url }}"}
    assert check.lines["with_items"] == (8, 19)


def test_a_task_with_only_a_name_does_nothing() -> None:
    assert load(SEED).by_name["done"].action == "core.noop"


def test_a_task_with_transitions_of_its_own_keeps_them() -> None:
    text = (
        "workflow:\n  tasks:\n  - {name: a, on-success: c}\n  - {name: b}\n  - {name: c, next: [{do: [b]}]}\n"
    )
    workflow = load(text)
    assert [task.targets for task in workflow.tasks] == [("c",), ("c",), ("b",)]


def test_task_level_publish_goes_to_the_step_to_the_next_task() -> None:
    workflow = load("workflow:\n  tasks:\n  - {name: a, publish: [{x: 1}]}\n  - {name: b}\n")
    (transition,) = workflow.tasks[0].next
    assert (transition.publish, transition.do) == (({"x": 1},), ("b",))


def test_a_field_in_both_spellings_is_a_duplicate() -> None:
    with pytest.raises(WorkflowError, match="has this key twice"):
        load("workflow:\n  tasks:\n  - {name: a, with-items: x, with_items: y}\n")


@pytest.mark.parametrize(
    "text", ["workflow:\n\n", "workflow:\n  - a: b\n", "workflow: {}\n", "workflow:\n  tasks: []\n"]
)
def test_other_things_under_workflow_are_refused(text: str) -> None:
    with pytest.raises(WorkflowError):
        load(text)


def test_a_key_beside_workflow_is_unknown() -> None:
    with pytest.raises(WorkflowError, match="<text>:1:1: unknown key beside 'workflow:' 'versoin'"):
        load("versoin: 1\nworkflow:\n  tasks: [{name: a}]\n")
