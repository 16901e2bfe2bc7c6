"""What is said of a step, in text and in the picture alike."""

from __future__ import annotations

from typing import Final

from attune_sim.errors import counted
from attune_sim.metrics import elapsed, format_bytes
from attune_sim.stepping.step import ForkPart, HeapValue, Moment

PASSED_BY: Final = "this step was passed by without looking into them"
TOO_MUCH: Final = "There was too much to follow: bytes, and what is shared, are those of a part of it."
MOST_NAMED: Final = 4
"""Values that a line names one by one."""


def moment(step: Moment) -> str:
    """When it was, in virtual time."""
    return elapsed(step.at_s) if step.at_s else "0 s"


def heading(step: Moment) -> str:
    """Which step of which run."""
    ended = f", the run has {step.status}" if step.status else ""
    return (
        f"step {step.number} at {moment(step)}: {step.workload} under {step.strategy}, {step.dispatch}{ended}"
    )


def forks_line(step: Moment) -> str:
    """How many forks are alive, and what they come to."""
    if not step.is_looked_into:
        return f"{counted(step.more_forks, 'fork')} alive; {PASSED_BY}"
    if not step.forks:
        return "no fork is alive"
    more = f", and {step.more_forks:,} more that were not looked into" if step.more_forks else ""
    return f"{counted(len(step.forks), 'fork')} alive{more}; own parts {format_bytes(step.own_bytes)} in all"


def own_values(fork: ForkPart) -> list[str]:
    """The values that the fork has copies of, the largest first, with the bytes that are its own; none for what stands in another one of them."""
    return [
        " ".join(
            part
            for part in (
                value.path,
                format_bytes(value.own_bytes) if value.own_bytes else "",
                "(in part)" if value.held == "partly" else "",
            )
            if part
        )
        for value in sorted(fork.values, key=lambda value: -value.own_bytes)
        if value.held in ("own", "partly")
    ]


def shared_values(fork: ForkPart) -> list[str]:
    """The values that are the very objects of the run."""
    return [value.path for value in fork.values if value.held == "shared"]


def share_line(fork: ForkPart) -> str:
    """What it shares, and through what; what it was not handed."""
    shared = shared_values(fork)
    absent = sum(value.held == "absent" for value in fork.values)
    parts = []
    if shared:
        parts.append(", ".join(shared) if len(shared) <= MOST_NAMED else f"all {len(shared)} values")
        if len(shared) > MOST_NAMED and len(shared) < len(fork.values):
            parts[-1] = f"{len(shared)} of {len(fork.values)} values"
    if through := [path for path in fork.points_at if path not in shared]:
        parts.append(f"{'through' if shared else 'refers to'} {', '.join(through)}")
    if absent:
        parts.append(f"{counted(absent, 'value')} not handed on")
    return "; ".join(parts)


def pointing(value: HeapValue, forks: int) -> str:
    """How many of the forks reach it, and by an arrow that some do so directly."""
    if not value.shared_by:
        return ""
    if value.pointed_at:
        return f"-> {value.pointed_at} of {forks}"
    return f"   {value.shared_by} of {forks}"
