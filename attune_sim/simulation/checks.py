"""What a simulation is held against: Little's law, which must hold in every one, and queueing theory where it fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from attune_sim.errors import counted
from attune_sim.simulation.expected import Unfit, expected_wait
from attune_sim.simulation.little import Little
from attune_sim.simulation.outcome import Outcome
from attune_sim.simulation.setting import Setting
from attune_sim.simulation.stations import Columns

COLUMNS: Final = ("check", "unit", "simulated", "low", "high", "expected", "holds", "why")

_PARTS: Final[Mapping[str, str]] = {"waiting": "mean number waiting", "service": "mean number in service"}


def checks_of(setting: Setting, outcome: Outcome) -> Columns:
    """One row a check: what was simulated, with its interval of 99 % where it has one, what it is to be, whether that holds (None: there is nothing to
    hold it against), and why."""
    rows = [*_laws(outcome), *_waits(setting, outcome)]
    return {name: [row[name] for row in rows] for name in COLUMNS}


def _laws(outcome: Outcome) -> Iterator[Mapping[str, Any]]:
    """L beside lambda W: counts over time beside what attempts say of themselves."""
    for law in outcome.laws:
        passed_s = law.now or 1.0  # where no time passes nobody stays
        yield _row(
            f"{_PARTS[law.part]} (Little)", "ratio", law.area_s / passed_s, expected=law.stayed_s / passed_s,
            holds=law.holds, why=_product(law),
        )  # fmt: skip


def _product(law: Little) -> str:
    if not law.attempts or not law.now:
        return "nothing has passed"
    each_s, rate = law.stayed_s / law.attempts, law.attempts / law.now
    return f"{counted(law.attempts, 'attempt')}: {rate:.4g}/s for {each_s:.4g} s each"


def _waits(setting: Setting, outcome: Outcome) -> Iterator[Mapping[str, Any]]:
    """The mean wait with the simulation's own interval, beside theory."""
    wait = outcome.wait
    if wait is None:
        return
    given: dict[str, Any] = {
        "check": "mean wait",
        "unit": "s",
        "simulated": wait.mean,
        "low": wait.low,
        "high": wait.high,
    }
    try:
        expected = expected_wait(setting, outcome)
    except Unfit as unfit:
        yield _row(**given, why=f"no theory fits: {unfit}")
        return
    known = expected.is_exact and wait.high < float("inf") and expected.wait_s < float("inf")
    holds = wait.holds(expected.wait_s) if known else None
    yield _row(**given, expected=expected.wait_s, holds=holds, why=expected.by)


def _row(check: str, unit: str, simulated: float, **more: Any) -> Mapping[str, Any]:
    nothing: dict[str, Any] = {"low": None, "high": None, "expected": None, "holds": None, "why": ""}
    return {"check": check, "unit": unit, "simulated": simulated, **nothing, **more}
