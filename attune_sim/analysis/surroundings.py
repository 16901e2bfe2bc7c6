"""Where figures were measured, as far as they depend on it, and which of them may be set beside each other.

A time is that of a machine and of its software; bytes and counts are those of the software alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, Final, NamedTuple

import pandas as pd

from attune_sim.metrics import METRICS

NAMED: Final = 3
"""So many differences are named; of more it is told how many there are."""


class Where(NamedTuple):
    """What tells surroundings from others: the digits of the columns `machine` and `software`."""

    machine: str = ""
    software: str = ""

    def may_be_set_beside(self, other: Where, metric: str) -> bool:
        """Whether figures of this metric from both places differ by nothing but what was measured.

        >>> here, there = Where("a", "x"), Where("b", "x")
        >>> here.may_be_set_beside(there, "fork_bytes"), here.may_be_set_beside(there, "fork_us")
        (True, False)
        """
        return self.software == other.software and (
            self.machine == other.machine or not METRICS[metric].noisy
        )


def differences(*sides: tuple[Mapping[Any, Any], Where]) -> list[str]:
    """How each place differs from the others, in a few words; empty texts where nothing does. A side is the `attrs` of the frame
    that the place is from, and the place."""
    facts = [_facts(attrs, where) for attrs, where in sides]
    names = [
        name
        for name in dict.fromkeys(chain.from_iterable(facts))
        if len({str(one.get(name)) for one in facts}) > 1
    ]
    if len({where for _, where in sides}) < 2:
        return [""] * len(sides)
    if not names:
        return [f"machine {where.machine}, software {where.software}" for _, where in sides]
    return [_words(one, names) for one in facts]


def names_of(attrs: Mapping[Any, Any], places: Iterable[Where]) -> dict[Where, str]:
    """Place -> how it differs from the others, in words; an empty text where there is only one."""
    known = list(dict.fromkeys(places))
    return dict(zip(known, differences(*((attrs, where) for where in known)), strict=True))


def named_apart(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame, its strategies called by their surroundings as well where those differ: what a plot makes one mark of."""
    if frame.empty or not {*Where._fields} <= {*frame.columns}:
        return frame
    if len(frame[[*Where._fields]].drop_duplicates()) < 2:
        return frame
    places = [Where(*pair) for pair in zip(frame["machine"], frame["software"], strict=True)]
    names = names_of(frame.attrs, places)
    if len(names) < 2:
        return frame
    told = zip(frame["strategy"], places, strict=True)
    return frame.assign(strategy=[f"{name} ({names[where]})" for name, where in told])


def _facts(attrs: Mapping[Any, Any], where: Where) -> dict[str, Any]:
    by = attrs.get("surroundings_by", {})
    facts = {
        name: value
        for column, digits in where._asdict().items()
        for name, value in by.get(column, {}).get(digits, {}).items()
    }
    versions = facts.pop("versions", {})
    return {**facts, **versions}


def _words(facts: Mapping[str, Any], names: list[str]) -> str:
    told = [f"{name} {facts.get(name, 'unknown')}" for name in names[:NAMED]]
    more = [f"{len(names) - NAMED} more"] if len(names) > NAMED else []
    return ", ".join((*told, *more))
