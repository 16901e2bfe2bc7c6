"""Simulated time on an axis: seconds where there are few, else hours or days."""

from __future__ import annotations

from typing import Any, Final

from matplotlib.ticker import FuncFormatter, MultipleLocator

from attune_sim.metrics import format_s

_STEPS: Final = (
    *(60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200),
    *(86_400, 172_800, 432_000, 604_800, 1_209_600, 2_592_000),
)
"""Round distances of ticks, in seconds, from a minute to thirty days."""

_SECONDS_UP_TO: Final = 240
MOST_TICKS: Final = {False: 8, True: 4}
"""Ticks at most, in a figure that is narrow or not: names beside the axes may leave them half of its width."""

_NARROW_IN: Final = 6.0


def time_axis(axis: Any, span_s: float) -> None:
    """Ticks at round moments of a time of so many seconds, each written in the unit of the distance between them."""
    if span_s <= _SECONDS_UP_TO:
        axis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
        return
    most = MOST_TICKS[axis.figure.figure.get_figwidth() < _NARROW_IN]
    step = next((step for step in _STEPS if span_s / step <= most), span_s / most)
    axis.set_major_locator(MultipleLocator(step))
    axis.set_major_formatter(FuncFormatter(lambda value, _: moment(value, step)))


_UNITS: Final = (("d", 86_400, 86_400, 86_400), ("h", 1_800, 3_600, 60), ("min", 0, 60, 1))
"""A unit, the distance of ticks from which on it is used, its seconds, and the seconds of what stands behind its colon."""


def moment(seconds: float, step: float) -> str:
    """A moment as it is read off an axis whose ticks are `step` seconds apart.

    >>> moment(5400, 1800), moment(7200, 3600), moment(172_800, 86_400), moment(90, 60), moment(0, 60)
    ('1:30 h', '2 h', '2 d', '1:30 min', '0')
    """
    if seconds == 0:
        return "0"
    unit, _, factor, part = next(one for one in _UNITS if step >= one[1])
    whole, rest = divmod(round(abs(seconds)), factor)
    sign = "-" if seconds < 0 else ""
    return f"{sign}{whole}:{rest // part:02d} {unit}" if rest else f"{sign}{whole} {unit}"


def _short(value: float) -> str:
    return "0" if value == 0 else format_s(value).replace(".0 ", " ")
