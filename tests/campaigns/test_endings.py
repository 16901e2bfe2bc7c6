"""Cells whose end is planted: memory limits in every shape, breakdowns at any fill, exits, kills, hangs.

Each trial plants one cause in an action, a strategy or from outside, and knows what it has to be called. What the texts
say is made to mislead: an item that complains of memory with plenty of room, a library that crashes without a word.
"""

import ctypes
import os
import re
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from random import Random

import psutil
import pytest

from attune_sim.contexts.registry import strategies
from attune_sim.errors import ActionError
from attune_sim.experiment import CellSpec, run_cell
from attune_sim.experiment.watching import Patience
from attune_sim.runspec import History
from attune_sim.scenarios.workload import Workload
from attune_sim.workflow import Task, Workflow

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits and signals as on Linux"),
]

FULL = int(os.environ.get("ATTUNE_SIM_CAMPAIGN", "0"))
TRIALS = min(FULL, 200) or 25

MIB = 1024 * 1024
LIMIT = 640 * MIB
ITEMS = 12
TIME_LIMIT_S = 1.5
LONG_S = 120.0

PLANTED = {}
"""Name of an ending -> what makes its spec and says how it has to be called."""


def planted(outcome, **given):
    """An ending that happens in the action of one item: `act(n, limit, share)` is called for the seventh."""

    def keep(act):
        PLANTED[act.__name__] = lambda draw: _with_action(act, outcome, draw, **given)
        return act

    return keep


def _with_action(act, outcome, draw, *, limit=LIMIT, shares=(0.0, 0.9), time_limit_s=LONG_S, **given):
    share = draw.uniform(*shares)

    def action(n):
        return act(n, limit, share) if n == 6 else n

    return spec_of(action, memory_limit_bytes=limit, time_limit_s=time_limit_s, **given), outcome, share


def numbers(workload):
    return {"numbers": list(range(workload.items))}


def spec_of(action, *, items=ITEMS, strategy="shared", history=None, make=numbers, **given):
    each = Task(
        "each",
        action="test.act",
        with_items="{{ parameters.numbers }}",
        input={"n": "{{ item }}"},
        timeout=given.pop("timeout", None),
    )
    workload = Workload(
        name="endings",
        workflow=Workflow((each,), ref="endings"),
        items=items,
        history=history or History(tasks=1, bytes_each=1000),
        make_parameters=make,
        replay={"test.act": action},
    )
    return CellSpec(workload=workload, strategy=strategies[strategy], context_bytes=0, **given)


def filled(limit, share):
    """Blocks that take the address space of this process up to a share of the limit."""
    held = []
    while int(Path("/proc/self/statm").read_text().split()[0]) * 4096 < share * limit - MIB:
        held.append(bytearray(MIB))
    return held


def refused_in_c(size=2**40):
    """What a library gets that asks for too much: nothing, and no exception."""
    malloc = ctypes.PyDLL(None).malloc
    malloc.restype, malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    return malloc(size)


# -- the limit on memory, in every shape -------------------------------------------------------------------------------


@planted("memory_limit")
def lists_that_grow(n, limit, share):
    held = []
    while True:
        held.append([n, {}])


@planted("memory_limit")
def a_dict_that_grows(n, limit, share):
    held = {}
    for number in range(10**9):
        held[number] = str(number)


@planted("memory_limit", executor="threads")
def blocks_that_grow_in_a_thread(n, limit, share):
    held = []
    while True:
        held.append(bytearray(4 * MIB))


@planted("memory_limit", executor="asyncio")
def texts_that_grow_on_a_loop(n, limit, share):
    held = []
    while True:
        held.append("x" * (3 * MIB + len(held)))


@planted("memory_limit", limit=2**30)
def arrays_that_grow(n, limit, share):
    import numpy as np

    held = []
    while True:
        held.append(np.ones(MIB))


@planted("memory_limit", shares=(0.0, 0.5))
def one_huge_block(n, limit, share):
    held = filled(limit, share)
    return len(held), bytearray(2 * limit)


@planted("memory_limit", shares=(0.0, 0.5), executor="threads")
def one_huge_block_in_a_thread(n, limit, share):
    held = filled(limit, share)
    return len(held), [0] * limit


@planted("memory_limit", shares=(0.0, 0.5), timeout=60)
def one_huge_block_under_a_time_limit(n, limit, share):
    held = filled(limit, share)
    return len(held), bytearray(2 * limit)


@planted("memory_limit", limit=2**30, shares=(0.0, 0.3))
def one_huge_array(n, limit, share):
    import numpy as np

    return len(filled(limit, share)), np.zeros(10**10)


@planted("memory_limit", shares=(0.0, 0.7))
def a_library_that_writes_where_it_was_refused(n, limit, share):
    held = filled(limit, share)
    ctypes.memset(refused_in_c(), len(held) % 7, 64)


@planted("memory_limit", shares=(0.0, 0.7), executor="threads")
def a_library_that_writes_there_without_the_lock(n, limit, share):
    held = filled(limit, share)
    ctypes.CDLL(None).memset(ctypes.c_void_p(refused_in_c()), len(held) % 7, 64)


@planted("memory_limit", shares=(0.0, 0.7))
def a_library_that_aborts_where_it_was_refused(n, limit, share):
    held = filled(limit, share)
    if refused_in_c() is None:
        os.abort()
    return held


@planted("memory_limit", limit=300 * MIB)
def a_map_in_rust_that_grows(n, limit, share):
    from rpds import HashTrieMap

    held = HashTrieMap()
    for number in range(10**8):
        held = held.insert(number, str(number) * 10)


@planted("memory_limit")
def json_that_is_read_again_and_again(n, limit, share):
    import orjson

    text = orjson.dumps([{"a": number, "b": str(number)} for number in range(60_000)])
    held = []
    while True:
        held.append(orjson.loads(text))


@planted("memory_limit")
def json_that_is_written_again_and_again(n, limit, share):
    import orjson

    value = [{"a": number, "b": str(number)} for number in range(60_000)]
    held = []
    while True:
        held.append(orjson.dumps(value))


@planted("memory_limit")
def an_item_that_fails_because_of_a_refusal(n, limit, share):
    held = []
    try:
        while True:
            held.append(bytearray(2 * MIB))
    except MemoryError:
        held.clear()
    raise ValueError("something went wrong")


def copies(strategy):
    def make(draw):
        history = History(tasks=20, bytes_each=draw.randint(20_000, 60_000))
        limit = draw.randint(200, 420) * MIB
        given = {"strategy": strategy, "dispatch": "eager", "history": history, "memory_limit_bytes": limit}
        return spec_of(lambda n: n, items=5000, time_limit_s=LONG_S, **given), "memory_limit", 0.0

    return make


PLANTED |= {f"eager copies by {name}": copies(name) for name in ("deepcopy", "json", "orjson", "pickle")}


def too_small(draw):
    limit = draw.randint(1, 30) * MIB
    return spec_of(lambda n: n, memory_limit_bytes=limit), "memory_limit", 0.0


PLANTED["a limit below what a worker needs"] = too_small

# -- breakdowns that have nothing to do with memory --------------------------------------------------------------------


@planted("crashed")
def a_null_pointer(n, limit, share):
    held = filled(limit, share)
    ctypes.string_at(0)
    return held


@planted("crashed", executor="threads")
def a_null_pointer_without_the_lock(n, limit, share):
    held = filled(limit, share)
    ctypes.CDLL(None).memset(None, 0, 64)
    return held


@planted("crashed")
def a_wild_pointer(n, limit, share):
    held = filled(limit, share)
    ctypes.string_at(0xDEAD0000BEEF)
    return held


@planted("crashed")
def a_null_pointer_after_a_refusal_that_was_handled(n, limit, share):
    try:
        bytearray(2**40)
    except MemoryError:
        ctypes.PyDLL(None).close(-1)  # any call that fails takes its place
    ctypes.string_at(0)


@planted("crashed")
def a_bus_error(n, limit, share):
    held = filled(limit, share)
    os.kill(os.getpid(), signal.SIGBUS)
    time.sleep(LONG_S)
    return held


@planted("crashed")
def a_stack_that_overflows(n, limit, share):
    held = filled(limit, share / 2)
    sys.setrecursionlimit(10**9)

    def deeper(one):
        return [*map(deeper, [one])]

    return held, deeper(n)


@planted("crashed", shares=(0.0, 0.6))
def a_memory_error_by_hand(n, limit, share):
    held = filled(limit, share)
    raise MemoryError(f"out of memory, {len(held)} blocks")


@planted("crashed", shares=(0.0, 0.6), executor="threads")
def a_memory_error_by_hand_in_a_thread(n, limit, share):
    raise MemoryError("Cannot allocate memory")


@planted("crashed")
def an_exit_with_a_code(n, limit, share):
    held = filled(limit, share)
    print("out of memory", file=sys.stderr)
    os._exit(1 + len(held) % 70)


@planted("crashed")
def an_exit_without_a_word(n, limit, share):
    os._exit(0)


def no_parameters(workload):
    raise ValueError("out of memory")


PLANTED["a workload that cannot be made"] = lambda draw: (
    spec_of(lambda n: n, make=no_parameters),
    "crashed",
    0.0,
)


# Where a thread of the C library breaks down while this one keeps the lock, no last word can be brought out.
@planted("aborted", time_limit_s=LONG_S)
def an_abort_whose_last_word_is_stuck(n, limit, share):
    library, thread = ctypes.CDLL(None), ctypes.c_ulong()
    abort = ctypes.cast(library.abort, ctypes.c_void_p)
    ctypes.PyDLL(None).pthread_create(ctypes.byref(thread), None, abort, None)
    re.match(r"(a+)+$", "a" * 60 + "b")


@planted("aborted")
def an_abort(n, limit, share):
    held = filled(limit, share)
    os.abort()
    return held


@planted("aborted", executor="threads")
def an_abort_without_the_lock(n, limit, share):
    held = filled(limit, share)
    ctypes.CDLL(None).abort()
    return held


@planted("killed")
def a_kill(n, limit, share):
    held = filled(limit, share)
    os.kill(os.getpid(), signal.SIGKILL)
    return held


@planted("killed")
def from_outside(n, limit, share):
    held = filled(limit, share)
    time.sleep(LONG_S)
    return held


@planted("interrupted")
def ctrl_c(n, limit, share):
    time.sleep(LONG_S)


@planted("time_limit", time_limit_s=TIME_LIMIT_S)
def a_sleep(n, limit, share):
    held = filled(limit, share)
    time.sleep(LONG_S)
    return held


@planted("time_limit", time_limit_s=TIME_LIMIT_S)
def an_expression_that_never_ends(n, limit, share):
    re.match(r"(a+)+$", "a" * 60 + "b")


def never_ready(workload):
    time.sleep(LONG_S)


def slow_set_up(draw):
    return spec_of(lambda n: n, make=never_ready), "time_limit", 0.0


PLANTED["a set-up that hangs"] = slow_set_up

# -- what looks like an end and is none --------------------------------------------------------------------------------


@planted("ok")
def nothing_but_memory_in_use(n, limit, share):
    return len(filled(limit, share))


@planted("ok")
def an_item_that_complains_of_memory(n, limit, share):
    held = filled(limit, share)
    raise ActionError(f"the backend is out of memory: Cannot allocate memory ({len(held)})")


@planted("ok")
def a_memory_error_by_hand_that_is_handled(n, limit, share):
    held = filled(limit, share)
    try:
        raise MemoryError("Not enough memory")
    except MemoryError:
        return len(held)


@planted("ok")
def a_refusal_that_is_handled(n, limit, share):
    held = []
    try:
        while True:
            held.append(bytearray(2 * MIB))
    except MemoryError:
        return len(held)


@planted("ok", executor="threads")
def a_refusal_in_c_that_is_handled(n, limit, share):
    return refused_in_c()


@planted("ok", shares=(0.0, 0.6))
def a_child_that_crashes(n, limit, share):
    held = filled(limit, share)
    child = os.fork()
    if child == 0:
        ctypes.string_at(refused_in_c() or 0)
    return len(held), os.waitpid(child, 0)[1]


@planted("ok")
def an_action_that_wants_to_exit(n, limit, share):
    sys.exit(3)


def run(name, spec):
    def on_row(row):
        if row["row"] != "sample" or row["forks"] < 4:  # the last look before the seventh
            return
        if name == "ctrl_c":
            raise KeyboardInterrupt
        if name == "from_outside":
            threading.Timer(0.3, kill_the_workers).start()

    patience = Patience(set_up_s=TIME_LIMIT_S) if "set-up" in name else Patience()
    return run_cell(spec, on_row, patience=patience)


def kill_the_workers():
    for child in psutil.Process().children():
        if "attune_sim.experiment.worker" in child.cmdline():
            child.kill()


def test_every_planted_ending_gets_its_name(capsys):
    names, found = sorted(PLANTED), Counter()
    Random(1).shuffle(names)  # a short campaign is a mixed one too
    wrong = []
    for trial in range(TRIALS):
        name = names[trial % len(names)]
        spec, outcome, share = PLANTED[name](Random(f"{name} {trial}"))
        record = run(name, spec)
        found[record.outcome] += 1
        if record.outcome != outcome:
            wrong.append(
                f"trial {trial}, {name} at {share:.0%}: {record.outcome} for {outcome} ({record.error})"
            )
        if outcome == "time_limit" and "set-up" not in name:
            assert record.wall_s >= spec.time_limit_s
        elif outcome in ("killed", "crashed", "aborted") and record.forks:
            # A run that tells its own time leaves out what the way to each reading took; the moments of readings have it in them.
            ways_s = 0.0 if record.run_status is None else 0.001
            assert record.wall_s >= record.samples[-1].elapsed_s - ways_s

    with capsys.disabled():
        told = ", ".join(f"{count} {outcome}" for outcome, count in found.most_common())
        print(f"\n{TRIALS - len(wrong)} of {TRIALS} endings of {len(names)} kinds were named right: {told}")
    assert wrong == []
