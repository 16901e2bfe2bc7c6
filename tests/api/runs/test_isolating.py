"""The leak detector over whole workloads: no false alarm on what is shipped, and the command line."""

import os
import signal
import textwrap

import pytest
from click.testing import CliRunner

import attune_sim as at
from attune_sim.cli.app import exit_code, program

SMALL = {
    "health_check": {"servers": 12},
    "log_pipeline": {"entries": 40},
    "notifications": {"messages": 20},
    "baseline": {"items": 20},
}


@pytest.mark.parametrize("real", [True, False], ids=["real", "replayed"])
@pytest.mark.parametrize("name", SMALL)
def test_the_shipped_scenarios_raise_no_alarm(name, real):
    found = at.check_isolation(at.scenarios[name](**SMALL[name]), real=real)

    assert found.leaks == ()
    assert found.unwatched == ()
    assert found.calls >= 12


def test_every_shipped_scenario_is_tried():
    assert set(SMALL) == set(at.scenarios)


@pytest.fixture
def files(tmp_path):
    workflow = tmp_path / "mine.yaml"
    workflow.write_text(
        textwrap.dedent(
            """
            version: 1.0.0
            vars: {hosts: [{name: a}, {name: b}]}
            tasks:
              - {name: mark, action: mine.mark, with_items: "{{ hosts }}", input: {host: "{{ item }}"}}
            """
        )
    )
    actions = tmp_path / "mine.py"
    actions.write_text("def mark(host):\n    host['seen'] = True\n    return host['name']\n")
    return workflow, actions


def test_the_command_names_the_write_and_the_strategies(files):
    workflow, actions = files
    done = CliRunner().invoke(program, ["check-isolation", str(workflow), "--actions", str(actions)])

    assert done.exit_code == 1, done.output
    assert "2 writes into what was handed over, in 2 calls" in done.output
    assert "item" in done.output
    assert "'seen' was added" in done.output
    assert "unsafe:" in done.output


def test_the_command_is_content_with_polite_actions(files):
    workflow, actions = files
    actions.write_text("def mark(host):\n    return {**host, 'seen': True}\n")
    done = CliRunner().invoke(
        program, ["check-isolation", str(workflow), "--actions", str(actions), "--json"]
    )

    assert done.exit_code == 0, done.output
    assert '"ok": true' in done.output


def test_a_run_that_fails_says_that_the_rest_was_not_watched(files):
    workflow, actions = files
    actions.write_text("def mark(host):\n    raise ValueError('no')\n")
    done = CliRunner().invoke(program, ["check-isolation", str(workflow), "--actions", str(actions)])

    assert done.exit_code == 1
    assert "what did not run was not watched" in done.output
    assert "every strategy is safe" not in done.output


def test_an_action_that_does_not_exist_is_a_wrong_use(files, capsys):
    code = exit_code(["check-isolation", str(files[0])])

    assert code == 2
    assert "unknown action 'mine.mark'" in capsys.readouterr().err


def test_the_detector_has_no_choice_of_executors(files):
    done = CliRunner().invoke(program, ["check-isolation", str(files[0]), "--executor", "threads"])

    assert done.exit_code == 2
    assert "No such option" in done.output


def test_an_isolation_check_calls_as_many_items_as_are_asked_for(squares: at.Workflow) -> None:
    isolation = at.check_isolation(
        squares, parameters={"numbers": [1, 2]}, actions={"demo.square": lambda n: n}, items=5
    )
    assert "in 5 calls" in isolation.seen


def presses_ctrl_c(host):
    """An action that changes nothing, and during which Ctrl-C is pressed."""
    os.kill(os.getpid(), signal.SIGINT)
    return host["name"]


def test_a_check_that_is_stopped_says_nothing_of_safe_strategies_but_by_its_partial_result(files):
    workflow, _ = files

    with pytest.raises(at.Interrupted, match=r"was stopped after 1 call; at\.last\(\) gives what there is"):
        at.check_isolation(workflow, actions={"mine.mark": presses_ctrl_c})

    assert at.last().status == "cancelled"
    assert not at.last().ok


def test_the_command_that_is_stopped_tells_what_there_is_and_ends_as_one_that_was(files):
    workflow, actions = files
    actions.write_text("import os, signal\ndef mark(host):\n    os.kill(os.getpid(), signal.SIGINT)\n")
    done = CliRunner().invoke(program, ["check-isolation", str(workflow), "--actions", str(actions)])

    assert done.exit_code == 130, done.output
    assert "in 1 call" in done.output


def test_a_proof_that_is_stopped_proposes_nothing(files):
    workflow, _ = files

    with pytest.raises(at.Interrupted, match="that proves it was stopped after 1 attempt"):
        at.slim(workflow, actions={"mine.mark": presses_ctrl_c})
