"""Whether each field holds the kind of value it must: pydantic's verdict, told in the words of the language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from yaml.events import ScalarEvent

from attune_sim.loader.document import Document
from attune_sim.loader.fields import EXPECTED, OWNERS, WHEN_MISSING, WHEN_WRONG, WorkflowFields
from attune_sim.loader.findings import MAX_PROBLEMS, Findings
from attune_sim.paths import Path

_MANY: Final = 2_000
_CUT: Final = 30


def check_shape(document: Document, findings: Findings) -> WorkflowFields | None:
    """The validated fields, or None after every mistake went to `findings`."""
    try:
        return WorkflowFields.model_validate(document.data)
    except ValidationError as error:
        for detail in _details(error, document.data)[: MAX_PROBLEMS + 1]:
            _note(detail, document, findings)
        return None


def _details(error: ValidationError, data: Any) -> list[ErrorDetails]:
    if error.error_count() <= _MANY:
        return error.errors(include_url=False, include_input=False)
    # half a million details would take a second to make: the beginning of every list is enough
    try:
        WorkflowFields.model_validate(_beginning(data))
    except ValidationError as fewer:
        return fewer.errors(include_url=False, include_input=False)
    return error.errors(include_url=False, include_input=False)


def _beginning(value: Any) -> Any:
    if isinstance(value, list):
        return [_beginning(entry) for entry in value[:_CUT]]
    if isinstance(value, dict):
        return {key: _beginning(value[key]) for key in list(value)[:_CUT]}
    return value


def _note(detail: ErrorDetails, document: Document, findings: Findings) -> None:
    path: Path = detail["loc"]
    kind, ctx = detail["type"], detail.get("ctx", {})
    if kind == "missing":
        return _note_missing(path, document, findings)
    if kind == "too_short":
        node, hint = document.key_node(path), WHEN_MISSING["tasks"]
        return findings.add("missing", "a workflow needs at least one task", node, hint=hint)
    words, text = _found(_value_at(document.data, path))
    return findings.add(
        "value" if kind in _VALUES else "type",
        f"{_named(path)} must be {_expected(path, ctx)}, not {words}",
        document.value_node(path),
        text=text,
        hint=_choice(text, ctx, findings) or _wrong_hint(path, text),
    )


_VALUES: Final = frozenset(
    (
        "literal_error",
        "greater_than_equal",
        "less_than_equal",
        "string_too_long",
        "string_too_short",
        "whole_number",
    )
)


def _choice(text: str | None, ctx: Mapping[str, Any], findings: Findings) -> str | None:
    if text is None or "expected" not in ctx:
        return None
    return findings.suggest(text, re.findall("'([^']*)'", str(ctx["expected"])))


def _wrong_hint(path: Path, text: str | None) -> str | None:
    field = path[-1] if path else ""
    if field in ("join", "concurrency", "batch_size", "timeout") and not str(text).isdigit():
        return None
    return WHEN_WRONG.get(str(field))


def _note_missing(path: Path, document: Document, findings: Findings) -> None:
    field, structure = str(path[-1]), _structure(path[:-1])
    key, node = document.find(path)
    if isinstance(key, ScalarEvent) and key.value == field:  # it is written, but holds null
        node = key
    hint = WHEN_MISSING.get(field)
    findings.add("missing", f"{OWNERS[structure]} has no {field!r}", node, hint=hint)


def _structure(path: Path) -> str:
    if not path:
        return "workflow"
    if path[-1] == "retry":
        return "retry"
    return {"tasks": "task", "decision": "branch"}.get(str(path[-2]), "transition")


def _named(path: Path) -> str:
    if not path:
        return "a workflow"
    if isinstance(path[-1], int):
        return f"each entry of {path[-2]!r}"
    return repr(path[-1])


def _expected(path: Path, ctx: Mapping[str, Any]) -> str:
    if "expected" in ctx:
        return str(ctx["expected"])
    if not path:
        return EXPECTED["workflow"]
    name = f"{path[-2]}[]" if isinstance(path[-1], int) else str(path[-1])
    return EXPECTED.get(name, "text")


def _value_at(data: Any, path: Path) -> Any:
    for step in path:
        data = data[step]
    return data


def _found(value: Any) -> tuple[str, str | None]:
    """What stands there, in words, and its text where that is short enough to show."""
    match value:
        case None:
            return "null", None
        case bool():
            return "the boolean", str(value).lower()
        case int() | float():
            return "the number", str(value) if isinstance(value, float) or value.bit_length() < 256 else None
        case str():
            return ("the text", value) if value else ("empty text", None)
        case list():
            return "a list", None
        case _:
            return "a map", None
