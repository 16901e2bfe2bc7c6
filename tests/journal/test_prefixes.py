"""Runs that are taken up again, from any prefix of their journal."""

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune_sim.errors import ActionError, JournalError
from attune_sim.loader import load
from attune_sim.runspec import RunSpec

CHILD = """
version: '1'
ref: demo.child
tasks:
  - {name: inner, action: t.work, with_items: "{{ range(3) }}", concurrency: 2, input: {n: "{{ item + parameters.n }}"}}
output_map: {got: "{{ task.inner.results }}"}
"""

WORKFLOW = load("""
version: '1'
vars: {rounds: 0}
tasks:
  - name: start
    action: t.work
    input: {n: 1}
    next: [{do: [each]}]
  - name: each
    action: t.flaky
    with_items: "{{ range(8) }}"
    concurrency: 3
    retry: {count: 2, delay: 0}
    input: {n: "{{ item }}"}
    next:
      - publish: [{rounds: "{{ rounds + 1 }}"}, {got: "{{ result().results }}"}]
      - {when: "rounds < 2", do: [each]}
      - {when: "rounds >= 2", do: [call]}
  - name: call
    action: demo.child
    input: {n: 10}
    next: [{publish: [{child: "{{ result().got }}"}]}]
output_map: {got: "{{ got }}", child: "{{ child }}"}
""")


class Actions:
    """Counts how often each call was made; item 3 fails at its first call of each round."""

    def __init__(self):
        self.calls = Counter()

    def table(self):
        return {"t.work": self.work, "t.flaky": self.flaky}

    def work(self, n):
        self.calls["work", n] += 1
        return n * 2

    def flaky(self, n):
        self.calls["flaky", n] += 1
        if n == 3 and self.calls["flaky", n] % 2:
            raise ActionError("odd call")
        return {"n": n}


SPEC = RunSpec(workflow=WORKFLOW, workflows=(load(CHILD),))


def _lines(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.fixture(scope="module")
def whole(tmp_path_factory, journaled):
    """The journal of an undisturbed run, as lines, and its result."""
    path = tmp_path_factory.mktemp("journal") / "whole.jsonl"
    state = journaled(path, SPEC, Actions().table())
    return path.read_bytes().splitlines(keepends=True), state


def test_every_event_of_a_run_is_in_its_journal(whole):
    lines, state = whole
    kinds = Counter(json.loads(line)[0] for line in lines[1:])

    assert state.status == "succeeded"
    assert kinds == {"s": 1 + 2 * 9 + 3, "e": 1 + 2 * 9 + 3, "p": 1, "x": 1}


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_run_taken_up_from_any_prefix_has_the_result_of_an_undisturbed_one(
    whole, journaled, tmp_path_factory, data
):
    lines, undisturbed = whole
    cut = data.draw(st.integers(1, len(lines)))
    torn = data.draw(st.integers(0, len(lines[cut]) - 1)) if cut < len(lines) else 0
    path = tmp_path_factory.mktemp("prefix") / "cut.jsonl"
    path.write_bytes(b"".join(lines[:cut]) + (lines[cut][:torn] if torn else b""))
    ended = Counter(json.dumps(line[1:6]) for line in map(json.loads, lines[1:cut]) if line[0] == "e")
    executor = data.draw(st.sampled_from(["inline", "threads", "asyncio"]))
    actions = Actions()

    state = journaled(path, SPEC, actions.table(), executor=executor, resume=True)

    assert (state.status, state.output, state.variables) == (
        undisturbed.status,
        undisturbed.output,
        undisturbed.variables,
    )
    ends = Counter(json.dumps(line[1:6]) for line in _lines(path)[1:] if line[0] == "e")
    assert all(count == 1 for count in ends.values()), "an attempt whose end was written ended twice"
    assert ended.keys() <= ends.keys()

    called = actions.calls.total()
    again = journaled(path, SPEC, actions.table(), resume=True)
    assert (again.status, again.output, again.variables, again.task_starts) == (
        state.status,
        state.output,
        state.variables,
        state.task_starts,
    )
    assert actions.calls.total() == called, "a run that is over is only told again"


def test_what_began_without_an_end_runs_again_as_its_second_attempt(whole, journaled, tmp_path):
    lines, _ = whole
    began = next(n for n, line in enumerate(lines) if b'"each",0,0,0]' in line and line.startswith(b'["s"'))
    path = tmp_path / "cut.jsonl"
    path.write_bytes(b"".join(lines[: began + 1]))

    journaled(path, SPEC, Actions().table(), resume=True)

    rows = _lines(path)[began + 1 :]
    assert rows[0] == ["l", 0, "each", 0, 0, 0]
    assert ["s", 0, "each", 0, 0, 1] in rows


def test_a_run_that_is_over_is_only_told_again(whole, journaled, tmp_path):
    lines, undisturbed = whole
    path = tmp_path / "over.jsonl"
    path.write_bytes(b"".join(lines))
    actions = Actions()

    state = journaled(path, SPEC, actions.table(), resume=True)

    assert state.output == undisturbed.output
    assert not actions.calls
    assert path.read_bytes() == b"".join(lines)


def test_a_journal_of_other_events_does_not_fit_and_says_so(whole, journaled, tmp_path):
    lines, _ = whole
    path = tmp_path / "wrong.jsonl"
    path.write_bytes(lines[0] + b'["e",0,"nobody",0,null,0,"succeeded",1,null,0,1]\n')

    with pytest.raises(JournalError, match="does not fit this workflow"):
        journaled(path, SPEC, Actions().table(), resume=True)


@pytest.mark.parametrize(
    "line",
    [
        '["s",0,"each",0,0,0]',
        '["p",0,"start",0,null,0]',
        '["p",0,"call",0,null,0]',
        '["d",0,"start",0,null,1]',
    ],
)
def test_what_begins_without_having_been_asked_for_does_not_fit_either(whole, journaled, tmp_path, line):
    path = tmp_path / "wrong.jsonl"
    path.write_bytes(whole[0][0] + line.encode() + b"\n")

    with pytest.raises(JournalError, match="does not fit this workflow"):
        journaled(path, SPEC, Actions().table(), resume=True)


RACE = RunSpec(
    workflow=load("""
version: '1'
vars: {last: none}
tasks:
  - name: t0
    action: t.fail
    retry: {count: 1, delay: 0}
    next: [{when: "{{ failed() }}", publish: [{last: t0}], do: [t3]}]
  - {name: call, action: demo.child, with_items: "{{ [1, 2] }}", concurrency: 2, input: {n: "{{ item }}"}, next: [{publish: [{last: call}]}]}
  - {name: t2, action: t.work, input: {n: 2}, next: [{publish: [{last: t2}], do: [t3]}]}
  - {name: t3, action: t.work, input: {n: 3}, next: [{publish: [{first: "{{ last }}"}]}]}
output_map: {last: "{{ last }}", first: "{{ first }}"}
"""),
    workflows=(load(CHILD),),
)


def fail():
    raise ActionError("always")


def _order_of_ends(path):
    return [(*line[1:5], line[6]) for line in _lines(path)[1:] if line[0] == "e"]


def test_a_crash_changes_neither_what_is_handled_nor_what_a_race_decides(journaled, tmp_path):
    path, actions = tmp_path / "run.jsonl", {"t.fail": fail, "t.work": lambda n: n}
    undisturbed = journaled(path, RACE, actions)
    lines, ends = path.read_bytes().splitlines(keepends=True), _order_of_ends(path)
    assert undisturbed.status == "succeeded"

    for cut in range(1, len(lines)):
        path.write_bytes(b"".join(lines[:cut]))
        resumed = journaled(path, RACE, actions, resume=True)

        assert (resumed.status, resumed.output) == (undisturbed.status, undisturbed.output)
        assert _order_of_ends(path) == ends
