"""Every template and condition of a document, compiled once and thrown away: only its mistakes are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import dropwhile
from typing import Any, Final

from attune_sim.errors import ExpressionError
from attune_sim.expressions import (
    UnknownCall,
    calls_in,
    characters_to_parse,
    check_condition,
    check_value,
    unknown_calls,
)
from attune_sim.loader.document import Document, maps
from attune_sim.loader.findings import Findings, Place, place_of
from attune_sim.loader.meaning import RawTask, raw_tasks
from attune_sim.loader.tree import Node
from attune_sim.paths import Path, spelled

VALUES: Final = ("input", "with_items", "timeout", "publish")
"""Fields of a task whose strings are templates."""

MAX_CHARACTERS: Final = 100_000
"""Of all different expressions of a file: some 5 us each, so that no file is read for longer than a second."""


def check_templates(document: Document, findings: Findings) -> None:
    """Add every expression that does not compile to `findings`; nothing is evaluated."""
    if not isinstance(document.data, dict):
        return
    check = _Check(document, findings)
    for task in _all_tasks(raw_tasks(document.data.get("tasks"), ("tasks",))):
        check.task(task)
        if findings.full:
            return
    check.value(document.data.get("output_map"), ("output_map",))


def _all_tasks(tasks: list[RawTask]) -> Iterator[RawTask]:
    for task in tasks:
        yield task
        yield from _all_tasks(task.sub_tasks())


class _Check:
    def __init__(self, document: Document, findings: Findings) -> None:
        self._document = document
        self._findings = findings
        self._characters_left = MAX_CHARACTERS
        self._good: dict[tuple[str, bool], list[UnknownCall]] = {}  # texts that compile, as conditions or not
        self._calls: dict[int, list[tuple[str, int]]] = {}  # of nodes warned of, by where they begin

    def task(self, task: RawTask) -> None:
        """All templates of one task, transitions and retry included."""
        for field in VALUES:
            self.value(task.fields.get(field), (*task.path, field))
        self._condition(task.fields, "when", task.path)
        retry = task.fields.get("retry")
        self._condition(retry if isinstance(retry, dict) else {}, "on_error", (*task.path, "retry"))
        for field in ("next", "decision"):
            for number, transition in maps(task.fields.get(field)):
                path = (*task.path, field, number)
                self._condition(transition, "when", path)
                self.value(transition.get("publish"), (*path, "publish"))

    def value(self, value: Any, path: Path) -> None:
        """Strings anywhere inside `value`."""
        for text, inner in _strings(value, path):
            self._text(text, inner, condition=False)

    def _condition(self, fields: Mapping[str, Any], field: str, path: Path) -> None:
        if isinstance(text := fields.get(field), str):
            self._text(text, (*path, field), condition=True)

    def _text(self, text: str, path: Path, *, condition: bool) -> None:
        if self._findings.full:
            return
        calls = self._good.get((text, condition))
        if calls is None:
            if not self._affordable(text, path, condition=condition):
                return
            if mistakes := _mistakes(text, condition=condition):
                for mistake in mistakes:
                    self._note(mistake, path)
                return
            calls = [] if self._findings.warned_enough else unknown_calls(text, condition=condition)
            self._good[text, condition] = calls
        self._warn(calls, text, path)

    def _affordable(self, text: str, path: Path, *, condition: bool) -> bool:
        """Whether there is room for one more text; the first that does not fit is told, and ends the check."""
        if self._characters_left < 0:
            return False
        self._characters_left -= characters_to_parse(text, condition=condition)
        if self._characters_left < 0:
            what = f"the expressions of one file may have {MAX_CHARACTERS:,} characters together, beside plain paths"
            message = f"{_field(path)}: {what}; what follows was not checked; move a part into sub-workflows"
            self._findings.add("limit", message, self._document.value_node(path))
        return self._characters_left >= 0

    def _warn(self, calls: list[UnknownCall], text: str, path: Path) -> None:
        if not calls or self._findings.warned_enough:
            return
        node = self._document.value_node(path)
        for call in calls:
            message = f"{_field(path)}: there is no {call.kind}"
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

    def _note(self, error: ExpressionError, path: Path) -> None:
        node, source = self._document.value_node(path), self._findings.source
        start, end, expression = node.start_mark, node.end_mark, error.expression.strip()
        found = source.text.find(expression, start.index, end.index) if expression and start and end else -1
        place = place_of(node) if found < 0 else source.place(found)
        message, text = f"{_field(path)}: {error.message}", error.expression or None
        self._findings.add("template", message, place, text=text)


def _mistakes(text: str, *, condition: bool) -> list[ExpressionError]:
    if condition:
        return [error] if (error := check_condition(text)) else []
    return [error for _, error in check_value(text)]


def _strings(value: Any, path: Path) -> Iterator[tuple[str, Path]]:
    if isinstance(value, str):
        if "{{" in value:
            yield value, path
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            yield from _strings(entry, (*path, number))
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from _strings(entry, (*path, key))


def _field(path: Path) -> str:
    """A path as people write it: `input.url`, `next[0].when`."""
    return spelled(dropwhile(lambda step: isinstance(step, int), (step for step in path if step != "tasks")))
