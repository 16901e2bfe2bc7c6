"""The file of a journal: who may begin one, what is one, what cannot be written into it."""

import pytest

from attune_sim.errors import InputError, JournalError
from attune_sim.journal.file import Recorded
from attune_sim.loader import load
from attune_sim.runspec import RunSpec

SPEC = RunSpec(workflow=load("version: '1'\ntasks: [{name: inner, action: t.work, input: {n: 1}}]\n"))


def test_a_journal_cannot_be_begun_twice(journaled, tmp_path):
    path = tmp_path / "twice.jsonl"
    journaled(path, SPEC, {"t.work": lambda n: n})
    before = path.read_bytes()

    with pytest.raises(JournalError, match="holds a run already"):
        journaled(path, SPEC, {"t.work": lambda n: n})
    assert path.read_bytes() == before


def test_a_file_that_is_no_journal_is_refused(tmp_path):
    path = tmp_path / "other.jsonl"
    path.write_text('{"cells": 1}\n')

    with pytest.raises(JournalError, match="is no journal"):
        Recorded.open(path)
    with pytest.raises(InputError):
        Recorded.open(tmp_path / "none.jsonl")


def test_a_journal_of_another_version_is_refused_with_both_numbers(tmp_path):
    path = tmp_path / "former.jsonl"
    path.write_text('{"journal":1}\n')

    with pytest.raises(JournalError, match="is a journal of version 1; this attune-sim reads 2"):
        Recorded.open(path)


def test_a_result_that_is_not_json_fails_its_task_by_name(journaled, tmp_path):
    path = tmp_path / "tuple.jsonl"

    state = journaled(path, SPEC, {"t.work": lambda n: (n, n)})

    reason = "task 'inner': its result cannot be written to the journal: the value: tuple is not JSON"
    assert reason in state.error
    again = journaled(path, SPEC, {}, resume=True)
    assert (again.status, again.error) == (state.status, state.error)


def test_a_record_says_whether_its_run_is_over(journaled, tmp_path):
    path = tmp_path / "run.jsonl"
    journaled(path, SPEC, {"t.work": lambda n: n})
    assert Recorded.open(path).over
    assert Recorded.open(path).workflow == SPEC.workflow

    path.write_bytes(path.read_bytes()[:-1])  # the last line is torn: it was never written
    assert [kind for kind, _ in Recorded.open(path).entries()] == ["s", "e"]
