"""A figure as SVG that follows the page: text stays text, ids are its own, and what is black takes the page's colour."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Mapping
from html import escape
from typing import Any, Final

from matplotlib.figure import Figure

from attune_sim.plot.style import rc_params
from attune_sim.plot.tips import with_tips

RC: Final[Mapping[str, Any]] = {
    "svg.fonttype": "none",  # text that can be selected, searched and read aloud; and a smaller file
    "svg.hashsalt": "attune-sim",  # the same frame gives the same bytes
}
DARK: Final = (
    'body[data-jp-theme-light="false"]',
    "body.vscode-dark",
    "body.vscode-high-contrast",
    'html[data-theme="dark"]',
)
"""What the pages that show notebooks call themselves when they are dark."""

_REFERENCES: Final = re.compile(r'(\bid="|url\(#|href="#)')
_PROLOGUE: Final = re.compile(r"\A.*?(?=<svg )", re.DOTALL)
_METADATA: Final = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)


def svg_of(figure: Figure) -> str:
    """The figure without a background, as an element to stand in a page of HTML, in the width of its place.

    Lines that are black, and text, which is black where nobody gave it a colour, are `currentColor`.
    """
    buffer = io.StringIO()
    with rc_params(RC):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = with_tips(_METADATA.sub("", _PROLOGUE.sub("", buffer.getvalue())))
    text = re.sub(r'\s(width|height)="[\d.]+pt"', "", text, count=2)
    return (
        text.replace("<svg ", '<svg fill="currentColor" ', 1)
        .replace("#000000", "currentColor")
        .replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")
        .replace("xlink:href", "href")
        .replace(' xmlns="http://www.w3.org/2000/svg"', "")
    )


def with_prefix(svg: str, prefix: str) -> str:
    """The same SVG with every id under `prefix`: several pictures, and several reports, share one page."""
    return _REFERENCES.sub(rf"\1{prefix}-", svg)


class ThemedFigure(Figure):
    """A figure that is dark in a dark notebook.

    A page cannot reach into an image, so it is handed two and shows the one that fits. As images they survive a notebook that
    is not trusted, which keeps no drawing and no style of a page; it shows the light one.
    """

    def _repr_html_(self) -> str:
        svg, uid = svg_of(self), f"attune-{id(self):x}"
        dark = ", ".join(f"{page} #{uid} .for-dark" for page in DARK)
        light = ", ".join(f"{page} #{uid} .for-light" for page in DARK)
        shown = f"{dark} {{ display: inline !important }} {light} {{ display: none }}"
        told = escape("; ".join(axes.get_title(loc="left") for axes in self.axes), quote=True)
        width = f"width: {self.get_figwidth() * 72 * 4 / 3:.0f}px; max-width: 100%"
        return (
            f'<style>{shown}</style><div id="{uid}">'
            f'<img class="for-light" alt="{told}" style="{width}" src="{_image(svg, "#ffffff", "#000000")}">'
            f'<img class="for-dark" alt="{told}" style="{width}; display: none" src="{_image(svg, "none", "#e6e8eb")}"></div>'
        )


def _image(svg: str, background: str, ink: str) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" style="background: {background}; color: {ink}" '
    encoded = base64.b64encode(svg.replace("<svg ", head, 1).encode()).decode()
    return f"data:image/svg+xml;base64,{encoded}"
