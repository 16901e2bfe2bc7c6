"""Long work in a real kernel: one output, nothing on the error stream, a clean stop that can be gone on from."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

pytestmark = pytest.mark.slow


@dataclass
class Shown:
    """What a cell showed: outputs by kind, the last state of what was updated, and its error."""

    outputs: list[tuple[str, str]] = field(default_factory=list)
    last: str = ""
    error: str = ""


class Kernel:
    """A kernel, cell by cell."""

    def __init__(self, manager: Any, client: Any) -> None:
        self._manager, self._client = manager, client

    def run(self, code: str, stop_at: str | None = None, seconds: float = 120) -> Shown:
        """Run a cell; the stop button is pressed once, as soon as an output holds `stop_at`."""
        shown, asked, until = Shown(), self._client.execute(code), time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                message = self._client.get_iopub_msg(timeout=1)
            except queue.Empty:
                continue
            if message["parent_header"].get("msg_id") != asked:
                continue
            kind, content = message["header"]["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                return shown
            text = content.get("text") or content.get("data", {}).get("text/plain", "")
            if kind == "error":
                shown.error = "\n".join(content["traceback"])
            elif kind == "stream":
                shown.outputs.append((content["name"], text))
            elif kind in ("display_data", "execute_result"):
                shown.outputs.append((kind, text))
            if kind in ("display_data", "update_display_data"):
                shown.last = text
            if stop_at is not None and stop_at in text:
                self._manager.interrupt_kernel()
                stop_at = None
        pytest.fail(f"the cell did not end: {shown}")


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(cwd=str(tmp_path_factory.mktemp("kernel")))
    made = Kernel(manager, client)
    assert made.run("import attune_sim as at").error == ""
    yield made
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_a_comparison_shows_one_output_whose_last_state_stays(kernel: Kernel) -> None:
    shown = kernel.run("compared = at.compare('baseline', 'shared', items=20, history=3, repeats=2)")

    assert [kind for kind, _ in shown.outputs] == ["display_data"]
    assert shown.last.startswith("2 cells in ")


def test_a_simulation_shows_one_output_and_no_line_on_the_error_stream(kernel: Kernel) -> None:
    shown = kernel.run(
        "at.simulate('baseline', items=4_000, latency=1.0, every='10h', duration='20h', seeds=4);"
    )

    assert shown.error == ""
    assert [kind for kind, _ in shown.outputs if kind == "stderr"] == []
    assert len([kind for kind, _ in shown.outputs if kind == "display_data"]) <= 1


def test_a_stop_leaves_a_partial_result_that_goes_on(kernel: Kernel) -> None:
    shown = kernel.run("at.compare('baseline', 'shared', items=20, history=3, repeats=6)", stop_at="3/6")

    assert shown.error.endswith("at.last() gives what there is, and its .resume() goes on")
    assert "Traceback" not in shown.error
    assert kernel.run("partial = at.last(); assert 0 < len(partial.records) < 6").error == ""
    whole = kernel.run("whole = partial.resume(); (len(whole.records), set(whole.outcomes))")
    assert whole.error == ""
    assert whole.outputs[-1] == ("execute_result", "(6, {'ok'})")
    kept = "{one.key.id for one in partial.records if one.outcome == 'ok'} <= {one.key.id for one in whole.records}"
    assert kernel.run(kept).outputs == [("execute_result", "True")]


def test_what_was_not_stopped_has_nothing_to_go_on_with(kernel: Kernel) -> None:
    assert kernel.run("whole.resume()").error.startswith("InputError: nothing to go on with")


def test_an_experiment_that_takes_all_its_memory_leaves_the_kernel_alive(kernel: Kernel) -> None:
    hungry = "at.compare('baseline', 'deepcopy', items=400, context_bytes='1MB', repeats=1, memory_limit='256MiB').outcomes"

    assert "memory_limit" in kernel.run(hungry).outputs[-1][1]
    assert kernel.run("41 + 1").outputs == [("execute_result", "42")]


def test_a_broken_workflow_in_a_cell_is_underlined_without_a_traceback(kernel: Kernel) -> None:
    assert kernel.run("%load_ext attune_sim").error == ""
    shown = kernel.run("%%workflow broken\nversion: 1.0.0\ntasks:\n  - name: one\n    acton: core.echo\n")

    assert shown.outputs == []
    assert "5 | " in shown.error
    assert "^^^^^" in shown.error
    assert "Traceback" not in shown.error


def test_a_statement_is_measured_in_a_kernel(kernel: Kernel) -> None:
    shown = kernel.run("%context_cost -n 3 bytearray(500_000)")

    assert shown.error == ""
    ((kind, text),) = shown.outputs
    assert kind == "execute_result"
    assert "ran 3 times" in text
