"""A fork as a round trip: written and read back for each item. What the strategies that serialise stand on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from attune_sim.contexts.handed import HandedForker
from attune_sim.contexts.plain import PlainFork
from attune_sim.contexts.refusal import refused
from attune_sim.errors import ResultError
from attune_sim.scope import MISSING, Missing


@dataclass(slots=True, eq=False, repr=False)
class RoundTripForker(HandedForker):
    """Writes the namespaces and the item anew for each fork, as engines do that copy by serialising.

    `complaint` says why a value would not come back as it was, where writing alone would change it silently.
    `write` and `read` are the two ways of the trip; `what` is what a value has to be for it. A value that cannot be written
    is a `ResultError` that names it. What goes wrong while reading is never the value's fault and is raised as it is:
    libraries report being out of memory there, under the name of a decoding error.
    """

    namespaces: dict[str, Any]
    strategy: str
    what: str
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]
    complaint: Callable[[Any], str | None] | None = None
    _refusal: ResultError | None = field(init=False)

    def __post_init__(self) -> None:
        self._refusal = self._refused(self.namespaces)  # once, not for each item

    def fork(self, item: Any, index: int | Missing) -> PlainFork:
        if self.complaint is not None and (refusal := self._refusal or self._refused({"item": item})):
            raise ResultError(str(refusal)) from None
        namespaces, *own = self.read(self._written(item))
        return PlainFork(namespaces, own[0] if own else MISSING, index)

    def fork_plain(self) -> PlainFork:
        return self.fork(MISSING, MISSING)

    def _refused(self, values: Mapping[str, Any]) -> ResultError | None:
        complaint = self.complaint
        if complaint is None or all(
            value is MISSING or complaint(value) is None for value in values.values()
        ):
            return None

        def accepts(value: Any) -> None:
            if complaint(value) is not None:  # and not by writing it, which may take for ever
                raise TypeError

        return refused(self.strategy, self.what, accepts, values)

    def _written(self, item: Any) -> Any:
        try:
            return self.write([self.namespaces] if item is MISSING else [self.namespaces, item])
        except Exception as error:  # whatever a value raises when it is written
            if isinstance(error, MemoryError) or "memory" in str(error).lower():
                raise
            raise refused(self.strategy, self.what, self.write, {**self.namespaces, "item": item}) from None
