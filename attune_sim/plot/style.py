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

COLOURS: Final[Mapping[str, str]] = {
    "deepcopy": "#D25A00",
    "pickle": "#FF1E78",
    "json": "#B4874B",
    "orjson": "#960FFF",
    "projected": "#FF2DE1",
    "frozen": "#1E78B4",
    "persistent": "#8787F0",
    "hamt": "#2D781E",
    "rpds": "#E169A5",
    "chainmap": "#875AF0",
    "merge": "#786969",
    "shared": "#008796",
}
"""Strategy -> its colour in every plot, whatever stands beside it.

Found by a search among colours of which each stands out 3 : 1 from white and from a dark page: these twelve lie farthest
apart for eyes that see red and green alike, and for others. They are for lines and marks; text has the colour of text."""

FAMILIES: Final[Mapping[str, str]] = {
    "copies": "#D25A00",
    "persistent": "#2D781E",
    "shared": "#008796",
    "others": "#6E6E6E",
}
"""Family of strategies -> its colour where all of them stand in one plot, and twelve colours would be told apart by nobody."""

_FAMILY: Final[Mapping[str, str]] = {
    **dict.fromkeys(("deepcopy", "pickle", "json", "orjson", "projected"), "copies"),
    **dict.fromkeys(("frozen", "persistent", "hamt", "rpds"), "persistent"),
    **dict.fromkeys(("chainmap", "merge", "shared"), "shared"),
}

MARKERS: Final = ("o", "s", "^", "D", "v", "P", "<", ">", "p", "h", "*", "d")
"""A second sign beside the colour, in the same order."""

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
    """The family of a strategy: what it hands on are copies, versions of persistent maps, or what is shared by all.

    >>> family_of("hamt"), family_of("mine")
    ('persistent', 'others')
    """
    return _FAMILY.get(strategy, "others")


def styles_of(names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Strategy -> (colour, marker). Ours have their own; another one has, of those that are left, what its name falls on."""
    known = list(dict.fromkeys(names))
    styles = list(zip(COLOURS.values(), MARKERS, strict=True))
    ours = {name: style for name, style in zip(COLOURS, styles, strict=True) if name in known}
    free = [style for style in styles if style not in ours.values()] or styles
    others = {}
    for name in sorted(set(known) - ours.keys()):
        others[name] = free.pop(crc32(name.encode()) % len(free))
        free = free or list(styles)
    return {name: ours.get(name) or others[name] for name in known}
