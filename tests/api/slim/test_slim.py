"""What slim proposes keeps every answer, and what it cannot prove it does not propose."""

from __future__ import annotations

import copy
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import attune_sim as at

HEAVY = [{"n": n, "text": "x" * 960} for n in range(1_000)]
LINES = "y" * 400

FIVE = """\
# nightly, as it has been since May
ref: ops.nightly
version: 1.0.0

parameters:
  region: {type: string, default: eu}   # where

tasks:
  - name: users    # all of them
    action: crm.users
    input: {region: "{{ parameters.region }}"}
    retry:
      count: 2
      delay: 0     # at once
    # then orders
    next:
      - when: "{{ succeeded() }}"
        publish: [{n: "{{ result().count }}"}]
        do: [orders]
  - {name: orders, action: "crm.orders", input: {n: '{{ n }}'}, next: [{do: [stock, load]}]}
  - name: stock
    action: crm.stock
    next: [{when: "{{ succeeded() }}", do: [gate]}]
  - name: load
    action: 'crm.load'

    next: [{when: "{{ succeeded() }}", do: [gate]}]
  - name: gate
    join: all
    action: crm.gate
    next: [{when: "{{ succeeded() }}", do: [each]}]

  - name: each
    with_items: "{{ range(20) }}"
    action: crm.note
    input:
      id: "{{ task.users.first.id }}{{ task.orders.total }}{{ item }}"
      text: "{{ task.stock.data.level }} {{ task.load.status }} {{ task.gate.lines }}"
output_map:
  n: "{{ n }}"
  last: "{{ task.users.first.name }}"
"""

RESULTS: dict[str, Any] = {
    "users": {"count": 3, "first": {"id": 7, "name": "ann", "more": "z" * 3_000}, "rows": HEAVY},
    "orders": {"total": 9, "rows": HEAVY},
    "stock": {"data": {"level": 2, "raw": HEAVY}},
    "load": {"rows": HEAVY},
    "gate": {"lines": LINES * 4, "rows": HEAVY},
}


def script_of(results: dict[str, Any]) -> dict[str, Any]:
    return {"actions": {task: [{"result": result}] for task, result in results.items()}}


def answers(workflow: Any, script: dict[str, Any], children: Any = ()) -> dict[str, Any]:
    """All that a rehearsal came to; a task that calls a sub-workflow is prepared twice, once for each."""
    rehearsed = at.rehearse(workflow, copy.deepcopy(script), workflows=children)
    actual = rehearsed.actual
    called = {task.name for task in workflow.walk() if task.action in {child.ref for child in children}}
    return {
        **{name: actual[name] for name in ("status", "output", "variables", "task_status")},
        "inputs": [pair for pair in actual["inputs"] if pair[0].partition("[")[0] not in called],
    }


def same_answers(before: Any, found: at.Slim, script: dict[str, Any]) -> None:
    """Compared by whole rehearsals, with nothing of what slim compares by."""
    moved = {move.task for move in found.moves}
    left, right = answers(before, script), answers(found.workflow, script, found.workflows)
    left["inputs"] = [pair for pair in left["inputs"] if pair[0].partition("[")[0] not in moved]
    assert left == right


@pytest.fixture(scope="module")
def five() -> at.Slim:
    return at.slim(FIVE, script=script_of(RESULTS))


def test_five_heavy_results_of_which_two_kilobytes_are_read_become_fifty_times_less(five: at.Slim) -> None:
    assert five.proved
    assert [move.task for move in five.moves] == ["users", "orders", "stock", "load", "gate"]
    assert five.before_bytes > 4_900_000
    assert five.before_bytes / five.after_bytes >= 50
    assert five.factor == five.before_bytes / five.after_bytes
    same_answers(at.load(FIVE), five, script_of(RESULTS))


def test_comments_order_quotes_and_blank_lines_stay(five: at.Slim) -> None:
    wanted = FIVE.replace("action: crm.users", "action: ops.nightly.users")
    wanted = wanted.replace('"crm.orders"', '"ops.nightly.orders"').replace("crm.stock", "ops.nightly.stock")
    wanted = wanted.replace("'crm.load'", "'ops.nightly.load'").replace("crm.gate", "ops.nightly.gate")
    wanted = wanted.replace("    retry:\n      count: 2\n      delay: 0     # at once\n", "")

    assert five.files["ops.nightly.yaml"] == wanted


def test_the_diff_is_a_patch_of_all_files(five: at.Slim, tmp_path: Path) -> None:
    (tmp_path / "ops.nightly.yaml").write_text(FIVE)

    subprocess.run(["patch", "-p1", "-s"], input=five.diff, text=True, cwd=tmp_path, check=True)

    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == five.files


def test_what_is_written_is_what_was_proved(five: at.Slim) -> None:
    loaded = {child.ref: child for child in five.workflows}
    assert {f"{ref}.yaml" for ref in loaded} | {"ops.nightly.yaml"} == set(five.files)
    assert at.load(five.files["ops.nightly.yaml"]).tasks == five.workflow.tasks
    assert at.load(five.files["ops.nightly.users.yaml"]) == loaded["ops.nightly.users"]


def test_retries_move_with_their_task(five: at.Slim) -> None:
    script = script_of(RESULTS)
    script["actions"]["users"] = [
        {"attempt": 0, "status": "failed"}, {"attempt": 1, "result": RESULTS["users"]}
    ]  # fmt: skip
    found = at.slim(FIVE, script=script)
    assert "users" in [move.task for move in found.moves]
    same_answers(at.load(FIVE), found, script)


def test_real_actions_are_called_once() -> None:
    calls = Counter[str]()

    def action(name: str, result: Any) -> Any:
        def call(**input: Any) -> Any:
            calls[name] += 1
            return copy.deepcopy(result)

        return call

    actions = {f"crm.{name}": action(name, result) for name, result in RESULTS.items()}
    found = at.slim(FIVE, actions={**actions, "crm.note": action("note", {})})

    assert found.proved
    assert found.factor >= 50
    assert calls == {"users": 1, "orders": 1, "stock": 1, "load": 1, "gate": 1, "note": 20}


def test_an_action_that_does_not_exist_is_told_before_anything_is_called() -> None:
    called: list[str] = []
    with pytest.raises(at.InputError, match=r"crm\.orders"):
        at.slim(FIVE, actions={"crm.users": lambda **input: called.append("users")})
    assert not called


def test_without_actions_and_script_it_says_what_is_missing() -> None:
    with pytest.raises(at.InputError, match=r"give actions=.* or script="):
        at.slim(FIVE)


def test_where_everything_is_read_there_is_nothing_to_gain() -> None:
    text = small('text: "{{ task.load }}"')
    found = at.slim(text, script=heavy())
    assert not found.moves
    assert not found.proved
    assert found.diff == ""
    assert found.workflow == at.load(text)
    assert found.before_bytes == found.after_bytes
    assert "There is nothing to gain" in str(found)
    assert "all of its result is read (task 'each', input)" in str(found)
    assert repr(found) == "<Slim of 'ops.small': nothing to gain>"


def test_small_results_are_left_alone() -> None:
    found = at.slim(small('text: "{{ task.load.total }}"'), script=script_of({"load": {"total": 1, "x": 2}}))
    assert (found.moves, found.left) == ((), ())


def small(
    read: str, load: str = "", then: str = '{when: "{{ succeeded() }}", do: [each]}', more: str = ""
) -> str:
    lines = f"    {load}\n" if load else ""
    return (
        "version: 1.0.0\nref: ops.small\ntasks:\n  - name: load\n    action: ops.load\n"
        f"{lines}    next: [{then}]\n"
        f"  - name: each\n    action: ops.note\n    with_items: '{{{{ range(3) }}}}'\n    input:\n      {read}\n{more}"
    )


def heavy(**fields: Any) -> dict[str, Any]:
    return script_of({"load": {"total": 3, "rows": HEAVY, **fields}})


TOTAL = 'text: "{{ task.load.total }}"'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (small(TOTAL, "timeout: 5"), "it has a timeout"),
        (small(TOTAL, then="{do: [each]}, {when: '{{ timed_out() }}', publish: [{late: 1}]}"), "timed_out() is asked after it"),
        (small(TOTAL, then="{do: [each]}, {publish: [all]}"), "all of its result is read (task 'load', next[1].publish.all)"),
        (small('text: "{{ task.load.error }}"'), "what it says of a failure is read (task 'each', input)"),
        (small('text: "{{ task.load.succeeded }}"'), "'succeeded' is read of its result (task 'each', input), which"),
        (
            small(TOTAL, then="{do: [each]}, {when: '{{ failed() }}', publish: [{c: '{{ result().code }}'}]}"),
            "its result is read after a failure (task 'load', next[1].publish.c)",
        ),
        (
            small(TOTAL, then="{when: '{{ succeeded() }}', do: [each]}, {when: '{{ failed() }}', do: [each]}"),
            "its result is read after a failure (task 'each', input)",
        ),
        (
            small(TOTAL, "retry: {count: 1, delay: 0, on_error: '{{ parameters.again }}'}"),
            "the condition of its retries reads more than the failed attempt",
        ),
        (small('text: "{{ keys(task.load) }}"'), "all of its result is read"),
        (small('text: "{{ task[\'lo\' ~ \'ad\'].total }}"'), "all of its result is read"),
        (small(TOTAL, more="output_map: {all: '{{ task.load.result }}'}\n"), "all of its result is read (output_map.all)"),
        (small('text: "{{ task.load.rows }}"'), "nearly all of its result is read"),
    ],
)  # fmt: skip
def test_what_might_change_an_answer_is_not_moved(text: str, why: str) -> None:
    found = at.slim(text, script=heavy(succeeded=True))
    assert not found.moves
    assert [left.task for left in found.left] == ["load"]
    assert why in found.left[0].why


@pytest.mark.parametrize(
    "text",
    [
        small(TOTAL),
        small(TOTAL, then="{do: [each]}"),
        small('text: "{{ task.load.status }}"'),
        small('text: "{{ task.load.data.total | default(4) }}"'),
        small('text: "{{ task.load.result.total }}"'),
        small('text: "{{ task.load.missing is defined }}"'),
        small(TOTAL, "when: '{{ parameters.no is undefined }}'"),
        small('text: "none"'),
        small(TOTAL, then="{when: '{{ result().total == 3 }}', do: [each]}"),
        small(TOTAL, then="{when: '{{ succeeded() }}', do: [each]}, {when: '{{ failed() }}', publish: [{f: true}]}"),
        small(TOTAL, "retry: {count: 2, delay: 3, backoff: linear, on_error: '{{ result().error != 1 }}'}"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "entries",
    [
        [{"result": {"total": 3, "rows": HEAVY, "data": {"total": 5}}}],
        [{"result": {"total": 3, "rows": HEAVY, "data": {"of": HEAVY}, "status": "fine"}}],
        [{"result": {"total": 3, "rows": HEAVY, "data": {}}}],
    ],
)
def test_what_is_moved_gives_equal_answers(text: str, entries: list[Any]) -> None:
    script = {"actions": {"load": entries}}
    found = at.slim(text, script=script)
    assert [move.task for move in found.moves] == ["load"]
    same_answers(at.load(text), found, script)


@pytest.mark.parametrize("entries", [[{"status": "failed", "error": "no"}], [{"status": "timed_out"}]])
def test_a_moved_task_that_fails_in_another_run_leads_to_the_same_end(entries: list[Any]) -> None:
    text = small(TOTAL, then="{when: '{{ succeeded() }}', do: [each]}, {when: '{{ not succeeded() }}', do: [late]}", more=(
        "  - {name: late, action: ops.late, input: {how: '{{ vars.how }}'}}\nvars: {how: 1}\n"
    ))  # fmt: skip
    found = at.slim(text, script=heavy())
    assert found.moves
    left = answers(at.load(text), {"actions": {"load": entries}})
    right = answers(found.workflow, {"actions": {"load": entries}}, found.workflows)
    for each in (left, right):
        each["inputs"] = [pair for pair in each["inputs"] if pair[0] != "load"]
        del each["task_status"]["load"]
    assert left == right


def test_a_run_that_failed_proves_nothing() -> None:
    found = at.slim(
        small(TOTAL), script={"actions": {"load": [{"status": "failed", "result": {"r": HEAVY}}]}}
    )
    assert found.doubt is not None
    assert "the run failed" in found.finding
    assert not found.moves


def test_actions_that_change_what_they_gave_prove_nothing() -> None:
    rows: list[Any] = [HEAVY]
    actions: dict[str, Any] = {
        "ops.load": lambda: {"total": rows, "rows": HEAVY},
        "ops.note": lambda text: rows.append(len(rows)),
    }
    found = at.slim(small(TOTAL), actions=actions)
    assert found.doubt == "a replay of the run differs in the input of task 'each', item 1"


def test_a_loop_a_block_and_a_fan_out_can_be_slimmed() -> None:
    text = """\
version: 1.0.0
ref: ops.loop
vars: {page: 0}
tasks:
  - name: start
    action: ops.start
    next: [{do: [both]}]
  - name: both
    type: parallel
    tasks:
      - name: left
        action: ops.left
      - name: right
        action: ops.right
    next: [{do: [turn]}]
  - name: turn
    action: ops.turn
    input: {page: "{{ page }}", left: "{{ task.both.results.left.n }}", right: "{{ task.right.n }}"}
    next:
      - when: "{{ succeeded() and page < 2 }}"
        publish: [{page: "{{ page + 1 }}"}]
        do: [turn]
      - when: "{{ succeeded() and page >= 2 }}"
        do: [many]
  - name: many
    action: ops.many
    with_items: "{{ [1, 2, 3] }}"
    concurrency: 2
    input: {n: "{{ item }}"}
    next: [{do: [each]}]
  - name: each
    action: ops.note
    with_items: "{{ task.turn.items }}"
    input: {n: "{{ item }}", total: "{{ task.many.total }}", failed: "{{ task.many.failed }}"}
"""
    results = {"left": {"n": 1, "rows": HEAVY}, "right": {"n": 2, "rows": HEAVY}, "many": {"rows": HEAVY}}
    script = script_of(results)
    script["actions"]["turn"] = [{"result": {"items": [n, n], "rows": HEAVY}} for n in range(4)]
    found = at.slim(text, script=script)
    assert [move.task for move in found.moves] == ["left", "right", "turn", "many"]
    assert found.factor > 1_000
    same_answers(at.load(text), found, script)


def test_a_task_that_calls_a_sub_workflow_is_moved_with_it() -> None:
    child = at.load(
        "version: 1.0.0\nref: ops.load\ntasks:\n  - {name: get, action: a.b, input: {q: '{{ parameters.q }}'}}\n"
        "output_map: {total: '{{ result().total }}', rows: '{{ result().rows }}'}\n"
    )
    text = small(TOTAL, "input: {q: 4}")
    script = script_of({"get": {"total": 3, "rows": HEAVY}})
    found = at.slim(text, script=script, workflows=[child])
    assert found.proved
    left, right = (
        at.rehearse(workflow, script, workflows=[child, *more]).actual
        for workflow, more in ((at.load(text), ()), (found.workflow, found.workflows))
    )
    assert left["output"] == right["output"]
    assert [pair for pair in left["inputs"] if pair[0] in ("get", "each")] == [
        pair for pair in right["inputs"] if pair[0] in ("get", "each")
    ]


def test_a_name_that_is_taken_is_not_given_again() -> None:
    text = small(TOTAL).replace("action: ops.note", "action: ops.small.load")
    found = at.slim(text, script=heavy())
    assert [child.ref for child in found.workflows] == ["ops.small.load_2"]


def test_a_secret_is_shown_nowhere() -> None:
    secret = "s3cret-value-1"
    text = small(TOTAL, 'input: {token: "{{ parameters.token }}", key: "{{ keystore.key }}"}')
    text += "parameters: {token: {type: string, secret: true}}\n"
    seen: list[Any] = []

    def load(token: str, key: str) -> dict[str, Any]:
        seen.append((token, key))
        return {"total": 3, "rows": HEAVY, "echo": token}

    actions: dict[str, Any] = {"ops.load": load, "ops.note": lambda text: {}}
    found = at.slim(text, actions=actions, parameters={"token": secret}, keystore={"key": secret[::-1]})
    assert found.proved
    assert seen == [(secret, secret[::-1])]
    assert secret not in f"{found!r}{found}{found.files}"
    run = at.run(
        found.workflow,
        {"token": secret},
        keystore={"key": secret[::-1]},
        actions=actions,
        workflows=found.workflows,
    )
    assert seen[1:] == seen[:1]
    assert secret not in f"{run!r}{run}"


def test_a_definition_without_a_file_has_no_text_to_change() -> None:
    workflow = at.load(small(TOTAL))
    with pytest.raises(at.InputError, match="comes from no file"):
        at.slim(workflow, script=heavy())


def test_a_loaded_file_is_changed_and_a_changed_one_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(small(TOTAL))
    workflow = at.load(file)
    assert set(at.slim(workflow, script=heavy()).files) == {"mine.yaml", "ops.small.load.yaml"}
    file.write_text("# new\n" + small(TOTAL))
    with pytest.raises(at.InputError, match="has changed since it was loaded"):
        at.slim(workflow, script=heavy())


def test_hints_tell_of_a_strategy_a_window_and_fewer_fields() -> None:
    items = "[{'id': 1, 'more': 'mmmmmmmmmmmmmmmmmmmmmmmmmmmmmm'}, {'id': 2, 'more': 'mmmmmmmmmmmmmmmmmmmmmmmmmmmmmm'}]"
    text = small('text: "{{ task.load.total }} {{ item.id }}"').replace("range(3)", items.replace("'", "''"))
    found = at.slim(text, script=heavy())
    assert found.hints == (
        "a strategy: 'projected' copies 1 bytes for each item, what its templates read; equal answers",
        "a window: 'windowed' keeps 1 of 2 copies at a time, 'eager' all of them",
        "fewer fields: the items are 96 bytes, of which id is read, 2 bytes",
    )
