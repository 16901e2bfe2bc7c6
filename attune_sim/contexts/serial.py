"""A fork as a round trip: written and read back for each item. What the strategies that serialise stand on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attune_sim.contexts.plain import PlainFork
from attune_sim.contexts.refusal import refused
from attune_sim.errors import ResultError
from attune_sim.scope import MISSING, Missing


class RoundTripForker:
    """Writes the namespaces and the item anew for each fork, as engines do that copy by serialising.

    `complaint` says why a value would not come back as it was, where writing alone would change it silently.
    `write` and `read` are the two ways of the trip; `what` is what a value has to be for it. A value that cannot be written
    is a `ResultError` that names it. What goes wrong while reading is never the value's fault and is raised as it is:
    libraries report being out of memory there, under the name of a decoding error.
    """

    __slots__ = ("_complaint", "_namespaces", "_read", "_refusal", "_strategy", "_what", "_write")

    def __init__(
        self,
        namespaces: dict[str, Any],
        strategy: str,
        what: str,
        write: Callable[[Any], Any],
        read: Callable[[Any], Any],
        complaint: Callable[[Any], str | None] | None = None,
    ) -> None:
        self._namespaces = namespaces
        self._strategy, self._what = strategy, what
        self._write, self._read = write, read
        self._complaint = complaint
        self._refusal = self._refused(namespaces)  # once, not for each item

    def fork(self, item: Any, index: int | Missing) -> PlainFork:
        if self._complaint is not None:
            refusal = self._refusal or self._refused({"item": item})
            if refusal is not None:
                raise ResultError(str(refusal)) from None
        has_item = item is not MISSING
        written = self._written([self._namespaces, item] if has_item else [self._namespaces])
        namespaces, *own = self._read(written)
        return PlainFork(namespaces, own[0] if has_item else MISSING, index)

    def fork_plain(self) -> PlainFork:
        return self.fork(MISSING, MISSING)

    def _refused(self, values: Mapping[str, Any]) -> ResultError | None:
        complaint = self._complaint
        if complaint is None or all(one is MISSING or complaint(one) is None for one in values.values()):
            return None

        def accepts(value: Any) -> None:
            if complaint(value) is not None:
                raise TypeError
            self._write(value)

        return refused(self._strategy, self._what, accepts, values)

    def _written(self, value: list[Any]) -> Any:
        try:
            return self._write(value)
        except MemoryError:
            raise
        except Exception as error:  # whatever a value raises when it is written
            if "memory" in str(error).lower():
                raise
            values = {**value[0], **({"item": value[1]} if len(value) > 1 else {})}
            raise refused(self._strategy, self._what, self._write, values) from None
