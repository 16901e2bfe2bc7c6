"""The scenarios by name, their knobs, and a workload from whatever a user has."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import cloudpickle
import pytest

from attune_sim.contexts.registry import strategies
from attune_sim.errors import InputError, ParametersError, ScriptError, UnknownNameError, WorkflowError
from attune_sim.runspec import History
from attune_sim.scenarios.data import data_path
from attune_sim.scenarios.payload import make_history, make_variables
from attune_sim.scenarios.registry import scenarios, workload_of

NAMES = ["health_check", "log_pipeline", "notifications", "baseline"]


def json_bytes(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":")).encode())


def test_the_registry_lists_completes_and_describes():
    assert list(scenarios) == list(scenarios.names()) == NAMES
    assert set(NAMES) <= set(dir(scenarios))
    assert all(text.endswith(".") for text in scenarios.describe().values())
    assert "health_check" in repr(scenarios)
    assert scenarios["baseline"] is scenarios.baseline is scenarios.get("baseline")
    assert scenarios.get("none") is None


def test_an_unknown_name_is_told_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match="did you mean 'health_check'"):
        scenarios["helth_check"]
    with pytest.raises(AttributeError, match="did you mean 'baseline'"):
        _ = scenarios.base_line
    with pytest.raises(UnknownNameError, match="unknown scenario or workflow file 'helth_check'"):
        workload_of("helth_check")


@pytest.mark.parametrize("name", NAMES)
def test_every_scenario_is_found_by_name_by_function_and_as_itself(name):
    workload = workload_of(name)
    assert (workload.name, workload_of(scenarios[name]).items) == (name, workload.items)
    assert workload_of(workload, items=7).items == 7
    assert workload.history == History(tasks=100, bytes_each=10_000, payload="records")
    assert workload.fan_out in workload.workflow.by_name


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("strategy", sorted(strategies))
def test_a_replay_succeeds_under_every_strategy_in_the_size_asked_for(driven, name, strategy):
    workload = scenarios[name](11).sized(items=6, history=History(tasks=2, bytes_each=400))
    for dispatch in ("eager", "windowed"):
        run = driven(workload, strategy=strategy, dispatch=dispatch)
        assert run.state.status == "succeeded", run.state.error
        assert run.items.counts == {"succeeded": 6}
        assert 6 in run.state.output.values()
        assert run.state.warnings == []


@pytest.mark.parametrize("name", ["health_check", "log_pipeline", "notifications"])
def test_a_replay_gives_results_of_the_real_shape(driven, name):
    workload = scenarios[name](20, history=0)
    with workload.parts(workload) as given:
        real = driven(workload, given=given, real=True).state.task_results
    replayed = driven(workload).state.task_results
    assert list(real) == list(replayed)
    for task, result in real.items():
        assert shape_of(result) == shape_of(replayed[task]), task


def shape_of(result: object) -> object:
    """Keys and kinds: the first entry stands for a list, absent text is text, and maps of counts are alike."""
    if isinstance(result, dict) and all(isinstance(value, int) for value in result.values()):
        return "counts"
    if isinstance(result, dict):
        return {key: shape_of(value) for key, value in result.items() if key != "failed_items"}
    if isinstance(result, list):
        return [shape_of(value) for value in result if value is not None][:1]
    return "number" if isinstance(result, int | float) else "text"


@pytest.mark.parametrize("name", NAMES)
def test_a_workload_travels_to_another_process_and_still_runs(driven, name):
    workload = pickle.loads(cloudpickle.dumps(scenarios[name](5, history=1)))
    assert driven(workload).state.status == "succeeded"


def test_the_baseline_has_the_context_that_it_promises():
    workload = scenarios.baseline()
    assert (workload.items, workload.parameters()["items"]) == (1000, 1000)
    history = make_history(workload.history, workload.seed)
    assert (len(history), {json_bytes(result) for result in history.values()}) == (100, {10_000})
    assert sum(json_bytes(value) for value in workload.variables().values()) == 50_000
    assert json_bytes(workload.parameters()["settings"]) == 10_000


@pytest.mark.parametrize(
    ("name", "knob"), [("health_check", "servers"), ("notifications", "messages"), ("baseline", "items")]
)
def test_a_size_given_as_a_parameter_is_the_size_of_the_whole_workload(driven, name, knob):
    workload = workload_of(name, parameters={knob: 30})
    assert workload.items == 30
    with workload.parts(workload) as given:
        assert len(driven(workload, given=given, real=True).items.outcomes) == 30
    with pytest.raises(InputError, match=f"{knob} must be an integer of 0 or more"):
        workload_of(name, parameters={knob: "many"})


def test_a_log_given_as_a_parameter_is_read_to_its_end(tmp_path):
    file = tmp_path / "long.log"
    file.write_text("a broken line\n" * 12_000)
    for parameters, items in (({}, 12_000), ({"entries": 7}, 7)):
        workload = workload_of("log_pipeline", parameters={"file": str(file), **parameters})
        with workload.parts(workload) as given:
            assert (workload.items, {**workload.parameters(), **given}) == (
                items,
                {"file": str(file), "entries": items},
            )
    assert workload_of("log_pipeline", parameters={"entries": 5}).items == 5


def test_the_knobs_reach_the_context():
    workload = scenarios.health_check(
        servers=3, payload="text", history={"tasks": 2}, variables_bytes=600, concurrency=7, timeout=1.5
    )
    assert workload.history == History(tasks=2, payload="text")
    assert all(isinstance(value, str) for value in workload.variables().values())
    assert workload.workflow.by_name["check_health"].concurrency == 7
    assert workload.parameters() == {"servers": 3, "timeout": 1.5}
    assert make_variables(0) == {}


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"servers": -1}, "servers must be an integer of 0 or more, not -1"),
        ({"servers": 1.5}, "servers must be an integer"),
        ({"concurrency": 0}, "concurrency must be an integer of 1 or more"),
        ({"payload": "recods"}, "unknown payload shape 'recods' \\(did you mean 'records'"),
        ({"history": {"task": 3}}, "history has the keys tasks, bytes_each, payload, not task"),
        ({"timeout": 0}, "timeout must be a number of seconds above 0"),
    ],
)
def test_a_knob_that_means_nothing_is_refused(knobs, message):
    with pytest.raises(InputError, match=message):
        scenarios.health_check(**knobs)


def test_a_log_that_is_not_there_is_refused_before_anything_runs():
    with pytest.raises(InputError, match=r"none\.log: the log cannot be read: No such file"):
        scenarios.log_pipeline(file="none.log")


def test_data_files_are_found_and_a_missing_one_is_told():
    assert {path.name for path in (data_path("workflows")).glob("*.yaml")} == {
        f"{name}.yaml" for name in NAMES
    }
    with pytest.raises(
        InputError, match=r"no data file 'workflows/none\.yaml'; there are: .*workflows/baseline\.yaml"
    ):
        data_path("workflows/none.yaml")


# -- a user's own workflow -----------------------------------------------------------------------------------------

MINE = """
version: 1.0.0
ref: mine.check
parameters:
  urls: {type: array, default: []}
tasks:
  - name: list
    action: mine.list
    next:
      - when: "{{ succeeded() }}"
        do: [check]
  - name: check
    action: mine.check
    with_items: "{{ task.list.output.servers }}"
    retry: {count: 1, delay: 0}
    input:
      number: "{{ item.id }}"
    next:
      - publish:
          - well: "{{ result().succeeded }}"
"""

SCRIPT = {
    "actions": {
        "list": [{"result": {"servers": {"shape": "records", "bytes": 2000, "count": 10}}}],
        "check": [
            {"index": 2, "status": "failed", "error": "no disk"},
            {"index": 3, "attempt": 0, "status": "timed_out"},
            {"result": {"ok": True}},
        ],
    }
}


def test_a_script_stands_in_for_code_and_singles_out_items_and_tries(driven):
    workload = workload_of(MINE, script=SCRIPT)
    assert (workload.name, workload.items, workload.fan_out) == ("mine.check", 10, "check")
    assert workload.assumed == ("list: result.servers: records, 10 entries, 2,000 bytes of JSON",)
    for _ in range(2):  # every run begins the script anew
        run = driven(workload)
        assert run.items.counts == {"succeeded": 9, "failed": 1}
        assert run.items.errors == {2: "no disk"}
        assert run.state.variables["well"] == 9


@pytest.mark.parametrize("executor", ["threads", "asyncio"])
def test_a_script_answers_by_index_under_every_executor(driven, executor):
    assert driven(workload_of(MINE, script=SCRIPT), executor=executor).items.errors == {2: "no disk"}


def test_a_scripted_fan_out_can_be_made_larger_and_keeps_the_size_of_each_item(driven):
    workload = workload_of(MINE, script=SCRIPT, items=200)
    run = driven(workload)
    assert (workload.items, run.items.counts) == (200, {"succeeded": 199, "failed": 1})
    assert workload.assumed == ("list: result.servers: records, 200 entries, 40,000 bytes of JSON",)
    each = json_bytes(run.state.task_results["list"]) / 200
    assert each == pytest.approx(200, rel=0.02)


def test_a_scripted_list_is_repeated_without_sharing(driven):
    script = {"actions": {"list": [{"result": {"servers": [{"id": 1}, {"id": 2}]}}]}}
    workload = workload_of(MINE, script=script, actions={"mine.check": lambda number: number}, items=5)
    servers = driven(workload).state.task_results["list"]["servers"]
    assert [server["id"] for server in servers] == [1, 2, 1, 2, 1]
    assert servers[0] is not servers[2]
    assert workload.assumed == ("check: not in the script, action 'mine.check' was called",)


def test_a_task_without_answer_and_without_action_is_assumed_to_succeed(driven):
    script = {"actions": {"list": [{"result": {"servers": [{"id": 1}]}}]}}
    workload = workload_of(MINE, script=script)
    assert workload.assumed == (
        "check: not in the script and no action 'mine.check', the result {} was assumed",
    )
    assert driven(workload).state.task_results["check"]["results"] == [{}]


def test_a_script_for_a_task_that_is_not_there_is_refused():
    with pytest.raises(ScriptError, match=r"no task 'chek' in mine\.check \(did you mean 'check'"):
        workload_of(MINE, script={"actions": {"chek": []}})


def test_sizes_that_the_script_left_open_are_said():
    script = {"actions": {"list": [{"result": {"servers": {"shape": "records"}}}], "check": [{}]}}
    workload = workload_of(MINE, script=script)
    assert workload.assumed == (
        "list: result.servers: records, 45 entries, 10,000 bytes of JSON (the script names no bytes)",
    )
    assert workload.items == 45


def test_functions_of_the_user_run_as_replay_and_for_real(driven, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "def list(**input): return {'servers': [{'id': n} for n in range(4)]}\ndef check(number): return number\n"
    )
    for actions in (file, str(file)):
        workload = workload_of(MINE, actions=actions)
        for real in (False, True):
            run = driven(workload, real=real)
            assert run.state.task_results["check"]["results"] == [0, 1, 2, 3]


def test_items_from_a_parameter_can_be_counted_and_resized(driven):
    text = MINE.replace("task.list.output.servers", "parameters.urls")
    workload = workload_of(
        text,
        actions={"mine.list": dict, "mine.check": lambda number: number},
        parameters={"urls": [{"id": 7}, {"id": 8}]},
    )
    assert workload.items == 2
    run = driven(workload.sized(items=5))
    assert run.state.task_results["check"]["results"] == [7, 8, 7, 8, 7]


def test_items_from_the_default_of_a_parameter_are_counted_too():
    text = MINE.replace("task.list.output.servers", "parameters.urls").replace(
        "default: []", "default: [1, 2, 3]"
    )
    workload = workload_of(text)
    assert (workload.items, workload.sized(items=4).parameters()["urls"]) == (3, [1, 2, 3, 1])


def test_a_scenario_takes_the_users_actions_and_parameters_but_no_script(driven):
    workload = workload_of(
        "baseline",
        actions={"core.noop": lambda number: number * 2},
        parameters={"items": 3},
        history=History(0),
    )
    assert driven(workload).state.task_results["process_items"]["results"] == [0, 2, 4]
    with pytest.raises(InputError, match="scenario 'baseline' brings its own results"):
        workload_of("baseline", script=SCRIPT)


@pytest.mark.parametrize("name", list(scenarios))
def test_a_scenario_refuses_a_parameter_that_it_does_not_declare(name):
    with pytest.raises(ParametersError) as caught:
        workload_of(name, parameters={"itms": 3, "srvers": 3, "entires": 3, "mesages": 3})
    message = str(caught.value)
    assert message.startswith(f"scenario {name} declares no parameter ")
    assert "did you mean" in message
    assert len(caught.value.problems) in (3, 4)


def test_items_for_which_there_is_no_memory_are_refused_before_they_are_made():
    listed = {"actions": {"list": [{"result": {"servers": [{"id": 1}, {"id": 2}]}}]}}
    for script in (SCRIPT, listed):
        with pytest.raises(InputError, match=r"would take .* GB of memory, and .* are available"):
            workload_of(MINE, script=script, items=10**12)


def test_a_history_for_which_there_is_no_memory_is_refused_before_it_is_made():
    with pytest.raises(
        InputError, match=r"history, 1,000,000,000 results of 10,000 bytes \(records\): would take"
    ):
        make_history(History(tasks=10**9))
    with pytest.raises(InputError, match="would take"):
        make_history(History(tasks=10**12, bytes_each=2))


@pytest.mark.parametrize(
    ("source", "options", "error"),
    [
        ("none.yaml", {}, WorkflowError),
        (3, {}, InputError),
        (Path("none.yaml"), {}, WorkflowError),
        (MINE, {"script": "none.yaml"}, ScriptError),
        (MINE, {"actions": "none.py"}, InputError),
    ],
)
def test_what_cannot_be_a_workload_is_refused_in_one_message(source, options, error):
    with pytest.raises(error):
        workload_of(source, **options)


def test_the_package_is_the_registry_whoever_imports_what_first():
    program = (
        "import attune_sim.scenarios.workload, attune_sim as at\n"
        "import attune_sim.scenarios.catalogue.baseline, attune_sim.scenarios.registry as registry\n"
        "assert at.scenarios is registry.scenarios, at.scenarios\n"
        "print(at.scenarios.baseline(items=3).items, 'pandas' in __import__('sys').modules)\n"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (found.stdout, found.stderr) == ("3 False\n", "")


@pytest.mark.parametrize("name", list(scenarios))
def test_more_items_than_there_is_memory_for_are_refused_before_anything_is_made(name: str) -> None:
    workload = scenarios[name]()
    with pytest.raises(
        InputError, match=r"1,000,000,000,000 items: would take .* are available; ask for less"
    ):
        workload.sized(items=10**12)


# -- the size of a fan-out over what is published ------------------------------------------------------------------------

PUBLISHED = """
version: 1.0.0
ref: mine.published
parameters: {servers: {type: array, default: [{id: 1}, {id: 2}]}}
vars: {fixed: [1, 2]}
tasks:
  - name: list
    action: mine.list
    next:
      - {publish: [{found: "{{ result().rows }}", given: "{{ parameters.servers }}", odd: "{{ result().rows | first }}"}], do: [sort]}
  - {name: sort, action: mine.sort, next: [{publish: [{sorted: "{{ workflow.found }}"}], do: [check]}]}
  - {name: check, action: mine.check, with_items: "{{ ITEMS }}", input: {number: "{{ item }}"}}
"""
ROWS = {"actions": {"list": [{"result": {"rows": [1, 2, 3]}}], "sort": [{}], "check": [{}]}}


@pytest.mark.parametrize(
    "items", ["found", "workflow.found", "vars.sorted", "sorted", "given", "variables.given"]
)
def test_a_published_variable_is_followed_to_the_list_that_it_comes_from(driven, items):
    workload = workload_of(PUBLISHED.replace("ITEMS", items), script=ROWS, items=7)
    assert workload.items == 7
    assert len(driven(workload).state.task_results["check"]["results"]) == 7


@pytest.mark.parametrize(
    ("items", "script", "why"),
    [
        ("odd", ROWS, r"its items are computed: '\{\{ result\(\)\.rows \| first \}\}', as task 'list' publishes 'odd'"),
        ("range(3)", ROWS, r"its items are computed: '\{\{ range\(3\) \}\}'"),
        ("fixed", ROWS, r"the variable 'fixed', which stands in the file \(vars\)"),
        ("nothing", ROWS, r"the variable 'nothing', which is published by no task"),
        ("config.rows", ROWS, r"its items are those of 'config\.rows'"),
        ("sorted", None, r"what task 'list' gives \(task\.list\.rows\); give that in a script \(script=, --script\)"),
        ("task.list.others", ROWS, r"its items are task\.list\.others, and the script's answer of task 'list' has no list there"),
        ("parameters.other", ROWS, r"its items are parameters\.other, and no list is given there; .*--param"),
    ],
)  # fmt: skip
def test_a_size_that_cannot_be_set_says_precisely_why(items, script, why):
    with pytest.raises(
        InputError, match=rf"items: the size of 'mine\.published', fan-out 'check', .*: .*{why}"
    ):
        workload_of(PUBLISHED.replace("ITEMS", items), script=script, items=7)


def test_a_variable_with_two_origins_is_followed_to_none():
    text = PUBLISHED.replace('{sorted: "{{ workflow.found }}"}', '{found: "{{ result().others }}"}')
    with pytest.raises(
        InputError, match=r"'found', which has more than one origin \(published by 'list', 'sort'\)"
    ):
        workload_of(text.replace("ITEMS", "found"), script=ROWS, items=7)
