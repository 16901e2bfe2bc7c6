"""What is kept of the simulation of one seed: its figures' sources, and of the first seed all its course."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

from attune_sim.errors import InputError
from attune_sim.simulation.checks import checks_of
from attune_sim.simulation.ledger import Ledger
from attune_sim.simulation.outcome import CycleRow, Ended, Outcome
from attune_sim.simulation.prices import Prices
from attune_sim.simulation.setting import Setting
from attune_sim.simulation.simulate import Told, simulate
from attune_sim.simulation.stations import Columns

SCHEMA: Final = 2


@dataclass(frozen=True)
class Course:
    """What happened when, of one seed: items, memory and queue."""

    items: Columns = field(default_factory=dict)
    sampled_of: int | None = None
    memory: Columns = field(default_factory=dict)
    queue: Columns = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Seeded:
    """One seed: columns of its cycles, workers, deaths and checks, and figures of what is not kept (waits, the longest queue)."""

    seed: int
    cycles: Columns
    workers: Columns
    deaths: Columns
    waits: Mapping[str, float]
    ended: Ended
    ended_s: float
    events: int
    unpriced: tuple[str, ...] = ()
    complaints: tuple[str, ...] = ()
    checks: Columns = field(default_factory=dict)
    course: Course | None = None

    def as_row(self) -> dict[str, Any]:
        """As JSON, without its course."""
        plain = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "course"}
        tables = {name: _listed(plain[name]) for name in ("cycles", "workers", "deaths", "checks")}
        return {
            **plain,
            **tables,
            "waits": dict(self.waits),
            "unpriced": list(self.unpriced),
            "complaints": list(self.complaints),
            "schema": SCHEMA,
        }

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Seeded:
        """What `as_row` gave. Raises InputError for one of a newer version."""
        if row["schema"] > SCHEMA:
            raise InputError(f"seed {row['seed']}: schema {row['schema']} is newer than this version knows")
        known = {one.name: row[one.name] for one in fields(cls) if one.name != "course"}
        told = {name: tuple(row[name]) for name in ("unpriced", "complaints")}
        return cls(**{**known, **told})


@dataclass(frozen=True)
class Charged:
    """Simulates a setting and charges it to strategies; travels to another process. Without `prices` nothing is charged."""

    prices: Prices | None
    memory_bytes: float | None
    keeps_course: bool

    def __call__(self, setting: Setting, told: Told = lambda cycles, items: None) -> Seeded:
        ledger = None if self.prices is None else self._ledger(self.prices, setting)
        outcome = simulate(setting, () if ledger is None else (ledger,), told)
        return Seeded(
            seed=setting.seed,
            cycles=_columns(outcome.cycles),
            workers=outcome.workers,
            deaths={} if ledger is None else ledger.deaths(),
            waits=_waits(outcome),
            ended=outcome.ended,
            ended_s=outcome.ended_s,
            events=outcome.events,
            unpriced=() if ledger is None else tuple(sorted(ledger.unpriced)),
            complaints=outcome.complaints,
            checks=checks_of(setting, outcome),
            course=self._course(outcome, ledger) if self.keeps_course else None,
        )

    def _ledger(self, prices: Prices, setting: Setting) -> Ledger:
        return Ledger(prices, dispatch=setting.spec.dispatch, memory_bytes=self.memory_bytes)

    def _course(self, outcome: Outcome, ledger: Ledger | None) -> Course:
        memory = {} if ledger is None else ledger.memory()
        return Course(outcome.items, outcome.sampled_of, memory, outcome.queue)


def _columns(rows: Sequence[CycleRow]) -> Columns:
    table = list(map(asdict, rows))
    names = [one.name for one in fields(CycleRow)]
    return {
        **{name: [row[name] for row in table] for name in names},
        "skipped": [row.skipped for row in rows],
    }


def _waits(outcome: Outcome) -> dict[str, float]:
    """Quantiles of how long items waited for their first attempt, the mean wait of attempts, and the longest queue; nothing without items."""
    import numpy as np

    found: dict[str, float] = {}
    if len(outcome.items["index"]):
        waited = np.asarray(outcome.items["started_s"]) - np.asarray(outcome.items["queued_s"])
        found = {f"wait_p{part}_s": float(np.quantile(waited, part / 100)) for part in (50, 99)}
    if outcome.wait is not None:
        found["wait_mean_s"] = outcome.wait.mean
    if longest := outcome.queue.get("most_waiting", ()):
        found["most_waiting"] = float(max(longest))
    return found


def _listed(columns: Columns) -> dict[str, list[Any]]:
    """Plain lists; NaN, which JSON does not know, is None."""
    return {
        name: [None if value != value else value for value in list(column)]
        for name, column in columns.items()
    }
