"""What looks like a template and is plain text: braces that nobody closed, statements and comments of Jinja2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from attune_sim.expressions.template import expressions_in, pure_expression

_PAIRS: Final = (("{%", "%}"), ("{#", "#}"))
_SHOWN: Final = 40
_STATEMENT: Final = "there are no statements: write {{ a if condition else b }}, a 'when', or with_items"
_COMMENT: Final = "there are no comments in a text: write one in YAML, behind a #"


class Lookalike(NamedTuple):
    """A piece of a text that is no template though it looks like one, what that is, and what to write instead."""

    text: str
    message: str
    hint: str


def lookalikes(text: str) -> list[Lookalike]:
    """The first of each kind in a text.

    >>> [each.text for each in lookalikes("{% if a %}b{{ item.name }")]
    ['{% if a %}', '{{ item.name }']
    """
    if "{" not in text or pure_expression(text) is not None:
        return []
    plain = [piece for piece in expressions_in(text) if isinstance(piece, str)]
    return [*_in_pairs(plain), *_unclosed(plain[-1] if plain else "")]


def _in_pairs(pieces: list[str]) -> Iterator[Lookalike]:
    for opened, closed in _PAIRS:
        for piece in pieces:
            start = piece.find(opened)
            end = piece.find(closed, start + 2) if start >= 0 else -1
            if end >= 0:
                hint = _STATEMENT if opened == "{%" else _COMMENT
                yield Lookalike(
                    _shown(piece[start : end + 2]), f"{opened} {closed} is plain text here:", hint
                )
                break


def _unclosed(last: str) -> Iterator[Lookalike]:
    """Braces without an end; only the last piece of a text can have them."""
    if (start := last.find("{{")) >= 0:
        expression = last[start + 2 : start + _SHOWN].split("\n")[0].partition("}")[0].strip()
        hint = f"write {{{{ {expression} }}}}" if expression.isprintable() else "close them with }}"
        yield Lookalike(_shown(last[start:]), "braces that are never closed are plain text:", hint)


def _shown(text: str) -> str:
    first = text.partition("\n")[0]
    return first if len(first) <= _SHOWN else f"{first[: _SHOWN - 3]}..."
