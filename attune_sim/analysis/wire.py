"""What the wire carries: a part once a worker, and a part with each item.

    bytes of a run = workers * (actions, context or what is read of it) + items * (batch, answer, a fork where that is sent)

Both parts are counted in one run, so that what other numbers of workers and items would carry follows from it, as an estimate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import Any, Final, NamedTuple

import pandas as pd

from attune_sim.analysis.laws.points import context_of
from attune_sim.errors import InputError
from attune_sim.frame import bare

WORKERS: Final = (1, 2, 4, 8)
"""Numbers of workers that are told of where none are asked for."""

WIRE_COLUMNS: Final = (
    *("strategy", "context_bytes", "workers", "items", "wire_bytes", "once_bytes", "item_bytes", "source"),
)

_FURTHER: Final = (3, 10, 30, 100)
"""By how much more items than were measured are told of where none are asked for."""

_READ: Final = ("wire_bytes", "wire_once_bytes", "wire_item_bytes", "wire_workers")


class Carried(NamedTuple):
    """What runs of one strategy and size carried: `total` bytes for so many workers and items, `once` to each worker, and `each` item."""

    strategy: str
    context_bytes: float
    workers: int
    items: int
    total: float
    once: float
    each: float

    def at(self, workers: int, items: int) -> float:
        """What other numbers would carry. Who has no item to make is sent nothing."""
        return min(workers, items) * self.once + items * self.each


def carried_by_cells(metrics: pd.DataFrame) -> list[Carried]:
    """Of cells whose attempts were made on a cluster, from a `metrics` frame: medians of each strategy and size. None of others."""
    known = bare(metrics)
    known = known[known["metric"].isin(_READ) & known["value"].notna() & known["outcome"].eq("ok")]
    if known.empty:
        return []
    known = known.assign(context=context_of(known))
    keys = ["strategy", "context_bytes", "items", "cell"]
    cells = known.pivot_table(index=[*keys, "context"], columns="metric", values="value", sort=False)
    if not set(_READ) <= set(cells.columns):
        return []
    rows = cells.dropna().reset_index()
    groups = rows.groupby(["strategy", "context_bytes", "items", "wire_workers"], sort=False)
    return [_of_group(part) for _, part in groups]


def _of_group(part: pd.DataFrame) -> Carried:
    first = part.iloc[0]
    middle = {name: median(part[name]) for name in (*_READ, "context")}
    return Carried(
        str(first["strategy"]), middle["context"], int(first["wire_workers"]), int(first["items"]),
        middle["wire_bytes"], middle["wire_once_bytes"], middle["wire_item_bytes"],
    )  # fmt: skip


def carried_by_run(transfers: pd.DataFrame, strategy: str) -> list[Carried]:
    """Of one run, from its `transfers`; its context is not known (0). None of a run in one process."""
    own = transfers[transfers["counted_by"].eq("attune-sim") & transfers["items"].gt(0)]
    if own.empty:
        return []
    sums = own.groupby("kind")["bytes"].sum()
    workers, items = own["worker"].nunique(), int(own.groupby("worker")["items"].first().sum())
    once, each = sums["offers"] + sums["actions"], sums["items"] + sums["answers"]
    return [Carried(strategy, 0.0, workers, items, float(sums["all"]), once / workers, each / items)]


def wire_frame(
    carried: Iterable[Carried], workers: Sequence[int] = WORKERS, items: Sequence[int] | None = None
) -> pd.DataFrame:
    """One row a strategy, context, number of workers and of items (`WIRE_COLUMNS`): what was measured, then what others would carry,
    whose `source` is `estimated`.

    An estimate is made from the run that is nearest by its items. `items` None: those that were measured, and up to 100 times as many.
    Raises InputError for a number that is none.

    >>> seen = [Carried("shared", 1e6, workers=2, items=100, total=2_010_000, once=1e6, each=100)]
    >>> found = wire_frame(seen, workers=[2, 4], items=[100, 1_000])
    >>> found[["workers", "items", "wire_bytes", "source"]].values.tolist()[:3]
    [[2, 100, 2010000.0, 'measured'], [4, 100, 4010000.0, 'estimated'], [2, 1000, 2100000.0, 'estimated']]
    """
    for name, numbers in (("workers", workers), ("items", items or ())):
        for number in numbers:
            if isinstance(number, bool) or not isinstance(number, int) or number < 1:
                raise InputError(f"{name} must be whole numbers of 1 or more, not {number!r}")
    by_case: dict[tuple[str, float], list[Carried]] = {}
    for one in carried:
        by_case.setdefault((one.strategy, _near(one.context_bytes)), []).append(one)
    rows = [row for known in by_case.values() for row in _rows(known, workers, items)]
    return pd.DataFrame(rows, columns=list(WIRE_COLUMNS))


def _near(context: float) -> float:
    """Contexts that were asked for one size differ by some bytes of what stands in them."""
    return float(f"{context:.2g}")


def _rows(
    known: list[Carried], workers: Sequence[int], items: Sequence[int] | None
) -> Iterator[dict[str, Any]]:
    measured = {(one.workers, one.items): one for one in known}
    sizes = sorted({one.items for one in known})
    wanted = sizes + [sizes[-1] * factor for factor in _FURTHER] if items is None else list(items)
    context = max(one.context_bytes for one in known)
    crews = sorted({*workers, *(one.workers for one in known)})
    for count in wanted:
        nearest = min(known, key=lambda one: (abs(one.items - count), one.workers))
        for crew in crews:
            seen = measured.get((crew, count))
            one = seen or nearest
            yield {
                "strategy": one.strategy,
                "context_bytes": context,
                "workers": crew,
                "items": count,
                "wire_bytes": one.total if seen else one.at(crew, count),
                "once_bytes": one.once,
                "item_bytes": one.each,
                "source": "measured" if seen else "estimated",
            }
