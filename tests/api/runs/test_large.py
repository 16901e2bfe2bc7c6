"""Fan-outs whose results do not come home: they are counted, or kept where they were made."""

import json

import pytest
from click.testing import CliRunner

import attune_sim as at
from attune_sim.api.runs.scripts import script_of
from attune_sim.cli.app import program
from attune_sim.errors import InputError, JournalError, UnknownNameError
from attune_sim.expressions import Limits
from attune_sim.kept import kept_results

TEXT = """
version: '1'
parameters: {n: {type: integer}}
tasks:
  - name: each
    action: t.each
    with_items: "{{ range(parameters.n) }}"
    concurrency: 10
    retry: {count: 1, delay: 0}
    input: {n: "{{ item }}"}
    next: [{publish: [{done: "{{ result().succeeded }}"}], do: [after]}]
  - {name: after, action: t.after, input: {each: "{{ task.each }}"}}
output_map: {done: "{{ workflow.done }}", sum: "{{ task.after.sum }}"}
"""


def _each(n):
    if n % 10 == 3:
        raise ValueError("three")
    return {"n": n}


async def _awaited(n):
    return _each(n)


def _after(each):
    return {"sum": sum(result["n"] for _, result in kept_results(each)) if "kept" in each else None}


ACTIONS = {"t.each": _each, "t.after": _after}
SUM = sum(n for n in range(40) if n % 10 != 3)


@pytest.mark.parametrize("executor", ["inline", "threads", "asyncio"])
def test_a_task_that_follows_reads_results_where_they_were_kept(tmp_path, executor):
    actions = {**ACTIONS, "t.each": _awaited} if executor == "asyncio" else ACTIONS
    run = at.run(TEXT, {"n": 40}, actions=actions, executor=executor, results={"each": tmp_path / "kept"})
    alone = at.run(TEXT, {"n": 40}, actions=ACTIONS, results={"each": tmp_path / "alone"})

    aggregate = run.task_results["each"]
    assert "results" not in aggregate
    assert (aggregate["total"], aggregate["succeeded"], aggregate["failed"]) == (40, 36, 4)
    assert [failed["index"] for failed in aggregate["failed_items"]] == [3, 13, 23, 33]
    assert run.output == {"done": 36, "sum": SUM, "succeeded": True}
    assert aggregate["kept"]["digest"] == alone.task_results["each"]["kept"]["digest"]
    assert sorted(run.kept_results("each")) == [(n, {"n": n}) for n in range(40) if n % 10 != 3]
    assert run.kept[["task", "items", "bytes"]].to_numpy().tolist() == [
        ["each", 36, aggregate["kept"]["bytes"]]
    ]


@pytest.mark.parametrize("strategy", ["shared", "deepcopy", "json", "hamt"])
def test_results_that_are_counted_are_held_nowhere(tmp_path, strategy):
    journal = tmp_path / "run.jsonl"
    run = at.run(
        TEXT, {"n": 40}, actions=ACTIONS, strategy=strategy, results={"each": "counts"}, journal=journal
    )

    whole = at.run(TEXT, {"n": 40}, actions=ACTIONS).task_results["each"]
    del whole["results"]
    assert run.task_results["each"] == whole
    assert run.kept.empty
    ends = [
        json.loads(line) for line in journal.read_text().splitlines()[1:] if line.startswith('["e",0,"each"')
    ]
    assert {json.dumps(end[7]) for end in ends if end[6] == "succeeded"} == {"null"}
    with pytest.raises(InputError, match="no results were kept"):
        run.kept_results("each")


def test_items_in_a_row_are_never_made_into_a_list():
    seen = []
    watch = type("Opened", (), {"fan_out_opened": lambda self, offer: seen.append(offer.items)})()
    given = {"actions": ACTIONS, "observers": [watch], "results": {"each": "counts"}}
    at.run(TEXT, {"n": 5}, **given)
    at.run(TEXT.replace("range(parameters.n)", "range(2, parameters.n)"), {"n": 5}, **given)
    at.run(TEXT.replace("range(parameters.n)", "range(parameters.n) + [7]"), {"n": 2}, **given)
    at.run(TEXT.replace("concurrency: 10", "batch_size: 2"), {"n": 3}, **given)

    assert [items for items in seen if len(items) > 1] == [range(5), range(2, 5), [0, 1, 7], [[0, 1], [2]]]


@pytest.mark.parametrize(
    ("bounds", "limits"),
    [("'a'", None), ("1, 2, 3", None), ("parameters.none", None), ("99", Limits(entries=9))],
)
def test_what_is_no_range_fails_as_it_does_in_every_run(bounds, limits):
    text = TEXT.replace("range(parameters.n)", f"range({bounds})").replace("next: [{publish", "x: [{publish")
    text = "\n".join(line for line in text.splitlines() if "x: [" not in line and "t.after" not in line)
    text = text.partition("output_map")[0]
    errors = [
        at.run(at.load(text, lenient=True), {"n": 1}, actions=ACTIONS, limits=limits, results=results).error
        for results in (None, {"each": "counts"})
    ]

    assert errors[0] is not None
    assert (
        errors[0].partition(": this")[0].partition(": a list")[0]
        == errors[1].partition(": this")[0].partition(": a list")[0]
    )


@pytest.mark.parametrize("how", ["counts", "kept"])
def test_a_run_that_broke_is_taken_up_with_what_it_had_kept(tmp_path, how, stopping):
    journal, where = tmp_path / "run.jsonl", "counts" if how == "counts" else tmp_path / "kept"
    given = {"actions": ACTIONS, "results": {"each": where}}
    with pytest.raises(stopping.Stop):
        at.run(TEXT, {"n": 40}, journal=journal, observers=[stopping(17)], **given)
    run = at.resume(journal, actions=ACTIONS, executor="threads")

    assert run.skipped["each"] >= 17
    assert run.output == {"done": 36, "sum": None if how == "counts" else SUM, "succeeded": True}
    with pytest.raises(JournalError, match="the results of task 'each' stayed where they were made"):
        script_of(run)


def test_a_note_that_somebody_changed_in_a_journal_is_refused(tmp_path, stopping):
    journal = tmp_path / "run.jsonl"
    with pytest.raises(stopping.Stop):
        at.run(
            TEXT, {"n": 40}, actions=ACTIONS, journal=journal, observers=[stopping(17)],
            results={"each": tmp_path / "kept"},
        )  # fmt: skip
    journal.write_text(journal.read_text().replace('["each.0@', '["a","each.0@', 1))

    with pytest.raises(JournalError, match="item 0: its result is to be kept where it was made"):
        at.resume(journal, actions=ACTIONS)


def test_a_result_that_cannot_be_kept_is_a_failure_of_its_item(tmp_path):
    given = {"results": {"each": tmp_path / "kept"}}
    run = at.run(TEXT, {"n": 2}, actions={**ACTIONS, "t.each": lambda n: {n} if n else n}, **given)

    assert (
        run.task_results["each"]["error"]
        == "task 'each': its result cannot be kept: the value: set is not JSON"
    )
    assert (
        list(
            at.run(TEXT, {"n": 0}, actions=ACTIONS, results={"each": tmp_path / "none"}).kept_results("each")
        )
        == []
    )


SUB = """
version: '1'
ref: t.sub
tasks: [{name: one, action: core.noop}]
"""


def test_what_cannot_be_meant_is_told_before_anything_runs(tmp_path):
    def refused(kind, told, results, text=TEXT, **more):
        with pytest.raises(kind, match=told):
            at.run(text, {"n": 1}, actions=ACTIONS, results=results, **more)

    refused(UnknownNameError, r"unknown task 'eash' \(did you mean 'each'\?\)", {"eash": "counts"})
    refused(InputError, "task 'after' has no with_items", {"after": "counts"})
    refused(InputError, "of task 'each' they are 'counts' or stay in a folder, not 7", {"each": 7})
    refused(InputError, "results must map tasks", "counts")
    (tmp_path / "file").touch()
    refused(InputError, "is no folder", {"each": tmp_path / "file"})
    calls = TEXT.replace("t.each", "t.sub")
    refused(InputError, "calls the sub-workflow 't.sub'", {"each": "counts"}, calls, workflows=at.load(SUB))
    at.run(TEXT, {"n": 1}, actions=ACTIONS, results={"each": tmp_path / "kept"})
    refused(InputError, "holds the results of a run already", {"each": tmp_path / "kept"})
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("result().succeeded", "result().results", r"task 'each', next\[0\].publish.done"),
        ("task.each }", "task.each.results[0] }", "task 'after', input"),
        ("task.after.sum", "task.each.result.results", "output_map.sum"),
        ("result().succeeded }}", "result() }}", "something"),
    ],
)
def test_a_workflow_that_reads_the_results_at_home_is_told_where(old, new, where):
    text = TEXT.replace(old, new)
    if where == "something":  # through a variable
        text = text.replace("workflow.done", "workflow.done.results").replace("task.each }", "1 }")
    with pytest.raises(
        InputError, match=f"results: {where} reads the results of task 'each', which will not be at home"
    ):
        at.run(text, {"n": 1}, actions=ACTIONS, results={"each": "counts"})


def test_the_command_line_takes_them_by_task(tmp_path):
    (tmp_path / "acts.py").write_text(
        "def each(n):\n    return n\n\n\ndef after(each):\n    return {'sum': each['kept']['items']}\n"
    )
    text = TEXT.replace("t.each", "acts.each").replace("t.after", "acts.after")
    (tmp_path / "flow.yaml").write_text(text)
    given = [str(tmp_path / "flow.yaml"), "--actions", str(tmp_path / "acts.py"), "--param", "n=3", "--json"]
    done = CliRunner().invoke(program, ["run", *given, "--results", f"each={tmp_path / 'kept'}"])
    wrong = CliRunner().invoke(program, ["run", *given, "--results", "each"])

    shown = CliRunner().invoke(program, ["run", *given[:-1], "--results", f"each={tmp_path / 'more'}"])
    assert f"results of each: 3 items kept in {tmp_path / 'more'}" in shown.stdout
    assert json.loads(done.stdout)["output"] == {"done": 3, "sum": 3, "succeeded": True}
    assert "--results has the form TASK=counts or TASK=FOLDER" in str(wrong.exception)
