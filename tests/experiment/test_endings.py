"""The name of an ending, from what its parent knows."""

import signal

import pytest

from attune_sim.experiment.endings import Departure

SEGV, ABRT, KILL = signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL


def ran(outcome="ok", error=None):
    return {"row": "ran", "outcome": outcome, "error": error}


def dying(number, refused):
    return {"row": "dying", "signal": int(number), "refused": refused}


def ended(exit_code, **known):
    row = Departure(exit_code=exit_code, memory_limit_bytes=2**30, **known).ending()
    return row["outcome"], row["error"]


@pytest.mark.parametrize(
    ("exit_code", "known", "outcome", "reason"),
    [
        (0, {"ran": ran(), "complete": True}, "ok", None),
        (0, {"ran": ran("memory_limit", "met"), "complete": True}, "memory_limit", "met"),
        (1, {"ran": ran("crashed", "ValueError")}, "crashed", "ValueError"),
        (-KILL, {"ran": ran(), "late": ("after", 60.0)}, "ok", None),
        (-KILL, {"late": ("run", 2.0)}, "time_limit", "time limit of 2 s met"),
        (-KILL, {"late": ("set-up", 120.0)}, "time_limit", "set-up took more than 120 s"),
        (-KILL, {}, "killed", "SIGKILL"),
        (-SEGV, {}, "crashed", "SIGSEGV"),
        (-SEGV, {"words": "out of memory"}, "crashed", "SIGSEGV: out of memory"),
        (-SEGV, {"ran": ran()}, "crashed", "SIGSEGV"),
        (-SEGV, {"dying": dying(SEGV, False)}, "crashed", "SIGSEGV"),
        (-ABRT, {"dying": dying(ABRT, False)}, "aborted", "SIGABRT"),
        (-KILL, {"stuck": ABRT}, "aborted", "SIGABRT"),
        (-KILL, {"dying": dying(ABRT, False), "late": ("run", 2.0)}, "aborted", "SIGABRT"),
        (3, {}, "crashed", "the worker ended with exit code 3"),
        (3, {"words": "last words"}, "crashed", "last words"),
        (-(signal.SIGRTMIN + 2), {}, "crashed", f"signal {signal.SIGRTMIN + 2}"),
    ],
)
def test_an_ending_has_its_name_by_its_cause(exit_code, known, outcome, reason):
    assert ended(exit_code, **known) == (outcome, reason)


@pytest.mark.parametrize("number", [SEGV, ABRT])
def test_a_signal_after_a_refusal_is_the_limit_on_memory(number):
    outcome, reason = ended(-number, dying=dying(number, True), words="whatever")
    assert outcome == "memory_limit"
    assert reason.startswith(f"memory limit of 1 GiB met: {number.name}, as an allocation was refused")


def test_the_time_by_the_parents_clock_is_in_the_row():
    assert Departure(exit_code=0, memory_limit_bytes=1, wall_s=2.5).ending()["wall_s"] == 2.5
