"""Beyond one machine: from how many items on its memory is not enough, what would stay at home, and what the wire would carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from attune_sim.analysis.wire import WORKERS
from attune_sim.contexts.projected import Projected
from attune_sim.contexts.registry import strategies
from attune_sim.contexts.strategy import forks_travel
from attune_sim.errors import counted
from attune_sim.experiment.limits import in_binary
from attune_sim.metrics import format_bytes, format_count

if TYPE_CHECKING:
    import pandas as pd

    from attune_sim.analysis.advice import Outlook

MOST_ITEMS: Final = 10**12
"""As far as anybody looks for the end of one machine."""

COLUMNS: Final = ("strategy", "workers", "items", "bytes", "source")


@dataclass(frozen=True, slots=True)
class Beyond:
    """All of it is estimated, from the laws of the cells and of the context, at `items`.

    `pick` is the safe strategy that comes furthest, which `ends_at` that many items (None: as far as anybody looked it does not);
    `home_bytes` is what the process at home would take with its forks elsewhere. `context_bytes` is what the main fan-out is handed,
    `read_bytes` what is read of it, as JSON; `names` are strategies that are told of.
    """

    items: int
    memory: float
    pick: str
    ends_at: int | None
    home_bytes: float
    context_bytes: float
    read_bytes: float
    names: Sequence[str]

    def carried(self, strategy: str, workers: int) -> float:
        """Bytes of contexts that the wire would carry: once a worker, or with each item. Items and answers come on top."""
        kind = strategies[strategy]
        if forks_travel(kind()):
            return self.items * self.context_bytes
        once = self.read_bytes if issubclass(kind, Projected) else self.context_bytes
        return min(workers, self.items) * once

    def wire(self) -> pd.DataFrame:
        """One row a strategy and number of workers: what the wire would carry of contexts, `estimated`."""
        import pandas as pd

        rows = [
            (name, workers, self.items, self.carried(name, workers), "estimated")
            for name in self.names
            for workers in WORKERS
        ]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    @property
    def is_needed(self) -> bool:
        """Whether the items that were asked for are too many for one machine."""
        return self.ends_at is not None and self.ends_at < self.items

    def __str__(self) -> str:
        return f"{self._end} {self._elsewhere}" if self.is_needed else self._end

    @property
    def _end(self) -> str:
        room = in_binary(int(self.memory))
        if self.is_needed:
            return f"One machine of {room} is no longer enough: {self.pick} comes to item {self.ends_at:,} of {self.items:,}."
        if self.ends_at is None:
            return f"One machine of {room} is enough, as far as {self.pick} was looked at ({format_count(MOST_ITEMS)} items)."
        return f"One machine of {room} is enough up to about {counted(_rounded(self.ends_at), 'item')} (estimated, {self.pick})."

    @property
    def _elsewhere(self) -> str:
        """What a cluster would change, and what it would cost."""
        home, least, most = (
            format_bytes(size)
            for size in (self.home_bytes, self.carried(self.pick, 1), self.carried(self.pick, WORKERS[-1]))
        )
        left = f"With forks at the workers of a cluster (executor='dask') about {home} would stay at home"
        if forks_travel(strategies[self.pick]()):
            carried = f"the wire would carry about {most} of forks, one an item"
        else:
            carried = f"the wire would carry about {least} of context to one worker, {most} to {WORKERS[-1]}"
        if self.home_bytes > self.memory:
            left += ", which is still too much: let actions return references, or split the fan-out"
        return f"{left}; {carried} (estimated)."


def _rounded(count: int) -> int:
    """Two digits of it: it is an estimate."""
    return int(float(f"{count:.2g}"))


def beyond_of(
    metrics: pd.DataFrame,
    best: Outlook,
    *,
    items: int,
    memory: float,
    dispatch: str,
    context: pd.DataFrame,
    names: Sequence[str],
) -> Beyond:
    """From the cells' `metrics`, the outlook of the safe strategy that comes furthest, and the parts of the context."""
    from attune_sim.analysis.advice import outlines

    own = metrics[metrics["strategy"].eq(best.strategy)]
    outline = outlines(own, items=items, dispatch=dispatch).get(best.strategy)
    home = float("nan")
    if outline is not None:
        course = outline.course._replace(held=0)
        home = outline.beside.resident + outline.beside.slack * course.peak
    handed, unread = float(context["bytes"].sum()), float(context["unread_bytes"].sum())
    ends = best.dies_at if best.dies_at is not None else _end(own, items, memory, dispatch)
    return Beyond(items, memory, best.strategy, ends, home, handed, max(0.0, handed - unread), names)


def _end(own: pd.DataFrame, items: int, memory: float, dispatch: str) -> int | None:
    """The number of items from which on the memory is not enough; None: it is, as far as anybody looks."""
    from attune_sim.analysis.advice import outlooks

    def dies(count: int) -> bool:
        found = outlooks(own, items=count, memory=memory, dispatch=dispatch)
        return any(one.dies_at is not None for one in found)

    lives, dead = items, 2 * items
    while not dies(dead):
        if dead > MOST_ITEMS:
            return None
        lives, dead = dead, 2 * dead
    while dead - lives > max(1, lives // 100):  # two digits of it are told
        middle = (lives + dead) // 2
        lives, dead = (lives, middle) if dies(middle) else (middle, dead)
    return lives
