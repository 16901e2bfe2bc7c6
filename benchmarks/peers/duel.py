"""attune-sim and its nearest rival in turns: where two engines are close, minutes between them decide more than they do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cells import RUNNERS, Plan, run_once
from environments import Unavailable, python_for
from roster import PEERS
from table import REFERENCE, micros

RIVAL: Final = ("pypyr", "foreach")
CONTEXT_MB: Final = 1.0
TURNS: Final = 9


@dataclass(frozen=True)
class Duel:
    """Best seconds of a fan-out over so many items, each side in as many fresh processes as there were turns."""

    items: int
    own_s: float
    rival_s: float

    @property
    def ratio(self) -> float:
        """Below 1 attune-sim is the faster one."""
        return self.own_s / self.rival_s


Side = tuple[list[str], str]
"""The command of a runner, and the variant that it is told to run."""


def duels(plan: Plan, environments: Path) -> list[Duel]:
    """One for each number of items; none where the rival cannot be run."""
    try:
        sides = [_side(name, variant, environments) for name, variant in (REFERENCE, RIVAL)]
    except Unavailable:
        return []
    return list(in_turns(sides, plan))


def in_turns(sides: Sequence[Side], plan: Plan) -> Iterator[Duel]:
    """Our side is the first one; who begins changes from turn to turn."""
    for items in plan.items:
        times: list[list[float]] = [[], []]
        for turn in range(TURNS):
            for side in (0, 1) if turn % 2 else (1, 0):
                command, variant = sides[side]
                times[side].append(_seconds(command, variant, plan, items))
        yield Duel(items, min(times[0]), min(times[1]))


def _side(name: str, variant: str, environments: Path) -> Side:
    peer = next(peer for peer in PEERS if peer.name == name)
    return [str(python_for(peer, environments)), str(RUNNERS / peer.runner)], variant


def _seconds(command: list[str], variant: str, plan: Plan, items: int) -> float:
    spec = {
        "variant": variant,
        "context": str(plan.contexts[CONTEXT_MB]),
        "items": items,
        "cpu": plan.cpu,
        "bytes": plan.limit_bytes,
    }
    answer = run_once(command, spec, plan.limit_s)
    return float(answer["seconds"]) if answer["outcome"] == "ok" else float("inf")


def markdown(found: Sequence[Duel]) -> str:
    """The table of the duels."""
    lines = [
        f"### In turns, C = {CONTEXT_MB:g} MB",
        "",
        f"Best of {TURNS} fresh processes each, alternating; µs an item.",
        "",
        f"| N | {' / '.join(REFERENCE)} | {' / '.join(RIVAL)} | ratio |",
        "|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {one.items:,} | {micros(one.own_s, one.items)} | {micros(one.rival_s, one.items)} | {one.ratio:.2f} |"
        for one in found
    ]
    return "\n".join(lines)
