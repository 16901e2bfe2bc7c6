"""Offers as fates are asked about them, without a run around them."""

from __future__ import annotations

import pytest

from attune_sim.engine.events import StartAction
from attune_sim.engine.offer import Offer


@pytest.fixture(scope="session")
def offer_of():
    """An offer of a fan-out over so many items, or these, or of a plain task."""

    def made(items=1000, *, task="check", timeout=None, plain=False, visit=0, action="demo.check"):
        listed = {} if plain else {"items": range(items) if isinstance(items, int) else items}
        return Offer(
            task=task, visit=visit, action=action, timeout=timeout, plain=plain, forker=None, **listed
        )

    return made


@pytest.fixture(scope="session")
def fates_at():
    """The fates of attempts at these slots that begin at one moment, or at a list of moments."""

    def asked(fates, offer, slots, *, cycle=0, attempt=0, now=0.0, input=None):
        fate_of = fates.open(offer, cycle)
        moments = now if isinstance(now, list) else [now] * len(slots)
        return [
            tuple(fate_of(StartAction(offer, slot, attempt), moment, input or {}, -1))
            for slot, moment in zip(slots, moments, strict=True)
        ]

    return asked
