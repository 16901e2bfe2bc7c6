"""Likely mistakes in templates that compile: they matter only where they are reached, so they are warnings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import dropwhile
from typing import NamedTuple

from attune_sim.expressions import (
    Lookalike,
    Name,
    Trees,
    UnknownCall,
    calls_in,
    expressions_in,
    lookalikes,
    names_in,
    pure_expression,
    unknown_calls,
)
from attune_sim.loader.document import Document
from attune_sim.loader.findings import Findings, Place, place_of, span_of
from attune_sim.loader.known import KnownNames
from attune_sim.loader.tree import Node
from attune_sim.paths import Path, spelled


class _Suspects(NamedTuple):
    """What may be doubted in one text, wherever it stands."""

    calls: list[UnknownCall]
    names: list[Name]
    lookalikes: list[Lookalike]


class Doubts:
    """Warns of what is likely a mistake in the templates of one document."""

    def __init__(self, document: Document, findings: Findings, known: KnownNames) -> None:
        self._document = document
        self._findings = findings
        self._known = known
        self._suspects: dict[tuple[str, bool], _Suspects] = {}
        self._calls: dict[int, list[tuple[str, int]]] = {}  # of nodes warned of, by where they begin

    def of(self, text: str, path: Path, trees: Trees, *, condition: bool, in_items: bool) -> None:
        """Warn of a text that compiles: a template, or a condition; `in_items` where it may read `item` and `index`."""
        if self._findings.warned_enough:
            return
        if (suspects := self._suspects.get((text, condition))) is None:
            suspects = self._suspects[text, condition] = _Suspects(
                unknown_calls(text, trees, condition=condition),
                names_in(text, trees, condition=condition),
                [] if condition else lookalikes(text),
            )
        self._warn_of_calls(suspects.calls, text, path)
        for name in suspects.names:
            self._warn_of_name(name, text, path, in_items=in_items)
        for lookalike in suspects.lookalikes:
            self._warn_of_lookalike(lookalike, path)

    def of_items(self, text: str, path: Path) -> None:
        """Warn of a `with_items` that can only be one item: a text that is not one expression."""
        if pure_expression(text) is None:
            node, inner = self._document.value_node(path), "..." if "{{" in text else text.strip()
            hint = f'a list is one expression: "{{{{ {inner} }}}}"'
            self._findings.warn(
                "one_item", "with_items: a text is one item:", place_of(node), text=text, hint=hint
            )

    def _warn_of_calls(self, calls: list[UnknownCall], text: str, path: Path) -> None:
        node = self._document.value_node(path)
        for call in calls:
            message = f"{field_of(path)}: there is no {call.kind}"
            place = self._place_of_call(call, text, node)
            self._findings.warn(f"unknown_{call.kind}", message, place, text=call.name, hint=call.hint)

    def _place_of_call(self, call: UnknownCall, text: str, node: Node) -> Place:
        """Where the call stands in the source; the beginning of `node` if quotes and escapes of YAML hide it."""
        source, start, end = self._findings.source, node.start_mark, node.end_mark
        if call.nth is None or start is None or end is None:
            return place_of(node)
        if start.index not in self._calls:
            found = calls_in(source.text, start.index, end.index)
            same = [name for name, _ in found] == [name for name, _ in calls_in(text)]
            self._calls[start.index] = found if same else []
        found = self._calls[start.index]
        return source.place(found[call.nth][1]) if found else place_of(node)

    def _warn_of_name(self, name: Name, text: str, path: Path, *, in_items: bool) -> None:
        what = self._known.lacks(name, in_items=in_items)
        if what is None or self._findings.warned_enough:
            return
        place = self._place_of_word(name.key, text, self._document.value_node(path))
        hint = self._known.hint(name, self._findings.suggest)
        message = f"{field_of(path)}: there is no {what}"
        self._findings.warn("unknown_name", message, place, text=name.key, hint=hint)

    def _place_of_word(self, word: str, text: str, node: Node) -> Place:
        """Where the first expression of the text that has the word has it in the source; else where `node` begins."""
        source, (start, end) = self._findings.source, span_of(node)
        pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
        before = 0
        for piece in _pieces(text):
            count = len(pattern.findall(piece if isinstance(piece, str) else piece[0]))
            if count and isinstance(piece, tuple):
                break
            before += count
        found = [match.start() for match in pattern.finditer(source.text, start, end)]
        same = len(found) == len(pattern.findall(text)) and before < len(found)
        return source.place(found[before]) if same else place_of(node)

    def _warn_of_lookalike(self, lookalike: Lookalike, path: Path) -> None:
        node, source = self._document.value_node(path), self._findings.source
        found = source.text.find(lookalike.text, *span_of(node))
        place = place_of(node) if found < 0 else source.place(found)
        message = f"{field_of(path)}: {lookalike.message}"
        self._findings.warn("plain_text", message, place, text=lookalike.text, hint=lookalike.hint)


def _pieces(text: str) -> Iterator[str | tuple[str]]:
    """The pieces of a template; a condition without braces is one expression."""
    return expressions_in(text) if "{{" in text else iter([(text,)])


def field_of(path: Path) -> str:
    """A path as people write it, from its task on: `input.url`, `next[0].when`.

    >>> field_of(("tasks", 0, "next", 1, "when"))
    'next[1].when'
    """
    return spelled(dropwhile(lambda step: isinstance(step, int), (step for step in path if step != "tasks")))
