"""A call that is stopped raises, so that nothing goes on with half a result, and keeps what there is."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import attune_sim as at

EXECUTORS = ("inline", "threads", "asyncio")


class Impatient:
    """An action that squares numbers, during the second of which Ctrl-C is pressed."""

    def __init__(self, last: int = 2) -> None:
        self.last = last

    def __call__(self, n: int) -> int:
        if n == self.last:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.5)  # a signal that meets a worker's thread is heard when the main one next wakes
        return n * n


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_run_that_is_stopped_raises_once_it_has_ended_and_keeps_its_result(
    squares_text: str, executor: str
) -> None:
    numbers = {"numbers": [1, 2, *range(3, 2000)]}

    with pytest.raises(KeyboardInterrupt, match=r"at\.last\(\) gives what there is") as halt:
        at.run(squares_text, numbers, actions={"demo.square": Impatient()}, executor=executor)

    run = at.last()
    assert run is halt.value.result
    assert isinstance(run, at.Run)
    assert run.status == "cancelled"
    assert run.task_results["square"]["results"][:2] == [1, 4]
    assert halt.value.args[0].startswith(f"demo.squares was stopped, {run.counts['succeeded']:,} of ")


def test_a_run_that_ends_before_it_can_be_stopped_raises_too(squares_text: str) -> None:
    class AtTheEnd:
        """Presses Ctrl-C behind the last event."""

        def run_ended(self, command: object) -> None:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(at.Interrupted, match="succeeded before it could be stopped, 4 of 4 items"):
        at.run(squares_text, actions={"demo.square": lambda n: n * n}, observers=[AtTheEnd()])

    assert at.last().output["squares"] == [1, 4, 9, 16]


def test_a_run_that_is_awaited_is_cancelled_as_asyncio_wants_it(squares_text: str) -> None:
    async def square(n: int) -> int:
        if n == 2:
            task.cancel()
        await asyncio.sleep(0)
        return n * n

    async def notebook() -> None:
        nonlocal task
        task = asyncio.create_task(at.arun(squares_text, actions={"demo.square": square}))
        with pytest.raises(asyncio.CancelledError, match="was stopped"):
            await task

    task: asyncio.Task[at.Run]
    asyncio.run(notebook())
    assert at.last().status == "cancelled"


def test_a_resumed_run_that_is_stopped_raises_and_one_that_was_cancelled_is_told_again(
    squares_text: str, tmp_path: Path
) -> None:
    class Died(MemoryError):
        """Ends a run as the death of its process would."""

    def dies(n: int) -> int:
        raise Died

    journal = tmp_path / "run.jsonl"
    with pytest.raises(Died):
        at.run(squares_text, actions={"demo.square": dies}, journal=journal)
    with pytest.raises(at.Interrupted):
        at.resume(journal, actions={"demo.square": Impatient()})

    assert at.resume(journal).status == "cancelled"


@pytest.mark.slow
def test_a_comparison_that_is_stopped_raises_keeps_its_cells_and_says_how_many_are_missing(
    tmp_path: Path,
) -> None:
    store = tmp_path / "cells.jsonl"
    pid = os.getpid()
    watcher = subprocess.Popen(
        [sys.executable, "-c", PRESSING, str(store), str(pid)], start_new_session=True
    )  # fmt: skip
    with pytest.raises(
        KeyboardInterrupt, match=r"of 4 cells were measured, . missing; the same call goes on"
    ):
        at.compare(
            "baseline", ["deepcopy", "shared"], items=300, history=20, repeats=2, store=store, progress=False
        )
    watcher.wait(timeout=30)

    partial = at.last()
    assert isinstance(partial, at.Comparison)
    assert 1 <= len(partial.records) < 4
    assert "stopped: " in str(partial)
    assert " missing" in str(partial.cells.attrs["warnings"])
    whole = at.compare(
        "baseline", ["deepcopy", "shared"], items=300, history=20, repeats=2, store=store, progress=False
    )
    assert len(whole.records) == 4
    assert whole.warnings == ()


PRESSING = """
import os, signal, sys, time
store, pid = sys.argv[1], int(sys.argv[2])
while not os.path.exists(store) or open(store).read().count('"started"') < 2:
    time.sleep(0.01)
os.kill(pid, signal.SIGINT)
"""


def test_without_a_stop_there_is_nothing_to_get() -> None:
    program = "import attune_sim as at; at.last()"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert "InputError: nothing has been stopped that had come to anything" in done.stderr


def test_errors_show_their_message_in_a_notebook_and_not_the_way_to_it(squares_text: str) -> None:
    with pytest.raises(at.InputError) as caught:
        at.run("helth_check")
    with pytest.raises(KeyboardInterrupt) as halt:
        at.run(squares_text, actions={"demo.square": Impatient()})

    [line] = caught.value._render_traceback_()
    assert line.startswith("UnknownNameError: unknown scenario or workflow file 'helth_check'")
    assert halt.value._render_traceback_() == [f"KeyboardInterrupt: {halt.value}"]


def test_a_partial_result_goes_on_once_it_was_told_how() -> None:
    from attune_sim.api.stopped import Resumable, stopped

    class Part(Resumable):
        pass

    part, whole = Part(), Part()
    with pytest.raises(at.InputError, match="nothing to go on with"):
        part.resume()
    halt = stopped("1 of 2 cells", part, lambda: whole)  # type: ignore[arg-type]

    assert str(halt).endswith("at.last() gives what there is, and its .resume() goes on")
    assert halt.result is part
    assert part.resume() is whole
