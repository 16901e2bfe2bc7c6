"""glibc's malloc learns from what a process lets go of; what is measured begins with one that has learned, whatever it was told before."""

import os
import platform
import subprocess
import sys

import pytest

PROGRAM = """
import ctypes
from attune_sim.probes.malloc import teach_malloc

{before}
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.sbrk.restype = ctypes.c_void_p
print("in the heap" if libc.malloc(ctypes.c_size_t(20_000_000)) < libc.sbrk(0) else "apart")
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the malloc of glibc")
@pytest.mark.parametrize("set_before", [{}, {"MALLOC_TRIM_THRESHOLD_": "65536"}], ids=["new", "set by Dask"])
@pytest.mark.parametrize(("before", "found"), [("", "apart"), ("teach_malloc()", "in the heap")])
def test_large_blocks_come_from_the_heap_once_malloc_was_taught(before, found, set_before):
    command = [sys.executable, "-c", PROGRAM.format(before=before)]

    done = subprocess.run(command, env=os.environ | set_before, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == found
