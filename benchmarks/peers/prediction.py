"""What a cell will take, read off its smaller neighbours, so that nobody waits for hopeless cells."""

from __future__ import annotations

from collections.abc import Mapping

Known = Mapping[tuple[float, int], float]
"""Values of one variant by (C, N), measured or predicted; C in MB."""


def predicted(known: Known, context: float, items: int, curved: bool = False) -> float | None:
    """The value at (context, items), or None with nothing to go by.

    From two smaller N at this C a line through them; `curved`: the power law through them where that is more, as
    an engine may be quadratic in N. From one smaller N, its ratio at a smaller C, else N times as much. Without
    any, the same N at a smaller C, C times as much.

    >>> predicted({(1, 10): 0.5, (1, 100): 4.1}, 1, 1000)
    40.1
    >>> predicted({(0.1, 10): 1, (0.1, 100): 5, (1, 10): 8}, 1, 100)
    40.0
    """
    smaller = sorted(n for c, n in known if c == context and n < items)
    if len(smaller) > 1:
        return _through(known, context, smaller[-2], smaller[-1], items, curved)
    below = max((c for c, n in known if c < context and n == items), default=None)
    if smaller:
        return _by_ratio(known, context, below, smaller[-1], items)
    return None if below is None else known[below, items] * context / below


def _through(known: Known, context: float, near: int, far: int, items: int, curved: bool) -> float:
    first, last = known[context, near], known[context, far]
    line = last + (last - first) * (items - far) / (far - near)
    power = last * last / first if curved and first > 0 and items * near == far * far else 0.0
    return max(line, power, last)


def _by_ratio(known: Known, context: float, below: float | None, far: int, items: int) -> float:
    last = known[context, far]
    if below is not None and known.get((below, far), 0) > 0:
        return last * known[below, items] / known[below, far]
    return last * items / far
