"""A claim: what it says, line by line, and what a figure makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Final, Literal

from attune_sim.metrics import FACTORS, Unit

Argues = Literal["more", "less", "same"]
Side = Literal["before", "after", ""]

CONFIRMED: Final = "confirmed"
EXCEEDED: Final = "exceeded"
REFUTED: Final = "refuted"
DEPENDS: Final = "depends"
UNKNOWN: Final = "not measured"
VERDICTS: Final = (CONFIRMED, EXCEEDED, REFUTED, DEPENDS, UNKNOWN)

ANY: Final = "any"
"""The shape of what has none."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric of a cell, `times` a number where it stands for more than one."""

    cell: str
    metric: str
    times: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that a claim says, and what measures it: the sum of `of` by the sum of `over`, if there is any.

    `claimed` and `upto` are in the base unit of `unit` (bytes, us), `upto` is infinite for a range without an end.
    """

    reading: str
    claimed: float
    upto: float
    unit: str
    argues: Argues
    tolerance: float
    of: tuple[Figure, ...]
    over: tuple[Figure, ...] = ()
    side: Side = ""

    @property
    def band(self) -> tuple[float, float]:
        """From where to where a figure confirms it."""
        return self.claimed / self.tolerance, self.upto * self.tolerance

    def verdict(self, measured: float, *, at_least: bool = False) -> str:
        """What a figure makes of it; of a lower bound only what no larger figure would change.

        >>> line = Line(reading="time", claimed=100.0, upto=100.0, unit="us", argues="less", tolerance=2.0, of=())
        >>> [line.verdict(measured) for measured in (20.0, 60.0, 190.0, 210.0)]
        ['exceeded', 'confirmed', 'confirmed', 'refuted']
        >>> line.verdict(60.0, at_least=True), line.verdict(210.0, at_least=True)
        ('not measured', 'refuted')
        """
        low, high = self.band
        if measured > high:
            return EXCEEDED if self.argues == "more" else REFUTED
        if at_least:
            return CONFIRMED if self.argues == "more" and measured >= low else UNKNOWN
        if measured < low:
            return EXCEEDED if self.argues == "less" else REFUTED
        return CONFIRMED

    def ratio(self, measured: float) -> float:
        """Measured by claimed: 1 within a claimed range, else beside its nearer end."""
        return measured / min(max(measured, self.claimed), self.upto)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What somebody claims of a design, in our words. `origin` says who and where, `note` what explains a verdict."""

    id: str
    words: str
    origin: str
    lines: tuple[Line, ...]
    shapes: tuple[str, ...]
    note: str = ""


def claims_of(data: Mapping[str, Any]) -> list[Claim]:
    """The claims of a file such as `data/claims.yaml`."""
    return [
        Claim(
            id=known["id"],
            words=known["words"],
            origin=data["sources"][known["source"]],
            lines=tuple(map(_line, known["lines"])),
            shapes=tuple(known.get("shapes", data["shapes"])),
            note=known.get("note", ""),
        )
        for known in data["claims"]
    ]


def _line(known: Mapping[str, Any]) -> Line:
    claimed, figures = known["claimed"], {name: known.get(name, ()) for name in ("of", "over")}
    factor, unit = _factor(claimed["unit"])
    upto = claimed.get("upto", claimed["value"])
    return Line(
        reading=known["reading"],
        claimed=claimed["value"] * factor,
        upto=inf if upto is None else upto * factor,
        unit=unit,
        argues=known["argues"],
        tolerance=known["tolerance"],
        side=known.get("side", ""),
        of=tuple(Figure(**one) for one in figures["of"]),
        over=tuple(Figure(**one) for one in figures["over"]),
    )


def _factor(unit: str) -> tuple[float, str]:
    """What a unit is in its base unit, and that."""
    bases: tuple[Unit, ...] = ("bytes", "us")
    for base in bases:
        if unit in FACTORS[base]:
            return FACTORS[base][unit], base
    return 1.0, unit
