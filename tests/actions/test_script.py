"""Scripts of results: how an answer is found, what is refused, which sizes were assumed."""

from __future__ import annotations

import json

import pytest

from attune_sim.actions.script import Answer, Script, made
from attune_sim.errors import ScriptError


def statuses(script: Script, task: str, calls: list[dict[str, int | None]]) -> list[str]:
    return [script.answer(task, **call).status for call in calls]


def test_a_script_does_not_show_what_may_be_secret():
    script = Script.read({"actions": {}, "keystore": {"key": "k-123"}, "parameters": {"token": "t-456"}})

    assert "k-123" not in repr(script)
    assert "t-456" not in repr(script)


def test_answer_n_is_for_call_n_and_the_last_one_repeats():
    script = Script.read({"actions": {"t": [{"status": "failed"}, {"status": "timed_out"}, {}]}})
    assert statuses(script, "t", [{"call": n} for n in range(5)]) == [
        "failed",
        "timed_out",
        *["succeeded"] * 3,
    ]


def test_index_and_attempt_single_out_an_item_and_a_try():
    answers = [
        {"index": 1, "attempt": 0, "status": "failed"},
        {"index": 2, "status": "timed_out"},
        {"attempt": 3, "status": "cancelled"},
        {},
    ]
    script = Script.read({"actions": {"t": answers}})
    calls = [
        {"call": 9, "index": i, "attempt": a} for i, a in ((0, 0), (1, 0), (1, 1), (2, 0), (2, 3), (0, 3))
    ]
    assert statuses(script, "t", calls) == [
        "succeeded",
        "failed",
        "succeeded",
        "timed_out",
        "timed_out",
        "cancelled",
    ]


def test_several_answers_for_one_index_are_for_its_attempts():
    script = Script.read({"actions": {"t": [{"index": 0, "status": "failed"}, {"index": 0, "result": 5}]}})
    assert [script.answer("t", call=7, index=0, attempt=n).status for n in range(3)] == [
        "failed",
        "succeeded",
        "succeeded",
    ]


def test_a_task_without_answers_succeeds_with_an_empty_map_after_a_second():
    assert Script.read({"actions": {}}).answer("any", call=0) == Answer("succeeded", {}, 1.0)


def test_the_form_of_a_recorded_run_is_read_as_text_path_and_map(tmp_path):
    form = {
        "parameters": {"n": 1},
        "actions": {"t": [{"status": "completed", "duration": 2}]},
        "expect": {"status": "x"},
    }
    file = tmp_path / "script.json"
    file.write_text(json.dumps(form, indent=1))
    read = Script.read(form)
    assert read.tasks["t"][0].status == "succeeded"
    assert Script.read(str(file)).tasks == Script.read(json.dumps(form, indent=1)).tasks == read.tasks
    assert Script.read(read) is read
    assert (
        Script.read("actions:\n  t: {status: failed, error: no disk}\n").answer("t", call=0).reason
        == "no disk"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "actions:\n  t: [{stats: failed}]\n",
            r"task 't', answer 0: unknown key 'stats' \(did you mean 'status'\?\)",
        ),
        ("action:\n  t: []\n", r"unknown key 'action' \(did you mean 'actions'\?\)"),
        (
            "actions:\n  t: [{status: broken}]\n",
            "status 'broken' is none of: succeeded, failed, timed_out, cancelled",
        ),
        ("actions:\n  t: [{duration: -1}]\n", "duration must be a number of seconds"),
        ("actions:\n  t: [{duration: .nan}]\n", "duration must be a number of seconds"),
        ("actions:\n  t: [{index: a}]\n", "index must be an integer from 0, not 'a'"),
        ("actions:\n  t: soon\n", "give a list of answers"),
        ("actions: [1]\n", "actions: give a map, not list"),
        ("- 1\n", "script: give a map, not list"),
        ("a: [\n", r"script:2:1: not valid YAML"),
        (
            "actions:\n  t: [{result: {x: {shape: records, bytes: 5}}}]\n",
            r"answer 0: result\.x: 1 records cannot have 5 bytes",
        ),
        (
            "actions:\n  t: [{result: [{shape: recordss, bytes: 1}]}]\n",
            r"answer 0: result\[0\]: unknown payload shape 'recordss' \(did you mean 'records'\?\)",
        ),
        (
            "actions:\n  t: [{result: {shape: recrods}}]\n",
            r"unknown payload shape 'recrods' \(did you mean 'records'\?\)",
        ),
        (
            "actions:\n  t: [{result: {shape: text, bytes: 10000000000000}}]\n",
            r"task 't', answer 0: result: .* bytes of text: would take 37,000\.0 GB of memory, and .* are available",
        ),
    ],
)
def test_a_script_that_means_nothing_is_refused_with_its_place(text, message):
    with pytest.raises(ScriptError, match=message):
        Script.read(text)


def test_a_missing_script_is_refused_by_name():
    with pytest.raises(ScriptError, match=r"nowhere\.yaml: the script cannot be read: No such file"):
        Script.read("nowhere.yaml")


def test_described_results_are_made_afresh_at_every_depth():
    described = {
        "servers": {"shape": "records", "bytes": 500, "count": 4},
        "pages": [{"shape": "text", "bytes": 50}],
    }
    first, second = made(described), made(described)
    assert (len(first["servers"]), len(first["pages"][0])) == (4, 48)
    assert first == second
    assert first["servers"][0] is not second["servers"][0]


def test_a_result_that_only_looks_like_a_description_stays_as_it_is():
    plain = (
        {"shape": "round"},
        {"shape": "text", "colour": "red"},
        {"shape": "recordss", "bytes": 1, "colour": "red"},
        {"shape": [3, 4], "bytes": 96},
        {"bytes": 5},
        None,
        3,
    )
    for result in plain:
        assert made(result) == result
        assert Script.read({"actions": {"t": [{"result": result}]}}).tasks["t"][0].result == result


def test_results_that_are_made_up_are_listed_with_their_sizes():
    script = Script.read(
        {
            "actions": {
                "a": [{"result": {"x": {"shape": "records"}}}],
                "b": [{"result": {"shape": "text", "bytes": 20}}],
            }
        }
    )
    assert script.assumed == (
        "a: result.x: records, 45 entries, 10,000 bytes of JSON (the script names no bytes)",
        "b: result: text, 1 entries, 20 bytes of JSON",
    )


def test_sub_workflows_are_found_beside_the_script(tmp_path):
    (tmp_path / "child.yaml").write_text("version: 1.0.0\ntasks: [{name: one, action: core.noop}]\n")
    file = tmp_path / "script.yaml"
    file.write_text("sub_workflows: {demo.child: child.yaml}\nactions: {}\n")
    (child,) = Script.read(file).workflows()
    assert (child.ref, [task.name for task in child.tasks]) == ("demo.child", ["one"])


def test_a_script_of_json_is_read_as_json(tmp_path):
    path = tmp_path / "script.json"
    path.write_text('{"written_by": "attune-sim 0.1.0", "actions": {"check": [{"duration": 8e-06}]}}')
    assert Script.read(path).answer("check", call=0).duration == 8e-06

    path.write_text('{"actions": {\n  "check": ]}')
    with pytest.raises(ScriptError, match=r"script\.json:2:12: not valid JSON: Expecting value"):
        Script.read(path)
