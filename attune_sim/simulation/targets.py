"""What the attempts of a fan-out are aimed at: its items, a field of them, or their places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attune_sim.errors import InputError

if TYPE_CHECKING:
    from attune_sim.engine.offer import Offer


def wrong_key(key: object) -> str | None:
    """What is wrong with a key; None if nothing is.

    >>> wrong_key("item.id"), wrong_key("index"), wrong_key("id")
    (None, None, "key is item, item.FIELD or index, not 'id'")
    """
    parts = key.split(".") if isinstance(key, str) else []
    if key == "index" or (parts[:1] == ["item"] and all(parts)):
        return None
    return f"key is item, item.FIELD or index, not {key!r}"


def targets_of(offer: Offer, key: str, slots: range, whose: str) -> Sequence[Any]:
    """The targets of some slots. A task without items is one target, its name.

    Raises InputError, which says `whose` key it is, for an item that lacks the field.
    """
    if offer.plain:
        return [offer.task]
    if key == "index":
        return slots
    steps = key.split(".")[1:]
    return (
        [_within(offer, slot, steps, f"{whose}: key {key}") for slot in slots]
        if steps
        else offer.items[slots.start : slots.stop]
    )


def _within(offer: Offer, slot: int, steps: list[str], where: str) -> Any:
    value = offer.items[slot]
    for step in steps:
        if not isinstance(value, Mapping) or step not in value:
            raise InputError(f"{where}: item {slot} of task {offer.task!r} has no {step!r}")
        value = value[step]
    return value
