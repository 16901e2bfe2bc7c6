"""Whether each field holds the kind of value it must: pydantic's verdict, told in the words of the language."""

from __future__ import annotations

import re
from functools import reduce
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from yaml.events import ScalarEvent

from attune_sim.loader.document import Document
from attune_sim.loader.fields import WORKFLOW, Known, Says, WorkflowFields
from attune_sim.loader.findings import MAX_PROBLEMS, Findings
from attune_sim.parameters import kind_of
from attune_sim.paths import Path

_MANY: Final = 2_000
_CUT: Final = 30
_SHOWN: Final = 80


def check_shape(document: Document, findings: Findings) -> WorkflowFields | None:
    """The validated fields, or None after every mistake went to `findings`."""
    try:
        return WorkflowFields.model_validate(document.data)
    except ValidationError as error:
        for detail in _details(error, document.data)[: MAX_PROBLEMS + 1]:
            _note(detail, document, findings)
        return None


def _details(error: ValidationError, data: Any) -> list[ErrorDetails]:
    if error.error_count() > _MANY:
        # half a million details would take a second to make: the beginning of every list is enough
        try:
            WorkflowFields.model_validate(_beginning(data))
        except ValidationError as fewer:
            error = fewer
    return error.errors(include_url=False, include_input=False)


def _beginning(value: Any) -> Any:
    if isinstance(value, list):
        return [_beginning(entry) for entry in value[:_CUT]]
    if isinstance(value, dict):
        return {key: _beginning(value[key]) for key in list(value)[:_CUT]}
    return value


def _note(detail: ErrorDetails, document: Document, findings: Findings) -> None:
    path: Path = detail["loc"]
    kind, choices, says = detail["type"], detail.get("ctx", {}).get("expected"), _known(path).says
    if kind == "missing":
        return _note_missing(path, says, document, findings)
    if kind == "too_short":
        message, advice = "a workflow needs at least one task", f"add tasks: {says.add}"
        return findings.add("missing", message, document.key_node(path), hint=advice)
    value = reduce(lambda data, step: data[step], path, document.data)
    text = _text_of(value)
    expected = choices or (says.each if _is_entry(path) else says.be)
    choice = findings.suggest(text, re.findall("'([^']*)'", choices)) if text and choices else None
    message = f"{_named(path)} must be {expected}, not {kind_of(value)}"
    hint = choice or (None if _is_entry(path) else _hint(says, value))
    kind = "type" if kind.endswith("_type") else "value"
    return findings.add(kind, message, document.value_node(path), text=text, hint=hint)


def _known(path: Path) -> Known:
    """What is known of the field at a path, or of the one that has an entry there."""
    return reduce(Known.inner, (step for step in path if isinstance(step, str)), WORKFLOW)


def _note_missing(path: Path, says: Says, document: Document, findings: Findings) -> None:
    field, owner = str(path[-1]), _known(path[:-1]).of.owner
    key, node = document.find(path)
    if isinstance(key, ScalarEvent) and key.value == field:  # it is written, but holds null
        node = key
    findings.add("missing", f"{owner} has no {field!r}", node, hint=f"add {field}: {says.add}")


def _is_entry(path: Path) -> bool:
    return bool(path) and isinstance(path[-1], int)


def _named(path: Path) -> str:
    if not path:
        return "a workflow"
    return f"each entry of {path[-2]!r}" if _is_entry(path) else repr(path[-1])


def _hint(says: Says, value: Any) -> str | None:
    if says.quoted and isinstance(value, str) and value.isdigit():
        return says.quoted
    written = " ".join(value.split()) if isinstance(value, str) else ""
    return says.wrong and says.wrong.replace("{}", written if 0 < len(written) <= _SHOWN else "name")


def _text_of(value: Any) -> str | None:
    """What stands there, where that is a scalar that is short enough to show."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() >= 256:
        return None
    return str(value) if isinstance(value, int | float | str) and value != "" else None
