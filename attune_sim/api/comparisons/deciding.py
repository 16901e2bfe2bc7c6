"""Going on until every verdict is safe: `repeats="auto"`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from attune_sim.amounts import second_count
from attune_sim.analysis.looks import looks_of
from attune_sim.analysis.rule import BY_CHANCE
from attune_sim.api.runs.running import positive
from attune_sim.errors import InputError
from attune_sim.record import CellRecord

MOST_REPEATS: Final = 50
BUDGET_S: Final = 300.0


class Deciding:
    """Says after each repeat of all cells whether there are enough: if every verdict that more repeats could make safe is, or
    the budget of time is used up. It looks for verdicts at `looks` alone, which the rule of verdicts then knows of.

    `unsettled` says what could not be told when it ended otherwise than by verdicts, else nothing.
    """

    def __init__(
        self,
        budget_s: float = BUDGET_S,
        most: int = MOST_REPEATS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.looks = looks_of(BY_CHANCE, most)
        self.unsettled: str | None = None
        self._budget_s, self._clock, self._began = budget_s, clock, clock()
        self._spent_s = 0.0

    @property
    def most(self) -> int:
        return self.looks[-1]

    @contextmanager
    def timed(self) -> Iterator[None]:
        """What happens in this block is what the budget pays; not the time between a stop and going on."""
        self._began = self._clock() - self._spent_s
        try:
            yield
        finally:
            self._spent_s = self._clock() - self._began

    def __call__(self, records: Sequence[CellRecord]) -> bool:
        repeats = 1 + max(record.key.repeat for record in records)
        if all(record.outcome == "skipped" for record in records if record.key.repeat == repeats - 1):
            return True
        end = self._end(repeats)
        if repeats not in self.looks and not end:
            return False
        still = _open_of(records)
        self.unsettled = (
            f"{end} after {repeats} repeats, and one cannot tell: {', '.join(still)}"
            if end and still
            else None
        )
        return bool(end) or not still

    def _end(self, repeats: int) -> str:
        """Why it ends whatever the verdicts are; empty where it does not."""
        if repeats >= self.most:
            return "it ended with the last repeat"
        return (
            f"the budget of {self._budget_s:g} s ended"
            if self._clock() - self._began >= self._budget_s
            else ""
        )


def deciding_of(repeats: int | str, budget: float | str | None) -> Deciding | None:
    """Who says that there are enough repeats; None where their number is fixed. Raises InputError for a budget that ends nothing."""
    if repeats == "auto":
        return Deciding(BUDGET_S if budget is None else second_count(budget, "budget"))
    if budget is not None:
        raise InputError(
            f"budget={budget!r} (--budget) ends repeats='auto' (--repeats auto); leave it out, or ask for that"
        )
    return None


def repeated(repeats: int | str, deciding: Deciding | None) -> dict[str, Any]:
    """The settings of a grid that say how often its cells are repeated."""
    if deciding is not None:
        return {"repeats": deciding.most, "enough": deciding, "looks": deciding.looks}
    if isinstance(repeats, str):
        raise InputError(f"repeats={repeats!r}: give a number from 1 on, or 'auto'")
    return {"repeats": positive("repeats", repeats)}


def _open_of(records: Sequence[CellRecord]) -> list[str]:
    """Strategies and metrics of which more repeats may tell."""
    from attune_sim.analysis.comparison import summary_rows
    from attune_sim.analysis.figures import JUDGED
    from attune_sim.analysis.verdicts import is_open
    from attune_sim.frame import cells_frame, metrics_frame

    rows = summary_rows(metrics_frame(records), cells_frame(records))
    still = ((row.case.strategy, [name for name in JUDGED if is_open(row, name)]) for row in rows)
    return [f"{strategy} ({', '.join(names)})" for strategy, names in still if names]
