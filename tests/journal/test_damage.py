"""Journals that were damaged anywhere: taking up such a run is refused with the number of a line, or goes on; it never breaks."""

import json
import os
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import attune_sim as at
from attune_sim.errors import ActionError, InputError

CHILD = """
version: '1'
ref: demo.child
parameters: {token: {type: string, secret: true}, n: {type: integer}}
tasks:
  - {name: inner, action: t.work, input: {n: "{{ parameters.n }}"}}
output_map: {got: "{{ task.inner }}"}
"""
WORKFLOW = """
version: '1'
ref: demo.parent
parameters: {token: {type: string, secret: true}, start: {type: integer, default: 1}}
vars: {rounds: 0}
tasks:
  - name: each
    action: t.work
    with_items: "{{ range(3) }}"
    concurrency: 2
    retry: {count: 1, delay: 0, on_error: "{{ result().error != 'bad' }}"}
    input: {n: "{{ item }}", token: "Bearer {{ parameters.token }}"}
    next:
      - {when: "{{ failed() }}", do: [call, beside]}
      - {publish: [got, {rounds: "{{ rounds + 1 }}"}], do: [call, beside]}
  - {name: call, action: demo.child, input: {n: 10, token: "{{ parameters.token }}"}, next: [{do: [last]}]}
  - name: beside
    type: parallel
    tasks: [{name: one, action: t.work, input: {n: 5}}, {name: two, action: t.work, when: "{{ false }}"}]
    next: [{do: [last]}]
  - {name: last, join: all, action: t.work, input: {n: "{{ rounds + 5 }}"}}
output_map: {got: "{{ got }}", last: "{{ task.last }}"}
"""
FULL = int(os.environ.get("ATTUNE_SIM_CAMPAIGN", "0"))
damaged_anyhow = settings(max_examples=FULL or 60, deadline=None, derandomize=not FULL)

TOKEN = {"token": "s3cret-token"}


def work(n=0, token=None):
    if n == 1:
        raise ActionError(f"no access with {token}", {"error": "bad", "sent": token})
    return {"n": n, "sent": token}


OPTIONS = {"actions": {"t.work": work}, "workflows": [at.load(CHILD)]}


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "run.jsonl"
    assert at.run(WORKFLOW, TOKEN, journal=path, **OPTIONS).status == "succeeded"
    return path.read_bytes().splitlines(keepends=True)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("damaged") / "run.jsonl"


def taken_up(path, damaged):
    """None if the run could be taken up, else why not. Beside the journal itself a value may be refused that is of the right
    kind and wrong otherwise, such as the name of a strategy."""
    path.write_bytes(damaged)
    try:
        at.resume(path, parameters=TOKEN, **OPTIONS)
    except InputError as error:
        return str(error)
    return None


def is_told(reason):
    return reason is None or (
        re.search(r"run\.jsonl(:\d+)?: |unknown (strategy|payload shape)|parameters?\b", reason)
        and TOKEN["token"] not in reason
    )


BYTES = st.sampled_from([*b'"[]{},:0123456789.-eE\\ntruefalsK$_x ', 0, 10, 127, 200])


@damaged_anyhow
@given(data=st.data())
def test_a_journal_with_a_changed_byte_is_refused_or_goes_on(lines, path, data):
    number = data.draw(st.sampled_from(range(len(lines))) | st.just(0))
    place = data.draw(st.integers(0, len(lines[number]) - 1))
    changed = bytearray(lines[number])
    changed[place] = data.draw(BYTES)

    assert is_told(taken_up(path, b"".join([*lines[:number], bytes(changed), *lines[number + 1 :]])))


@damaged_anyhow
@given(data=st.data())
def test_a_journal_with_lines_that_are_lost_doubled_or_in_another_place_is_refused_or_goes_on(
    lines, path, data
):
    places = st.integers(1, len(lines) - 1)
    first, second, kind = (
        data.draw(places),
        data.draw(places),
        data.draw(st.sampled_from(["lost", "doubled", "swapped", "moved"])),
    )
    changed = list(lines)
    if kind == "swapped":
        changed[first], changed[second] = changed[second], changed[first]
    else:
        line = changed[first] if kind == "doubled" else changed.pop(first)
        if kind != "lost":
            changed.insert(second, line)

    assert is_told(taken_up(path, b"".join(changed)))


def parts_of(value, place=()):
    """Every place inside of a JSON value."""
    yield place
    if isinstance(value, dict | list):
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from parts_of(inner, (*place, step))


VALUES = st.sampled_from(
    [None, True, 0, -1, 2**70, 1.5, "", "x", [], [[]], {}, {"$secret": "x"}, {"$text": [1]}, {"$map": [1]}]
)


@damaged_anyhow
@given(data=st.data())
def test_a_journal_with_a_part_of_another_kind_is_refused_or_goes_on(lines, path, data):
    number = data.draw(st.sampled_from(range(len(lines))) | st.just(0))
    line = json.loads(lines[number])
    *above, step = data.draw(st.sampled_from([place for place in parts_of(line) if place]))
    inner = line
    for outer in above:
        inner = inner[outer]
    if isinstance(inner, dict) and data.draw(st.booleans()):
        inner[data.draw(st.sampled_from(["x", "name", "$secret"]))] = inner.pop(step)
    else:
        inner[step] = data.draw(VALUES)
    damaged = json.dumps(line).encode() + b"\n"

    assert is_told(taken_up(path, b"".join([*lines[:number], damaged, *lines[number + 1 :]])))
