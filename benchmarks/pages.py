"""Putting measured text onto a page of `docs/`, between two marks."""

from __future__ import annotations

from typing import Final

BEGIN: Final = "<!-- measured: begin -->"
END: Final = "<!-- measured: end -->"


def inserted(page: str, text: str) -> str:
    """The page with `text` between its marks.

    >>> inserted(f"a\\n{BEGIN}\\nold\\n{END}\\nb", "new").splitlines()
    ['a', '<!-- measured: begin -->', '', 'new', '', '<!-- measured: end -->', 'b']
    """
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.split(END)[1]}"
