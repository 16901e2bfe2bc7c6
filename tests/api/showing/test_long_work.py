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


TELLING = """
from attune_sim.api.showing.telling import Telling
telling = Telling()
telling.note("actions are called")
telling.now("weighing")
with telling.counting("simulated", 3) as count:
    count(3)
"""


def test_all_that_a_call_tells_is_one_output_and_what_is_to_be_known_stays_in_it(kernel: Kernel) -> None:
    shown = kernel.run(TELLING)

    assert [kind for kind, _ in shown.outputs] == ["display_data"]
    assert shown.last == "actions are called\nsimulated: 3 of 3"


@dataclass(frozen=True)
class Long:
    """A call that takes a while, what its output says when it is stopped, and the parts of a result that is called `found`."""

    call: str
    stop_at: str
    parts: str = "{one.key.id for one in found.records if one.outcome == 'ok'}"
    again_at: str | None = None
    """Where it is stopped once more, for the whole of it takes too long here."""


DAY = "items=40, latency=1.0, every='1min', duration='12h', strategies='shared'"
LONG = {
    "compare": Long("at.compare('baseline', 'shared', items=4, history=1, repeats=2, verify=True)", "2/2"),
    "sweep": Long(
        "at.sweep('baseline', 'shared', items=[4, 8, 16], context_bytes='20KB', repeats=1)", "2/3"
    ),
    "claims": Long("at.claims('clone_law', payloads='text')", "2/12", again_at="4/12"),
    "original_benchmarks": Long("at.original_benchmarks()", "2/", again_at="3/"),
    "advise": Long("at.advise('baseline', items=200, budget='1s')", "2/", "{one.key.id for one in found.comparison.records}", "4/"),
    "simulate": Long(f"at.simulate('baseline', {DAY}, seeds=4, processes=1)", "simulating", "set(found.seeds)"),
    "plan": Long(
        f"at.plan('baseline', 'cycle_p99 < 5s', {DAY}, workers='2', seeds=2, binds=False)", "settings simulated",
        "set(range(len(found.trials)))",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LONG)
def test_a_long_call_stops_cleanly_in_one_output_and_what_it_leaves_goes_on(
    kernel: Kernel, name: str
) -> None:
    long = LONG[name]

    shown = kernel.run(long.call, stop_at=long.stop_at)
    assert [kind for kind, _ in shown.outputs] == ["display_data"]
    assert shown.error.endswith("at.last() gives what there is, and its .resume() goes on")
    assert "Traceback" not in shown.error
    kept = kernel.run(f"found = at.last(); kept = {long.parts}")
    assert kept.error == ""

    went_on = kernel.run("found = found.resume()", stop_at=long.again_at)
    assert {kind for kind, _ in went_on.outputs} <= {"display_data"}
    if long.again_at is None:
        assert went_on.error == ""
        assert kernel.run("found.resume()").error.startswith("InputError: nothing to go on with")
    else:
        assert went_on.error.endswith("its .resume() goes on")
        assert kernel.run("found = at.last()").error == ""
    told = kernel.run(f"len(kept) > 0, kept <= {long.parts}, kept == {long.parts}")
    assert told.outputs[-1] == ("execute_result", "(True, True, False)")


SLOW = """
import time
text = "version: 1.0.0\\ntasks: [{name: a, action: my.a, with_items: '{{ range(5000) }}', input: {n: '{{ item }}'}}]\\n"
def slow(n):
    if n == 3: print("begun", flush=True)
    time.sleep(0.05)
actions = {"my.a": slow}
"""
STOPPED = {
    "at.run(text, actions=actions)": "KeyboardInterrupt: workflow was stopped, ",
    "await at.arun(text, actions=actions)": "CancelledError: workflow was stopped, ",
    "at.check_isolation(text, actions=actions)": "KeyboardInterrupt: the check of workflow was stopped after ",
    "at.slim(text, actions=actions)": "KeyboardInterrupt: the run of workflow that proves it was stopped after ",
    "at.step(text, actions=actions).run()": "KeyboardInterrupt: stopped after ",
    "at.context_cost(lambda: [slow(n) for n in range(5000)])": "KeyboardInterrupt: the measured call was stopped",
}


@pytest.mark.parametrize("call", STOPPED)
def test_a_call_that_calls_actions_here_is_stopped_in_one_line(kernel: Kernel, call: str) -> None:
    assert kernel.run(SLOW).error == ""

    error = kernel.run(call, stop_at="begun").error
    assert error.startswith(STOPPED[call])
    assert "\n" not in error


def test_noise_that_is_stopped_goes_on_by_the_same_call(kernel: Kernel) -> None:
    call = "at.noise(items=4, rounds=10, place='noises')"
    kept = "sum(one.read_text().count('\"ended\"') for one in __import__('pathlib').Path('noises').iterdir())"

    shown = kernel.run(call, stop_at="3/30")
    assert shown.error.endswith("the same call goes on")
    assert "Traceback" not in shown.error
    [(_, before)] = kernel.run(kept).outputs
    assert kernel.run(call, stop_at="6/30").error.endswith("the same call goes on")
    [(_, after)] = kernel.run(kept).outputs
    assert 2 <= int(before) < int(after) <= 7


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
