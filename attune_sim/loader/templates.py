"""Every template and condition of a document: each text is read once, and only its mistakes and doubts are kept."""

from __future__ import annotations

import marshal
from collections.abc import Iterator, Mapping
from typing import Any, Final

from attune_sim.errors import ExpressionError
from attune_sim.expressions import Trees, characters_to_parse, check_condition, check_value
from attune_sim.loader.document import Document, maps
from attune_sim.loader.doubts import Doubts, field_of
from attune_sim.loader.findings import Findings, place_of
from attune_sim.loader.known import known_names
from attune_sim.loader.meaning import RawTask, raw_tasks
from attune_sim.paths import Path

VALUES: Final = ("input", "with_items", "timeout", "publish")
"""Fields of a task whose strings are templates."""

MAX_CHARACTERS: Final = 100_000
"""Of all different expressions of a file, beside short paths: some 5 us each, so that no file is read for longer than a
second."""

MAX_EXPRESSIONS: Final = 10_000
"""Of a file, those of equal inputs counted once: some 100 us each, most of it when a run compiles them."""


def check_templates(document: Document, findings: Findings) -> None:
    """Add every expression that does not compile to `findings`, and warn of what is likely a mistake; nothing is evaluated."""
    if not isinstance(document.data, dict):
        return
    tasks = list(_all_tasks(raw_tasks(document.data.get("tasks"), ("tasks",))))
    check = _Check(document, findings, Doubts(document, findings, known_names(document.data, tasks)))
    for task in tasks:
        check.task(task)
        if findings.full:
            return
    check.value(document.data.get("output_map"), ("output_map",))


def _all_tasks(tasks: list[RawTask]) -> Iterator[RawTask]:
    for task in tasks:
        yield task
        yield from _all_tasks(task.sub_tasks())


class _Check:
    def __init__(self, document: Document, findings: Findings, doubts: Doubts) -> None:
        self._document = document
        self._findings = findings
        self._doubts = doubts
        self._characters_left = MAX_CHARACTERS
        self._expressions_left = MAX_EXPRESSIONS
        self._counted: set[bytes] = set()  # values whose expressions are counted
        self._trees = Trees()
        self._good: dict[tuple[str, bool], bool] = {}  # texts, as conditions or not: whether they compile

    def task(self, task: RawTask) -> None:
        """All templates of one task, transitions and retry included."""
        in_items = "with_items" in task.fields
        for field in VALUES:
            self.value(task.fields.get(field), (*task.path, field), in_items=in_items and field == "input")
        self._condition(task.fields, "when", task.path)
        retry = task.fields.get("retry")
        path = (*task.path, "retry")
        self._condition(retry if isinstance(retry, dict) else {}, "on_error", path, in_items=in_items)
        for field in ("next", "decision"):
            for number, transition in maps(task.fields.get(field)):
                path = (*task.path, field, number)
                self._condition(transition, "when", path)
                self.value(transition.get("publish"), (*path, "publish"))
        if in_items and (items := task.text("with_items")) is not None:
            self._doubts.of_items(items, (*task.path, "with_items"))

    def value(self, value: Any, path: Path, *, in_items: bool = False) -> None:
        """Strings anywhere inside `value`."""
        if not self._few_enough(value, path):
            return
        for text, inner in _strings(value, path):
            self._text(text, inner, condition=False, in_items=in_items)

    def _condition(
        self, fields: Mapping[str, Any], field: str, path: Path, *, in_items: bool = False
    ) -> None:
        if isinstance(text := fields.get(field), str):
            self._text(text, (*path, field), condition=True, in_items=in_items)

    def _text(self, text: str, path: Path, *, condition: bool, in_items: bool) -> None:
        if self._findings.full:
            return
        if (good := self._good.get((text, condition))) is None:
            if not self._affordable(text, path, condition=condition):
                return
            good = self._compiles(text, path, condition=condition)
            self._good[text, condition] = good
        if good:
            self._doubts.of(text, path, self._trees, condition=condition, in_items=in_items)

    def _compiles(self, text: str, path: Path, *, condition: bool) -> bool:
        mistakes = _mistakes(text, self._trees, condition=condition)
        for mistake in mistakes:
            self._note(mistake, path)
        return not mistakes

    def _few_enough(self, value: Any, path: Path) -> bool:
        """Whether there is room for the expressions of one more value; the first that does not fit is told."""
        if value is None or self._expressions_left < 0 or (key := marshal.dumps(value, 2)) in self._counted:
            return self._expressions_left >= 0
        self._counted.add(key)
        self._expressions_left -= key.count(b"{{")
        if self._expressions_left < 0:
            what = f"one file may have {MAX_EXPRESSIONS:,} expressions, those of equal inputs counted once"
            self._too_much(what, path)
        return self._expressions_left >= 0

    def _affordable(self, text: str, path: Path, *, condition: bool) -> bool:
        """Whether there is room for one more text; the first that does not fit is told, and ends the check."""
        if self._characters_left < 0:
            return False
        self._characters_left -= characters_to_parse(text, condition=condition)
        if self._characters_left < 0:
            self._too_much(
                f"the expressions of one file may have {MAX_CHARACTERS:,} characters together, beside short paths",
                path,
            )
        return self._characters_left >= 0

    def _too_much(self, what: str, path: Path) -> None:
        message = f"{field_of(path)}: {what}; what follows was not checked; move a part into sub-workflows"
        self._findings.add("limit", message, self._document.value_node(path))

    def _note(self, error: ExpressionError, path: Path) -> None:
        node, source = self._document.value_node(path), self._findings.source
        start, end, expression = node.start_mark, node.end_mark, error.expression.strip()
        found = source.text.find(expression, start.index, end.index) if expression and start and end else -1
        place = place_of(node) if found < 0 else source.place(found)
        message, text = f"{field_of(path)}: {error.message}", error.expression or None
        self._findings.add("template", message, place, text=text)


def _mistakes(text: str, trees: Trees, *, condition: bool) -> list[ExpressionError]:
    if condition:
        return [error] if (error := check_condition(text, trees)) else []
    return [error for _, error in check_value(text, trees)]


def _strings(value: Any, path: Path) -> Iterator[tuple[str, Path]]:
    if isinstance(value, str):
        if "{" in value:
            yield value, path
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            yield from _strings(entry, (*path, number))
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from _strings(entry, (*path, key))
