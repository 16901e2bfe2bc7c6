from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

import attune_sim as at
from attune_sim.cli.app import exit_code, program
from attune_sim.record import CellKey
from attune_sim.store import Store


@pytest.fixture
def folder(squares_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a workflow, its actions, a script of results, and a broken workflow; commands run in it."""
    text = squares_file.read_text()
    (tmp_path / "picky.py").write_text(
        "def demo__square(n):\n    if n == 3:\n        raise ValueError('not three')\n    return n * n\n"
    )
    (tmp_path / "results.yaml").write_text(
        "actions:\n  square:\n    - result: {shape: records, bytes: 500}\n"
    )
    (tmp_path / "list.yaml").write_text("[1, 2]\n")
    (tmp_path / "fixed.yaml").write_text(text.replace("{{ parameters.numbers }}", "{{ range(3) }}"))
    (tmp_path / "broken.yaml").write_text(text.replace("with_items", "with_itens"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def console(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    program = "from attune_sim.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=120, **options
    )


@pytest.mark.parametrize("name", [None, *program.commands])
def test_every_command_has_help_that_teaches(name: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    code = exit_code([*([name] if name else []), "--help"])

    text = capsys.readouterr().out
    assert code == 0
    assert "Usage: attune-sim" in text
    assert len(text.split()) > 20


@pytest.mark.parametrize("name", program.commands)
def test_every_option_has_a_help_text(name: str) -> None:
    options = [option for option in program.commands[name].params if option.param_type_name == "option"]

    assert all(getattr(option, "help", None) for option in options)


def test_run_prints_how_tasks_and_items_ended(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = exit_code(["run", "squares.yaml", "--actions", "squares.py"])

    seen = capsys.readouterr()
    assert code == 0
    assert "The run succeeded; 4 of 4 items succeeded." in seen.out
    assert 'output: {"squares": [1, 4, 9, 16]' in seen.out
    assert "\n  time: " in seen.out
    assert seen.err == ""


def test_run_tells_at_the_end_what_needed_retries_and_what_sub_workflows_did(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "outer.yaml").write_text(
        "version: 1.0.0\ntasks:\n  - name: each\n    action: demo.square\n    with_items: '{{ [1, 3] }}'\n"
        "    input: {n: '{{ item }}'}\n    retry: {count: 1, delay: 0}\n    next: [{do: [inner]}]\n"
        "  - {name: inner, action: demo.squares}\n"
    )
    (folder / "subs").mkdir()
    (folder / "subs" / "squares.yaml").write_text((folder / "squares.yaml").read_text())
    (folder / "twice.py").write_text(
        "seen = set()\ndef demo__square(n):\n    if n == 3 and n not in seen:\n        seen.add(n)\n"
        "        raise ValueError('not yet')\n    return n * n\n"
    )

    arguments = ["run", "outer.yaml", "--actions", "twice.py", "--workflows", "subs"]
    assert exit_code(arguments) == 0
    text = capsys.readouterr().out
    assert "retries: 1 item needed more than one attempt" in text
    assert "tasks of sub-workflows, and how often their actions were called: square 4" in text
    exit_code([*arguments, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (told["retried"], told["sub_workflow_calls"]) == (1, {"square": 4})


def test_a_failed_run_is_a_finding_with_its_reason(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = exit_code(["run", "squares.yaml", "--actions", "picky.py", "--report", "run.html"])

    text = capsys.readouterr().out
    assert code == 1
    assert "3 of 4 items succeeded" in text
    assert "not three" in text
    assert "not three" in (folder / "run.html").read_text()


def test_run_reads_parameters_from_pairs_and_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "parameters.yaml").write_text("numbers: [7]\n")
    exit_code(["run", "squares.yaml", "--actions", "squares.py", "--params", "parameters.yaml", "--json"])
    from_file = json.loads(capsys.readouterr().out)
    exit_code(["run", "squares.yaml", "--actions", "squares.py", "--param", "numbers=[1, 2]", "--json"])
    from_pair = json.loads(capsys.readouterr().out)

    assert from_file["items"]["done"] == 1
    assert from_pair["items"] == {"done": 2, "succeeded": 2, "failed": 0, "timed_out": 0}
    assert from_pair["status"] == "succeeded"


def test_secret_parameters_are_masked_in_what_is_printed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    definition = (folder / "squares.yaml").read_text()
    definition = definition.replace("parameters:", "parameters:\n  token: {type: string, secret: true}")
    definition = definition.replace("publish: [", 'publish: [{header: "Bearer {{ parameters.token }}"}, ')
    (folder / "secret.yaml").write_text(definition)

    exit_code(["run", "secret.yaml", "--actions", "squares.py", "--param", "token=hunter22", "--json"])
    text = capsys.readouterr().out
    assert "hunter22" not in text
    assert "Bearer ***" in text


def test_run_needs_no_code_with_a_script_of_results(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["run", "squares.yaml", "--script", "results.yaml"]) == 0
    assert "square: result: records" in capsys.readouterr().out.partition("Sizes that were assumed")[2]


def test_compare_prints_a_table_what_was_assumed_and_the_report(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["compare", "squares.yaml", "--script", "results.yaml", "--repeats", "1"]
    code = exit_code([*arguments, "--strategy", "deepcopy", "--strategy", "shared", "--history", "3"])

    seen = capsys.readouterr()
    assert code == 0
    assert "deepcopy" in seen.out
    assert "Verdict, beside deepcopy" in seen.out
    assert "report: results/demo.squares.html" in seen.out
    assert (folder / "results" / "demo.squares.html").read_text().startswith("<!doctype html>")
    assert seen.err.startswith("equal answers first: deepcopy\n")


@pytest.mark.slow
def test_a_cell_killed_from_outside_is_a_failure_of_compare_and_one_at_its_limit_is_a_finding(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "killing.py").write_text(
        "import os, signal\ndef demo__square(n):\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    (folder / "slow.py").write_text("import time\ndef demo__square(n):\n    time.sleep(60)\n")
    shared = ["--strategy", "shared", "--repeats", "1", "--time-limit", "1s", "--real"]

    assert exit_code(["compare", "squares.yaml", "--actions", "killing.py", *shared]) == 1
    assert "✗ killed at" in capsys.readouterr().out
    assert exit_code(["compare", "squares.yaml", "--actions", "slow.py", *shared]) == 0
    assert "✗ time limit at" in capsys.readouterr().out


def test_compare_gives_json_and_keeps_rows_in_a_store(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["compare", "baseline", "--items", "5", "--history", "1", "--repeats", "1", "--json"]
    code = exit_code([*arguments, "--strategy", "shared", "--store", "cells.jsonl"])

    found = json.loads(capsys.readouterr().out)
    assert code == 0
    assert found["summary"][0]["strategy"] == "shared"
    assert {row["metric"] for row in found["metrics"]} >= {"fork_us", "fork_bytes"}
    assert (folder / "cells.jsonl").stat().st_size > 0


def test_a_broken_threshold_is_a_finding(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "compare",
        "baseline",
        "--items",
        "5",
        "--history",
        "1",
        "--repeats",
        "1",
        "--strategy",
        "shared",
    ]
    code = exit_code([*arguments, "--threshold", "fork_bytes<8"])

    assert code == 1
    assert "fork_bytes<8: baseline, shared, 5 items, eager: fork_bytes is" in capsys.readouterr().out


def with_times(store: Path, factors: list[float]) -> None:
    """Rewrites a store: its forks took these times, one a repeat, as shares of a microsecond, at an even pace."""
    rows = [json.loads(line) for line in store.read_text().splitlines()]
    repeats = {row["cell"]: row["key"]["repeat"] for row in rows if row["row"] == "started"}
    for row in rows:
        if row.get("metric") in ("fork_us", "floor_us"):
            row["value"] = factors[repeats[row["cell"]]] if row["metric"] == "fork_us" else 0.2
    store.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.slow
def test_what_a_baseline_leaves_open_is_printed_and_breaks_nothing_and_other_software_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = ["baseline", "--items", "5", "--history", "1", "--repeats", "5", "--strategy", "shared"]
    assert exit_code(["compare", *sizes, "--store", "now.jsonl"]) == 0
    text = (folder / "now.jsonl").read_text()
    (folder / "before.jsonl").write_text(re.sub(r'"orjson":"[^"]+"', '"orjson":"0.1"', text))
    with_times(folder / "before.jsonl", [1.0] * 5)
    with_times(folder / "now.jsonl", [0.9, 1.3, 1.4, 0.8, 1.2])
    capsys.readouterr()

    held = ["--store", "now.jsonl", "--baseline", "before.jsonl", "--threshold", "fork_us:10%"]
    code = exit_code(["compare", *sizes, *held])
    seen = " ".join(capsys.readouterr().out.split())
    assert code == 0
    assert "Thresholds of which one cannot tell: they are not broken fork_us:10%: baseline, shared" in seen
    assert "the baseline was measured under orjson 0.1, this under orjson" in seen

    with_times(folder / "now.jsonl", [1.3, 1.3, 1.4, 1.3, 1.2])
    assert exit_code(["compare", *sizes, *held]) == 1


@pytest.mark.slow
def test_repeats_go_on_by_themselves_until_the_budget_ends(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = ["baseline", "--items", "5", "--history", "1", "--strategy", "shared", "--strategy", "deepcopy"]
    code = exit_code(["compare", *sizes, "--repeats", "auto", "--budget", "1s", "--json"])

    found = json.loads(capsys.readouterr().out)
    assert code == 0
    assert {row["looks"] for row in found["cells"]} == {"5 7 9 12 16 20 26 33 42 50"}
    assert {row["verdict"] for row in found["verdicts"]} <= {"changed", "not changed", "cannot tell"}
    assert found["verdicts"]


def rounds_kept(store: Path, rounds: int) -> None:
    """Adds so many rounds to a file of noise, each like the one that it has."""
    rows = [json.loads(line) for line in store.read_text().splitlines()]
    keys = {row["cell"]: CellKey(**row["key"]) for row in rows if row["row"] == "started"}
    with Store(store) as kept:
        for repeat in range(1, 1 + rounds):
            for row in rows:
                key = replace(keys[row["cell"]], repeat=repeat)
                kept.append(key.id, {**row, "cell": key.id, **({"key": asdict(key)} if "key" in row else {})})


@pytest.mark.slow
def test_noise_is_measured_behind_the_comparison_and_said_with_its_verdicts(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTUNE_SIM_STATE", str(folder / "state"))
    found = at.noise(at.scenarios.baseline(items=5, history=1), rounds=1, progress=False)
    rounds_kept(found.path, rounds=18)
    compared = ["--repeats", "1", "--strategy", "shared", "--strategy", "chainmap"]
    code = exit_code(["compare", "baseline", "--items", "5", "--history", "1", *compared, "--noise"])

    seen = " ".join(capsys.readouterr().out.split())
    assert code == 0
    assert "The same strategy beside itself, over 5 pairs a comparison:" in seen
    assert re.search(
        r"How often such a verdict is a false alarm fork_us \d+ of 500, fork_bytes 0 of 500", seen
    )
    assert list((folder / "state").iterdir()) == [found.path]
    measured = Store(found.path).records()
    assert [record.key.repeat for record in measured] == [repeat for repeat in range(20) for _ in range(3)]


def test_a_cell_whose_items_all_fail_is_a_finding_and_no_rule_on_it_holds(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (folder / "squares.yaml").read_text().replace("{{ item }}", "{{ item.nothing }}")
    (folder / "vain.yaml").write_text(text)
    arguments = ["compare", "vain.yaml", "--actions", "squares.py", "--repeats", "1", "--strategy", "shared"]

    assert exit_code([*arguments, "--threshold", "fork_bytes<1GB"]) == 1
    seen = capsys.readouterr().out
    assert "✗ 4 of 4 items failed, the run failed" in seen
    assert "fork_bytes does not hold: 4 of 4 items failed, the run failed" in seen


@pytest.mark.slow
def test_a_total_of_a_cell_that_ran_out_of_memory_breaks_its_rule(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = ["--items", "4000", "--memory-limit", "300MiB", "--repeats", "1", "--strategy", "deepcopy"]

    assert exit_code(["compare", "baseline", *sizes, "--threshold", "deepcopy.live_heap_bytes<400MB"]) == 1
    seen = capsys.readouterr().out
    assert re.search(r"live_heap_bytes is at least [\d.]+ MB: memory_limit at item [\d,]+ of 4,000", seen)
    assert re.search(r"≥ [\d.]+ MB", seen)


def test_actions_are_called_once_and_what_they_print_is_shown(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "dice.py").write_text(
        "import random\ndef demo__square(n):\n    print('thrown', n)\n    return random.random()\n"
    )

    both = ["--strategy", "deepcopy", "--strategy", "shared"]
    code = exit_code(["compare", "squares.yaml", "--actions", "dice.py", "--repeats", "1", *both])
    seen = capsys.readouterr()
    assert code == 0
    assert "demo.squares: its actions are called for real once, for 4 items" in seen.err
    assert "Printed by actions:\n  thrown 1\n  thrown 2\n  thrown 3\n  thrown 4\n" in seen.out


def test_validate_accepts_good_files_and_lists_every_problem_of_bad_ones(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = exit_code(["validate", "squares.yaml"])
    bad = exit_code(["validate", "squares.yaml", "broken.yaml"])

    text = capsys.readouterr().out
    assert (good, bad) == (0, 2)
    assert "squares.yaml: good: 1 task, 1 with items" in text
    assert "broken.yaml:9:5:" in text
    assert "did you mean 'with_items'?" in text


def test_validate_with_actions_checks_names_signatures_and_required_inputs_and_calls_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "mine.py").write_text("def demo__square(number, power=2):\n    raise SystemExit\n")

    assert exit_code(["validate", "squares.yaml", "--actions", "squares.py"]) == 0
    assert exit_code(["validate", "squares.yaml", "--actions", "results.yaml"]) == 2
    capsys.readouterr()
    assert exit_code(["validate", "squares.yaml", "--actions", "mine.py"]) == 2
    assert capsys.readouterr().out.splitlines() == [
        "squares.yaml:10:16: task 'square': demo.square takes no input 'n' (demo.square takes: number, power)",
        "squares.yaml:10:12: task 'square': demo.square needs an input 'number' (write input: {number: ...})",
    ]


def test_validate_gives_problems_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exit_code(["validate", "broken.yaml", "--json"])

    (found,) = json.loads(capsys.readouterr().out)
    assert not found["valid"]
    assert found["problems"][0]["line"] == 9


def test_strategies_and_scenarios_are_listed_also_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["strategies", "--no-price"]) == exit_code(["scenarios"]) == 0
    assert "isolated items" in capsys.readouterr().out
    exit_code(["strategies", "--json", "--no-price"])
    assert json.loads(capsys.readouterr().out)["deepcopy"]["isolated_nested"] is True
    exit_code(["scenarios", "--json"])
    assert "health_check" in json.loads(capsys.readouterr().out)


def test_a_strategy_can_be_held_to_its_promises(capsys: pytest.CaptureFixture[str]) -> None:
    code = exit_code(["strategies", "--check", "shared"])

    text = capsys.readouterr().out
    assert code == 0
    assert "The laws over shared" in text
    assert "does not hold" in text  # it promises no isolation, and says so
    assert "shared keeps all" in text


def test_a_strategy_that_breaks_a_promise_is_a_finding(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from attune_sim.contexts.registry import strategies

    promise = replace(strategies.shared.guarantees, isolated_nested=True)
    boastful = type("Boastful", (strategies.shared,), {"name": "boastful", "guarantees": promise})
    monkeypatch.setitem(strategies.__dict__["_registered"], "boastful", boastful)

    code = exit_code(["strategies", "--check", "boastful"])
    assert code == 1
    assert "boastful breaks" in capsys.readouterr().out
    exit_code(["strategies", "--check", "boastful", "--json"])
    verdicts = json.loads(capsys.readouterr().out)
    assert {verdict["guarantee"] for verdict in verdicts if verdict["broken"]} == {"isolated_nested"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "nowhere.yaml"], "nowhere.yaml"),
        (["run", "helth_check"], "did you mean 'health_check'?"),
        (["run", "broken.yaml"], "broken.yaml:9:5:"),
        (["run", "squares.yaml", "--strategy", "sharde"], "did you mean 'shared'?"),
        (["run", "squares.yaml", "--actions", "nowhere.py"], "nowhere.py"),
        (["run", "squares.yaml", "--param", "numbers"], "name=value"),
        (["run", "squares.yaml", "--params", "list.yaml"], "list.yaml:1:1: parameters cannot be read"),
        (["run", "squares.yaml", "--workflows", "nowhere"], "nowhere"),
        (["run", "squares.yaml", "--executor", "process"], "inline"),
        (["compare", "baseline", "--memory-limit", "lots"], "2GiB"),
        (
            ["compare", "baseline", "--memory-limit", "2Gi"],
            "attune-sim: --memory-limit '2Gi' is no number of bytes; did you mean 2GiB?",
        ),
        (
            ["compare", "baseline", "--time-limit", "soon"],
            "attune-sim: --time-limit 'soon' is no time; write for example 60s",
        ),
        (["compare", "baseline", "--history-bytes", "big"], "--history-bytes"),
        (["compare", "baseline", "--context-bytes", "big"], "--context-bytes 'big' is no number of bytes"),
        (["compare", "baseline", "--context-bytes", "1MB", "--history", "3"], "(--context-bytes) both say"),
        (["compare", "baseline", "--context-bytes", "20"], "ask for 114 or more, not 20"),
        (["compare", "baseline", "--threshold", "speed>1"], "choose from"),
        (["compare", "baseline", "--strategy", "x"], "choose from"),
        (["compare", "baseline", "--probe", "cycles"], "choose from: instructions"),
        (["compare", "baseline", "--repeats", "some"], "--repeats some: give a number from 1 on, or auto"),
        (["compare", "baseline", "--repeats", "0"], "repeats"),
        (["compare", "baseline", "--budget", "9s"], "leave it out, or ask for that"),
        (["compare", "baseline", "--repeats", "auto", "--budget", "soon"], "budget 'soon' is no time"),
        (["compare", "baseline", "--items", "many"], "--items"),
        (["compare", "baseline", "--items", "0"], "items"),
        (["compare", "baseline", "--baseline", "nowhere.jsonl"], "nowhere.jsonl: there is no such store"),
        (["compare", "squares.yaml"], "unknown action 'demo.square'"),
        (["compare", "fixed.yaml", "--actions", "squares.py", "--items", "9"], "cannot be set"),
        (["strategies", "--check", "sharde"], "did you mean 'shared'?"),
        (["comprae"], "No such command"),
        (["validate"], "Missing argument"),
    ],
)
def test_bad_input_is_code_2_and_one_clear_message(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    code = exit_code(arguments)

    seen = capsys.readouterr()
    assert code == 2
    assert message in seen.err
    assert "Traceback" not in seen.err


def test_a_fault_of_ours_is_one_line_and_says_how_to_see_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def faulty(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(program, "main", faulty)
    code = exit_code([])
    assert code == 70
    assert "ZeroDivisionError: oops" in capsys.readouterr().err


def test_an_action_that_exits_has_failed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("leaving.py").write_text("import sys\n\n\ndef demo__square(n):\n    sys.exit(0)\n")
    assert exit_code(["run", "squares.yaml", "--actions", "leaving.py"]) == 1
    text = capsys.readouterr().out
    assert "0 of 4 items succeeded" in text
    assert "the action called sys.exit(0)" in text


def test_a_reader_that_goes_away_gives_no_traceback() -> None:
    command = f"{sys.executable} -c 'from attune_sim.cli import main; main()' compare --help | true; echo ${{PIPESTATUS[0]}}"

    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() in ("0", "141")
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", [["run", "missing.yaml"], ["run", "--nope"]])
def test_the_exit_code_tells_what_standard_error_has_no_room_for(arguments: list[str]) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-c", "from attune_sim.cli import main; main()", *arguments]
        assert subprocess.run(command, stderr=full, timeout=60).returncode == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [["--help"], ["scenarios", "--json"]])
def test_a_full_disk_under_standard_output_is_one_clear_line(arguments: list[str], unbuffered: str) -> None:
    program = "from attune_sim.cli import main; main()"
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )  # fmt: skip
    assert done.stderr == "attune-sim: cannot write output: No space left on device\n"
    assert done.returncode == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "squares.yaml", "--actions", "squares.py"],
        ["resume", "run.jsonl"],
        ["compare", "baseline", "--store", "cells.jsonl"],
    ],
)
def test_a_report_of_another_kind_is_refused_before_anything_is_done(
    arguments: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(folder.iterdir())
    assert exit_code([*arguments, "--report", "x.pdf"]) == 2

    assert capsys.readouterr().err == (
        "attune-sim: x.pdf: a report is HTML, Markdown or JSON; let its name end in .html, .md or .json\n"
    )
    assert set(folder.iterdir()) == before


def test_validate_warns_of_functions_that_do_not_exist(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "odd.yaml").write_text(
        (folder / "squares.yaml").read_text().replace("{{ item }}", "{{ lowr(item) }}")
    )
    warning = "odd.yaml:10:20: input.n: there is no function 'lowr' (did you mean 'lower'?)"

    assert exit_code(["validate", "odd.yaml"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == f"warning: {warning}"

    assert exit_code(["validate", "odd.yaml", "squares.yaml", "--json"]) == 0
    odd, good = json.loads(capsys.readouterr().out)
    assert (odd["valid"], odd["warnings"][0]["kind"]) == (True, "unknown_function")
    assert good["warnings"] == []


def test_validate_tells_warnings_beside_problems(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (folder / "squares.yaml").read_text().replace("{{ item }}", "{{ lowr(item) }}")
    (folder / "odd.yaml").write_text(f"{text}tsks: []\n")

    assert exit_code(["validate", "odd.yaml"]) == 2
    problem, warning = capsys.readouterr().out.splitlines()
    assert "unknown key" in problem
    assert warning.startswith("warning: odd.yaml:10:20: input.n: there is no function 'lowr'")

    assert exit_code(["validate", "odd.yaml", "--json"]) == 2
    (found,) = json.loads(capsys.readouterr().out)
    assert [problem["kind"] for problem in found["problems"]] == ["unknown_key"]
    assert [warning["text"] for warning in found["warnings"]] == ["lowr"]


def test_a_closed_standard_output_is_borne_in_silence() -> None:
    command = f"{sys.executable} -c 'from attune_sim.cli import main; main()' scenarios >&-"

    done = subprocess.run(["bash", "-c", command], stderr=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "options",
    [
        ["--report", ""],
        ["--save-script", ""],
        ["--journal", ""],
        ["--journal", "", "--save-script", "a.yaml"],
    ],
)
def test_an_option_with_an_empty_name_is_refused_before_anything_is_done(
    options: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(folder.iterdir())
    assert exit_code(["run", "squares.yaml", "--actions", "squares.py", *options]) == 2

    assert re.fullmatch(
        r"attune-sim: the name of the (report|script|file to be written) is empty\n", capsys.readouterr().err
    )
    assert set(folder.iterdir()) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "command",
    [["run", "baseline", "--journal", "/dev/full"], ["compare", "baseline", "--store", "/dev/full"]],
)
def test_a_device_is_no_place_for_a_journal_or_a_store(
    command: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(command) == 2
    assert capsys.readouterr().err == (
        "attune-sim: /dev/full: cannot be written: it is not a regular file; give another path\n"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    ("option", "name"), [("--report", "full.md"), ("--save-script", "full.yaml"), ("--journal", "full.jsonl")]
)
def test_a_file_that_cannot_be_written_is_named(option: str, name: str, folder: Path) -> None:
    (folder / name).symlink_to("/dev/full")

    done = console("run", "squares.yaml", "--actions", "squares.py", option, name)
    assert done.returncode == 2
    assert (
        done.stderr == f"attune-sim: {name}: cannot be written: it is not a regular file; give another path\n"
    )


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
@pytest.mark.parametrize(
    "command",
    [
        ["run", "squares.yaml", "--actions", "squares.py", "--report", "pipe.html"],
        ["run", "squares.yaml", "--actions", "squares.py", "--save-script", "pipe.yaml"],
        ["run", "squares.yaml", "--actions", "squares.py", "--journal", "pipe"],
        ["run", "squares.yaml", "--actions", "squares.py", "--params", "pipe"],
        ["run", "squares.yaml", "--script", "pipe"],
        ["resume", "pipe"],
        ["rehearse", "squares.yaml", "pipe"],
        ["rehearse", "pipe.yaml", "results.yaml"],
        ["compare", "squares.yaml", "--script", "pipe"],
        ["compare", "baseline", "--report", "pipe.html"],
        ["compare", "baseline", "--baseline", "pipe"],
        ["compare", "baseline", "--store", "pipe"],
        ["validate", "pipe.yaml"],
    ],
)
def test_no_command_waits_for_a_pipe(
    command: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("pipe", "pipe.html", "pipe.yaml"):
        os.mkfifo(folder / name)

    assert exit_code(command) == 2
    seen = capsys.readouterr()
    assert "Traceback" not in seen.err
    assert "regular file" in seen.err + seen.out or "there is no such store" in seen.err


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["run", "squares.yaml", "--actions", "squares.py", "--report"], "mine.md"),
        (["run", "squares.yaml", "--actions", "squares.py", "--save-script"], "results.yaml"),
        (["compare", "baseline", "--report"], "mine.html"),
        (["resume", "run.jsonl", "--report"], "mine.md"),
    ],
)
def test_a_file_of_the_user_is_replaced_only_by_force_and_told_before_anything_is_done(
    command: list[str], name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for own in ("mine.md", "mine.html"):
        (folder / own).write_text("a text of the user\n")
    before = {path: path.read_bytes() for path in folder.iterdir()}

    assert exit_code([*command, name]) == 2
    assert capsys.readouterr().err == (
        f"attune-sim: {name}: is there already, and attune-sim did not write it; give another path, or replace it with "
        "force=True (--force)\n"
    )
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_the_place_of_the_report_that_nobody_named_is_looked_at_before_anything_is_measured(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "results").mkdir()
    (folder / "results" / "baseline.html").write_text("a text of the user\n")

    assert exit_code(["compare", "baseline", "--store", "cells.jsonl"]) == 2
    assert "attune-sim did not write it" in capsys.readouterr().err
    assert not (folder / "cells.jsonl").exists()


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_a_saved_script_is_saved_again_and_force_replaces_anything(suffix: str, folder: Path) -> None:
    path = folder / f"saved.{suffix}"
    path.write_text("a text of the user\n")

    arguments = ["run", "squares.yaml", "--actions", "squares.py", "--save-script", path.name]
    assert exit_code([*arguments, "--force"]) == 0
    assert exit_code(arguments) == 0
    assert exit_code(["rehearse", "squares.yaml", path.name]) == 0


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
@pytest.mark.parametrize("options", [["--report", "a.html"], ["--report", "a.md", "--json"]])
def test_what_a_run_came_to_is_not_lost_with_a_file_for_which_there_is_no_room(
    options: list[str], folder: Path
) -> None:
    program = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)); from attune_sim.cli import main; main()"
    )
    arguments = ["run", "baseline", "--items", "3", *options]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 2
    assert re.fullmatch(r"attune-sim: a\.\w+: cannot be written: File too large\n", done.stderr)
    assert "succeeded" in done.stdout
    assert not [path for path in folder.iterdir() if path.name.startswith(("a.", ".attune"))]


def test_a_script_of_another_kind_is_refused_before_anything_is_done(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["run", "squares.yaml", "--actions", "squares.py", "--save-script", "saved.txt"]

    assert exit_code(arguments) == 2
    assert capsys.readouterr().err == (
        "attune-sim: saved.txt: a script is YAML or JSON; let its name end in .yaml or .json\n"
    )


def test_a_journal_on_a_full_disk_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000)); "
        "from attune_sim.cli import main; main()"
    )
    arguments = ["run", "squares.yaml", "--actions", "squares.py", "--journal", "run.jsonl"]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments, "--param", f"numbers={list(range(200))}"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("attune-sim: run.jsonl: cannot be written: ")

    assert exit_code(["resume", "run.jsonl", "--actions", "squares.py"]) == 0
    assert "200 of 200 items succeeded" in capsys.readouterr().out


@pytest.mark.slow
def test_ctrl_c_gives_130_and_says_what_was_kept(folder: Path) -> None:
    program = "from attune_sim.cli import main; main()"
    arguments = ["compare", "baseline", "--items", "4000", "--strategy", "deepcopy", "--store", "cells.jsonl"]
    child = subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and '"sample"' not in _text(folder / "cells.jsonl"):
        time.sleep(0.05)
    os.kill(child.pid, signal.SIGINT)
    out, err = child.communicate(timeout=60)

    assert child.returncode == 130
    assert "stopped: 0 of 5 cells were measured, 5 missing" in out
    assert "The same command goes on with what cells.jsonl keeps." in out
    assert "Traceback" not in err


@pytest.mark.slow
def test_progress_is_told_on_stderr_and_never_among_the_results(folder: Path) -> None:
    few = (
        "--items",
        "3",
        "--history",
        "1",
        "--repeats",
        "1",
        "--strategy",
        "shared",
        "--strategy",
        "deepcopy",
    )
    done = console("compare", "baseline", *few, "--json")

    assert done.returncode == 0
    assert done.stderr.splitlines()[0] == "equal answers first: shared"
    assert json.loads(done.stdout)["warnings"] == []


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


@pytest.mark.parametrize("command", ["run", "compare"])
def test_a_report_into_a_folder_that_is_not_there_is_told_before_anything_is_done(
    folder: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert (
        exit_code([command, "squares.yaml", "--actions", "squares.py", "--report", "nowhere/run.html"]) == 2
    )
    assert "there is no folder nowhere for the report; make it" in capsys.readouterr().err
    assert not (folder / "nowhere").exists()
