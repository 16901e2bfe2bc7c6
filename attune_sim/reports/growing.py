"""How costs grow, in words: laws with their coefficient, and the finding of a sweep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attune_sim.analysis.figures import times
from attune_sim.analysis.laws import Fit, Fits
from attune_sim.metrics import METRICS, format_bytes, format_limit
from attune_sim.reports.finding import GIVEN_UP, Sides, rounded
from attune_sim.reports.summary import Number

LEADS: Final = {
    "O(1)": ("a", ""),
    "O(N)": ("b", " an item"),
    "O(C)": ("c", " a byte"),
    "O(N*C)": ("d", " an item and byte"),
}
"""Law -> its coefficient that decides, and what that is for."""

GROWS: Final = {
    "O(1)": "does not grow",
    "O(N)": "grows with the items alone",
    "O(C)": "grows with the context alone",
    "O(N*C)": "grows with items times context",
}
"""Law -> the same in words."""


def law_text(fit: Fit) -> str:
    """A law with the coefficient that decides: `O(N*C), 2.9 B an item and byte`. Of one that is `none` only that."""
    if fit.law == "none":
        return "none"
    name, each = LEADS[fit.law]
    unit, value = METRICS[fit.metric], getattr(fit, name)
    shown = f"{value:.3g} B" if unit.unit == "bytes" and value < 100 else unit.format(value)
    return f"{fit.law}, {shown}{each}"


def laws_text(fits: Fits) -> dict[str, str]:
    """Strategy -> how its live heap grows, of the first series of each; nothing of those without a law."""
    told: dict[str, str] = {}
    for (group, metric), fit in fits.items():
        if metric == "live_heap_bytes" and fit.law != "none":
            told.setdefault(group.strategy, law_text(fit))
    return told


def swept_finding(sides: Sides, isolates: Mapping[str, str]) -> dict[str, Any]:
    """Finding and number of a sweep, by the laws of both sides; nothing where one of them has none, or nobody knows how many items fit."""
    before, after = sides.before.case.strategy, sides.after.case.strategy
    if not {before, after} <= (sides.laws.keys() & sides.room.keys()):
        return {}
    parts = [f"Memory under {name} {GROWS[law]} ({each})" for name, law, each in _split(sides)]
    limit, context = format_limit(sides.limit), format_bytes(sides.before.case.context_bytes)
    rooms = [rounded(sides.room[name]) for name in (before, after)]
    given_up = GIVEN_UP.get(isolates.get(after, ""), "")
    second = f"Over {context} of context {limit} hold some {rooms[0]} items under {before}, some {rooms[1]} under {after} (estimated)"
    factor = sides.room[after] / sides.room[before]
    number = Number(
        f"{times(factor)} ×",
        f"as many items in the same memory over {context} of context: {after} against {before}, estimated by the laws",
    )
    return {
        "finding": f"{parts[0]}; {parts[1][0].lower()}{parts[1][1:]}. {second}{f'; {given_up}' if given_up else ''}.",
        "number": number,
    }


def _split(sides: Sides) -> list[tuple[str, str, str]]:
    """Strategy, class and coefficient of both sides."""
    names = (sides.before.case.strategy, sides.after.case.strategy)
    return [(name, *sides.laws[name].split(", ", 1)) for name in names]  # type: ignore[misc]
