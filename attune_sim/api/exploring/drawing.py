"""An outlook as SVG that takes its ink from the page, light or dark: two panels of curves, and a table of the shown point."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, cos, floor, inf, log10, pi, sin
from typing import TYPE_CHECKING, Final

from attune_sim.metrics import format_bytes, format_limit, format_s

if TYPE_CHECKING:
    from attune_sim.analysis.outlook import Curve, Death, Dot, Outlook

WIDTH: Final = 406
HEIGHT: Final = 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 62, 28, 38
_HALO: Final = 'style="paint-order: stroke; stroke: var(--jp-layout-color0, transparent); stroke-width: 3px"'
"""Of a text over lines: the page around its letters."""

_LETTER: Final = 12.0
"""Least distance of two names at the ends of their curves."""

DECADES: Final = 7
"""Of items, from 1 on."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One metric over the items, both logarithmic; `low` and `high` are powers of ten."""

    title: str
    low: int
    high: int
    shown: Callable[[float], str]

    def x(self, items: float) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * min(max(log10(max(items, 1.0)), 0.0), DECADES) / DECADES

    def y(self, value: float) -> float:
        share = (log10(max(value, 1e-12)) - self.low) / (self.high - self.low)
        return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * share

    def holds(self, value: float) -> bool:
        return 10.0**self.low <= value <= 10.0**self.high


def page(outlook: Outlook, title: str) -> str:
    """Both panels, what their signs mean, and the table; the whole is one element, whose style is its own."""
    return (
        f'<div class="attune-explore" style="max-width: {2 * WIDTH + 20}px; line-height: 1.35">'
        f'<div style="display: flex; flex-wrap: wrap; gap: 8px">{memory_panel(outlook, title)}{time_panel(outlook, title)}</div>'
        f"{_legend(outlook)}{table(outlook)}</div>"
    )


def memory_panel(outlook: Outlook, title: str) -> str:
    """Live heap over the items, with the limit as a line and a cross where each strategy meets it."""
    room = max(outlook.room_bytes, 1.0)
    least = [dot.value for dot in outlook.memory_dots] + [_at(one, 10) for one in outlook.memory]
    low = floor(log10(max(min([*least, room / 100]), 100.0)))
    panel = Panel("live heap of the run", low, max(ceil(log10(room * 5)), low + 2), format_bytes)
    limit = format_limit(outlook.setting.memory_bytes)
    return _svg(
        panel,
        f"Live heap over items; {title}",
        _axes(panel),
        _level(panel, room, limit),
        _now(panel, outlook.setting.items),
        *_lines(panel, outlook.memory),
        *(_death(panel, one.items, one.value, one.strategy) for one in outlook.deaths),
        *_dots(panel, outlook.memory_dots),
    )


def time_panel(outlook: Outlook, title: str) -> str:
    """Time of the run over the items; curves end where their strategy dies."""
    ends = {one.strategy: one.items for one in outlook.deaths}
    values = [dot.value for dot in outlook.time_dots] + [_at(one, 10) for one in outlook.time]
    lasts = [_at(one, min(ends.get(one.strategy, inf), 10**DECADES)) for one in outlook.time]
    low = floor(log10(max(min(values, default=1e-3), 1e-6)))
    high = ceil(log10(max([*lasts, *values, 1.0])))
    panel = Panel("time of the run, actions replayed", low, min(max(high, low + 3), low + 9), format_s)
    return _svg(
        panel,
        f"Time over items; {title}",
        _axes(panel),
        _now(panel, outlook.setting.items),
        *_lines(panel, outlook.time, ends),
        *(_death(panel, ends[one.strategy], _at(one, ends[one.strategy]), one.strategy) for one in outlook.time if one.strategy in ends),
        *_dots(panel, outlook.time_dots),
    )  # fmt: skip


def table(outlook: Outlook) -> str:
    """One row a strategy: what it comes to at the shown point."""
    heads = ("", "strategy", "live heap", "time", "dies at", "")
    head = "".join(f'<th style="text-align: left; padding: 2px 10px 2px 0">{text}</th>' for text in heads)
    rows = "".join(_row(outlook, one.strategy) for one in outlook.told)
    return f'<table class="attune-explore-table" style="margin: 6px 0; color: inherit"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _row(outlook: Outlook, strategy: str) -> str:
    one = next(each for each in outlook.told if each.strategy == strategy)
    lives, death = one.lives(outlook.setting.items), one.dies_at
    if one.bytes is None:
        cells = ["", "", "", "no law here: cells of four sizes are needed"]
    else:
        dies = (
            "lives"
            if death is None
            else f"{_count(death.items)} items ({_count(death.low)} to {_count(death.high)})"
        )
        heap = f"<b>{format_bytes(one.bytes)}: dies</b>" if lives is False else format_bytes(one.bytes)
        source = one.source if one.source == "measured" else f"estimated: {one.basis}"
        cells = [heap, "" if one.s is None else format_s(one.s), dies, escape(source)]
    sign = f'<svg width="14" height="12" viewBox="-7 -6 14 12">{_mark(*_style(outlook)[strategy])}</svg>'
    text = "".join(
        f'<td style="text-align: left; padding: 2px 10px 2px 0; white-space: nowrap">{cell}</td>'
        for cell in (sign, escape(strategy), *cells)
    )
    return f"<tr>{text}</tr>"


def _dies(death: Death) -> str:
    if death.items <= 1:
        return "at once: the limit leaves no room"
    return f"{_count(death.items)} items ({_count(death.low)} to {_count(death.high)})"


# -- the parts of a panel --------------------------------------------------------------------------------------------------


def _svg(panel: Panel, told: str, *parts: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img" aria-label="{escape(told, quote=True)}" '
        'style="max-width: 100%; height: auto; font: 11px system-ui, sans-serif; color: var(--jp-ui-font-color1, inherit)" fill="currentColor">'
        f'<text x="{_LEFT}" y="16" font-weight="600" font-size="12">{escape(panel.title)}</text>{"".join(parts)}</svg>'
    )


def _axes(panel: Panel) -> str:
    right, bottom = WIDTH - _RIGHT, HEIGHT - _BOTTOM
    parts = []
    for power in range(DECADES + 1):
        x = panel.x(10.0**power)
        parts.append(_line(x, _TOP, x, bottom, opacity=0.12))
        parts.append(
            f'<text x="{x:.1f}" y="{bottom + 15}" text-anchor="middle" opacity=".8">{_short(10**power)}</text>'
        )
    step = 1 if panel.high - panel.low <= 6 else 2
    for power in range(panel.low, panel.high + 1, step):
        y = panel.y(10.0**power)
        parts.append(_line(_LEFT, y, right, y, opacity=0.12))
        label = panel.shown(10.0**power).replace(".0 ", " ")
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" opacity=".8">{label}</text>')
    parts.append(
        f'<text x="{(_LEFT + right) / 2}" y="{HEIGHT - 8}" text-anchor="middle" opacity=".8">items</text>'
    )
    return "".join(parts)


def _level(panel: Panel, room: float, limit: str) -> str:
    """The limit; its name stands where curves seldom are, and is read over them where they do."""
    y = panel.y(room)
    told = f"limit {limit}: {format_bytes(room)} of it are left for the run"
    text = f'<text x="{_LEFT + 4}" y="{y - 6:.1f}" font-weight="600" {_HALO}>limit {escape(limit)}</text>'
    line = _line(_LEFT, y, WIDTH - _RIGHT, y, width=1.6)
    return f'<g class="limit"><title>{escape(told)}</title>{line}{text}</g>'


def _now(panel: Panel, items: int) -> str:
    x = panel.x(items)
    return f'<g class="now">{_line(x, _TOP, x, HEIGHT - _BOTTOM, width=1.2, dash="2 3", opacity=0.7)}</g>'


def _lines(panel: Panel, curves: Sequence[Curve], ends: Mapping[str, float] | None = None) -> Iterator[str]:
    """Whole where it was measured, broken beyond; the names stand at the ends, apart from each other."""
    styles = _styles(one.strategy for one in curves)
    tips = []
    for one in curves:
        colour, _ = styles[one.strategy]
        end = (ends or {}).get(one.strategy, inf)
        points = [
            (panel.x(items), panel.y(value), one.is_extrapolated(items))
            for items, value in zip(one.items, one.values, strict=True)
            if panel.holds(value) and items <= end
        ]
        if not points:
            continue
        yield f'<g class="curve" data-strategy="{escape(one.strategy, quote=True)}">'
        yield _path(points, colour, 1.1, "5 3", opacity=0.9)
        yield _path([point for point in points if not point[2]], colour, 2.0)
        yield "</g>"
        tips.append((points[-1][0], points[-1][1], one.strategy, colour))
    yield from _names(tips)


def _names(tips: Sequence[tuple[float, float, str, str]]) -> Iterator[str]:
    """Names beside the ends of their curves, none over another one."""
    last = -inf
    for x, y, name, colour in sorted(tips, key=lambda tip: (tip[1], -tip[0])):
        place = max(y, last + _LETTER, _TOP + 4)
        last = place
        way = f'<path d="M{x:.1f} {y:.1f}L{x + 8:.1f} {place:.1f}" stroke="{colour}" fill="none"/>'
        yield f'{way}<text x="{x + 10:.1f}" y="{place + 4:.1f}" {_HALO}>{escape(name)}</text>'


def _dots(panel: Panel, dots: Sequence[Dot]) -> Iterator[str]:
    styles = _styles(dot.strategy for dot in dots)
    for dot in dots:
        x, y = panel.x(dot.items), min(max(panel.y(dot.value), _TOP), HEIGHT - _BOTTOM)
        told = f"{dot.strategy}: {'met its limit after' if dot.died else ''} {_count(dot.items)} items, {panel.shown(dot.value)}, measured"
        mark = _cross(styles[dot.strategy][0]) if dot.died else _mark(*styles[dot.strategy])
        yield f'<g class="dot" transform="translate({x:.1f} {y:.1f})"><title>{escape(told)}</title>{mark}</g>'


def _death(panel: Panel, items: float, value: float, strategy: str) -> str:
    if not panel.holds(value):
        return ""
    colour, _ = _styles([strategy])[strategy]
    told = f"{strategy} dies at {_count(items)} items (estimated)"
    place = f"translate({panel.x(items):.1f} {panel.y(value):.1f})"
    return f'<g class="death" transform="{place}"><title>{escape(told)}</title>{_cross(colour)}</g>'


def _legend(outlook: Outlook) -> str:
    near = any(one.first <= one.last for one in outlook.memory)
    whole = "whole lines: laws, where cells were measured; " if near else ""
    missing = f" No law of {', '.join(outlook.missing)} here." if outlook.missing else ""
    return (
        '<div style="font-size: 12px; opacity: .85; margin: 2px 0">Marks: measured; '
        f"{whole}broken lines: extrapolated, estimated; × a strategy runs out of memory. Only cells of this context, payload and window are "
        f"marked. The limit leaves {format_bytes(outlook.room_bytes)} for the run.{escape(missing)}</div>"
    )


# -- marks -----------------------------------------------------------------------------------------------------------------


def _style(outlook: Outlook) -> dict[str, tuple[str, str]]:
    return _styles(one.strategy for one in outlook.told)


def _styles(names: Iterable[str]) -> dict[str, tuple[str, str]]:
    from attune_sim.plot.style import styles_of

    return styles_of(names)


def _cross(colour: str) -> str:
    return f'<path d="M-5-5L5 5M-5 5L5-5" stroke="{colour}" stroke-width="2.4" fill="none"/>'


_SHAPES: Final[Mapping[str, tuple[int, float, float]]] = {
    "s": (4, 45, 1.0), "^": (3, -90, 1.0), "D": (4, 0, 1.0), "v": (3, 90, 1.0), "P": (4, 45, 0.45), "<": (3, 180, 1.0), ">": (3, 0, 1.0),
    "p": (5, -90, 1.0), "h": (6, 0, 1.0), "*": (5, -90, 0.45), "d": (4, 0, 0.7),
}  # fmt: skip
"""Marker -> corners, the angle of the first one, and how far in the points between them lie (1: there are none)."""


def _mark(colour: str, marker: str) -> str:
    if marker not in _SHAPES:
        return f'<circle r="3.6" fill="{colour}"/>'
    corners, first, inner = _SHAPES[marker]
    parts = corners if inner == 1.0 else 2 * corners
    points = []
    for turn in range(parts):
        angle, reach = (
            (first + 360 * turn / parts) * pi / 180,
            4.8 * (1.0 if inner == 1.0 or turn % 2 == 0 else inner),
        )
        points.append(f"{reach * cos(angle):.1f},{reach * sin(angle):.1f}")
    return f'<polygon points="{" ".join(points)}" fill="{colour}"/>'


def _path(
    points: Sequence[tuple[float, float, bool]],
    colour: str,
    width: float,
    dash: str = "",
    opacity: float = 1.0,
) -> str:
    way = "L".join(f"{x:.1f} {y:.1f}" for x, y, _ in points)
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<path d="M{way}" fill="none" stroke="{colour}" stroke-width="{width}" opacity="{opacity}"{dashed}/>'
        if way
        else ""
    )


def _line(
    x1: float, y1: float, x2: float, y2: float, *, width: float = 1.0, dash: str = "", opacity: float = 1.0
) -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="currentColor" stroke-width="{width}" '
        f'opacity="{opacity}"{dashed}/>'
    )


def _at(curve: Curve, items: float) -> float:
    """The value of a curve at so many items, between its points."""
    import numpy as np

    return float(np.interp(log10(max(items, 1.0)), np.log10(curve.items), curve.values))


def _short(value: float) -> str:
    """A power of ten in few letters.

    >>> [_short(10**power) for power in (0, 3, 5, 6)]
    ['1', '1k', '100k', '1M']
    """
    if value >= 1e6:
        return f"{value / 1e6:.0f}M"
    return f"{value / 1e3:.0f}k" if value >= 1e3 else f"{value:.0f}"


def _count(items: float) -> str:
    """Three digits of a count, as far as is looked.

    >>> _count(9629.9), _count(17.2), _count(inf)
    ('9,630', '17', 'more')
    """
    if items == inf:
        return "more"
    return f"{float(f'{items:.3g}'):,.0f}"
