"""What becomes of a result where it was made, if it is not to be handed on: it is kept in a file, or let go of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from attune_sim.engine.events import ActionEnded, StartAction
from attune_sim.engine.offer import Offer
from attune_sim.engine.tally import COUNTS
from attune_sim.errors import ResultError
from attune_sim.kept import Shelf
from attune_sim.secrecy.secrets import Secrets

Keeper = Callable[[ActionEnded], ActionEnded]
"""Makes of the end of an attempt the one that is told: with nothing, or a note, in the place of its result."""


class Keepers:
    """The keepers of the open offers of a run whose results stay here; they are written down without `secrets`."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._known: dict[int, Keeper] = {}  # by the identity of an open offer

    def performing(
        self, perform: Callable[[StartAction], ActionEnded], offer: Offer
    ) -> Callable[[StartAction], ActionEnded]:
        """What performs attempts over an offer, with what becomes of their results."""
        if offer.kept is None:
            return perform
        keep = self._keeper(offer)
        return lambda command: keep(perform(command))

    def awaiting(
        self, perform: Callable[[StartAction], Awaitable[ActionEnded]], offer: Offer
    ) -> Callable[[StartAction], Awaitable[ActionEnded]]:
        """The same for what is awaited."""
        if offer.kept is None:
            return perform
        keep = self._keeper(offer)

        async def kept(command: StartAction) -> ActionEnded:
            return keep(await perform(command))

        return kept

    def close(self, offer: Offer) -> None:
        """Nothing more is kept of an offer."""
        self._known.pop(id(offer), None)

    def _keeper(self, offer: Offer) -> Keeper:
        if (known := self._known.get(id(offer))) is not None:
            return known
        return self._known.setdefault(id(offer), keeper_of(offer, self._secrets))  # of two threads, the first

    def __repr__(self) -> str:
        return f"<Keepers of {len(self._known)} offers>"


def keeper_of(offer: Offer, secrets: Secrets) -> Keeper:
    """The keeper of the results over one offer. A result that cannot be kept is a failure of its attempt."""
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
