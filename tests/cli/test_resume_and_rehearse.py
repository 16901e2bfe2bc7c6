"""`attune-sim resume`, `rehearse`, and the options that belong to them."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import yaml

from attune_sim.cli.app import exit_code

WORKFLOW = """\
version: 1.0.0
ref: demo.main
parameters: {token: {type: string, secret: true, default: ""}}
tasks:
  - name: each
    action: t.nap
    with_items: "{{ range(6) }}"
    input: {n: "{{ item }}", city: "{{ config.city }}"}
    next: [{do: [child]}]
  - {name: child, type: workflow, action: demo.child, input: {n: 3}}
output_map: {each: "{{ task.each.results }}", child: "{{ task.child.n }}", key: "{{ length(keystore.key) }}"}
"""
CHILD = """\
version: 1.0.0
ref: demo.child
parameters: {n: {type: integer}}
tasks:
  - {name: inner, action: t.nap, input: {n: "{{ parameters.n }}", city: x}}
output_map: {n: "{{ task.inner }}"}
"""
ACTIONS = """\
import pathlib
import time


def t__nap(n, city):
    pathlib.Path("begun").open("a").write(f"{n}\\n")
    time.sleep(0.04)
    return n * 10
"""
RUN = [
    "mine.yaml",
    "--actions",
    "mine.py",
    "--workflows",
    "subs",
    "--config",
    "config.yaml",
    "--keystore",
    "keys.yaml",
]
RESUME = ["resume", "run.jsonl", "--actions", "mine.py", "--keystore", "keys.yaml", "--workflows", "subs"]


def _filled(folder):
    (folder / "mine.yaml").write_text(WORKFLOW)
    (folder / "subs").mkdir()
    (folder / "subs" / "child.yaml").write_text(CHILD)
    (folder / "mine.py").write_text(ACTIONS)
    (folder / "config.yaml").write_text("city: Bern\n")
    (folder / "keys.yaml").write_text("key: s3cret-key\n")
    return folder


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a workflow, its sub-workflow, actions, config and keys; commands run in it."""
    monkeypatch.chdir(_filled(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def begun_journal(tmp_path_factory):
    """The first two lines of the journal of a run in such a folder: what it runs, and one item."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made := _filled(tmp_path_factory.mktemp("begun")))
        exit_code(["run", *RUN, "--journal", "run.jsonl"])
    return b"".join((made / "run.jsonl").read_bytes().splitlines(keepends=True)[:2])


def _killed(folder):
    """Run until two items have begun, then SIGKILL."""
    program = "from attune_sim.cli import main; main()"
    child = subprocess.Popen([sys.executable, "-c", program, "run", *RUN, "--journal", "run.jsonl"])
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and len(_begun(folder)) < 2:
        time.sleep(0.01)
    os.kill(child.pid, signal.SIGKILL)
    assert child.wait(timeout=30) == -signal.SIGKILL


def _begun(folder):
    return (folder / "begun").read_text().split() if (folder / "begun").exists() else []


def test_a_killed_run_is_resumed_and_does_what_was_left(folder, capsys):
    _killed(folder)
    before = _begun(folder)

    code = exit_code([*RESUME, "--json"])

    found = json.loads(capsys.readouterr().out)
    assert code == 0
    assert found["output"] == {"each": [0, 10, 20, 30, 40, 50], "child": 30, "key": 10, "succeeded": True}
    after = _begun(folder)[len(before) :]
    assert set("012345"[len(before) :]) <= set(after)
    assert not set(before[:-1]) & set(after)


def test_resume_prints_what_run_prints_and_writes_the_report(folder, capsys):
    exit_code(["run", *RUN, "--journal", "run.jsonl"])
    first = capsys.readouterr().out

    code = exit_code([*RESUME, "--report", "run.html"])

    text = capsys.readouterr().out
    assert code == 0
    assert text.splitlines()[0] == first.splitlines()[0] == "The run succeeded; 6 of 6 items succeeded."
    assert "Not run again, because it had ended before\n  each: 6 attempts\n" in text
    assert "Not run again" not in first
    assert (folder / "run.html").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["resume", "nowhere.jsonl"], "nowhere.jsonl: cannot be read"),
        (["resume", "mine.yaml"], "not a line of JSON"),
        (["resume", "run.jsonl", "--keystore", "keys.yaml"], "needs actions that are missing: t.nap"),
        (
            ["resume", "run.jsonl", "--actions", "mine.py"],
            "needs secrets that a journal does not keep: keystore.key",
        ),
        ([*RESUME, "--param", "token=other"], None),
        ([*RESUME, "--param", "n=1"], "parameter 'n' was another one"),
        ([*RESUME, "--executor", "inlin"], "did you mean 'inline'?"),
        (["run", *RUN, "--journal", "run.jsonl"], "holds a run already"),
        (["run", *RUN, "--journal", "no/where.jsonl"], "cannot be written"),
        (["rehearse", "mine.yaml", "nowhere.yaml"], "cannot be read"),
        (["rehearse", "nowhere.yaml", "script.yaml"], "nowhere.yaml"),
        (["rehearse", "mine.yaml", "script.yaml", "--workflows", "no"], "no such workflow file or folder"),
        (["validate", "mine.yaml", "--workflows", "no"], "no such folder"),
    ],
)
def test_bad_input_is_code_2_and_one_line(begun_journal, folder, capsys, arguments, message):
    (folder / "script.yaml").write_text("actions: {}\n")
    (folder / "run.jsonl").write_bytes(begun_journal)
    capsys.readouterr()

    code = exit_code(arguments)

    seen = capsys.readouterr()
    if message is None:
        assert code == 0
        return
    assert code == 2
    assert message in seen.err
    assert len(seen.err.splitlines()) == 1


def test_a_run_saves_its_script_and_rehearsing_it_is_ok(folder, capsys):
    assert exit_code(["run", *RUN, "--save-script", "mine.script.yaml"]) == 0
    assert "s3cret-key" not in (folder / "mine.script.yaml").read_text()
    capsys.readouterr()

    code = exit_code(["rehearse", "mine.yaml", "mine.script.yaml"])

    assert code == 0
    assert capsys.readouterr().out == "The rehearsal succeeded, 7 attempts.\nEverything is as expected.\n"


def test_a_script_is_saved_as_json_too(folder):
    assert exit_code(["run", *RUN, "--save-script", "mine.script.json", "--journal", "run.jsonl"]) == 0

    assert json.loads((folder / "mine.script.json").read_text())["expect"]["status"] == "succeeded"
    assert (folder / "run.jsonl").exists()


@pytest.fixture
def differing(folder):
    script = {
        "config": {"city": "Bern"},
        "actions": {"each": [{"result": 1}]},
        "expect": {"status": "failed", "variables": {"gone": [1] * 50}},
    }
    (folder / "script.yaml").write_text(yaml.safe_dump(script))
    return folder


def test_differences_are_a_table_and_code_1(differing, capsys):
    code = exit_code(["rehearse", "mine.yaml", "script.yaml", "--workflows", "subs"])

    lines = capsys.readouterr().out.splitlines()
    assert code == 1
    assert lines[3].split() == ["path", "expected", "actual"]
    assert lines[4].split() == ["status", '"failed"', '"succeeded"']
    assert lines[5].startswith("variables.gone")
    assert lines[5].endswith("(absent)")


def test_differences_are_told_as_json(differing, capsys):
    code = exit_code(["rehearse", "mine.yaml", "script.yaml", "--json"])

    found = json.loads(capsys.readouterr().out)
    assert code == 1
    assert found["ok"] is False
    assert found["differences"][0] == {"path": "status", "expected": "failed", "actual": "succeeded"}
    assert found["actual"]["starts"][:2] == ["each[0]", "each[1]"]


def test_validate_knows_the_sub_workflows_of_a_folder(folder, capsys):
    assert exit_code(["validate", "mine.yaml", "--workflows", "subs"]) == 0
    assert "child.yaml: good" in capsys.readouterr().out

    (folder / "mine.yaml").write_text(WORKFLOW.replace("action: demo.child", "action: demo.chidl"))
    code = exit_code(["validate", "mine.yaml", "--workflows", "subs"])

    text = capsys.readouterr().out
    assert code == 2
    assert "mine.yaml:10:" in text
    assert "task 'child': there is no workflow 'demo.chidl' (did you mean 'demo.child'?)" in text


def test_compare_knows_the_sub_workflows_of_a_folder(folder, capsys):
    (folder / "script.yaml").write_text(
        "actions: {each: [{result: 1}]}\nconfig: {city: Bern}\nkeystore: {key: abc}\n"
    )

    code = exit_code(
        ["compare", "mine.yaml", "--actions", "mine.py", "--script", "script.yaml", "--workflows", "subs",
         "--strategy", "shared", "--repeats", "1", "--json"]
    )  # fmt: skip

    assert code == 0, capsys.readouterr().out
    assert json.loads(capsys.readouterr().out)["cells"][0]["run_status"] == "succeeded"


def test_a_part_of_config_that_is_secret_is_given_again(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "subs").mkdir()
    (tmp_path / "subs" / "child.yaml").write_text(
        "version: 1.0.0\nref: demo.child\nparameters: {token: {secret: true}}\n"
        "tasks: [{name: a, action: core.noop}]\n"
    )
    (tmp_path / "mine.yaml").write_text(
        "version: 1.0.0\ntasks: [{name: a, action: demo.child, input: {token: '{{ config.token }}'}}]\n"
    )
    (tmp_path / "config.yaml").write_text("token: tok-12345\n")
    common = ["--workflows", "subs", "--config", "config.yaml"]
    assert exit_code(["run", "mine.yaml", *common, "--journal", "run.jsonl"]) == 0
    assert "tok-12345" not in (tmp_path / "run.jsonl").read_text()

    assert exit_code(["resume", "run.jsonl"]) == 2
    assert "config.token; give them again with config= (--config FILE)" in capsys.readouterr().err
    assert exit_code(["resume", "run.jsonl", *common]) == 0


def test_the_help_of_resume_says_that_secrets_given_again_cannot_be_compared(capsys):
    assert exit_code(["resume", "--help"]) == 0

    shown = " ".join(capsys.readouterr().out.split())
    assert "cannot be compared with those of the first run, and may have been renewed" in shown
