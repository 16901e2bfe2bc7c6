"""What becomes of a result where it was made, if it is not to be handed on: it is kept in a file, or let go of."""

from __future__ import annotations

from collections.abc import Callable

from attune_sim.engine.events import ActionEnded
from attune_sim.engine.offer import Offer
from attune_sim.engine.tally import COUNTS
from attune_sim.errors import ResultError
from attune_sim.kept import Shelf
from attune_sim.secrecy.secrets import Secrets


def keeper_of(offer: Offer, secrets: Secrets) -> Callable[[ActionEnded], ActionEnded]:
    """What makes of the end of an attempt over an offer the one that is told: with nothing, or a note, in the place of its result.

    A result that cannot be kept is a failure of its attempt.
    """
    if offer.kept is None or offer.kept == COUNTS:
        return _let_go
    shelf = Shelf(offer.kept, offer.task, offer.visit, secrets.masked)

    def keep(event: ActionEnded) -> ActionEnded:
        if event.outcome == "succeeded":
            try:
                event.result = shelf.put(event.index or 0, event.attempt, event.result)
            except ResultError as error:
                event.outcome, event.error = "failed", str(error)
                event.result = {"error": event.error}
        return event

    return keep


def _let_go(event: ActionEnded) -> ActionEnded:
    if event.outcome == "succeeded":
        event.result = None
    return event
