"""The finding of a comparison for somebody who has not measured it: two sentences, one number, before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from attune_sim.analysis.comparison import REFERENCE, SummaryRow
from attune_sim.analysis.figures import times
from attune_sim.metrics import METRICS, format_bytes, format_count, format_limit
from attune_sim.plot.style import family_of
from attune_sim.reports.summary import Contrast, Number

AFTER: Final = "shared"
"""The strategy that stands for after, where it took part: the design that this project studies."""

WAYS: Final = {
    "copying": "a copy of the context for each of {items} items ({name})",
    "persistent": "persistent maps for {items} items ({name})",
    "sharing": "one context for all {items} items ({name})",
    "other": "{name} for {items} items",
}
"""Family -> what its strategies do, for a sentence."""

GIVEN_UP: Final = {
    "nothing": "in return an item that writes into what it was handed writes for all",
    "top level": "in return an item that writes into nested values writes for all",
}
"""What is kept apart -> what that gives away."""


@dataclass(frozen=True, slots=True)
class Sides:
    """The same case before and after. `limit` is what a process may take; `laws` say of a strategy how its memory grows, `room` how many
    items fit into the limit, where that is known."""

    before: SummaryRow
    after: SummaryRow
    limit: float
    laws: Mapping[str, str]
    room: Mapping[str, float]

    def _way(self, row: SummaryRow) -> str:
        items = "all" if row.case.items is None else format_count(row.case.items)
        return WAYS[family_of(row.case.strategy)].format(items=items, name=row.case.strategy)

    def finding(self, isolates: Mapping[str, str]) -> str:
        """Two sentences: what became of both, and what one more item takes, with what is given up for it."""
        first = f"{_upper(self._way(self.before))} {_became(self.before, self.limit)}; {self._way(self.after)} {_became(self.after, self.limit)}."
        given_up = GIVEN_UP.get(isolates.get(self.after.case.strategy, ""), "")
        each = [(row.figures["fork_bytes"].text, _text(row, "fork_us")) for row in (self.after, self.before)]
        second = f"One more item takes {each[0][0]} in place of {each[1][0]}"
        if "–" not in (each[0][1], each[1][1]):
            second += f", and {each[0][1]} in place of {each[1][1]}"
        return f"{first} {second}{f'; {given_up}' if given_up else ''}."

    @property
    def number(self) -> Number | None:
        """How many times less memory one more item takes; None where that is in doubt."""
        ratio = self.after.ratio("fork_bytes")
        if ratio is None or self.after.ratio_doubted("fork_bytes"):
            return None
        texts = (row.figures["fork_bytes"].text for row in (self.after, self.before))
        names = (row.case.strategy for row in (self.after, self.before))
        told = " and ".join(f"{text} under {name}" for text, name in zip(texts, names, strict=True))
        less, factor = ("less", ratio) if ratio >= 1 else ("more", 1 / ratio)
        return Number(f"{times(factor)} ×", f"{less} memory for one more item: {told}")

    @property
    def contrast(self) -> Contrast:
        """Bytes, time, complexity and risk of both."""
        return Contrast(self.before.case.strategy, self.after.case.strategy, tuple(self._rows()))

    def _rows(self) -> Iterator[tuple[str, str, str, str]]:
        items = "" if self.before.case.items is None else f" of {self.before.case.items:,} items"
        for metric, what in (
            ("fork_bytes", "memory of one more item"),
            ("live_heap_bytes", f"memory{items}"),
            ("fork_us", "time to hand on the context once"),
            ("wall_s", f"time of the run{items}"),
        ):
            texts = [_text(row, metric) for row in (self.before, self.after)]
            if texts != ["–", "–"]:
                yield what, texts[0], texts[1], self._ratio(metric)
        for what, say, so in (
            ("how memory grows", self._growth, "N items, C bytes of context"),
            ("how it ended", self._ended, f"in {format_limit(self.limit)}"),
            (
                f"items that fit into {format_limit(self.limit)}",
                self._room,
                "estimated from what was measured",
            ),
        ):
            before, after = say(self.before), say(self.after)
            if before or after:
                yield what, before or "–", after or "–", so

    def _room(self, row: SummaryRow) -> str:
        known = self.room.get(row.case.strategy)
        return "" if known is None else f"≈ {rounded(known)}"

    def _ended(self, row: SummaryRow) -> str:
        ending = row.ending
        if ending.outcome != "ok":
            return f"✗ {ending.outcome.replace('_', ' ')} at {ending.reached}"
        return "lived" if ending.well else f"✗ {ending.story}"

    def _ratio(self, metric: str) -> str:
        before, after = (row.figures.get(metric) for row in (self.before, self.after))
        if before is None or after is None or not after.median:
            return ""
        factor, noun = (
            before.median / after.median,
            "time" if METRICS[metric].unit in ("us", "s") else "memory",
        )
        least = "at least " if before.least and not after.least else ""
        if after.least or (before.least and factor < 1):
            return "one was cut short"
        return (
            f"{least}{times(factor)} times less {noun}"
            if factor >= 1
            else f"{times(1 / factor)} times more {noun}"
        )

    def _growth(self, row: SummaryRow) -> str:
        """Its law; where one size was run only, what an item adds."""
        if told := self.laws.get(row.case.strategy):
            return told
        each = bytes_an_item(row)
        return "" if each is None else f"{format_bytes(each)} an item"


def sides_of(
    rows: Sequence[SummaryRow],
    limit: float,
    laws: Mapping[str, str],
    room: Callable[[SummaryRow], float | None],
) -> Sides | None:
    """Before and after, at the largest size that has both; None where nothing stands beside a reference."""
    known = [row for row in rows if "fork_bytes" in row.figures and row.ending.holds("fork_bytes")]
    befores = {row.case._replace(strategy=""): row for row in known if row.is_reference}
    pairs = [
        (befores[beside], row)
        for row in known
        if not row.is_reference and (beside := row.case._replace(strategy="")) in befores
    ]
    if not pairs:
        return None
    largest = max((before.case.context_bytes, before.case.items or 0) for before, _ in pairs)
    there = [pair for pair in pairs if (pair[0].case.context_bytes, pair[0].case.items or 0) == largest]
    well = [pair for pair in there if pair[1].ending.well] or there
    chosen = [pair for pair in well if pair[1].case.strategy == AFTER] or well
    before, after = min(chosen, key=lambda pair: pair[1].figures["fork_bytes"].median)
    rooms = {row.case.strategy: fits for row in (before, after) if (fits := room(row)) is not None}
    return Sides(before, after, limit, laws, rooms)


def is_before(sides: Sides) -> bool:
    """Whether it is the story of the design: a deep copy before."""
    return sides.before.case.strategy == REFERENCE


def room_of(row: SummaryRow, limit: float) -> float | None:
    """Items that fit into so many bytes, from what one more item takes; None where that was not measured."""
    each, before = bytes_an_item(row), row.figures.get("base_space_bytes")
    if before is None or not each:
        return None
    return max(0.0, limit - before.median) / each


def bytes_an_item(row: SummaryRow) -> float | None:
    """What an item leaves alive until the end: its record, and its fork where all of them are alive at once; None where nobody knows."""
    fork, record = row.figures.get("fork_bytes"), row.figures.get("record_bytes")
    if fork is None:
        return None
    return (fork.median if row.case.dispatch == "eager" else 0.0) + (0.0 if record is None else record.median)


def _became(row: SummaryRow, limit: float) -> str:
    ending = row.ending
    if ending.outcome == "memory_limit":
        return f"ran out of {format_limit(limit)} at item {max(ending.items_done, ending.forks):,}"
    if ending.outcome != "ok":
        return f"ended early ({ending.story})"
    taken = [_text(row, name) for name in ("live_heap_bytes", "wall_s")]
    return (
        f"took {' and '.join(text for text in taken if text != '–')}"
        if taken != ["–", "–"]
        else "came to its end"
    )


def _text(row: SummaryRow, metric: str) -> str:
    figure = row.figures.get(metric)
    return "–" if figure is None else figure.text


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def rounded(value: float) -> str:
    """Three digits of a large estimate.

    >>> rounded(2_981_672.0), rounded(203.4)
    ('2,980,000', '203')
    """
    digits = max(0, len(str(int(value))) - 3)
    return f"{round(value, -digits):,.0f}"
