"""How every plot looks: colours, markers, settings. Plots restore what they change and never show anything."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, ParamSpec, cast
from zlib import crc32

from matplotlib import rcParams
from matplotlib.axes import Axes

P = ParamSpec("P")

FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    "copying": ("deepcopy", "pickle", "json", "orjson", "projected"),
    "persistent": ("frozen", "persistent", "hamt", "rpds"),
    "sharing": ("chainmap", "merge", "shared"),
}
"""What strategies do with a context -> those of ours that do it. Twelve colours cannot be told apart; three can."""

COLOURS: Final[Mapping[str, str]] = {
    "copying": "#D25A00",
    "persistent": "#6E50E6",
    "sharing": "#008796",
    "other": "#808080",
}
"""Family -> its colour in every plot; `other` are strategies that somebody brought.

Each stands out 3 : 1 from white and from a dark page, and the three lie far apart for eyes that see red and green, or blue and
yellow, alike. They are for lines and marks; text has the colour of text."""

MARKERS: Final = ("o", "s", "^", "D", "v", "P", "<", ">", "p", "h", "*", "d")
"""What tells strategies of one colour apart, beside their names: in the order of `FAMILIES`."""

SMALL: Final = 9
"""Points of a text beside a mark."""

RC: Final[Mapping[str, Any]] = {
    "font.size": 10,
    "text.parse_math": False,  # a dollar in a name is a dollar
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "grid.linewidth": 0.6,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.minor.visible": False,
    "ytick.minor.visible": False,
    "legend.frameon": False,
}

BESIDE: Final[Mapping[str, Any]] = {"textcoords": "offset points", "va": "center", "fontsize": SMALL}
"""How a value is written beside its mark."""


@contextmanager
def rc_params(values: Mapping[str, Any]) -> Iterator[None]:
    """These rcParams inside the block, the former ones after it; all others are left alone.

    Not `rc_context`, which restores *all* of them: a notebook's backend is started by the first figure and switches
    `interactive` on then. Restored to off, no later plot of the notebook would be shown.
    """
    settings = cast("dict[str, Any]", rcParams)  # the stubs know the names of parameters only as literals
    before = {name: settings[name] for name in values}
    try:
        settings.update(values)
        yield
    finally:
        settings.update(before)


def plotting(draw: Callable[P, Axes]) -> Callable[P, Axes]:
    """Draws in the house style and leaves rcParams as they were."""

    @functools.wraps(draw)
    def plot(*args: P.args, **kwargs: P.kwargs) -> Axes:
        with rc_params(RC):
            return draw(*args, **kwargs)

    return plot


def family_of(strategy: str) -> str:
    """What a strategy does with a context. A name may have surroundings behind it, in brackets.

    >>> family_of("hamt"), family_of("shared (python 3.13.1)"), family_of("mine")
    ('persistent', 'sharing', 'other')
    """
    name = strategy.partition(" (")[0]
    return next((family for family, names in FAMILIES.items() if name in names), "other")


def styles_of(names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Strategy -> (colour, marker): the colour of its family, and a marker that is always its own for one of ours; another one has,
    of those that are left, what its name falls on."""
    known = list(dict.fromkeys(names))
    own = dict(zip((name for family in FAMILIES.values() for name in family), MARKERS, strict=True))
    markers = {name: marker for name in known if (marker := own.get(name.partition(" (")[0]))}
    left = [marker for marker in MARKERS if marker not in markers.values()] or list(MARKERS)
    for name in sorted(set(known) - markers.keys()):
        markers[name] = left.pop(crc32(name.encode()) % len(left))
        left = left or list(MARKERS)
    return {name: (COLOURS[family_of(name)], markers[name]) for name in known}
