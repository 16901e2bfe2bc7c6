"""Counting instructions: what valgrind's log says, and what is left of it once the start is taken off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.errors import ExperimentError
from attune_sim.probes.cachegrind import Cachegrind, beyond_nothing, is_installed, totals, under_cachegrind

LOG = """\
==5867== Cachegrind, a high-precision tracing profiler
==5867== Command: python -P refs: 17
==5867== Parent PID: 4378
==5867==
==6175==
==6175== I refs:        1,245,356,185
==6176==
==6176== I   refs:      1,245,362,828
"""


def test_a_log_has_one_total_a_process_in_every_version_of_valgrind():
    assert totals(LOG) == [1_245_356_185, 1_245_362_828]
    assert totals("") == []


@given(start=st.integers(0, 10**10), step=st.integers(0, 10**5), works=st.lists(st.integers(0, 10**9)))
def test_what_a_program_did_before_and_between_its_works_is_not_counted(start, step, works):
    counted = [start, start, start + step, *(start + step * (n + 2) + w for n, w in enumerate(works))]

    assert beyond_nothing(counted) == works


def test_a_work_that_raises_is_an_error_and_not_a_count(tmp_path, capfd):
    log = tmp_path / "valgrind.log"
    log.write_text("==1== I refs: 5\n" * 100)

    def broken():
        raise RuntimeError("not today")

    with pytest.raises(ExperimentError, match=r"did not come to its end \(exit code 1\)"):
        Cachegrind(log).counts([broken])


def test_without_valgrind_around_it_a_process_cannot_count(tmp_path):
    log = tmp_path / "valgrind.log"
    log.touch()

    with pytest.raises(ExperimentError, match="valgrind told 0 totals for 24 pieces of work"):
        Cachegrind(log).counts([lambda: None])


def test_a_command_is_counted_into_its_log_without_caches_and_branches():
    command = under_cachegrind("here.log")

    assert {"--tool=cachegrind", "--cache-sim=no", "--branch-sim=no", "--log-file=here.log"} < set(command)


def test_a_machine_without_valgrind_is_known_by_its_path(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert not is_installed()
