"""`%load_ext attune_sim` in a shell of IPython."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import attune_sim as at
from attune_sim.api.costs.cost import ContextCost


@pytest.fixture(scope="module")
def shell() -> Iterator[Any]:
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    made = InteractiveShell(config=config)
    made.extension_manager.load_extension("attune_sim")
    yield made
    made.restore_sys_module_state()


GOOD = "version: 1.0.0\ntasks:\n  - name: hello\n    action: core.echo\n"


def test_a_cell_of_yaml_becomes_a_workflow_of_that_name(shell: Any) -> None:
    shown = shell.run_cell_magic("workflow", "greeting", GOOD)

    assert shell.user_ns["greeting"] is shown
    assert isinstance(shown, at.Workflow)
    assert (shown.name, shown.entry_points) == ("greeting", ("hello",))


def test_mistakes_are_underlined_at_the_lines_of_the_cell_without_a_traceback(shell: Any) -> None:
    with pytest.raises(at.WorkflowError) as caught:
        shell.run_cell_magic("workflow", "broken", GOOD.replace("action", "acton"))

    lines = caught.value._render_traceback_()
    place = next(number for number, line in enumerate(lines) if line.startswith("5 | "))
    assert "acton" in lines[place]
    assert "^^^^^ unknown key in a task: 'acton' (did you mean 'action'?)" in lines[place + 1]
    assert not any("Traceback" in line for line in lines)
    assert "broken" not in shell.user_ns
    assert {problem.file for problem in caught.value.problems} == {f"Cell In[{shell.execution_count}]"}


@pytest.mark.parametrize("line", ["", "two names", "1st", "x --strict"])
def test_a_cell_without_a_usable_name_is_refused(shell: Any, line: str) -> None:
    with pytest.raises(at.InputError, match="%%workflow NAME"):
        shell.run_cell_magic("workflow", line, GOOD)


def test_a_lenient_cell_takes_what_the_original_takes(shell: Any) -> None:
    shell.run_cell_magic("workflow", "lax --lenient", GOOD + "    surprise: 1\n")

    assert shell.user_ns["lax"].entry_points == ("hello",)


def test_a_statement_is_measured_in_the_names_of_the_notebook(shell: Any) -> None:
    shell.user_ns["size"] = 200_000
    cost = shell.run_line_magic("context_cost", "-n 3 bytearray(size)")

    assert isinstance(cost, ContextCost)
    assert cost.runs == 3
    assert cost.bytes == pytest.approx(200_000, rel=0.05)


def test_a_cell_of_statements_is_measured_as_one(shell: Any) -> None:
    cost = shell.run_cell_magic("context_cost", "-n 2", "a = bytearray(100_000)\nb = bytearray(100_000)\n")

    assert cost.bytes == pytest.approx(200_000, rel=0.05)
    assert "a" not in shell.user_ns


def test_with_one_run_an_effect_comes_about_once(shell: Any) -> None:
    shell.user_ns["log"] = []
    shell.run_line_magic("context_cost", "-n 1 log.append(1)")

    assert shell.user_ns["log"] == [1]


def test_an_option_that_is_no_number_is_refused(shell: Any) -> None:
    with pytest.raises(at.InputError, match="-n often"):
        shell.run_line_magic("context_cost", "-n often 1 + 1")


def test_what_a_statement_raises_is_shown_from_its_own_line_on(shell: Any) -> None:
    with pytest.raises(KeyError):
        shell.run_line_magic("context_cost", "{}['missing']")
