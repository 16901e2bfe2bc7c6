"""The fan-out that is metered: the largest of a run, the first of those that are equally large."""

from __future__ import annotations

from attune_sim.engine.offer import Offer
from attune_sim.meter.paid import PacedForker


class Opened:
    """An observer that keeps the offer of the largest fan-out, and tells a forker that is watched which fork is its last.

    >>> Opened()
    <Opened: None>
    """

    def __init__(self) -> None:
        self.offer: Offer | None = None

    def fan_out_opened(self, offer: Offer) -> None:
        if offer.plain or (self.offer is not None and len(offer.items) <= len(self.offer.items)):
            return
        self.offer = offer
        if isinstance(offer.forker, PacedForker):
            offer.forker.last = len(offer.items)

    def __repr__(self) -> str:
        return f"<Opened: {self.offer!r}>"
