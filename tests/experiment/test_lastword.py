"""What a process says whose library breaks down, and what can be seen of one that does not get to say it."""

import json
import os
import signal
import subprocess
import sys

import pytest

from attune_sim.experiment import lastword
from attune_sim.experiment.lastword import signal_being_handled

linux = pytest.mark.skipif(not lastword.is_available(), reason="handlers as on Linux")

DIES = """
import ctypes, os, sys
from attune_sim.experiment.lastword import LastWord
word = LastWord(1)
word.arm()
libc = ctypes.PyDLL(None)
if "refused" in sys.argv:
    libc.malloc.argtypes, libc.malloc.restype = [ctypes.c_size_t], ctypes.c_void_p
    libc.malloc(2**62)
{how}
"""


def last_row(how, *arguments):
    done = subprocess.run([sys.executable, "-c", DIES.replace("{how}", how), *arguments], capture_output=True)
    row = json.loads(done.stdout) if done.stdout.strip() else None
    return -done.returncode, row


@linux
@pytest.mark.parametrize(
    ("how", "number"),
    [
        ("ctypes.string_at(0)", signal.SIGSEGV),
        ("os.abort()", signal.SIGABRT),
        ("os.kill(os.getpid(), 7); print('still here')", signal.SIGBUS),
        ("ctypes.CDLL(None).memset(None, 0, 1)", signal.SIGSEGV),
    ],
)
@pytest.mark.parametrize("refused", [True, False])
def test_a_process_says_whether_it_was_refused_memory_and_dies_of_the_same_signal(how, number, refused):
    died_of, row = last_row(how, *(["refused"] if refused else []))
    assert died_of == number
    assert row == {"row": "dying", "signal": number, "refused": refused}


@linux
def test_a_fork_says_nothing():
    assert last_row("os.fork() or os.abort(); os.wait()") == (0, None)


@linux
@pytest.mark.parametrize(
    ("reached", "rows"),
    [
        ("lambda: (3, 5, 1.5)", [{"row": "reached", "items_done": 3, "forks": 5, "fork_us": 1.5}]),
        ("lambda: 1 / 0", []),
    ],
)
def test_a_process_says_how_far_it_had_come_and_dies_all_the_same_where_it_cannot(reached, rows):
    code = DIES.replace("{how}", f"word.count({reached}); ctypes.string_at(0)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert -done.returncode == signal.SIGSEGV
    assert [json.loads(line) for line in done.stdout.split(b"\n") if line][1:] == rows


def process(folder, *masks):
    for number, mask in enumerate(masks):
        thread = folder / "7" / "task" / str(number)
        thread.mkdir(parents=True)
        (thread / "status").write_text(f"Name:\tx\nSigBlk:\t{mask:016x}\nSigIgn:\t0\n")


def mask_of(*numbers):
    return sum(1 << (number - 1) for number in numbers)


@linux
@pytest.mark.parametrize(
    ("masks", "number"),
    [
        ([0, 0], None),
        ([mask_of(signal.SIGSEGV)], None),
        ([2**64 - 1], None),
        ([0, mask_of(signal.SIGSEGV, 45, 57, 60, 50)], signal.SIGSEGV),
        ([mask_of(signal.SIGABRT, 45, 57, 60, 53), 0], signal.SIGABRT),
        ([mask_of(45, 57, 60, 50, 53)], None),
    ],
)
def test_a_thread_at_its_last_word_is_known_by_what_it_blocks(masks, number, tmp_path):
    process(tmp_path, *masks)
    assert signal_being_handled(7, tmp_path) == number


def test_a_process_that_is_gone_handles_nothing(tmp_path):
    assert signal_being_handled(7, tmp_path) is None
    assert signal_being_handled(os.getpid()) is None
