"""Measured rounds, and comparisons drawn from them: what the rule says of a few rounds that two strategies share."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import cycle, islice
from statistics import median

import pandas as pd

from attune_sim.analysis.figures import Figure, Round, change, figures_of, ratio

Pair = tuple[str, str, str]
"""A dispatch, and the names of two strategies, the base first."""


class Pool:
    """The figures of a frame. Each comparison draws `pairs` whole rounds out of those that were measured.

    With `looks` a comparison is one of `repeats="auto"`: it looks at the first few of its rounds, then at more of them, and ends
    with the first verdict.
    """

    def __init__(
        self, frame: pd.DataFrame, pairs: int, *, looks: tuple[int, ...] = (), seed: int = 0
    ) -> None:
        known = figures_of(_with_texts(frame))
        self._figures = {(case.dispatch, case.strategy): figures for case, figures in known.items()}
        self._pairs, self._looks, self._draw = looks[-1] if looks else pairs, looks, random.Random(seed)

    @property
    def rounds(self) -> int:
        """How many rounds the strategy with the fewest of them has."""
        return min(figure.n for figures in self._figures.values() for figure in figures.values())

    def drawn(self, metric: str, asked: Iterable[Pair], count: int) -> Iterator[tuple[Pair, str]]:
        """`count` comparisons, of the pairs that are asked for in turns: the pair, and `more`, `less` or another word."""
        for pair in islice(cycle(asked), count):
            base, own = self._both(metric, pair)
            chosen = self._draw.sample(sorted(base.rounds.keys() & own.rounds.keys()), self._pairs)
            yield pair, self._said(base, own, chosen)

    def _said(self, base: Figure, own: Figure, chosen: Sequence[Round]) -> str:
        for look in self._looks or (self._pairs,):
            found = change(self._only(base, chosen[:look]), self._only(own, chosen[:look]))
            if found is not None and found.word != "cannot tell":
                return found.direction or found.word
        return "cannot tell"

    def _only(self, figure: Figure, rounds: Iterable[Round]) -> Figure:
        return replace(figure, rounds={one: figure.rounds[one] for one in rounds}, looks=self._looks)

    def words(self, metric: str, asked: Iterable[Pair], count: int) -> Counter[str]:
        """How often each word was said."""
        return Counter(word for _, word in self.drawn(metric, asked, count))

    def measured(self, metric: str, asked: Iterable[Pair]) -> float:
        """By which share the second of each pair is larger, as verdicts see it: the median over all their rounds."""
        ratios = [ratio(*self._both(metric, pair)) for pair in asked]
        return median(1 / one - 1 for one in ratios if one)

    def _both(self, metric: str, pair: Pair) -> tuple[Figure, Figure]:
        dispatch, base, own = pair
        return self._figures[dispatch, base][metric], self._figures[dispatch, own][metric]


def _with_texts(frame: pd.DataFrame) -> pd.DataFrame:
    """A file has no empty texts, and one of before they were kept has no columns of them."""
    texts = {
        name: frame.get(name, pd.Series("", frame.index))
        for name in ("label", "looks", "machine", "software")
    }
    return frame.assign(**{name: text.astype(object).fillna("") for name, text in texts.items()})
