"""Append-only JSON lines: what was written stays, whatever happens to the writer."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
import weakref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune_sim import jsonl
from attune_sim.errors import InputError, ResultError
from attune_sim.jsonl import Writer, encode, last, not_json, read

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class HandClock:
    """A clock that moves when told to."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def write_all(path, records, **options):
    with Writer(path, **options) as writer:
        for record in records:
            writer.write(record)


@settings(max_examples=40)  # each example syncs a file
@given(records=st.lists(json_values, max_size=8))
def test_what_is_written_is_read_back(records, tmp_path_factory):
    path = tmp_path_factory.mktemp("law") / "a.jsonl"
    write_all(path, records)
    assert list(read(path)) == records


@settings(max_examples=40)  # each example syncs a file
@given(records=st.lists(json_values, min_size=1, max_size=6), data=st.data())
def test_a_file_cut_anywhere_gives_its_whole_lines_and_can_be_continued(records, data, tmp_path_factory):
    path = tmp_path_factory.mktemp("torn") / "a.jsonl"
    write_all(path, records)
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    kept = records[: whole[:cut].count(b"\n")]
    assert list(read(path)) == kept
    write_all(path, ["next"])
    assert list(read(path)) == [*kept, "next"]


@given(value=json_values)
def test_every_json_value_is_told_to_be_json(value):
    assert not_json(value) is None


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"a": [1, {"b": (1,)}]}, "a[1].b: tuple"),
        ({1: 2}, "key 1 is not text"),
        ([float("nan")], "[0]: nan"),
        (object(), "the value: object"),
    ],
)
def test_what_is_not_json_is_named_with_its_place(value, place):
    assert place in not_json(value)


def test_a_value_that_json_cannot_hold_is_refused_and_nothing_is_written(tmp_path):
    with Writer(tmp_path / "a.jsonl") as writer:
        writer.write({"n": 1})
        with pytest.raises(ResultError, match=r"at\[0\]: object is not JSON"):
            writer.write({"at": [object()]})
        writer.write({"n": 2})
    assert list(read(tmp_path / "a.jsonl")) == [{"n": 1}, {"n": 2}]


def test_depth_beyond_what_python_can_write_is_a_result_error():
    value = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(ResultError, match="nested too deeply"):
        encode(value)


def test_a_second_writer_is_refused_until_the_first_closes(tmp_path):
    path = tmp_path / "a.jsonl"
    first = Writer(path)
    with pytest.raises(InputError, match=r"a\.jsonl: another run is writing"):
        Writer(path)
    first.close()
    first.close()
    Writer(path).close()


def test_a_damaged_line_in_the_middle_is_named(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"n":1}\n{"n":\n{"n":3}\n')
    lines = read(path)
    assert next(lines) == {"n": 1}
    with pytest.raises(InputError, match=r"a\.jsonl:2: not a line of JSON"):
        next(lines)


def test_a_tail_longer_than_a_block_is_cut(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"n":1}\n"' + b"x" * 200_000)
    write_all(path, [2])
    assert path.read_bytes() == b'{"n":1}\n2\n'


@pytest.mark.parametrize("content", [b"my notes", b"a,b\n1,2", b'{"rows": 1', b'{"other": 1}\n{"torn'])
def test_a_file_that_begins_otherwise_is_refused_and_left_as_it_was(tmp_path, content):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"notes\.txt: holds something else"):
        Writer(path, begins=b'{"row":')
    assert path.read_bytes() == content


@pytest.mark.parametrize("torn", [b"", b"{", b'{"row":', b'{"row":"star'])
def test_a_torn_first_line_is_cut_where_a_beginning_is_asked_for(tmp_path, torn):
    path = tmp_path / "a.jsonl"
    path.write_bytes(torn)
    write_all(path, [{"row": 1}], begins=b'{"row":')
    assert list(read(path)) == [{"row": 1}]


def test_a_missing_file_and_a_missing_folder_are_input_errors(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        list(read(tmp_path / "none.jsonl"))
    with pytest.raises(InputError, match="cannot be written"):
        Writer(tmp_path / "none" / "a.jsonl")


def test_a_line_without_end_does_not_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(jsonl, "LONGEST", 100)
    path = tmp_path / "a.jsonl"
    write_all(path, ["short", "x" * 97])
    assert list(read(path)) == ["short", "x" * 97]
    with Writer(path) as writer, pytest.raises(ResultError, match="101 bytes of JSON is longer than 100"):
        writer.write("x" * 98)
    path.write_text('"short"\n"' + "x" * 200)
    with pytest.raises(InputError, match=r"a\.jsonl: line 2 has more than 100 bytes"):
        list(read(path))


def test_syncs_come_by_count_or_by_time(tmp_path):
    clock = HandClock()
    with Writer(tmp_path / "a.jsonl", sync_every=3, sync_seconds=10, clock=clock) as writer:
        pending = []
        for seconds in (0, 0, 0, 0, 9, 11):
            clock.now = seconds
            writer.write(1)
            pending.append(repr(writer).split(", ")[1].split()[0])
        assert pending == ["1", "2", "0", "1", "2", "0"]
        clock.now = 22
        writer.write(1)
        assert " 0 records" in repr(writer)


def test_a_writer_that_is_killed_loses_nothing_that_it_wrote(tmp_path):
    path = tmp_path / "a.jsonl"
    code = f"""
from attune_sim.jsonl import Writer
writer = Writer({str(path)!r}, sync_every=10**9)
for n in range(10**9):
    writer.write({{"n": n}})
    if n >= 2000: print(n, flush=True)
"""
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    reported = int(child.stdout.readline())
    time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    numbers = [record["n"] for record in read(path)]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > reported


def test_a_full_disk_leaves_no_half_line(tmp_path):
    path = tmp_path / "a.jsonl"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    writer = Writer(path)
    try:
        writer.write("whole")
        resource.setrlimit(resource.RLIMIT_FSIZE, (20, hard))
        with pytest.raises(InputError, match=r"a\.jsonl: cannot be written: there was room for only a part"):
            writer.write("x" * 100)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8, hard))
        with pytest.raises(InputError, match=r"a\.jsonl: cannot be written: File too large"):
            writer.write("x")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    writer.write("next")
    writer.close()
    assert list(read(path)) == ["whole", "next"]


def test_lines_are_compact_json(tmp_path):
    write_all(tmp_path / "a.jsonl", [{"a": 1, "b": [True, None]}])
    assert (tmp_path / "a.jsonl").read_text() == json.dumps({"a": 1, "b": [True, None]}).replace(
        " ", ""
    ) + os.linesep


def test_an_empty_name_is_told_as_such():
    with pytest.raises(InputError, match=r"^the name of the file to be written is empty$"):
        Writer("")


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices of POSIX")
def test_what_is_no_regular_file_is_refused_and_left_alone(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to(os.devnull)
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "null"):
        with pytest.raises(
            InputError, match=r"cannot be written: it is not a regular file; give another path$"
        ):
            Writer(path, begins=b'{"row":')
        assert path.exists()


@given(records=st.lists(json_values, min_size=1, max_size=4), torn=st.sampled_from([b"", b"[1, 2"]))
def test_the_last_record_is_the_last_that_was_written_whole(records, torn, tmp_path_factory):
    path = tmp_path_factory.mktemp("last") / "a.jsonl"
    path.write_bytes(b"".join(map(encode, records)) + torn)

    assert last(path) == records[-1]


@pytest.mark.parametrize("content", [b"", b"[1", b"[1\n", b"\n"])
def test_a_file_without_a_whole_last_record_says_so(tmp_path, content):
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)

    with pytest.raises(InputError, match="its last line is not JSON"):
        last(path)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_only_python_reads_as_a_number_is_no_json(tmp_path, number):
    path = tmp_path / "a.jsonl"
    path.write_text(f"[{number}]\n")

    with pytest.raises(InputError, match=r"a\.jsonl:1: not a line of JSON"):
        list(read(path))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes are forked here")
def test_a_process_that_is_forked_from_the_writer_cannot_write_and_does_not_keep_the_file(tmp_path):
    path = tmp_path / "a.jsonl"
    go_on, told = os.pipe(), os.pipe()
    writer = Writer(path)
    writer.write(1)
    child = os.fork()
    if not child:
        try:
            writer.write("from the child")
        except InputError as error:
            writer.close()
            os.write(told[1], str(error).encode())
        os.close(go_on[1])
        os.read(go_on[0], 1)
        os._exit(0)

    try:
        assert b"a process that was forked from the one that writes it has no part in it" in os.read(
            told[0], 1000
        )
        writer.write(2)
        writer.close()
        with Writer(path) as another:
            another.write(3)
        assert list(read(path)) == [1, 2, 3]
    finally:
        for end in (*go_on, *told):
            os.close(end)
        os.waitpid(child, 0)


def test_a_file_that_is_let_go_of_is_no_matter_to_a_fork(tmp_path):
    """The hook of a fork stays for ever, the writer does not."""
    writer = Writer(tmp_path / "a.jsonl")
    kept = weakref.ref(writer)
    writer.close()
    del writer

    assert kept() is None
