"""The sizes that a sweep asks for: lists that are checked, and the workloads that they make."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeVar

from attune_sim.actions.payload import SHAPES
from attune_sim.amounts import byte_count
from attune_sim.api.runs.chosen import sized_workload
from attune_sim.api.runs.running import one_of, positive
from attune_sim.errors import InputError
from attune_sim.scenarios.workload import Workload

T = TypeVar("T")


def listed(name: str, wanted: Any, check: Callable[[Any], T]) -> tuple[T, ...]:
    """The values of a list that was given, each once and checked; none for None, one for a single value.

    Raises:
        InputError: the list is empty, or a value is none.

    >>> listed("items", [10, 10, 20], lambda n: n), listed("items", 5, lambda n: n), listed("items", None, lambda n: n)
    ((10, 20), (5,), ())
    """
    if wanted is None:
        return ()
    values = [wanted] if isinstance(wanted, str) or not isinstance(wanted, Iterable) else list(wanted)
    if not values:
        raise InputError(
            f"{name} is empty: give the values to measure, as {name}=[...], or leave it out to keep the workload's own"
        )
    return tuple(dict.fromkeys(map(check, values)))


@dataclass(frozen=True, slots=True)
class Sizes:
    """What is varied in the data of a workload; what is empty stays as the workload has it."""

    items: Sequence[int]
    context_bytes: Sequence[int]
    payloads: Sequence[str]

    @classmethod
    def asked(cls, items: Any, context_bytes: Any, payloads: Any) -> Sizes:
        """From what the user gave. Raises InputError for what is no size."""
        return cls(
            listed("items", items, lambda value: positive("items", value)),
            listed("context_bytes", context_bytes, lambda value: byte_count(value, "context_bytes")),
            listed("payloads", payloads, lambda value: one_of("payload", value, SHAPES)),
        )

    def workloads(self, own: Workload) -> list[Workload]:
        """One a size, small ones first, so that they can foretell how large ones end.

        Raises:
            InputError: the workload cannot have one of the sizes.
        """
        each = product(self.payloads or (None,), self.context_bytes or (None,), self.items or (None,))
        sized = [
            sized_workload(own, items=items, context_bytes=context_bytes, payload=payload)
            for payload, context_bytes, items in each
        ]
        return sorted(sized, key=lambda one: (max(one.items, 1) * one.context_bytes, one.items))
