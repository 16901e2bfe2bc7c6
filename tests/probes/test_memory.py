"""The counters see what was allocated, and say where they come from."""

import mmap
import os
import subprocess
import sys
import threading

import pytest

from attune_sim.probes.heap import HeapUnavailable, LiveHeap, heap_bytes
from attune_sim.probes.memory import LIVE_HEAP, Memory
from attune_sim.probes.process import ProcessMemory

linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the exact heap is read on Linux with glibc"
)


def grown(make):
    """How much the live heap grows by what `make` gives, small noise from first uses taken out by doing it twice."""
    heap = LiveHeap()
    make(), heap.read()
    before = heap.read()
    held = make()
    after = heap.read()
    heap.close()
    del held
    return after - before


@linux
@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: [float(n) for n in range(100_000)], 100_000 * (32 + 8)),
        (lambda: bytearray(5_000_000), 5_000_000),
        (lambda: [bytes(100) for _ in range(10_000)], 10_000 * (144 + 8)),
    ],
    ids=["small objects", "one large object", "middle-sized objects"],
)
def test_the_live_heap_sees_what_is_allocated(make, expected):
    assert grown(make) == pytest.approx(expected, rel=0.15)


@linux
def test_the_live_heap_comes_back_to_where_it_was_after_a_free():
    heap = LiveHeap()
    before = heap.read()
    held = [bytes(50) for _ in range(50_000)]
    assert heap.read() - before > 50_000 * 80
    del held
    assert abs(heap.read() - before) < 20_000
    heap.close()


@linux
def test_reading_the_heap_leaves_stderr_where_it_was(capfd):
    heap = LiveHeap()
    heap.read()
    heap.close()
    os.write(2, b"still here\n")
    assert capfd.readouterr().err == "still here\n"


@pytest.fixture
def impatient_threads():
    """Threads that take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@linux
def test_what_another_thread_says_on_stderr_while_the_heap_is_read_is_not_lost(capfd, impatient_threads):
    said = threading.Event()

    def speak():
        for number in range(2_000):
            os.write(2, b"%d\n" % number)
        said.set()

    heap, speaker = LiveHeap(), threading.Thread(target=speak)
    speaker.start()
    while not said.is_set():
        heap.read()
    speaker.join()
    heap.close()
    assert capfd.readouterr().err.split() == [str(number) for number in range(2_000)]


def test_statistics_without_a_table_are_refused():
    with pytest.raises(HeapUnavailable, match="no table"):
        heap_bytes(b"Small block threshold = 512\n")


def python(code, **environment):
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()


@linux
def test_without_pythons_allocator_malloc_alone_is_read_and_blocks_are_said_to_be_missing():
    told = python(
        "from attune_sim.probes.memory import Memory\n"
        "m = Memory(); a = m.heap(); x = [object() for _ in range(1000)]; grown = m.heap() - a\n"
        "print(m.heap_source, 'allocated_blocks' in m.read(), m.labels['allocated_blocks'][:11], 24000 < grown < 60000)",
        PYTHONMALLOC="malloc",
    )
    assert told == "mallinfo2 False unavailable True"


@linux
def test_a_closed_stderr_does_not_hinder_reading():
    told = python(
        "import os; os.close(2)\n"
        "from attune_sim.probes.memory import Memory\n"
        "m = Memory(); a = m.heap(); x = [object() for _ in range(100000)]; print(2.3e6 < m.heap() - a < 3e6)"
    )
    assert told == "True"


def test_a_reading_has_every_metric_that_has_no_label_of_missing():
    memory = Memory()
    values = memory.read()
    assert values[LIVE_HEAP] > 0
    assert values["rss_anon_bytes"] > 0
    memory.close()


def touched(size):
    """Memory that is mapped anew and all resident, whatever the allocator kept of earlier tests."""
    held = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    held[::4096] = b"x" * len(held[::4096])
    return held


@linux
def test_the_peak_is_that_since_its_reset():
    process = ProcessMemory()
    touched(60_000_000).close()
    assert process.peak() - process.resident() > 50_000_000
    assert process.reset_peak()
    assert process.peak() - process.resident() < 10_000_000
    touched(40_000_000).close()
    assert 30_000_000 < process.peak() - process.resident() < 50_000_000
    process.close()


def no_heap():
    raise HeapUnavailable("this libc has no mallinfo2")


def test_without_the_exact_heap_resident_memory_stands_in_and_says_why():
    memory = Memory(open_heap=no_heap)
    assert memory.heap_source == "resident"
    assert memory.labels[LIVE_HEAP] == "resident memory stands in: this libc has no mallinfo2"
    before = memory.heap()
    held = touched(30_000_000)
    assert memory.heap() - before > 25_000_000
    held.close()
    memory.close()


def test_without_proc_psutil_reads_the_resident_set_and_keeps_the_peak():
    process = ProcessMemory(status="/nowhere/status")
    memory = Memory(open_heap=no_heap, process=process)
    assert process.source == "psutil"
    assert memory.labels["rss_anon_bytes"].startswith("resident set")
    assert process.peak_address_space() is None
    assert process.reset_peak()
    held = bytearray(30_000_000)
    held[::4096] = b"x" * len(held[::4096])
    during = process.rss_anon()
    del held
    assert process.peak() >= during > 25_000_000
    memory.close()
