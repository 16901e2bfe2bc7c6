"""A step as a picture: the shared heap on the left, each fork on the right with what is its own, and an arrow for each reference.

Drawn as text of SVG: it needs no library, takes the colours of the page, and can be read aloud and searched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final, NamedTuple

from attune_sim.api.stepping.words import forks_line, heading, own_values, shared_values
from attune_sim.errors import counted
from attune_sim.metrics import format_bytes
from attune_sim.stepping.step import ForkPart, HeapValue, Moment

_WIDTH: Final = 960
_HEAP: Final = 430
_LEFT: Final = 540
"""Where the cards of the forks begin; between them and the heap lie the arrows."""
_TOP: Final = 30
_ROW: Final = 26
_GAP: Final = 10
_LETTER: Final = 6.1
"""What a letter takes on average, at a size of 11."""
_CHIP: Final = 18
_LINES: Final = 3
_LINES_OF_MANY: Final = 1
_MANY: Final = 5


class _Card(NamedTuple):
    fork: ForkPart
    top: float
    height: float
    lines: list[list[tuple[str, str]]]


def svg_of(step: Moment) -> str:
    """The picture as an `svg` element, without ids and without a size of its own."""
    cards = list(_cards(step))
    bottom = cards[-1].top + cards[-1].height if cards else _TOP + 40
    rest = 34 if step.more_forks else 0
    height = max(_TOP + _ROW * len(step.heap) + 8, bottom + rest + 4)
    shapes = [*_heap(step), *_arrows(step, cards), *_forks(step, cards, bottom)]
    told = escape(f"{heading(step)}; {forks_line(step)}", quote=True)
    return f'<svg viewBox="0 0 {_WIDTH} {height:.0f}" role="img" aria-label="{told}" fill="currentColor">{"".join(shapes)}</svg>'


# -- the shared heap -------------------------------------------------------------------------------------------------------


def _heap(step: Moment) -> Iterator[str]:
    yield _text(0, 18, f"shared heap  {format_bytes(step.heap_bytes)}", size=13, bold=True)
    yield _text(_HEAP, 18, "references", size=11, css="quiet", end=True)
    height = _ROW * len(step.heap) + 4
    yield f'<rect class="frame" x="0.5" y="{_TOP - 2}" width="{_HEAP - 1}" height="{height}" rx="6" fill="none" stroke="currentColor"/>'
    most = max((value.bytes for value in step.heap), default=1) or 1
    for place, value in enumerate(step.heap):
        yield from _row(value, _TOP + _ROW * place, most, len(step.forks))
    if step.more_values:
        yield _text(_HEAP / 2, 18, f"{step.more_values:,} more values not drawn", size=11, css="quiet")


def _row(value: HeapValue, top: float, most: int, forks: int) -> Iterator[str]:
    told = (
        f"{value.path}: {value.kind}, {format_bytes(value.bytes)}, {counted(value.references, 'reference')}; "
        f"{value.shared_by} of {counted(forks, 'fork')} reach it, {value.pointed_at} directly"
        f"{'; an action could write into it' if value.is_writable else ''}"
    )
    indent = 12 + 14 * value.depth
    name = _fitting(value.path, 210 - indent)
    yield f"<g><title>{escape(told)}</title>"
    width = (_HEAP - 130) * value.bytes / most
    css, paint = ("solid", "0.30") if value.shared_by else ("quiet", "0.22")
    if width > 3:
        yield f'<rect class="{css}" x="12" y="{top + 20}" width="{width:.1f}" height="3" rx="1.5" fill-opacity="{paint}"/>'
    yield _text(indent, top + 16, name, size=12, bold=value.depth < 2)
    yield _text(208, top + 16, _fitting(value.kind, 122), size=11, css="quiet")
    yield _text(_HEAP - 66, top + 16, format_bytes(value.bytes), size=11, end=True)
    yield _text(
        _HEAP - 12,
        top + 16,
        f"× {value.references}",
        size=12,
        end=True,
        css="held" if value.pointed_at else "",
    )
    yield "</g>"


# -- arrows ----------------------------------------------------------------------------------------------------------------


def _arrows(step: Moment, cards: Sequence[_Card]) -> Iterator[str]:
    places = {value.path: _TOP + _ROW * place + _ROW / 2 for place, value in enumerate(step.heap)}
    into = dict.fromkeys(places, 0)
    for card in cards:
        targets = sorted((path for path in card.fork.points_at if path in places), key=places.__getitem__)
        for turn, path in enumerate(targets):
            from_y = card.top + 14 + (card.height - 28) * (turn + 1) / (len(targets) + 1)
            to_y = places[path] + min(into[path], 6) * 1.2 - 3
            into[path] += 1
            yield _arrow(from_y, to_y, faint=len(cards) >= _MANY)


def _arrow(from_y: float, to_y: float, *, faint: bool) -> str:
    tip, bend = _HEAP + 3, (_LEFT - _HEAP) / 2
    path = f"M{_LEFT} {from_y:.1f} C{_LEFT - bend:.0f} {from_y:.1f} {tip + bend:.0f} {to_y:.1f} {tip + 7} {to_y:.1f}"
    head = f"{tip},{to_y:.1f} {tip + 8},{to_y - 3.5:.1f} {tip + 8},{to_y + 3.5:.1f}"
    return (
        f'<path class="shared" d="{path}" fill="none" stroke="currentColor" stroke-width="1.3" stroke-opacity="{0.4 if faint else 0.75}"/>'
        f'<polygon class="solid" points="{head}"/>'
    )


# -- forks -----------------------------------------------------------------------------------------------------------------


def _cards(step: Moment) -> Iterator[_Card]:
    top = float(_TOP - 2)
    most = _LINES if len(step.forks) < _MANY else _LINES_OF_MANY
    for fork in step.forks:
        lines = _chips(fork, most)
        height = 34 + (14 if fork.item else 0) + _CHIP * len(lines) + 6
        yield _Card(fork, top, height, lines)
        top += height + _GAP


def _chips(fork: ForkPart, most: int) -> list[list[tuple[str, str]]]:
    """Values as boxes with names, in lines: (its class, its text); the copies first."""
    chips = [("own", text) for text in own_values(fork)] + [("shared", text) for text in shared_values(fork)]
    absent = sum(value.held == "absent" for value in fork.values)
    if absent:
        chips.append(("absent", f"{counted(absent, 'value')} not handed on"))
    lines: list[list[tuple[str, str]]] = [[]]
    room = float(_WIDTH - _LEFT - 20)
    for number, (css, text) in enumerate(chips):
        text = _fitting(text, 300)
        width = _chip_width(text)
        reserve = 80 if len(lines) == most and number < len(chips) - 1 else 0
        if width + reserve > room and lines[-1]:
            if len(lines) == most:
                lines[-1].append(("absent", f"+ {len(chips) - number} more"))
                return lines
            lines.append([])
            room = float(_WIDTH - _LEFT - 20)
        lines[-1].append((css, text))
        room -= width + 6
    return lines if lines[0] else []


def _forks(step: Moment, cards: Sequence[_Card], bottom: float) -> Iterator[str]:
    if not cards:
        yield _text(_LEFT, 18, "no fork is alive", size=13, bold=True)
        return
    title = f"{counted(step.alive, 'fork')} alive"
    yield _text(_LEFT, 18, title, size=13, bold=True)
    yield _text(_WIDTH, 18, f"own parts {format_bytes(step.own_bytes)}", size=11, css="quiet", end=True)
    most = max(card.fork.own_bytes + card.fork.shared_bytes for card in cards) or 1
    for card in cards:
        yield from _card(card, most)
    if step.more_forks:
        yield _text(
            _LEFT + 10,
            bottom + 24,
            f"and {step.more_forks:,} more, which were not looked into",
            size=12,
            css="quiet",
        )


def _card(card: _Card, most: int) -> Iterator[str]:
    fork, top = card.fork, card.top
    width = _WIDTH - _LEFT
    yield f'<rect class="frame" x="{_LEFT}.5" y="{top:.1f}" width="{width - 1}" height="{card.height:.1f}" rx="6" fill="none" stroke="currentColor"/>'
    attempt = f" attempt {fork.attempt}" if fork.attempt else ""
    state = "" if fork.state == "under way" else f"  {fork.state}"
    yield _text(_LEFT + 10, top + 17, _fitting(f"{fork.place}{attempt}{state}", 200), size=12, bold=True)
    sizes = f"own {format_bytes(fork.own_bytes)}, shared {format_bytes(fork.shared_bytes)}"
    yield _text(_WIDTH - 10, top + 17, sizes, size=11, end=True)
    yield from _bar(fork, top + 23, most)
    y = top + 34
    if fork.item:
        yield _text(_LEFT + 10, y + 9, _fitting(f"item {fork.item}", width - 20), size=11, css="quiet")
        y += 14
    for line in card.lines:
        yield from _chip_line(line, y + 2)
        y += _CHIP


def _bar(fork: ForkPart, top: float, most: int) -> Iterator[str]:
    room = _WIDTH - _LEFT - 20
    own = max(2.0, room * fork.own_bytes / most) if fork.own_bytes else 0.0
    shared = max(0.0, min(room - own, room * fork.shared_bytes / most))
    yield f'<rect class="own" x="{_LEFT + 10}" y="{top}" width="{own:.1f}" height="6" stroke="none"/>'
    if shared > 1:
        yield (
            f'<rect class="shared" x="{_LEFT + 10 + own:.1f}" y="{top + 0.5}" width="{shared - 0.5:.1f}" height="5" '
            'fill="none" stroke="currentColor"/>'
        )


def _chip_line(line: Sequence[tuple[str, str]], top: float) -> Iterator[str]:
    x = float(_LEFT + 10)
    for css, text in line:
        width = _chip_width(text)
        box = f'x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{_CHIP - 4}" rx="3"'
        if css == "own":
            yield f'<rect class="own" {box} fill-opacity="0.35"/>'
        elif css == "shared":
            yield f'<rect class="shared" {box} fill="none" stroke="currentColor" stroke-dasharray="3 2"/>'
        yield _text(x + 5, top + 11, text, size=11, css="quiet" if css == "absent" else "")
        x += width + 6


def _chip_width(text: str) -> float:
    return 10 + _LETTER * len(text)


def _fitting(text: str, room: float) -> str:
    """The text, cut where it would leave its room."""
    most = max(4, int(room / _LETTER))
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _text(
    x: float, y: float, text: str, *, size: int, css: str = "", bold: bool = False, end: bool = False
) -> str:
    more = f' class="{css}"' if css else ""
    more += ' font-weight="600"' if bold else ""
    more += ' text-anchor="end"' if end else ""
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}"{more}>{escape(text)}</text>'
