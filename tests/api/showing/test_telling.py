"""What a call tells where there is no notebook; what it tells in one is seen in a kernel, with long work."""

from __future__ import annotations

import sys

import pytest

from attune_sim.api.showing.telling import Telling
from attune_sim.experiment import Progress


def test_outside_of_a_notebook_everything_is_a_line_on_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    telling = Telling()

    telling.note("actions are called")
    telling.now("weighing")
    with telling.watching() as watcher:
        assert watcher is not None
        watcher(Progress("baseline", 1, 2, 10, 4))

    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == ["actions are called", "weighing", "1/2 baseline: 4 of 10"]


@pytest.mark.parametrize("closed", [False, True])
def test_where_nobody_wants_or_can_hear_it_nothing_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, closed: bool
) -> None:
    if closed:
        monkeypatch.setattr(sys, "stderr", None)
    telling = Telling(closed).fresh()

    telling.note("actions are called")
    telling.now("weighing")
    with telling.watching() as watcher, telling.counting("simulated", 3) as count:
        assert watcher is None
        count(1)

    assert capsys.readouterr() == ("", "")
