"""Whole workflows against scripted results: the conformance cases, and the rehearsal itself."""

import json
from pathlib import Path

import pytest

from attune_sim.errors import ScriptError
from attune_sim.rehearsal import EXPECTATIONS, rehearse

CONFORMANCE = Path(__file__).parent / "conformance"
WORKFLOWS = sorted(CONFORMANCE.glob("workflows/*.expect.json"))
ORQUESTA = [json.loads(line) for line in (CONFORMANCE / "orquesta.jsonl").read_text().splitlines()]

OVERRIDDEN = {
    "with_items_serial": "docs/language.md#aggregate: result() and task.each are the aggregate, not the result of the last item",
}
"""Recorded workflows that a rule of this engine overrides."""

ONCE = "docs/language.md#cycles: a task that two branches reach without a join runs once; Orquesta runs it once per arriving branch"
AGGREGATE = "docs/language.md#aggregate: result() of a fan-out is an aggregate; Orquesta's is the bare list of item results"
DIFFERENT = {
    "split.split": ONCE,
    "splits.splits": ONCE,
    "splits-very-many.very_many_splits_alt": ONCE,
    "task-transitions-split.task_transitions_split_from_succeeded_branch": ONCE,
    "with-items-transition.basic_items_list": AGGREGATE,
    "with-items-parallel.parallel_items_tasks": AGGREGATE,
}
"""Orquesta cases whose outcome differs in this language, with the reason."""


def _script(path):
    record = json.loads(path.read_text())
    script = {
        key: record[key] for key in ("parameters", "actions", "expect", "config", "keystore") if key in record
    }
    children = record.get("sub_workflows", {})
    return {**script, "sub_workflows": {ref: str(path.parent / name) for ref, name in children.items()}}


def _name(path):
    return path.name.removesuffix(".expect.json")


@pytest.mark.parametrize("path", [p for p in WORKFLOWS if _name(p) not in OVERRIDDEN], ids=_name)
def test_a_recorded_workflow_does_what_was_recorded(path):
    rehearsal = rehearse(path.with_name(f"{_name(path)}.yaml"), _script(path))

    assert rehearsal.differences == ()


@pytest.mark.parametrize("path", [p for p in WORKFLOWS if _name(p) in OVERRIDDEN], ids=_name)
def test_a_workflow_that_a_house_rule_overrides_differs_from_its_record(path):
    assert not rehearse(path.with_name(f"{_name(path)}.yaml"), _script(path)).ok


def _orquesta(record):
    scripted = {
        task: [
            {("index" if key == "item" else key): value for key, value in answer.items()}
            for answer in answers
        ]
        for task, answers in record["scripted"].items()
    }
    rehearsal = rehearse(record["translated"], {"parameters": record["inputs"], "actions": scripted})
    starts = list(dict.fromkeys(name.split("[")[0] for name in rehearsal.run.task_starts if "[" in name))
    plain = [name for name in rehearsal.run.task_starts if "[" not in name]
    expected = record["expect"]
    seen = {"status": rehearsal.run.status, "sequence": starts + plain}
    wanted = {"status": expected["status"], "sequence": expected["sequence_plain"]}
    if "output" in expected:
        wanted["output"] = expected["output"]
        seen["output"] = {key: rehearsal.run.output[key] for key in expected["output"]}
    return seen, wanted


TRANSLATED = [record for record in ORQUESTA if record.get("translated")]


@pytest.mark.parametrize("record", [r for r in TRANSLATED if r["id"] not in DIFFERENT], ids=lambda r: r["id"])
def test_an_orquesta_case_does_the_same_here(record):
    seen, wanted = _orquesta(record)

    assert seen == wanted


@pytest.mark.parametrize("record", [r for r in TRANSLATED if r["id"] in DIFFERENT], ids=lambda r: r["id"])
def test_an_orquesta_case_on_the_list_of_differences_differs(record):
    seen, wanted = _orquesta(record)

    assert seen != wanted, f"take it off the list: {DIFFERENT[record['id']]}"


GREET = "version: '1'\ntasks:\n  - name: greet\n    action: demo.greet\n"


def test_actual_answers_every_key_that_a_script_may_expect():
    assert set(rehearse(GREET, {}).actual) == set(EXPECTATIONS)


def test_a_difference_names_its_path_and_both_values():
    rehearsal = rehearse(
        GREET,
        {"actions": {"greet": [{"status": "failed"}]}, "expect": {"task_status": {"greet": "succeeded"}}},
    )

    assert rehearsal.differences == (("task_status.greet", "succeeded", "failed"),)
    assert "task_status.greet is 'failed', expected 'succeeded'" in repr(rehearsal)


def test_an_unknown_expectation_is_refused_before_anything_runs():
    with pytest.raises(ScriptError, match=r"unknown key 'stauts' \(did you mean 'status'\?\)"):
        rehearse(GREET, {"expect": {"stauts": "succeeded"}})


def test_true_and_one_are_different_values():
    text = GREET + "    next:\n      - publish: [{ok: '{{ result().ok }}'}]\n"
    script = {"actions": {"greet": [{"result": {"ok": True}}]}, "expect": {"variables": {"ok": 1}}}

    assert rehearse(text, script).differences == (("variables.ok", 1, True),)


def test_an_attempt_longer_than_its_timeout_ends_timed_out_at_that_moment():
    text = (
        GREET
        + "    timeout: 5\n    next:\n      - {when: '{{ timed_out() }}', do: [after]}\n  - {name: after, action: demo.n}\n"
    )
    rehearsal = rehearse(text, {"actions": {"greet": [{"duration": 60}]}})

    assert rehearsal.actual["task_status"] == {"greet": "timed_out", "after": "succeeded"}
    assert rehearsal.actual["start_times"] == [["greet", 0], ["after", 5]]


def test_two_rehearsals_of_one_script_are_equal_to_the_letter():
    path = CONFORMANCE / "workflows" / "retry_exhausted_exponential.expect.json"
    once, again = (
        rehearse(path.with_name("retry_exhausted_exponential.yaml"), _script(path)) for _ in range(2)
    )

    assert once.actual == again.actual


CALLING = (
    "version: '1'\ntasks:\n  - {name: call, action: demo.child, timeout: 3, retry: {count: 1, delay: 2}}\n"
)
CHILD = "version: '1'\ntasks:\n  - {name: add, action: demo.add}\n"


def test_a_sub_workflow_that_is_called_again_goes_on_in_the_script(tmp_path):
    (tmp_path / "child.yaml").write_text(CHILD)
    script = {
        "sub_workflows": {"demo.child": tmp_path / "child.yaml"},
        "actions": {"add": [{"status": "failed"}, {"status": "succeeded"}]},
        "expect": {"status": "succeeded", "start_times": [["call", 0], ["call", 3]]},
    }

    assert rehearse(CALLING, script).differences == ()


def test_a_sub_workflow_that_takes_just_its_timeout_has_ended_in_time(tmp_path):
    (tmp_path / "child.yaml").write_text(CHILD)
    script = {
        "sub_workflows": {"demo.child": tmp_path / "child.yaml"},
        "actions": {"add": [{"duration": 3}]},
        "expect": {"task_status": {"call": "succeeded"}},
    }

    assert rehearse(CALLING, script).differences == ()
