"""A step as text, in 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

from attune_sim.api.showing.text import cells
from attune_sim.api.stepping.words import TOO_MUCH, forks_line, heading, own_values, pointing, share_line
from attune_sim.metrics import format_bytes
from attune_sim.stepping.step import ForkPart, Moment

WIDTH: Final = 80
_BAR: Final = 24


def text_of(step: Moment) -> str:
    """The step, its forks and the heap that they share.

    Bars are on one scale: `#` is what only this fork keeps alive, `.` what it shares.
    """
    return "\n".join(line.rstrip() for line in _lines(step))


def _lines(step: Moment) -> Iterator[str]:
    yield from _wrapped(heading(step), "")
    yield from _wrapped(str(step.event), "event     ")
    commands = "; ".join(map(str, step.commands)) or "none"
    yield from _wrapped(commands, "commands  ")
    yield ""
    if step.is_looked_into:
        yield from _heap(step)
        yield ""
    yield forks_line(step)
    most = max((fork.own_bytes + fork.shared_bytes for fork in step.forks), default=1)
    for fork in step.forks:
        yield from _fork(fork, most)
    if not step.is_whole:
        yield TOO_MUCH


def _heap(step: Moment) -> Iterator[str]:
    more = f", {step.more_values:,} more values not named" if step.more_values else ""
    yield f"shared heap  {format_bytes(step.heap_bytes)}{more}"
    yield _row("value", "kind", "bytes", "references", "reached by")
    for value in step.heap:
        path, held = "  " * value.depth + value.path, pointing(value, len(step.forks))
        yield _row(path, value.kind, format_bytes(value.bytes), str(value.references), held)
    if any(value.pointed_at for value in step.heap):
        yield "  -> forks refer to it directly, to the others through it"


def _row(path: str, kind: str, size: str, references: str, held: str) -> str:
    return f"  {_filled(path, 25)} {_filled(kind, 19)} {size:>8}  {references:>10}  {held}"


def _filled(text: str, room: int) -> str:
    shown = _shortened(text, room)
    return shown + " " * (room - cells(shown))


def _fork(fork: ForkPart, most: int) -> Iterator[str]:
    own = round(_BAR * fork.own_bytes / most)
    own = max(own, 1) if fork.own_bytes else own
    shared = round(_BAR * fork.shared_bytes / most)
    bar = ("#" * own + "." * shared)[:_BAR].ljust(_BAR)
    attempt = f" attempt {fork.attempt}" if fork.attempt else ""
    state = "" if fork.state == "under way" else f" ({fork.state})"
    name = f"{fork.place}{attempt}{state}"
    room = WIDTH - _BAR - 36
    own_text, shared_text = format_bytes(fork.own_bytes), format_bytes(fork.shared_bytes)
    yield f"  {_filled(name, room)}  [{bar}]  own {own_text}, shared {shared_text}"
    if fork.item:
        yield from _wrapped(fork.item, "    item    ")
    if parts := own_values(fork):
        yield from _wrapped(", ".join(parts), "    own     ")
    if shared_line := share_line(fork):
        yield from _wrapped(shared_line, "    shared  ")


def _shortened(text: str, room: int) -> str:
    return text if cells(text) <= room else f"{text[: room - 3]}..."


def _wrapped(text: str, before: str) -> Iterator[str]:
    lines = textwrap.wrap(text, WIDTH, initial_indent=before, subsequent_indent=" " * len(before))
    yield from lines or [before]
