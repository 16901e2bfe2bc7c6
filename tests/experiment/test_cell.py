"""A cell is a process of its own; however it ends, it ends as a row, in time, with what it had told."""

import ctypes
import os
import platform
import signal
import sys
import time
from contextlib import contextmanager

import psutil
import pytest

from attune_sim.contexts.registry import strategies
from attune_sim.contexts.shared import Shared
from attune_sim.errors import ExperimentError
from attune_sim.experiment import CellSpec, run_cell
from attune_sim.experiment.cell import run_answer
from attune_sim.experiment.watching import Patience
from attune_sim.runspec import History
from attune_sim.scenarios.catalogue.health_check import health_check
from attune_sim.scenarios.workload import Workload

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits and signals as on Linux")

MIB = 1024 * 1024


def double(n):
    return {"double": 2 * n}


def readings_of(record):
    # Not above: a cell imports this file, and pandas alone takes more than some limits here.
    from attune_sim import frame

    return {reading.metric: reading for reading in frame.readings_of(record)}


@linux
def test_a_cell_gives_every_reading_and_every_item(spec_of):
    record = run_cell(spec_of(double, 40))
    assert (record.outcome, record.run_status, record.error) == ("ok", "succeeded", None)
    assert (record.items_done, record.items_failed, record.forks) == (40, 0, 40)
    readings = readings_of(record)
    assert [name for name, reading in readings.items() if reading.value is None] == ["heap_closure"]
    assert readings["closure"].value == pytest.approx(1.0, abs=0.03)
    assert readings["fork_object_bytes"].value == 56
    assert readings["fork_bytes"].value == pytest.approx(72, abs=2)  # indexes up to 256 are at hand
    assert readings["asizeof_coverage"].value == pytest.approx(1.0, abs=0.05)
    assert readings["copied_bytes"].value == pytest.approx(40 * readings["fork_bytes"].value)
    assert readings["alive_bytes"].value == pytest.approx(readings["fork_bytes"].value, abs=1_500)
    assert {sample.metric for sample in record.samples} == {
        "live_heap_bytes",
        "rss_anon_bytes",
        "allocated_blocks",
    }
    assert record.surroundings["hash_seed"] == str(record.hash_seed)
    assert record.surroundings["heap_source"] == "debugmallocstats+mallinfo2"


def test_what_texts_hash_by_in_a_cell_follows_from_its_repeat_and_is_kept(spec_of):
    def hashed(n):
        return hash("any text")

    first, again, other = (run_cell(spec_of(hashed, 2, repeat=repeat)) for repeat in (0, 0, 1))
    assert (first.hash_seed, first.answer) == (again.hash_seed, again.answer)
    assert other.hash_seed != first.hash_seed
    assert other.answer != first.answer


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the malloc of glibc")
def test_malloc_has_learned_to_keep_large_blocks_before_a_run_begins(spec_of):
    def take_a_large_block_from_the_heap(n):
        libc = ctypes.CDLL(None)
        libc.malloc.restype = libc.sbrk.restype = ctypes.c_void_p
        block = libc.malloc(ctypes.c_size_t(20_000_000))
        if block > libc.sbrk(0):
            raise ValueError("it has pages of its own")

    record = run_cell(spec_of(take_a_large_block_from_the_heap, 1))
    assert (record.items_done, record.items_failed) == (1, 0)


@linux
@pytest.mark.slow
def test_eager_dispatch_keeps_all_forks_alive_and_copies_as_much_as_windowed(spec_of):
    history = History(tasks=1, bytes_each=20_000)
    cells = {
        dispatch: run_cell(spec_of(double, 30, strategy="deepcopy", dispatch=dispatch, history=history))
        for dispatch in ("eager", "windowed")
    }
    assert cells["eager"].answer == cells["windowed"].answer
    eager, windowed = (readings_of(cells[name]) for name in ("eager", "windowed"))
    assert eager["copied_bytes"].value == pytest.approx(windowed["copied_bytes"].value, rel=0.02)
    # A single fork finds up to 10 KB of lists and dicts that the interpreter keeps at hand.
    assert eager["alive_bytes"].value / 30 == pytest.approx(windowed["alive_bytes"].value, abs=12_000)
    assert eager["alive_bytes"].value == pytest.approx(eager["copied_bytes"].value, rel=0.02)
    assert eager["heap_closure"].value == pytest.approx(1.0, abs=0.02)
    assert eager["live_heap_bytes"].value == pytest.approx(eager["alive_bytes"].value, rel=0.05)
    assert windowed["live_heap_bytes"].value < eager["live_heap_bytes"].value / 10


@linux
@pytest.mark.slow
def test_forks_of_frozen_are_not_made_of_what_freezing_a_result_left_at_hand():
    spec = CellSpec(workload=health_check(1_000), strategy=strategies["frozen"], dispatch="eager")
    assert readings_of(run_cell(spec))["heap_closure"].value == pytest.approx(1.0, abs=0.02)


def test_actions_and_strategies_of_a_test_function_work_in_a_cell(spec_of):
    factor = 3

    def triple(n):
        return {"triple": factor * n}

    class Mine(Shared):
        name = "mine"

    record = run_cell(spec_of(triple, 5, strategy=Mine))
    assert (record.outcome, record.run_status, record.key.strategy) == ("ok", "succeeded", "mine")
    assert record.answer != run_cell(spec_of(double, 5)).answer


def test_failed_and_timed_out_items_are_counted(spec_of):
    from attune_sim.errors import ActionError, ActionTimeout

    def choosy(n):
        if n == 2:
            raise ActionError("two is refused")
        if n == 3:
            raise ActionTimeout("three does not answer")
        return n

    record = run_cell(spec_of(choosy, 6))
    assert (record.outcome, record.run_status) == ("ok", "failed")
    assert (record.items_done, record.items_failed, record.items_timed_out) == (6, 1, 1)


@linux
@pytest.mark.slow
def test_running_out_of_memory_is_a_row_with_what_was_reached(spec_of):
    spec = spec_of(
        double,
        1000,
        strategy="deepcopy",
        dispatch="eager",
        history=History(tasks=20, bytes_each=20_000),
        memory_limit_bytes=160 * MIB,
    )
    record = run_cell(spec)
    assert record.outcome == "memory_limit"
    assert "memory limit of 160 MiB met" in record.error
    assert 10 < record.forks < 150
    assert len(record.samples) > 5
    readings = readings_of(record)
    assert readings["fork_us"].value > 1000
    assert readings["paid_fork_us"].value > 1000
    assert readings["alive_bytes"].value == pytest.approx(
        record.forks * readings["fork_bytes"].value, rel=0.02
    )
    assert readings["copied_bytes"].value == pytest.approx(readings["alive_bytes"].value, rel=0.02)
    assert record.forks - record.samples[-1].item_index <= 2
    assert readings["fork_bytes"].value == pytest.approx(
        max(
            sample.value / sample.item_index
            for sample in record.samples
            if sample.metric == "live_heap_bytes" and sample.item_index
        ),
        rel=0.2,
    )


@linux
def test_a_limit_below_what_a_worker_needs_is_a_row_too(spec_of):
    record = run_cell(spec_of(double, 100, memory_limit_bytes=20 * MIB))
    assert (record.outcome, record.items_done) == ("memory_limit", 0)
    assert "bytes were in use before the first item" in record.error


@linux
@pytest.mark.parametrize(
    "disguise",
    [
        "an item's failure",
        pytest.param("another error", marks=pytest.mark.slow),
        pytest.param("swallowed and failed", marks=pytest.mark.slow),
    ],
)
def test_running_out_of_memory_is_recognised_in_disguise(disguise, spec_of):
    def hungry(n):
        held = []
        try:
            while True:
                held.append(bytearray(4 * MIB))
        except MemoryError:
            held.clear()
            if disguise == "an item's failure":
                raise RuntimeError("the buffer is too small") from None
            if disguise == "another error":
                raise MemoryError from None
            raise ValueError("something went wrong") from None

    assert run_cell(spec_of(hungry, 2, memory_limit_bytes=300 * MIB)).outcome == "memory_limit"


def test_an_error_without_want_of_memory_stays_an_error(spec_of):
    def failing(n):
        raise ValueError("something went wrong")

    record = run_cell(spec_of(failing, 2))
    assert (record.outcome, record.run_status, record.items_failed) == ("ok", "failed", 2)


def endings():
    def stuck_in_c(n):
        import re

        re.match(r"(a+)+$", "a" * 60 + "b")

    def sleeping(n):
        time.sleep(3600)  # a limit that nobody kept would be a test that hangs

    def aborting(n):
        os.abort()

    def killed(n):
        os.kill(os.getpid(), signal.SIGKILL)

    def broken_memory(n):
        os.kill(os.getpid(), signal.SIGSEGV)

    def leaving(n):
        print("last words", file=sys.stderr)
        os._exit(3)

    quick, slow = (), (pytest.mark.slow,)
    for marks, ending, outcome, reason in (
        (quick, stuck_in_c, "time_limit", "time limit of 1 s met"),
        (slow, sleeping, "time_limit", "time limit of 1 s met"),
        (slow, aborting, "aborted", "SIGABRT"),
        (quick, killed, "killed", "SIGKILL"),
        (slow, broken_memory, "crashed", "SIGSEGV"),
        (quick, leaving, "crashed", "last words"),
    ):
        yield pytest.param(ending, outcome, reason, marks=marks, id=ending.__name__)


@linux
@pytest.mark.parametrize(("ending", "outcome", "reason"), list(endings()))
def test_however_the_process_ends_it_is_a_row_with_the_samples_so_far(ending, outcome, reason, spec_of):
    def half_way(n):
        if n == 20:
            ending(n)
        return n

    record = run_cell(spec_of(half_way, 40, time_limit_s=1.0))
    assert (record.outcome, reason in record.error) == (outcome, True), record.error
    assert record.forks >= 15
    assert len(record.samples) > 10
    assert readings_of(record)["paid_fork_us"].value > 0


@linux
def test_an_action_that_exits_fails_its_item_and_not_the_cell(spec_of):
    def exiting(n):
        return sys.exit(3) if n == 20 else n

    record = run_cell(spec_of(exiting, 40))
    assert (record.outcome, record.run_status, record.items_failed) == ("ok", "failed", 1)
    assert "the action called sys.exit(3)" in record.error


def refused_in_c():
    import ctypes

    malloc = ctypes.PyDLL(None).malloc
    malloc.restype, malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    return malloc(2**40)


@linux
def test_a_library_that_goes_on_where_it_was_refused_has_met_the_limit_at_any_fill(spec_of):
    def unchecked(n):
        import ctypes

        return ctypes.memset(refused_in_c(), 0, 64) if n == 5 else n

    record = run_cell(spec_of(unchecked, 10, memory_limit_bytes=512 * MIB))
    assert record.outcome == "memory_limit", record.error
    assert record.error.startswith("memory limit of 512 MiB met: SIGSEGV, as an allocation was refused")
    assert record.items_done == 5


@linux
def test_a_library_that_breaks_down_where_much_memory_is_in_use_has_crashed(spec_of):
    def broken(n):
        import ctypes

        if n == 42:
            ctypes.string_at(0)
        return "x" * 10_000_000

    record = run_cell(spec_of(broken, 60, memory_limit_bytes=512 * MIB))
    assert (record.outcome, record.error) == ("crashed", "SIGSEGV")


@linux
@pytest.mark.slow
def test_a_thread_of_c_that_breaks_down_is_not_waited_for_when_python_is_busy(spec_of):
    def stuck(n):
        import ctypes
        import re

        library, thread = ctypes.CDLL(None), ctypes.c_ulong()
        abort = ctypes.cast(library.abort, ctypes.c_void_p)
        ctypes.PyDLL(None).pthread_create(ctypes.byref(thread), None, abort, None)
        re.match(r"(a+)+$", "a" * 60 + "b")

    record = run_cell(spec_of(stuck, 2, time_limit_s=300.0), patience=Patience(last_word_s=0.5))
    assert (record.outcome, record.error) == ("aborted", "SIGABRT")


def test_an_item_that_complains_of_memory_has_failed_and_nothing_else(spec_of):
    def complaining(n):
        raise RuntimeError("the backend is out of memory: Cannot allocate memory")

    record = run_cell(spec_of(complaining, 2))
    assert (record.outcome, record.run_status, record.items_failed) == ("ok", "failed", 2)


@linux
def test_a_memory_error_by_hand_with_plenty_of_room_is_a_crash(spec_of):
    def lying(n):
        raise MemoryError("Not enough memory")

    record = run_cell(spec_of(lying, 2))
    assert (record.outcome, record.error) == ("crashed", "MemoryError: Not enough memory")


@linux
@pytest.mark.parametrize("executor", ["inline", pytest.param("threads", marks=pytest.mark.slow)])
def test_a_single_huge_allocation_has_met_the_limit_though_little_is_in_use(executor, spec_of):
    def greedy(n):
        return [0] * 2**32

    record = run_cell(spec_of(greedy, 2, executor=executor))
    assert (record.outcome, record.error) == ("memory_limit", "memory limit of 2 GiB met: MemoryError")


@linux
def test_a_refusal_that_an_action_gets_over_is_none_of_the_cells(spec_of):
    def modest(n):
        try:
            return len(bytearray(2**40))
        except MemoryError:
            return refused_in_c()

    record = run_cell(spec_of(modest, 4))
    assert (record.outcome, record.run_status) == ("ok", "succeeded")


@linux
def test_a_child_of_an_action_that_breaks_down_says_nothing_for_its_cell(spec_of):
    def forking(n):
        import ctypes

        child = os.fork()
        if child == 0:
            ctypes.string_at(refused_in_c() or 0)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    record = run_cell(spec_of(forking, 2))
    assert (record.outcome, record.items_done) == ("ok", 2)


@linux
def test_the_time_of_a_cell_that_hangs_is_told_by_its_parents_clock(spec_of):
    def hanging(n):
        time.sleep(3600)

    record = run_cell(spec_of(hanging, 2, time_limit_s=0.5))
    assert record.outcome == "time_limit"
    assert record.wall_s >= 0.5


@linux
def test_a_set_up_that_hangs_meets_a_limit_of_its_own_and_has_no_time_of_a_run(spec_of):
    from dataclasses import replace

    def never(workload):
        time.sleep(3600)

    spec = spec_of(double, 2)
    spec = replace(spec, workload=replace(spec.workload, make_parameters=never), context_bytes=0)
    record = run_cell(spec, patience=Patience(set_up_s=0.5))
    assert (record.outcome, record.error) == ("time_limit", "set-up took more than 0.5 s")
    assert record.wall_s is None


@linux
def test_a_worker_that_is_killed_from_outside_leaves_its_samples(spec_of):
    def slow(n):
        time.sleep(0.02)

    def kill_at_twenty(row):
        if row["row"] == "sample" and row["forks"] >= 20:
            for child in psutil.Process().children():
                if "attune_sim.experiment.worker" in child.cmdline():
                    child.kill()

    record = run_cell(spec_of(slow, 1000), kill_at_twenty)
    assert record.outcome == "killed"
    assert 19 <= record.items_done < 1000
    assert record.samples[-1].item_index >= 20


def still_there(pids):
    return [
        pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    ]


@linux
def test_ctrl_c_ends_the_cell_and_all_that_it_started(spec_of, tmp_path):
    def with_child(n):
        import subprocess

        with open(tmp_path / "pids", "a") as file:
            file.write(f"{subprocess.Popen(['sleep', '60']).pid} {os.getpid()} ")
        time.sleep(60)

    def interrupt(row):
        if row["row"] == "sample":
            deadline = time.monotonic() + 10
            while not (tmp_path / "pids").exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(0.1)
            if not told:
                told.append(row)
                os.kill(os.getpid(), signal.SIGINT)

    told = []
    record = run_cell(spec_of(with_child, 3), interrupt)
    assert (record.outcome, record.error) == ("interrupted", "interrupted by Ctrl-C")
    assert len(record.samples) >= 1
    time.sleep(0.2)
    assert still_there([int(pid) for pid in (tmp_path / "pids").read_text().split()]) == []


def test_what_cannot_travel_is_told_before_anything_starts(spec_of):
    lock = __import__("threading").Lock()

    def locked(n):
        with lock:
            return n

    with pytest.raises(ExperimentError, match="cannot be sent there"):
        run_cell(spec_of(locked, 2))


def test_a_workload_that_cannot_be_made_is_a_crashed_row(spec_of):
    spec = spec_of(double, 2)
    broken = spec.workload.sized(history=History(tasks=1, bytes_each=-5))
    record = run_cell(type(spec)(workload=broken, strategy=Shared, context_bytes=0, memory_limit_bytes=2**31))
    assert record.outcome == "crashed"
    assert "bytes must be an integer" in record.error


@contextmanager
def counted_parts(workload: Workload):
    log = workload.knobs["log"]
    with open(log, "a") as file:
        file.write(f"started in {os.getpid()}\n")
    yield {"numbers": [7, 8]}
    with open(log, "a") as file:
        file.write("stopped\n")


def test_real_parts_run_beside_the_cell_and_name_its_parameters(spec_of, tmp_path):
    from dataclasses import replace

    def told(n):
        return {"pid": os.getpid(), "n": n}

    spec = spec_of(double, 2, real=True)
    log = tmp_path / "log"
    workload = replace(spec.workload, parts=counted_parts, real={"test.act": told}, knobs={"log": str(log)})
    record = run_cell(replace(spec, workload=workload))
    assert (record.outcome, record.items_done) == ("ok", 2)
    assert log.read_text() == f"started in {os.getpid()}\nstopped\n"


def test_an_answer_is_handed_back_whole(spec_of):
    import json

    found = run_answer(spec_of(double, 3, answer_only=True))
    answer = json.loads(found["answer"])
    assert answer["status"] == "succeeded"
    assert answer["results"]["each"]["results"] == [{"double": 0}, {"double": 2}, {"double": 4}]


@linux
def test_descriptors_and_processes_do_not_pile_up(spec_of):
    spec = spec_of(double, 2)
    run_cell(spec)
    before = (psutil.Process().num_fds(), len(psutil.Process().children()))
    run_cell(spec)
    assert (psutil.Process().num_fds(), len(psutil.Process().children())) == before


def test_the_key_tells_apart_what_is_different(spec_of):
    base = spec_of(double, 3).key
    assert base.id == spec_of(double, 3).key.id
    others = [
        spec_of(double, 4),
        spec_of(lambda n: n, 3),
        spec_of(double, 3, strategy="deepcopy"),
        spec_of(double, 3, repeat=1),
        spec_of(double, 3, dispatch="eager"),
        spec_of(double, 3, history=History(tasks=1, bytes_each=1000)),
    ]
    assert len({base.id, *(other.key.id for other in others)}) == 7


@linux
@pytest.mark.slow
def test_a_rust_library_that_aborts_when_memory_is_short_is_a_row(spec_of):
    pytest.importorskip("rpds")

    def hungry(n):
        from rpds import HashTrieMap

        held = HashTrieMap()
        for number in range(10**8):
            held = held.insert(number, str(number) * 10)

    record = run_cell(spec_of(hungry, 1, memory_limit_bytes=300 * MIB, time_limit_s=20.0))
    assert record.outcome in (
        "memory_limit",
        "time_limit",
    )  # without memory its own handler has been seen to hang
