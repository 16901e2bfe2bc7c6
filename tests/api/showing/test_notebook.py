"""What is different in a notebook."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

import attune_sim as at

PROGRAM = """
import json, sys
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
shell.Completer.jedi_compute_type_timeout = 60_000  # however slow the machine is

def completed(text):
    with provisionalcompleter():
        return {one.text: (one.type, one.signature) for one in shell.Completer.completions(text, len(text))}

shell.run_cell(%r)
loaded = "attune_sim.api.comparisons.comparing" in sys.modules
hooks = len(shell.events.callbacks["post_run_cell"])
found = {text: completed(text) for text in ("at.", "at.scenarios.", "at.strategies.")}
print(json.dumps({"loaded": loaded, "hooks": hooks, "found": found}))
"""


def in_ipython(cell: str) -> str:
    command = [sys.executable, "-c", PROGRAM % cell]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


@pytest.mark.slow
def test_completion_knows_every_name_its_kind_and_the_signatures_of_functions() -> None:
    told = json.loads(in_ipython("import attune_sim as at"))

    assert told["loaded"]
    assert told["hooks"] == 0
    kinds = {name: kind for names in told["found"].values() for name, (kind, _) in names.items()}
    assert "<unknown>" not in kinds.values()
    assert (kinds["compare"], kinds["Run"], kinds["METRICS"]) == ("function", "class", "instance")
    assert told["found"]["at."]["compare"][1].startswith("(workload: ")
    assert told["found"]["at.scenarios."]["health_check"][1].startswith("(servers: ")


@pytest.mark.slow
def test_an_error_in_a_cell_is_its_message_and_a_failed_action_names_the_cell() -> None:
    lines = in_ipython(
        "import attune_sim as at\n"
        "def double(n):\n"
        "    return n * None\n"
        "text = 'version: 1.0.0\\ntasks: [{name: one, action: my.double, input: {n: 2}}]\\n'\n"
        "print(at.run(text, actions={'my.double': double}).failures['where'][0])\n"
        "at.run('helth_check')\n"
    ).splitlines()

    shown = [line for line in lines if not line.startswith("{")]
    assert shown[0] == "Cell In[1]:3 in double"
    assert next(line for line in shown[1:] if line).startswith(
        "UnknownNameError: unknown scenario or workflow file"
    )
    assert len(shown) < 5


RUN = """
import attune_sim as at, pathlib, time
text = '''
version: 1.0.0
tasks: [{name: wait, action: my.wait, with_items: "{{ range(1000) }}", input: {n: "{{ item }}"}}]
'''
def wait(n):
    pathlib.Path("begun").touch()
    time.sleep(0.01)
"""
CALLS = {
    "run": "at.run(text, actions={'my.wait': wait})",
    "asyncio": "at.run(text, actions={'my.wait': wait}, executor='asyncio')",
    "arun": "await at.arun(text, actions={'my.wait': wait})",
}


@pytest.mark.slow
@pytest.mark.parametrize("call", CALLS)
def test_the_stop_button_of_a_notebook_keeps_the_cells_behind_it_from_going_on(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jupyter_client.manager import start_new_kernel

    monkeypatch.chdir(tmp_path)
    manager, client = start_new_kernel(cwd=str(tmp_path))
    try:
        assert client.execute_interactive(RUN, timeout=60)["content"]["status"] == "ok"
        stopped, behind = client.execute(CALLS[call]), client.execute("touched = True")
        while not (tmp_path / "begun").exists():
            time.sleep(0.01)
        manager.interrupt_kernel()
        statuses = {}
        while len(statuses) < 2:
            reply = client.get_shell_msg(timeout=60)
            statuses[reply["parent_header"]["msg_id"]] = reply["content"]["status"]
        assert (statuses[stopped], statuses[behind]) == ("error", "aborted")
        kept = client.execute_interactive("assert at.last().status == 'cancelled'", timeout=60)
        assert kept["content"]["status"] == "ok"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_class_of_strategies_is_shown_by_what_it_promises_and_other_classes_as_ever() -> None:
    from IPython.core.formatters import DisplayFormatter

    from attune_sim.api.showing.notebook import _show_classes

    display = DisplayFormatter()
    _show_classes(display)

    shown, _ = display.format(at.strategies.hamt)
    assert shown["text/plain"] == "<strategy hamt: isolates top level; at.strategies.hamt() makes one>"
    assert "plain_equality" in shown["text/html"]
    assert display.format(int) == ({"text/plain": "int"}, {})
