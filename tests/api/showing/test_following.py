"""How far a run is: what is counted, and where it is shown."""

from __future__ import annotations

import io
import sys
import threading

import pytest

import attune_sim as at
from attune_sim.api.showing import following as following_module
from attune_sim.api.showing import progress as progress_module
from attune_sim.api.showing.following import Followed, following
from attune_sim.api.showing.progress import watching
from attune_sim.experiment import Progress

RETRIED = """
version: 1.0.0
ref: demo.squares
parameters: {numbers: {type: array}}
tasks:
  - name: square
    action: demo.square
    with_items: "{{ parameters.numbers }}"
    retry: {count: 2, delay: 0}
    input: {n: "{{ item }}"}
    next: [{do: [below]}]
  - {name: below, action: demo.below, with_items: "{{ [2, 4] }}", input: {n: "{{ item }}"}}
"""
BELOW = """
version: 1.0.0
ref: demo.below
parameters: {n: {type: integer}}
tasks:
  - {name: inner, action: demo.square, input: {n: "{{ parameters.n }}"}}
"""


class Screen(io.StringIO):
    """Standard error that tells when something has been written to it."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self.terminal, self.written = terminal, threading.Event()

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> int:
        self.written.set()
        return super().write(text)


class Twice:
    """An action that fails the first time for odd numbers; what the observer has counted is noted at each call."""

    def __init__(self, followed: Followed) -> None:
        self.followed, self.seen, self.notes = followed, set[int](), list[str]()

    def __call__(self, n: int) -> int:
        self.notes.append(str(self.followed))
        if n % 2 and n not in self.seen:
            self.seen.add(n)
            raise ValueError("not yet")
        return n


def test_items_are_counted_as_they_begin_fail_are_tried_again_and_end() -> None:
    followed = Followed()
    action = Twice(followed)
    below = at.load(BELOW)

    run = at.run(
        RETRIED,
        {"numbers": [2, 3, 4]},
        actions={"demo.square": action},
        workflows=[below],
        observers=[followed],
    )

    assert run.status == "succeeded"
    assert action.notes[0] == "square: 0 of 3 items done, 0 failed, 0 retrying, 1 in flight, 3 remaining"
    assert "square: 1 of 3 items done, 0 failed, 1 retrying, 1 in flight, 2 remaining" in action.notes
    assert (followed.done, followed.failed, followed.retried, followed.retrying, followed.in_flight) == (
        5,
        0,
        1,
        0,
        0,
    )
    assert followed.below == {"inner": 2}


@pytest.mark.parametrize("executor", ["inline", "threads", "asyncio"])
def test_nothing_is_in_flight_when_a_run_has_ended(executor: str, squares_text: str) -> None:
    def picky(n: int) -> int:
        if n == 2:
            raise ValueError("two")
        return n

    followed = Followed()
    at.run(squares_text, actions={"demo.square": picky}, executor=executor, observers=[followed])
    assert (followed.done, followed.failed, followed.in_flight, followed.remaining) == (4, 1, 0, 0)
    assert str(followed) == "run: 4 of 4 items done, 1 failed, 0 retrying, 0 in flight, 0 remaining"


def test_a_line_comes_every_few_seconds_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, squares_text: str
) -> None:
    screen = Screen(terminal=False)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(following_module, "EVERY_S", 0.01)

    def waits(n: int) -> int:
        assert screen.written.wait(timeout=60)
        return n

    with following() as followed:
        at.run(squares_text, actions={"demo.square": waits}, observers=[followed])
    assert screen.getvalue().startswith(
        "square: 0 of 4 items done, 0 failed, 0 retrying, 1 in flight, 4 remaining\n"
    )


def test_a_terminal_has_one_line_that_is_taken_away_at_the_end(
    monkeypatch: pytest.MonkeyPatch, squares_text: str
) -> None:
    screen = Screen(terminal=True)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")

    with following() as followed:
        at.run(squares_text, actions={"demo.square": lambda n: n}, observers=[followed])
    assert "4 of 4 items done" in screen.getvalue()
    assert screen.getvalue().endswith("\x1b[2K")


def test_a_standard_error_that_is_closed_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    following_module.say("nobody hears this")

    monkeypatch.setattr(sys, "stderr", None)
    with following() as followed, watching(True) as watcher:
        assert followed.done == 0
        assert watcher is None


def test_cells_are_told_at_once_and_then_every_few_seconds_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Clock:
        """A clock that moves when told to."""

        now = 100.0

        def monotonic(self) -> float:
            return self.now

    clock = Clock()
    monkeypatch.setattr(progress_module, "time", clock)
    with watching(True) as tell:
        assert tell is not None
        for second, number in enumerate([0, 0, 1, 1, 1, 1, 2]):
            clock.now = 100.0 + second
            tell(Progress("equal answers first: shared" if not number else "baseline", number, 20, 1000, 400))
    assert capsys.readouterr().err.splitlines() == [
        "equal answers first: shared",
        "1/20 baseline: 400 of 1,000",
    ]


@pytest.mark.slow
def test_an_experiment_tells_where_it_is_before_the_first_cell(capsys: pytest.CaptureFixture[str]) -> None:
    at.compare("baseline", ["deepcopy", "shared"], items=3, history=1, repeats=1)

    assert capsys.readouterr().err.splitlines()[0] == "equal answers first: deepcopy"
