"""Tables as aligned lines of text, for terminals, logs and `print`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def aligned(
    headers: Sequence[str], rows: Sequence[Sequence[str]], texts: frozenset[int] = frozenset({0})
) -> Iterator[str]:
    """The header and the rows, two spaces between columns; columns in `texts` are aligned to the left.

    >>> print(*aligned(("name", "n"), [("one", "1"), ("hundred", "100")]), sep="\\n")
    name       n
    one        1
    hundred  100
    """
    widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
    for row in (headers, *rows):
        cells = (
            text.ljust(width) if place in texts else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()
