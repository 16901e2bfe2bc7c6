"""The lines of a journal: read as they were written, and damaged ones refused with their number and the part that is wrong."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.engine.events import (
    ActionEnded,
    AttemptLost,
    CallPrepared,
    CancelRequested,
    RetryDue,
    TimeUp,
)
from attune_sim.errors import JournalError
from attune_sim.journal.file import VERSION, Recorded
from attune_sim.journal.header import header_of
from attune_sim.journal.lines import Damaged, entry_of, line_of, line_of_end
from attune_sim.jsonl import encode
from attune_sim.loader import load
from attune_sim.runspec import RunSpec
from attune_sim.secrecy.secrets import Secrets

SPEC = RunSpec(workflow=load("version: '1'\ntasks: [{name: each, action: t.work}]\n"))
HEADER = encode({"journal": VERSION, **header_of(SPEC, Secrets({}), {}, "inline")}).decode()
SOUND = [
    ["s", 0, "each", 0, 3, 1],
    ["p", 2, "call", 0, None, 0],
    ["e", 0, "each", 0, 3, 1, "failed", {"error": "no"}, "no", 0.5, 1],
    ["e", 0, "each", 0, 4, 0, "failed", None, "no", 0, 0.25, "render", None],
    ["e", 0, "each", 0, 4, 0, "timed_out", None, "no", 0, 0.25, "action", "cannot be asked"],
    ["d", 0, "each", 0, 3, 1],
    ["l", 0, "each", 0, 3, 1],
    ["t", 0, "call", 0, None, 0],
    ["c", "cancel_running"],
    ["x", "cancelled"],
]
"""One line of each kind."""

START, _, END, EARLY, *_ = SOUND


def test_every_kind_of_line_says_what_was_written():
    assert [kind for kind, _ in map(entry_of, SOUND)] == list("speeedltcx")
    assert [said for _, said in map(entry_of, SOUND)] == [
        (0, "each", 0, 3, 1),
        (2, "call", 0, None, 0),
        ActionEnded("each", 0, 3, 1, "failed", {"error": "no"}, "no", 0.5, 1.0),
        ActionEnded("each", 0, 4, 0, "failed", None, "no", 0.0, 0.25, stage="render"),
        ActionEnded("each", 0, 4, 0, "timed_out", None, "no", 0.0, 0.25, retry="cannot be asked"),
        RetryDue("each", 0, 3, 1),
        AttemptLost("each", 0, 3, 1),
        TimeUp("call", 0, None, 0),
        CancelRequested("cancel_running"),
        "cancelled",
    ]


NUMBERS = st.integers(0, 5)
KEYS = {
    "task": st.text(max_size=5),
    "visit": NUMBERS,
    "index": st.none() | NUMBERS,
    "attempt": NUMBERS,
    "run": NUMBERS,
}
ENDS = st.builds(
    ActionEnded,
    **KEYS,
    outcome=st.sampled_from(["succeeded", "failed", "timed_out", "cancelled"]),
    result=st.none() | st.dictionaries(st.text(max_size=3), st.integers(0, 2**63), max_size=2),
    error=st.none() | st.text(max_size=5),
    started=st.floats(0, 1e6),
    ended=st.floats(0, 1e6),
    stage=st.sampled_from(["fork", "render", "action"]),
    retry=st.none() | st.booleans() | st.text(max_size=5),
)
OTHERS = [st.builds(kind, **KEYS) for kind in (RetryDue, AttemptLost, TimeUp)]


@given(event=st.one_of(ENDS, *OTHERS, st.builds(CancelRequested)))
def test_an_event_comes_back_from_its_line_as_it_was(event):
    line = line_of(event, getattr(event, "result", None))

    assert entry_of(json.loads(encode(line))) == (line[0], event)


def test_the_end_of_an_attempt_has_no_more_parts_than_it_needs():
    plain = ActionEnded("each", 0, 3, 1, "succeeded", 7, None, 0.5, 1.0)
    asked = ActionEnded("each", 0, 3, 1, "failed", 7, "no", 0.5, 1.0, retry=False)
    unprepared = ActionEnded("each", 0, 3, 1, "failed", None, "no", 0.5, 1.0, stage="fork")

    assert len(line_of(plain, 7)) == 11
    assert line_of(asked, 7)[11:] == ["action", False]
    assert line_of(unprepared, None)[11:] == ["fork", None]
    assert line_of(CallPrepared("call", 0, None, 0, "demo.child", {"token": "secret"}, 2), None) == SOUND[1]
    assert line_of_end("cancelled") == SOUND[-1]


HEADERS = {
    "no workflow": ("workflow", None, "workflow: "),
    "a task without a name": ("workflow", {"tasks": [{}]}, "workflow.tasks.0.name: Field required"),
    "a text for a number": ("seed", "0", "seed: "),
    "an unknown dispatch": ("dispatch", "eagre", "dispatch: "),
    "a list of parameters": ("parameters", [], "parameters: "),
    "a mask in pieces that are none": ("name", {"$text": [{"$secret": 3}]}, "'$text' holds no mask"),
    "a mask of an unknown form": (
        "name",
        {"$text": [{"$secret": "config.a", "form": "urn"}]},
        "'$text' holds no mask",
    ),
    "a mask with a list for a key": ("history", {"$map": [[[], 1]]}, "'$map' holds no mask"),
    "a secret of nobody": ("name", {"$secret": "a.b"}, "a secret comes from 'a.b', where there are none"),
    "an odd part of a task": (
        "workflow",
        {**json.loads(HEADER)["workflow"], "odd": 1},
        "workflow: holds what is not written there",
    ),
    "nothing but the version": (None, None, "name: Field required"),
}


@pytest.mark.parametrize(("part", "value", "damage"), HEADERS.values(), ids=HEADERS)
def test_a_damaged_header_is_refused_with_the_part_that_is_wrong(tmp_path, part, value, damage):
    path = tmp_path / "run.jsonl"
    header = json.loads(HEADER)
    path.write_text(json.dumps({"journal": VERSION} if part is None else {**header, part: value}) + "\n")

    with pytest.raises(JournalError) as caught:
        Recorded.open(path)

    assert str(caught.value).startswith(f"{path}:1: a damaged line: {damage}")


def changed(line, place, value):
    return [*line[:place], value, *line[place + 1 :]]


DAMAGED = {
    "a map": ({"s": 1}, "it is no list"),
    "a text": ("s", "it is no list"),
    "an empty list": ([], "it is no list"),
    "an unknown kind": (["q", 0], "nothing begins with 'q'"),
    "a number for a kind": ([7], "nothing begins with 7"),
    "a list for a kind": ([["s"], 0], "nothing begins with ['s']"),
    "a start that is too short": (START[:5], "attempt: Field required"),
    "a start that is too long": ([*START, 1], "it has 7 parts"),
    "a text for a run": (changed(START, 1, "0"), "run: "),
    "true for a run": (changed(START, 1, True), "run: "),
    "a fraction for a run": (changed(START, 1, 0.5), "run: "),
    "a number for a task": (changed(START, 2, 7), "task: "),
    "null for a task": (changed(START, 2, None), "task: "),
    "null for a visit": (changed(START, 3, None), "visit: "),
    "a text for an index": (changed(START, 4, "3"), "index"),
    "a fraction for an index": (changed(START, 4, 3.5), "index"),
    "null for an attempt": (changed(START, 5, None), "attempt: "),
    "an end without its times": (END[:9], "started: Field required"),
    "an end with a stage alone": ([*END, "render"], "it has 12 parts"),
    "an end that is too long": ([*EARLY, 1], "it has 14 parts"),
    "an unknown outcome": (changed(END, 6, "lost"), "outcome: "),
    "a list for an outcome": (changed(END, 6, ["failed"]), "outcome: "),
    "a number for an error": (changed(END, 8, 5), "error: "),
    "a text for a time": (changed(END, 9, "0.5"), "started: "),
    "true for a time": (changed(END, 10, True), "ended: "),
    "null for a time": (changed(END, 10, None), "ended: "),
    "an unknown stage": (changed(EARLY, 11, "after"), "stage: "),
    "a list for a stage": (changed(EARLY, 11, ["fork"]), "stage: "),
    "a number for a verdict": (changed(EARLY, 12, 1), "retry"),
    "an unknown policy": (["c", "never"], "policy: "),
    "a list for a policy": (["c", ["cancel_running"]], "policy: "),
    "a request without a policy": (["c"], "policy: Field required"),
    "a request that is too long": (["c", "allow_finish", 1], "it has 3 parts"),
    "an end of a run without its status": (["x"], "status: Field required"),
    "a number for a status": (["x", 5], "status: "),
    "an unknown status": (["x", "sucKeeded"], "status: "),
}


@pytest.mark.parametrize(("line", "part"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_line_is_refused_with_its_number_and_the_part_that_is_wrong(tmp_path, line, part):
    path = tmp_path / "run.jsonl"
    lines = [HEADER, *(json.dumps(written) + "\n" for written in (*SOUND, line, *SOUND))]
    path.write_text("".join(lines))
    entries = Recorded.open(path).entries()

    assert [next(entries) for _ in SOUND] == [entry_of(sound) for sound in SOUND]
    with pytest.raises(JournalError) as caught:
        next(entries)

    assert str(caught.value).startswith(f"{path}:{len(SOUND) + 2}: a damaged line: {part}")


def test_a_line_that_is_no_json_is_refused_with_its_number(tmp_path):
    path = tmp_path / "run.jsonl"
    path.write_text(HEADER + '["s",0,"each",0,3,1]\n["e",0,"ea\n')

    with pytest.raises(JournalError, match=r"run\.jsonl:3: not a line of JSON"):
        list(Recorded.open(path).entries())


PARTS = st.none() | st.booleans() | st.integers(-1, 5) | st.floats(0, 1) | st.text(max_size=3)
LINES = st.lists(PARTS | st.lists(PARTS, max_size=2), max_size=14) | st.tuples(
    st.sampled_from("specdltx"), st.lists(PARTS, max_size=13)
).map(lambda drawn: [drawn[0], *drawn[1]])


@given(line=LINES)
def test_whatever_stands_in_a_line_it_is_read_or_refused(line):
    try:
        kind, said = entry_of(list(line))
    except Damaged:
        return
    assert kind == line[0]
    if kind not in "spx":
        assert line_of(said, getattr(said, "result", None))[: len(line)] == list(line)
