"""Finding many texts in a text, in a time that hardly depends on how many they are."""

from __future__ import annotations

import re
from bisect import insort
from operator import neg
from typing import Final

from attune_sim.scope import SHORTEST_SECRET

SHORTEST: Final = SHORTEST_SECRET
"""Characters that a text must have to be looked for."""

_FEW: Final = 50  # texts up to which one regular expression with all of them is the fastest


class Texts:
    """A set of texts that grows.

    >>> texts = Texts(); texts.add("s3cret"); texts.add("s3cret-key")
    >>> texts.split("a s3cret-key b")
    ['a ', 's3cret-key', ' b']
    """

    __slots__ = ("_firsts", "_lengths", "_pattern", "_texts")

    def __init__(self) -> None:
        self._texts: set[str] = set()
        self._lengths: dict[str, list[int]] = {}  # by how a text begins, the longest first
        self._firsts: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def add(self, text: str) -> None:
        """A text of at least four characters."""
        self._texts.add(text)
        lengths = self._lengths.setdefault(text[:SHORTEST], [])
        if len(text) not in lengths:
            insort(lengths, len(text), key=neg)
        if len(self._texts) <= _FEW + 1 or text[0] not in self._firsts:
            self._pattern = None
        self._firsts.add(text[0])

    def split(self, text: str) -> list[str]:
        """The text in pieces: every second one is a text of the set, the first from the left and the longest there."""
        if not self._texts:
            return [text]
        return self._compiled().split(text) if len(self._texts) <= _FEW else self._searched(text)

    def _searched(self, text: str) -> list[str]:
        pieces: list[str] = []
        done = 0
        for match in self._compiled().finditer(text):
            place = match.start()
            if place < done:
                continue
            for length in self._lengths.get(text[place : place + SHORTEST], ()):
                if (found := text[place : place + length]) in self._texts:
                    pieces += [text[done:place], found]
                    done = place + length
                    break
        return [*pieces, text[done:]]

    def _compiled(self) -> re.Pattern[str]:
        """Finds one of the texts if they are few; else a place where one of them may begin."""
        if self._pattern is None:
            if len(self._texts) <= _FEW:
                # The longest first: of two texts, one inside the other, the outer one is found.
                texts = sorted(self._texts, key=len, reverse=True)
                self._pattern = re.compile(f"({'|'.join(map(re.escape, texts))})")
            else:
                self._pattern = re.compile(f"[{''.join(map(re.escape, sorted(self._firsts)))}]")
        return self._pattern

    def __repr__(self) -> str:
        return f"<Texts: {len(self._texts)}>"
