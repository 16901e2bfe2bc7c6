"""A notebook as a page: its texts are Markdown like any other page's, its code is code, its outputs are put in afterwards.

So a notebook has the theme's light and dark, its links are checked, its headings are found; and nothing is fetched to show it.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

ROOM: Final = '<div class="cell-output" data-cell="{}"></div>'
FOUND: Final = re.compile(r'<div class="cell-output" data-cell="(\d+)"></div>')
TERMINAL: Final = re.compile(r"\x1b\[[0-9;]*m")


def text_of(path: Path) -> str:
    """The Markdown of a notebook, with an empty element for the outputs of each cell that has any."""
    return "\n\n".join(_parts(json.loads(path.read_text(encoding="utf-8")), path))


def _parts(notebook: Mapping[str, Any], path: Path) -> Iterator[str]:
    for number, cell in enumerate(notebook["cells"]):
        source = "".join(cell["source"]).strip()
        if cell["cell_type"] == "markdown":
            yield source
        elif cell["cell_type"] == "code" and source:
            yield f"```python\n{source}\n```"
            if cell["outputs"]:
                yield ROOM.format(number)
    yield f"*This page is `notebooks/{path.name}` of the project, with the outputs that are kept in it.*"


def with_outputs(page: str, path: Path) -> str:
    """The page with the outputs of its notebook."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return FOUND.sub(
        lambda room: f'<div class="cell-output">{"".join(map(_shown, cells[int(room[1])]["outputs"]))}</div>',
        page,
    )


def _shown(output: Mapping[str, Any]) -> str:
    """The richest form of an output that shows without a program."""
    kind = output["output_type"]
    if kind == "stream":
        return _text("".join(output["text"]))
    if kind == "error":
        return _text("\n".join(output["traceback"]))
    data = {form: "".join(value) for form, value in output["data"].items() if isinstance(value, (str, list))}
    if "image/svg+xml" in data:
        return data["image/svg+xml"]
    if "image/png" in data:
        said = html.escape(data.get("text/plain", ""), quote=True)
        return f'<img alt="{said}" src="data:image/png;base64,{data["image/png"].strip()}">'
    return data.get("text/html") or _text(data.get("text/plain", ""))


def _text(said: str) -> str:
    return f"<pre><code>{html.escape(TERMINAL.sub('', said))}</code></pre>"
