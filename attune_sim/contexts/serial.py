"""A fork as a round trip: written and read back for each item. What the strategies that serialise stand on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attune_sim.contexts.plain import PlainFork
from attune_sim.contexts.refusal import refused
from attune_sim.scope import MISSING


class RoundTripForker:
    """Writes the namespaces and the item anew for each fork, as engines do that copy by serialising.

    `write` and `read` are the two ways of the trip; `what` is what a value has to be for it. A value that cannot be written
    is a `ResultError` that names it. What goes wrong while reading is never the value's fault and is raised as it is:
    libraries report being out of memory there, under the name of a decoding error.
    """

    __slots__ = ("_namespaces", "_read", "_strategy", "_what", "_write")

    def __init__(
        self,
        namespaces: dict[str, Any],
        strategy: str,
        what: str,
        write: Callable[[Any], Any],
        read: Callable[[Any], Any],
    ) -> None:
        self._namespaces = namespaces
        self._strategy, self._what = strategy, what
        self._write, self._read = write, read

    def fork(self, item: Any, index: int) -> PlainFork:
        has_item = item is not MISSING
        written = self._written([self._namespaces, item] if has_item else [self._namespaces])
        namespaces, *own = self._read(written)
        return PlainFork(namespaces, own[0] if has_item else MISSING, index)

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
