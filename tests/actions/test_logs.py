"""From a log file to its entries: no line is lost, and no line loses the file."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from attune_sim.actions import logs
from attune_sim.errors import ActionError

GOOD = '203.0.113.7 - - [10/Oct/2000:13:55:36 -0700] "GET /a?b=1 HTTP/1.1" 200 2326 "-" "curl/8"'


def log_of(folder: Path, *lines: bytes | str) -> str:
    file = folder / "access.log"
    file.write_bytes(b"".join((line.encode() if isinstance(line, str) else line) + b"\n" for line in lines))
    return str(file)


def test_lines_are_numbered_and_blank_ones_left_out_and_counted(tmp_path):
    found = logs.aggregate(log_of(tmp_path, GOOD, "", "  ", GOOD))
    assert [entry["line"] for entry in found["entries"]] == [1, 4]
    assert (found["total"], found["blank"], found["undecodable"]) == (2, 2, 0)
    assert found["entries"][0]["text"] == GOOD


def test_a_limit_cuts_and_an_empty_file_has_no_entries(tmp_path):
    assert logs.aggregate(log_of(tmp_path, GOOD, GOOD, GOOD), limit=2)["total"] == 2
    assert logs.aggregate(log_of(tmp_path, GOOD), limit=0)["entries"] == []
    assert logs.aggregate(log_of(tmp_path))["entries"] == []


def test_bytes_that_are_not_utf8_arrive_as_apache_writes_them(tmp_path):
    raw = GOOD.encode().replace(b"/a?b=1", b"/caf\xe9")
    found = logs.aggregate(log_of(tmp_path, raw, GOOD.replace("/a", "/café")))
    assert found["undecodable"] == 1
    assert [logs.parse(entry)["path"] for entry in found["entries"]] == ["/caf\\xe9", "/café?b=1"]


def test_a_gzip_file_is_told_by_its_content(tmp_path):
    file = tmp_path / "rotated.log.1"
    file.write_bytes(gzip.compress(f"{GOOD}\n{GOOD}\n".encode()))
    assert logs.aggregate(str(file))["total"] == 2


def test_a_damaged_gzip_file_keeps_what_was_read_and_fails_one_entry(tmp_path):
    whole = gzip.compress("".join(f"{GOOD} {n}\n" for n in range(5000)).encode())
    file = tmp_path / "broken.gz"
    file.write_bytes(whole[: len(whole) // 2])
    entries = logs.aggregate(str(file))["entries"]
    assert len(entries) > 100
    logs.parse(entries[0])
    with pytest.raises(
        ActionError, match=rf"line {entries[-1]['line']}: the gzip stream is damaged from here on"
    ):
        logs.parse(entries[-1])


def test_a_line_without_end_is_cut_and_the_next_line_is_whole(tmp_path):
    entries = logs.aggregate(log_of(tmp_path, "x" * 300_000, GOOD))["entries"]
    assert [entry["line"] for entry in entries] == [1, 2]
    assert len(entries[0]["text"]) == logs.LONGEST_LINE
    with pytest.raises(ActionError, match="line 1: longer than 65,536 bytes"):
        logs.parse(entries[0])
    assert logs.parse(entries[1])["status"] == 200


@pytest.mark.parametrize(
    ("name", "reason"), [("none.log", "No such file"), ("", "is a directory"), ("a\0b", "null byte")]
)
def test_a_file_that_cannot_be_read_fails_with_its_name_and_reason(tmp_path, name, reason):
    with pytest.raises(ActionError, match=reason):
        logs.aggregate(str(tmp_path / name))


def test_a_malformed_line_names_its_number_and_what_is_wrong():
    with pytest.raises(ActionError, match="line 17: the status 'x200' is not a number"):
        logs.parse({"line": 17, "text": GOOD.replace(" 200", " x200")})
    with pytest.raises(ActionError, match="the line: begins with no host"):
        logs.parse("")
    with pytest.raises(ActionError, match="an entry is text or a map with 'text', not int"):
        logs.parse(3)


def test_enrich_tells_what_is_known_of_each_client():
    texts = [
        GOOD,
        GOOD,
        GOOD.replace("203.0.113.7", "10.1.2.3"),
        GOOD.replace("203.0.113.7", "::1"),
        "web.example.org -",
    ]
    found = logs.enrich([{"line": n, "text": text} for n, text in enumerate(texts)])
    assert found["total"] == 4
    assert found["hosts"][0] == {
        "host": "203.0.113.7",
        "kind": "private",
        "network": "203.0.113.0/24",
        "requests": 2,
    }
    assert {host["host"]: host["kind"] for host in found["hosts"][1:]} == {
        "10.1.2.3": "private",
        "::1": "loopback",
        "web.example.org": "name",
    }


def test_extract_counts_what_can_be_parsed_and_says_how_much_cannot():
    found = logs.extract([GOOD, GOOD.replace("GET", "POST").replace("200", "404"), "broken"])
    assert found["statuses"] == {"200": 1, "404": 1}
    assert found["paths"] == [{"path": "/a", "requests": 2}]
    assert (found["hours"], found["matched"], found["unmatched"]) == ({"13": 2}, 2, 1)
