"""What two values of a metric may differ by without a cause, by the kind of the metric."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from attune_sim.analysis.rule import Tolerance
from attune_sim.metrics import METRICS, Unit

NOISE: Final = Tolerance(change=0.02, same=0.05, pairs=5)
"""Read off a clock, or by the system. A strategy set beside itself under another name differed by up to 1.7 % in the median
of 24 pairs of times; what is certain to be below a twentieth is nothing that anybody chooses by."""

EXACT: Final = Tolerance(change=0.005, same=0.005, pairs=3)
"""Bytes and counts: equal for equal work under one hash seed, so that less than a hundredth can be told."""

RUN_AMOUNTS: Final[Mapping[Unit, float]] = {"bytes": 4096, "count": 32}
"""What totals of one run may differ by, whatever their size: free lists, interned texts and tables that grow are filled by
chance. Up to 3 KB and 14 blocks were seen between two runs of the same thing; figures of one item show none of it."""


def tolerance_of(metric: str) -> Tolerance:
    """The tolerance of a metric.

    >>> tolerance_of("render_us").change, tolerance_of("fork_bytes").change, tolerance_of("live_heap_bytes").amount
    (0.02, 0.005, 4096)
    """
    kind = METRICS[metric]
    usual = NOISE if kind.noisy else EXACT
    return usual if kind.per_item else replace(usual, amount=RUN_AMOUNTS.get(kind.unit, 0.0))
