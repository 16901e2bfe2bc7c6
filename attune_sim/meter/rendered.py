"""What a run pays for rendering its inputs: the run itself, performed one attempt after the other, with a watch around each."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from dataclasses import replace
from time import perf_counter_ns
from typing import Any

from attune_sim.contexts.strategy import Fork
from attune_sim.engine.events import ActionEnded, OpenFanOut, StartAction
from attune_sim.engine.offer import Offer
from attune_sim.executors.inline import InlinePerformer
from attune_sim.executors.timeline import RealTimeline
from attune_sim.scope import Ended


class WatchedInput:
    """The input of an offer, which notes how long each rendering took; whatever else it is asked for the one behind it
    answers."""

    def __init__(self, input: Any) -> None:
        self._input, self._render = input, input.render
        self.nanoseconds = array("q")

    def render(self, fork: Fork, ended: Ended) -> Mapping[str, Any]:
        clock = perf_counter_ns
        began = clock()
        rendered: Mapping[str, Any] = self._render(fork, ended)
        self.nanoseconds.append(clock() - began)
        return rendered

    def __getattr__(self, name: str) -> Any:
        return getattr(self._input, name)


class WatchingPerformer(InlinePerformer):
    """Performs attempts as `inline` does, over offers whose inputs are watched.

    Plain tasks are left as they are, and so are inputs that are handed on unrendered or call `result()`.
    """

    def __init__(self, timeline: RealTimeline) -> None:
        super().__init__(timeline)
        self._watched: dict[
            int, Offer
        ] = {}  # by the identity of the offer behind it, which lives as long as it is open
        self._inputs: list[tuple[Offer, WatchedInput]] = []

    def nanoseconds(self, offer: Offer | None) -> array[int] | None:
        """What each rendering over an offer took; None if they were not watched."""
        return next((input.nanoseconds for known, input in self._inputs if known is offer), None)

    def open(self, command: OpenFanOut) -> None:
        super().open(replace(command, offer=self._watching(command.offer)))

    def close(self, offer: Offer) -> None:
        self._known.pop(id(offer), None)
        super().close(self._watched.pop(id(offer), offer))

    def _made(self, offer: Offer) -> Callable[[StartAction], ActionEnded]:
        return super()._made(self._watched.get(id(offer), offer))

    def _watching(self, offer: Offer) -> Offer:
        if offer.plain or offer.input is None or offer.result_of is not None:
            return offer
        input = WatchedInput(offer.input)
        self._inputs.append((offer, input))
        watched = self._watched[id(offer)] = replace(offer, input=input)  # type: ignore[arg-type]
        return watched
