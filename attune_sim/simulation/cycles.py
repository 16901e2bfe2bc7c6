"""Cycles of one workflow on one timeline: each is a run, begun when it is due."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Protocol

from attune_sim.engine.runner import Ground
from attune_sim.errors import InputError, counted
from attune_sim.executors.drive import Drive
from attune_sim.executors.fates import Fates
from attune_sim.executors.flight import Flown
from attune_sim.executors.simulated import SimulatedPerformer
from attune_sim.executors.stations import Stations
from attune_sim.executors.timeline import VirtualTimeline
from attune_sim.rehearsal import AnyAction
from attune_sim.session import session_of
from attune_sim.simulation.items import Items
from attune_sim.simulation.little import Little
from attune_sim.simulation.outcome import CycleRow
from attune_sim.simulation.setting import Setting
from attune_sim.simulation.tally import Tally


class Watcher(Protocol):
    """Watches a whole simulation: every cycle has an observer of its own (`attune_sim.engine.observe`), or None."""

    def begin(self, now: Callable[[], float]) -> None:
        """Before anything; `now` gives the simulated seconds."""

    def cycle(self, number: int) -> object:
        """Who watches this cycle, which begins now."""


class Cycles:
    """Begins cycles when they are due, and holds a row of each.

    What is due at the moment at which a cycle ends comes after its end. Once all are over the timeline is cleared, whatever
    stations still have on it.
    """

    def __init__(
        self,
        setting: Setting,
        timeline: VirtualTimeline,
        fates: Fates,
        stations: Stations | None,
        items: Items,
        watchers: Sequence[Watcher] = (),
    ) -> None:
        self.rows: list[CycleRow] = []
        self._setting, self._timeline, self._watchers = setting, timeline, watchers
        self._fates, self._stations, self._items = fates, stations, items
        self._under_way: dict[int, Tally] = {}
        self._waiting: deque[CycleRow] = deque()
        self._moments = _moments(setting)
        self._started_at = _moment_of(setting.spec.started_at)
        self._is_last = False
        self._ground: Ground | None = None
        self._flown = Flown()  # in cycles that are over
        self._await_next()

    def _await_next(self) -> None:
        moment = next(self._moments, None)
        if moment is None:
            self._is_last = True
        else:
            self._timeline.at(moment, self._due, moment, late=True)

    def _due(self, moment: float) -> None:
        row = CycleRow(len(self.rows), moment)
        self.rows.append(row)
        self._await_next()
        if self._setting.overlap == "allow" or not (self._under_way or self._waiting):
            self._begin(row)
        elif self._setting.overlap == "queue":
            self._waiting.append(row)
        else:
            row.status = "skipped"
            self._clear_if_over()

    def _begin(self, row: CycleRow) -> None:
        now = self._timeline.now
        row.status, row.started_s = "running", now()
        performer = SimulatedPerformer(self._fates, self._stations, cycle=row.cycle)
        tally = self._under_way[row.cycle] = Tally(row, self._items, performer, now, self._over)
        started_at = (self._started_at + timedelta(seconds=now())).strftime("%Y-%m-%dT%H:%M:%SZ")
        # No fork is held here: what eager dispatch would hold is for a ledger to say, and changes nothing else.
        session = session_of(
            replace(self._setting.spec, started_at=started_at, dispatch="windowed"),
            AnyAction(),
            observers=[*(watcher.cycle(row.cycle) for watcher in self._watchers), tally],
            ground=self._ground,
        )
        self._ground, tally.forget = session.runner.ground, session.state.starts.forget
        Drive(session.job, self._timeline, performer).begin()

    def _over(self, tally: Tally) -> None:
        """Told within the last step of a run, which is finished first."""
        self._timeline.at(self._timeline.now(), self._leave, tally)

    def _leave(self, tally: Tally) -> None:
        tally.settle()
        self._flown = self._flown.plus(tally.performer.flown())
        tally.performer.leave()
        del self._under_way[tally.row.cycle]
        if self._waiting:
            self._begin(self._waiting.popleft())
        self._clear_if_over()

    def _clear_if_over(self) -> None:
        if self._is_last and not (self._under_way or self._waiting):
            self._timeline.clear()

    def settle(self) -> None:
        """Bring the rows of cycles that are under way up to date."""
        for tally in self._under_way.values():
            tally.settle()

    def laws(self) -> tuple[Little, ...]:
        """Little's law for what was in flight without stations, in all cycles so far."""
        total = self._flown
        for tally in self._under_way.values():
            total = total.plus(tally.performer.flown())
        return (Little("service", *total, self._timeline.now()),)

    def __repr__(self) -> str:
        return f"<Cycles: {len(self.rows):,} due, {counted(len(self._under_way), 'cycle')} under way>"


def _moments(setting: Setting) -> Iterator[float]:
    """When cycles are due. Raises `InputError` where that is never, or more often than can be gone through."""
    schedule, duration_s = setting.schedule, setting.duration_s
    if schedule is None:
        return iter((0.0,))
    assert duration_s is not None
    number = sum(1 for _ in islice(schedule.moments(duration_s, setting.seed), setting.max_events + 1))
    if not number:
        raise InputError(f"{schedule!r} never fires within {duration_s:g} s; give a longer duration")
    if number > setting.max_events:
        raise InputError(
            f"{schedule!r} fires more often than the {setting.max_events:,} events that a simulation may have, "
            f"within {duration_s:g} s; give a shorter duration, or more max_events"
        )
    return schedule.moments(duration_s, setting.seed)


def _moment_of(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise InputError(f"started_at: {text!r} is no moment; write it as 2026-01-31T12:00:00Z") from None
