"""Every template and condition of a document, compiled once and thrown away: only its mistakes are kept."""

from __future__ import annotations

from collections.abc import Iterator
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
from attune_sim.loader.document import Document
from attune_sim.loader.findings import Findings, place_of
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
        self._left = MAX_CHARACTERS
        self._good: dict[tuple[str, bool], list[UnknownCall]] = {}  # texts that compile, as conditions or not
        self._calls: dict[
            int, list[tuple[str, int]]
        ] = {}  # of nodes that were warned of, by where they begin

    def task(self, task: RawTask) -> None:
        """All templates of one task, transitions and retry included."""
        for field in VALUES:
            self.value(task.fields.get(field), (*task.path, field))
        self._condition(task.fields.get("when"), (*task.path, "when"))
        retry = task.fields.get("retry")
        if isinstance(retry, dict):
            self._condition(retry.get("on_error"), (*task.path, "retry", "on_error"))
        for field in ("next", "decision"):
            self._transitions(task.fields.get(field), (*task.path, field))

    def _transitions(self, transitions: Any, path: Path) -> None:
        for number, transition in enumerate(transitions if isinstance(transitions, list) else ()):
            if isinstance(transition, dict):
                self._condition(transition.get("when"), (*path, number, "when"))
                self.value(transition.get("publish"), (*path, number, "publish"))

    def _condition(self, text: Any, path: Path) -> None:
        if not isinstance(text, str) or self._findings.full:
            return
        if (text, True) not in self._good:
            if not self._affordable(text, path, condition=True):
                return
            error = check_condition(text)
            if error is not None:
                self._note(error, path)
                return
            self._good[text, True] = self._unknown(text, condition=True)
        self._warn(self._good[text, True], text, path)

    def value(self, value: Any, path: Path) -> None:
        """Strings anywhere inside `value`."""
        for string, inner in _strings(value, path):
            if self._findings.full:
                return
            if (string, False) not in self._good:
                if not self._affordable(string, inner):
                    return
                errors = check_value(string)
                for _, error in errors:
                    self._note(error, inner)
                if errors:
                    continue
                self._good[string, False] = self._unknown(string)
            self._warn(self._good[string, False], string, inner)

    def _affordable(self, text: str, path: Path, *, condition: bool = False) -> bool:
        """Whether there is room for one more text; the first that does not fit is told, and ends the check."""
        if self._left < 0:
            return False
        self._left -= characters_to_parse(text, condition=condition)
        if self._left < 0:
            what = f"the expressions of one file may have {MAX_CHARACTERS:,} characters together, beside plain paths"
            message = f"{_field(path)}: {what}; what follows was not checked; move a part into sub-workflows"
            self._findings.add("limit", message, self._document.value_node(path))
        return self._left >= 0

    def _unknown(self, text: str, *, condition: bool = False) -> list[UnknownCall]:
        return [] if self._findings.warned_enough else unknown_calls(text, condition=condition)

    def _warn(self, calls: list[UnknownCall], text: str, path: Path) -> None:
        if not calls or self._findings.warned_enough:
            return
        node = self._document.value_node(path)
        for call in calls:
            line, column = self._place_of_call(call, text, node)
            message = f"{_field(path)}: there is no {call.kind}"
            self._findings.warn_at(
                f"unknown_{call.kind}", message, line, column, text=call.name, hint=call.hint
            )

    def _place_of_call(self, call: UnknownCall, text: str, node: Node) -> tuple[int, int]:
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
        line, column = self._place(error, self._document.value_node(path))
        message = f"{_field(path)}: {error.message}"
        self._findings.add_at("template", message, line, column, text=error.expression or None)

    def _place(self, error: ExpressionError, node: Node) -> tuple[int, int]:
        source = self._findings.source
        start, end = node.start_mark, node.end_mark
        if start and end and error.expression.strip():
            found = source.text.find(error.expression.strip(), start.index, end.index)
            if found >= 0:
                return source.place(found)
        return place_of(node)


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
    names = [step for step in path if step != "tasks"]
    while names and isinstance(names[0], int):
        names.pop(0)
    return spelled(names)
