"""Runs as traces of Chrome's format."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import attune_sim as at
from attune_sim.analysis.trace import lanes_of

RETRIED = """
version: 1.0.0
tasks:
  - name: square
    action: demo.square
    with_items: "{{ [0, 1, 2] }}"
    concurrency: 3
    retry: {count: 2, delay: 0}
    input: {n: "{{ item }}"}
"""


def trace_of(run: at.Run, folder: Path) -> dict:
    return json.loads(Path(run.trace(folder / "run.json")).read_text())


def spans(trace: dict) -> list[dict]:
    return [event for event in trace["traceEvents"] if event["ph"] == "X"]


def test_a_trace_has_every_task_item_and_attempt_of_what_was_tried_again(tmp_path: Path) -> None:
    seen: list[int] = []

    def square(n: int) -> int:
        seen.append(n)
        if n == 1 and seen.count(1) < 2:
            raise ValueError("once")
        return n * n

    trace = trace_of(at.run(RETRIED, actions={"demo.square": square}), tmp_path)
    names = [event["name"] for event in spans(trace)]
    assert names == ["square", "square[0]", "square[1]", "attempt 1", "attempt 2", "square[2]"]
    item = spans(trace)[2]
    assert item["args"] == {"outcome": "succeeded", "attempts": 2}
    assert all(set(event) >= {"ph", "name", "pid", "tid"} for event in trace["traceEvents"])
    named = {event["args"]["name"] for event in trace["traceEvents"] if event["name"] == "process_name"}
    assert named == {"square"}


@pytest.mark.parametrize(
    "run",
    [
        lambda: at.run("health_check", items=12, executor="threads"),
        lambda: at.run(RETRIED, actions={"demo.square": lambda n: 1 // n}, executor="threads"),
    ],
)
def test_spans_of_a_lane_do_not_overlap_but_lie_inside_each_other(
    run: Callable[[], at.Run], tmp_path: Path
) -> None:
    """To the nanosecond: Perfetto takes times as that, and drops a span that ends behind the one around it."""
    trace = trace_of(run(), tmp_path)

    lanes: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for event in spans(trace):
        start, length = (round(event[name] * 1_000) for name in ("ts", "dur"))
        lanes.setdefault((event["pid"], event["tid"]), []).append((start, start + length))
    for known in lanes.values():
        for (start, end), (other, last) in combinations(known, 2):  # in the order of the file
            is_apart = end <= other or start >= last
            is_around = start <= other and last <= end
            assert is_apart or is_around


def test_a_trace_keeps_to_the_trace_event_format(tmp_path: Path) -> None:
    """As its document has it, for complete events and metadata: what Perfetto and speedscope read."""
    run = at.run(RETRIED, actions={"demo.square": lambda n: 1 // n}, executor="threads")
    assert run.status == "failed"

    trace = json.loads(Path(run.trace(tmp_path / "run.json")).read_text(), parse_constant=pytest.fail)
    assert trace["displayTimeUnit"] in ("ms", "ns")
    for event in trace["traceEvents"]:
        assert type(event["pid"]) is type(event["tid"]) is int
        assert isinstance(event["args"], dict)
        if event["ph"] == "M":
            kind = "sort_index" if event["name"].endswith("_sort_index") else "name"
            assert event["name"] in ("process_name", "process_sort_index", "thread_name")
            assert isinstance(event["args"][kind], int if kind == "sort_index" else str)
        else:
            assert (event["ph"], type(event["name"])) == ("X", str)
            assert min(event["ts"], event["dur"]) >= 0
    named = {(one["pid"], one["tid"]) for one in trace["traceEvents"] if one["name"] == "thread_name"}
    assert named == {(one["pid"], one["tid"]) for one in spans(trace)}


def test_times_of_a_trace_are_microseconds_of_run_time(tmp_path: Path) -> None:
    run = at.run("baseline", items=3)

    told = {event["name"]: event for event in spans(trace_of(run, tmp_path))}
    for row in run.tasks.to_dict("records"):
        assert told[row["task"]]["ts"] == pytest.approx(row["started_s"] * 1e6, abs=1e-3)
        assert told[row["task"]]["dur"] == pytest.approx((row["ended_s"] - row["started_s"]) * 1e6, abs=2e-3)


def test_the_same_run_gives_the_same_bytes_and_the_file_may_be_written_again(tmp_path: Path) -> None:
    run = at.run("baseline", items=3)

    first = Path(run.trace(tmp_path / "a.json")).read_bytes()
    assert Path(run.trace(tmp_path / "a.json")).read_bytes() == first
    assert json.loads(first)["otherData"]["run"] == "baseline"


@given(
    st.lists(st.tuples(st.floats(0, 100), st.floats(0, 10)).map(lambda pair: (pair[0], pair[0] + pair[1])))
)
def test_lanes_hold_no_two_spans_that_overlap_and_are_no_more_than_overlap_at_once(
    known: list[tuple[float, float]],
) -> None:
    lanes = lanes_of(known)

    by_lane: dict[int, list[tuple[float, float]]] = {}
    for span, lane in zip(known, lanes, strict=True):
        by_lane.setdefault(lane, []).append(span)
    for own in by_lane.values():
        ordered = sorted(own)
        assert all(one[1] <= other[0] for one, other in pairwise(ordered))
    most = max((sum(start <= at < end or at == start for start, end in known) for at, _ in known), default=0)
    assert len(by_lane) <= most
