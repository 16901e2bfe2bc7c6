"""The file of a journal: who may begin one, what is one, what cannot be written into it."""

import os
from contextlib import suppress

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


@pytest.mark.parametrize("inner", ['"x"', '["x"]', '["x", "succeeded"]', '[[["x", "succeeded"]]]'])
def test_a_result_that_looks_like_the_end_of_a_run_is_none(journaled, tmp_path, inner):
    path = tmp_path / "run.jsonl"
    journaled(path, SPEC, {"t.work": lambda n: n})
    header, start, *_ = path.read_text().splitlines(keepends=True)
    path.write_text(f'{header}{start}["e",0,"inner",0,null,0,"failed",null,"no",0,1,"action",{inner}]\n')

    assert not Recorded.open(path).over


def test_an_end_of_a_run_that_is_longer_than_any_other_is_one(journaled, tmp_path):
    path = tmp_path / "run.jsonl"
    journaled(path, SPEC, {"t.work": lambda n: n})
    path.write_text(path.read_text().replace('["x",', '["x",' + " " * 1000))

    assert Recorded.open(path).over


def shared(depth):
    value = []
    for _ in range(depth):
        value = [value, value]
    return value


def named(depth):
    value = {}
    for _ in range(depth):
        value = {"a": value, "b": value}
    return value


def within_itself():
    value = []
    value.append({"it": value})
    return value


def deep():
    value = 0
    for _ in range(100_000):
        value = [value]
    return value


TOO_LARGE = "it comes to more than 268,435,456 characters of JSON; store it elsewhere and return where"
TOO_DEEP = "nested too deeply, or within itself, to be written as JSON"


@pytest.mark.parametrize("executor", ["inline", "threads", "asyncio"])
@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (lambda: shared(60), TOO_LARGE),
        (lambda: named(100), TOO_LARGE),
        (lambda: ["x" * 1_000_000] * 1_000, TOO_LARGE),
        (within_itself, TOO_DEEP),
        (deep, TOO_DEEP),
    ],
    ids=[
        "lists that share themselves",
        "maps that share themselves",
        "one text a thousand times",
        "itself",
        "deep",
    ],
)
def test_a_result_that_cannot_be_written_down_fails_its_attempt_and_nothing_else(
    journaled, tmp_path, executor, result, reason
):
    state = journaled(tmp_path / "run.jsonl", SPEC, {"t.work": lambda n: result()}, executor=executor)

    assert state.status == "failed"
    assert reason in state.error


def test_a_result_that_holds_a_part_many_times_is_written_as_it_is(journaled, tmp_path):
    path = tmp_path / "run.jsonl"

    journaled(path, SPEC, {"t.work": lambda n: shared(10)})

    again = journaled(path, SPEC, {}, resume=True)
    assert again.task_results["inner"] == shared(10)


def test_a_record_that_says_that_it_is_over_and_is_not_does_not_fit(journaled, tmp_path):
    path = tmp_path / "run.jsonl"
    journaled(path, SPEC, {"t.work": lambda n: n})
    header, start, end, over = path.read_text().splitlines(keepends=True)

    for lines, reason in {
        (start, over): "run.jsonl:3: does not fit .* have succeeded, and by its events it goes on",
        (start, end, over.replace("succeeded", "failed")): "run.jsonl:4: .* it has succeeded",
        (start, end, over, start): "run.jsonl:5: does not fit",
    }.items():
        path.write_text("".join((header, *lines)))
        with pytest.raises(JournalError, match=reason):
            journaled(path, SPEC, {}, resume=True)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes are forked here")
def test_a_child_that_an_action_forks_and_that_goes_on_with_the_run_writes_nothing(journaled, tmp_path):
    path, home, children = tmp_path / "run.jsonl", os.getpid(), []

    def forks(n):
        children.append(os.fork())
        return n

    with suppress(InputError):  # in the child
        journaled(path, SPEC, {"t.work": forks})
    if os.getpid() != home:
        os._exit(0)

    os.waitpid(children[0], 0)
    assert [kind for kind, _ in Recorded.open(path).entries()] == ["s", "e", "x"]
