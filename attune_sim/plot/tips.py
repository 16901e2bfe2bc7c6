"""What a mark of a picture says when it is pointed at: a title of SVG, for which a page needs no script.

Tips only add: whatever one says stands in a table, or beside the picture, as well.
"""

from __future__ import annotations

import re
from html import escape
from typing import Final
from urllib.parse import quote, unquote

from matplotlib.artist import Artist

_MARK: Final = "tip:"
"""Begins the id of the group of an artist that has a tip: an id is all that matplotlib hands on to a picture."""

_GROUP: Final = re.compile(rf'<g id="{_MARK}([^"]*)">')


def tip(artist: Artist, text: str) -> None:
    """Let the artist say `text` when it is pointed at."""
    artist.set_gid(f"{_MARK}{quote(text)}")


def with_tips(svg: str) -> str:
    """The SVG with each tip as the title of its group.

    >>> with_tips('<g id="tip:shared%3A%2072%20B"><path/></g>')
    '<g><title>shared: 72 B</title><path/></g>'
    """
    return _GROUP.sub(lambda found: f"<g><title>{escape(unquote(found[1]))}</title>", svg)
