from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.figure import Figure

import attune_sim as at
from attune_sim.amounts import byte_count, second_count
from attune_sim.api.runs.chosen import sized_workload


class Loud:
    """A strategy defined in a test: it shares everything, and travels to cells by value."""

    name = "loud"
    guarantees = at.strategies.shared.guarantees

    def __init__(self) -> None:
        self._inner = at.strategies.shared()
        self.begin, self.publish = self._inner.begin, self._inner.publish
        self.store, self.fan_out = self._inner.store, self._inner.fan_out

    def begin(self, namespaces): ...
    def publish(self, context, values): ...
    def store(self, context, task, result): ...
    def fan_out(self, context, reads): ...


def test_a_comparison_has_frames_and_a_row_a_strategy(small_comparison: at.Comparison) -> None:
    summary = small_comparison.summary()

    assert list(summary["strategy"]) == small_comparison.strategies == ["deepcopy", "shared"]
    assert set(summary["outcome"]) == {"ok"}
    assert {"fork_us", "fork_bytes"} <= set(small_comparison.frame["metric"])
    assert len(small_comparison.cells) == 2
    assert not small_comparison.samples.empty


def test_sharing_is_measured_as_cheaper_than_copying(small_comparison: at.Comparison) -> None:
    summary = small_comparison.summary().set_index("strategy")

    assert summary.loc["shared", "fork_bytes_ratio"] > 100
    assert small_comparison.check("shared.fork_bytes<128") == []


def test_the_answers_of_all_cells_are_equal(small_comparison: at.Comparison) -> None:
    assert small_comparison.cells["answer"].nunique() == 1


def test_every_plot_of_a_comparison_takes_axes(small_comparison: at.Comparison) -> None:
    for name in ("plot_memory", "plot_fork_time", "plot_fork_memory", "plot_time_split"):
        axes = Figure().subplots()
        assert getattr(small_comparison, name)(ax=axes) is axes


def test_a_comparison_shows_itself_in_a_line_and_in_a_notebook(small_comparison: at.Comparison) -> None:
    shown = small_comparison._repr_mimebundle_()

    assert repr(small_comparison) == shown["text/plain"]
    assert "2 cells (2 ok)" in repr(small_comparison)
    assert ".summary()" in repr(small_comparison)
    assert "\n" not in repr(small_comparison)
    assert "<table" in shown["text/html"]
    assert "<html" not in shown["text/html"]


def test_the_report_is_one_file(small_comparison: at.Comparison, tmp_path: Path) -> None:
    html = Path(small_comparison.report(tmp_path / "report.html")).read_text()

    assert html.count("<svg") == 1 + 5
    assert "http" not in html


def test_a_stored_comparison_is_found_again_and_not_measured_anew(tmp_path: Path) -> None:
    store = tmp_path / "cells.jsonl"
    first = at.compare("baseline", "shared", items=5, history=1, repeats=1, store=store)
    size = store.stat().st_size

    again = at.compare("baseline", "shared", items=5, history=1, repeats=1, store=store)
    assert store.stat().st_size == size
    assert again.records == first.records == at.load_comparison(store).records


@pytest.mark.slow
def test_actions_and_strategies_of_a_test_work_in_cells(squares: at.Workflow) -> None:
    factor = 3

    compared = at.compare(
        squares, ["shared", Loud], actions={"demo.square": lambda n: n * factor}, repeats=1, progress=False
    )
    assert compared.strategies == ["shared", "loud"]
    assert set(compared.cells["run_status"]) == {"succeeded"}


def test_a_workflow_without_code_is_compared_by_a_script_of_results(squares: at.Workflow) -> None:
    workload = at.workload_of(squares, script={"actions": {"square": [{"result": 1}]}})

    compared = at.compare(workload, "shared", repeats=1)
    assert compared.cells["items_done"].to_list() == [4]


def test_a_script_is_not_the_real_thing(squares: at.Workflow) -> None:
    workload = at.workload_of(squares, script={"actions": {"square": [{"result": 1}]}})

    with pytest.raises(
        at.InputError, match=r"leave out either real=True \(--real\) or the script \(--script\)"
    ):
        at.compare(workload, "shared", real=True)


def test_a_parameter_that_is_not_declared_is_a_warning_of_a_run_and_of_a_comparison(
    squares: at.Workflow,
) -> None:
    given = {"numbers": [1, 2], "nubmers": [3]}
    declaring = replace(squares, parameters={"numbers": {"type": "array"}})
    actions = {"demo.square": lambda n: n * n}
    message = "declares no parameter 'nubmers' (did you mean 'numbers'?)"

    (warning,) = at.run(declaring, given, actions=actions).warnings
    assert warning.endswith(message)
    workload = at.workload_of(declaring, actions=actions, parameters=given)
    compared = at.compare(workload, "shared", repeats=1)
    assert [message in warning for warning in compared.warnings] == [True]
    assert str(compared).count(message) == 1
    assert compared._repr_mimebundle_()["text/html"].count("nubmers") == 1


def test_a_workflow_that_declares_no_parameters_takes_any(squares: at.Workflow) -> None:
    open_to_all = replace(squares, parameters=None)
    run = at.run(open_to_all, {"numbers": [1], "whatever": 2}, actions={"demo.square": lambda n: n})

    assert (run.status, run.warnings) == ("succeeded", ())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"strategies": ["deepcopi"]}, "did you mean 'deepcopy'?"),
        ({"strategies": []}, "name at least one strategy"),
        ({"dispatch": "lazy"}, "choose from: eager, windowed"),
        ({"executor": "process"}, "choose from: inline, threads, asyncio"),
        ({"probes": ("cycles",)}, "probe 'cycles' does not exist; choose from: instructions"),
        ({"payload": "blobs"}, "choose from: text, records, numbers"),
        ({"repeats": 0}, "repeats must be a whole number of 1 or more"),
        ({"items": -1}, "items must be a whole number of 1 or more"),
        ({"memory_limit": "2 gigs"}, "memory_limit '2 gigs'"),
        ({"time_limit": "soon"}, "time_limit 'soon'"),
        ({"workload": "helth_check"}, "did you mean 'health_check'?"),
    ],
)
def test_what_cannot_be_used_is_an_input_error_before_anything_is_measured(given: dict, message: str) -> None:
    with pytest.raises(at.InputError) as caught:
        at.compare(**{"workload": "baseline", "items": 1, **given})
    assert message in str(caught.value)


def test_amounts_are_read_with_their_units() -> None:
    assert [byte_count(text) for text in ("1", "1kb", "1 KiB", "1.5GiB")] == [1, 1000, 1024, 3 * 2**29]
    assert [second_count(text) for text in ("1", "250ms", "2min", 0.5, "500 µs")] == [
        1.0,
        0.25,
        120.0,
        0.5,
        0.0005,
    ]


@pytest.mark.parametrize("amount", ["", "-1", "0", "GiB", "1e3", True, 0, float("nan"), float("inf")])
def test_amounts_that_are_none_are_refused(amount) -> None:
    with pytest.raises(at.InputError, match="size"):
        byte_count(amount)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strategies": 5}, "a strategy is registered as a class, not as 5"),
        ({"memory_limit": [1]}, "memory_limit [1] is no number of bytes"),
        ({"time_limit": True}, "time_limit True is no time"),
        ({"seed": "x"}, "seed must be a whole number"),
        ({"history": {"tasks": "2"}}, "history tasks must be an integer"),
        ({"history": at.History(tasks=-1)}, "history tasks must be an integer"),
        ({"history": {"payload": "zz"}}, "unknown payload shape 'zz'"),
    ],
)
def test_an_option_of_the_wrong_kind_is_named_and_nothing_is_measured(options: dict, message: str) -> None:
    with pytest.raises(at.InputError) as caught:
        at.compare("baseline", **options)
    assert message in str(caught.value)


def test_payload_is_the_shape_of_everything_that_a_scenario_makes_up() -> None:
    text = sized_workload(at.workload_of("baseline"), payload="text", items=2)
    records = sized_workload(at.workload_of("baseline"), items=2)

    assert text.history.payload == text.ballast.payload == "text"
    assert {type(value) for value in text.variables().values()} == {str}
    assert type(text.parameters()["settings"]["content"]) is str
    assert {type(value) for value in records.variables().values()} == {list}


def test_a_comparison_of_a_users_workflow_has_the_context_asked_for_and_says_that_it_is_estimated(
    squares: at.Workflow,
) -> None:
    compared = at.compare(
        squares, "shared", actions={"demo.square": lambda n: n}, context_bytes="200KB", payload="text", repeats=1,
        progress=False,
    )  # fmt: skip

    cell = compared.cells.iloc[0]
    assert (cell["context_bytes"], cell["payload"]) == (200_000, "text")
    assert cell["fan_out_context_bytes"] >= 200_000
    added = 200_000 - at.workload_of(squares).context_bytes
    assert cell["assumed"] == f"estimated: {added:,} bytes of synthetic finished results"


def test_the_context_of_a_comparison_has_one_size_only() -> None:
    with pytest.raises(at.InputError, match="give one of them"):
        at.compare("baseline", context_bytes="1MB", history=3)


# -- one list of options -----------------------------------------------------------------------------------------------

GIVEN = """
version: 1.0.0
ref: demo.given
parameters:
  names: {type: array}
tasks:
  - name: call
    action: demo.child
    with_items: "{{ parameters.names }}"
    input: {name: "{{ item }}", city: "{{ config.city }}", key: "{{ keystore.key }}"}
output_map: {got: "{{ task.call.results }}"}
"""
CHILD = """
version: 1.0.0
ref: demo.child
parameters: {name: {type: string}, city: {type: string}, key: {type: string, secret: true}}
tasks:
  - {name: greet, action: demo.greet}
output_map: {said: "{{ task.greet.said }}"}
"""


def greet(name: str, city: str, key: str) -> dict:
    return {"said": f"{name} of {city} {len(key)}"}


def everything() -> dict:
    return {
        "parameters": {"names": ["ann", "bob"]},
        "actions": {"demo.greet": greet},
        "workflows": [CHILD],
        "config": {"city": "Bern"},
        "keystore": {"key": "12345678"},
    }


@pytest.mark.slow
def test_what_a_run_takes_a_comparison_takes_with_the_same_meaning(tmp_path: Path) -> None:
    run = at.run(GIVEN, **everything(), journal=tmp_path / "run.jsonl")
    assert run.output["got"][1]["said"] == "bob of Bern 8"

    for options in (everything(), {"script": tmp_path / "run.jsonl", **everything(), "actions": None}):
        found = at.compare(GIVEN, ["deepcopy", "shared"], repeats=1, progress=False, **options)
        assert found.outcomes == {"ok": 2}
        assert {record.run_status for record in found.records} == {"succeeded"}
        assert {record.items for record in found.records} == {2}


@pytest.mark.slow
def test_a_saved_script_with_a_sub_workflow_is_compared_with_and_without_the_sub_workflow(
    tmp_path: Path,
) -> None:
    script = at.script_of(at.run(GIVEN, **everything(), journal=tmp_path / "run.jsonl"))

    for options in ({}, {"workflows": [CHILD]}):
        found = at.compare(GIVEN, "shared", repeats=1, script=script, progress=False, **options)
        assert [(record.outcome, record.run_status) for record in found.records] == [("ok", "succeeded")]


@pytest.mark.parametrize("verb", [at.run, at.compare, at.check_isolation])
@pytest.mark.parametrize("name", ["parameters", "config", "keystore"])
def test_a_map_with_other_keys_is_refused_by_name_and_not_shown(verb, name: str) -> None:
    with pytest.raises(at.InputError, match=f"{name} must be a map of names"):
        verb(GIVEN, **{name: {1: "s3cr3t"}})


def test_a_script_answers_in_every_verb(squares: at.Workflow) -> None:
    script = {"actions": {"square": [{"result": 7}]}}
    assert at.run(squares, script=script).output["squares"] == [7] * 4
    assert at.check_isolation(squares, script=script).ok


def test_an_action_that_writes_into_its_input_is_a_warning(squares_text: str) -> None:
    text = squares_text.replace('{n: "{{ item }}"}', '{n: "{{ [item] }}"}')
    found = at.compare(
        text, "shared", actions={"demo.square": lambda n: n.append(1)}, repeats=1, progress=False
    )
    (warning,) = found.warnings
    assert warning.startswith("task 'square': its action wrote into what it was handed")
    assert "check-isolation" in warning


def test_what_is_printed_explains_its_signs_in_lines_of_a_hundred_columns(comparison_records) -> None:
    cut_short, whole = (
        str(at.Comparison(records)) for records in (comparison_records, comparison_records[-3:])
    )

    assert max(map(len, cut_short.splitlines()[-3:])) <= 100
    assert "~ a figure in doubt, ≥ at least that, the run was cut short: .summary() says why;" in cut_short
    assert "≥ 1.96 GB" in cut_short
    assert "≥" not in whole


def test_a_comparison_in_which_nothing_succeeded_says_so(record_of) -> None:
    compared = at.Comparison([record_of(items_failed=1000), record_of(strategy="deepcopy")])

    assert compared.in_vain == ["shared"]
    assert "no item of shared succeeded" in repr(compared)
