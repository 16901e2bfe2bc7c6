"""What the main fan-out of a cell really was: its size and the context that it forked."""

import os
import signal
import subprocess
import sys

import pytest

from attune_sim import frame
from attune_sim.contexts.registry import strategies
from attune_sim.engine.offer import Offer
from attune_sim.experiment import CellSpec, run_cell
from attune_sim.experiment.answers import json_bytes_of
from attune_sim.experiment.ready import LargestFanOut
from attune_sim.runspec import History
from attune_sim.scenarios.workload import Workload
from attune_sim.workflow import Task, Transition, Workflow

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals as on POSIX")


def test_a_cell_starts_without_what_only_other_programs_need():
    """Every cell is a process that starts anew; sizes are told without numpy where no array can be."""
    heavy = ("pydantic", "pandas", "matplotlib", "numpy")
    program = (
        "import sys, attune_sim.experiment.measure, attune_sim.probes.sizer as sizer\n"
        f"print([name for name in {heavy!r} if name in sys.modules])\n"
        "import numpy\n"
        "print(sizer.Sizer().marginal(numpy.zeros(1_000)) > 8_000)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "True"]


def listed():
    return {"servers": [{"name": f"server {n}", "notes": "x" * 100} for n in range(300)]}


def checked(server):
    return server["name"]


def killed(server):
    os.kill(os.getpid(), signal.SIGKILL)


def odd():
    return {"servers": [1, 2], "set": {1, 2}, "huge": 2**80, "object": object(), "text": "x" * 5000}


def discovering(first, each) -> CellSpec:
    """A task makes the list that the fan-out runs over: nobody knows its length before."""
    tasks = (
        Task("list", action="test.list", next=(Transition(do=("check",)),)),
        Task(
            "check", action="test.check", with_items="{{ task.list.servers }}", input={"server": "{{ item }}"}
        ),
    )
    workload = Workload(
        name="discovering",
        workflow=Workflow(tasks, ref="discovering"),
        items=0,
        history=History(tasks=1, bytes_each=1000),
        replay={"test.list": first, "test.check": each},
    )
    return CellSpec(workload=workload, strategy=strategies["shared"], memory_limit_bytes=2**31)


def test_the_context_of_a_fan_out_counts_what_earlier_tasks_left_and_its_size_is_what_it_had():
    record = run_cell(discovering(listed, checked))

    left = len(str(listed()).replace(" ", "").replace("server", "server "))
    assert record.key.context_bytes == 1000
    assert record.fan_out_context_bytes == pytest.approx(1000 + left, abs=120)
    assert (record.key.items, record.items, record.items_done) == (0, 300, 300)
    row = frame.cells_frame([record]).iloc[0]
    assert (row["items"], row["fan_out_context_bytes"]) == (300, record.fan_out_context_bytes)
    assert set(frame.metrics_frame([record])["items"]) == {300}


@posix
def test_a_cell_that_is_killed_knows_its_items_and_not_its_context():
    record = run_cell(discovering(listed, killed))

    assert (record.outcome, record.items, record.fan_out_context_bytes) == ("killed", 300, None)
    assert frame.cells_frame([record])["fan_out_context_bytes"].isna().all()


def test_the_items_of_a_run_that_never_fanned_out_are_missing_in_every_frame():
    def broken():
        raise RuntimeError("no servers today")

    record = run_cell(discovering(broken, checked))

    assert (record.items, record.fan_out_context_bytes) == (None, None)
    for make in (frame.cells_frame, frame.metrics_frame):
        assert make([record])["items"].isna().all()


def offer_of(task: str, items: list[str] | None) -> Offer:
    strategy = strategies["shared"]()
    context = strategy.begin({"parameters": {"of": task}, "workflow": {}, "task": {}})
    return Offer(
        task=task,
        visit=0,
        plain=items is None,
        items=items or (),
        forker=strategy.fan_out(context, None),
        context=context,
    )


def test_the_largest_fan_out_is_kept_with_its_context_its_forker_and_its_first_item():
    seen = LargestFanOut()
    assert seen.offer is None

    for offer in (offer_of("few", ["a", "b"]), large := offer_of("many", ["c"] * 3), offer_of("late", ["d"])):
        seen.fan_out_opened(offer)
    seen.fan_out_opened(offer_of("plain", None))

    assert seen.offer is large
    assert (seen.offer.context, seen.offer.forker, seen.offer.items[0]) == (large.context, large.forker, "c")


def test_values_that_are_not_json_do_not_break_the_size_of_a_context():
    record = run_cell(discovering(odd, str))

    assert record.outcome == "ok"
    assert 6000 < record.fan_out_context_bytes < 6300


def test_a_context_that_cannot_even_be_shown_has_no_size():
    class Mute:
        def __repr__(self):
            raise ValueError("not for your eyes")

    shared = strategies["shared"]()
    assert json_bytes_of(None) is None
    assert json_bytes_of(shared.begin({"parameters": {"mute": Mute()}})) is None
    assert json_bytes_of(shared.begin({"parameters": {"n": 1}, "config": None})) == len('{"n":1}')
