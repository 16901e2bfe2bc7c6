"""What is wrong with a line of a journal, in words: with the header, and with a line of which it is known that it cannot be
read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from attune_sim.definition import definition
from attune_sim.errors import JournalError
from attune_sim.expressions import Limits
from attune_sim.runspec import Dispatch, History, ScenarioRef, SourceFile
from attune_sim.secrecy.secrets import Secrets, sources
from attune_sim.workflow import Workflow


class _Attempt(BaseModel):
    model_config = ConfigDict(strict=True)

    kind: Literal["s", "p", "d", "l", "t"]
    run: int
    task: str
    visit: int
    index: int | None
    attempt: int


class _Ended(_Attempt):
    kind: Literal["e"]  # type: ignore[assignment]
    outcome: Literal["succeeded", "failed", "timed_out", "cancelled"]
    result: Any
    error: str | None
    started: float
    ended: float
    stage: Literal["fork", "render", "action"] = "action"
    retry: bool | str | None = None


class _Cancel(BaseModel):
    kind: Literal["c"]
    policy: Literal["allow_finish", "cancel_running"]


class _End(BaseModel):
    model_config = ConfigDict(strict=True)

    kind: Literal["x"]
    status: Literal["succeeded", "failed", "cancelled"]


class _Header(BaseModel):
    journal: int
    name: str
    workflow: Workflow
    fingerprint: str
    workflows: dict[str, Workflow]
    fingerprints: dict[str, str]
    parameters: dict[str, Any]
    config: dict[str, Any] | None
    keystore: dict[str, Any] | None
    parts: dict[str, Any]
    variables: dict[str, Any]
    history: History
    script: dict[str, Any] | None
    scenario: ScenarioRef | None
    file: SourceFile | None
    strategy: str
    dispatch: Dispatch
    limits: Limits | None
    max_task_runs: int
    seed: int
    started_at: str
    executor: str
    problems: dict[str, dict[str, str]]
    kept: dict[str, str] = {}


_DATA: Final = ("parameters", "config", "keystore", "parts", "variables", "script")
"""Parts of a header that may be large, and hold whatever they hold."""


_SOURCES: Final = ("parameters", "keystore", "config", "definitions")
_ODD: Final = "holds what is not written there"


class _StandIns(Secrets):
    """Something of the right type in the place of every secret."""

    def __init__(self) -> None:
        super().__init__({})

    def _known(self, path: str, form: str = "") -> Any:
        return {"number": 0, "boolean": False}.get(form, "secret")


_MODELS: Final[dict[str, type[BaseModel]]] = {
    **dict.fromkeys(("s", "p", "d", "l", "t"), _Attempt),
    "e": _Ended,
    "c": _Cancel,
    "x": _End,
}


def damage_of_header(header: Mapping[str, Any]) -> str | None:
    """Which part of a header is wrong; None if it has the shape of one. Secrets may stand anywhere in it."""
    unknown = next((path for path in sources(dict(header)) if path.partition(".")[0] not in _SOURCES), None)
    if unknown is not None:
        return f"a secret comes from {unknown!r}, where there are none"
    brief = {name: {} if name in _DATA and isinstance(part, dict) else part for name, part in header.items()}
    try:
        form = _StandIns().restored(brief)
        read = _Header.model_validate_json(json.dumps(form), strict=True)
        return next((f"{name}: {_ODD}" for name, part in _written(read) if part != form[name]), None)
    except ValidationError as error:
        return _told(error)
    except JournalError as error:
        return str(error)
    except RecursionError:
        return "it is nested too deeply"


def _written(header: _Header) -> Iterator[tuple[str, Any]]:
    """The parts of a header that have parts of their own, as they are written."""
    yield "workflow", definition(header.workflow)
    yield "workflows", {name: definition(workflow) for name, workflow in header.workflows.items()}
    for name in ("history", "scenario", "file", "limits"):
        part = getattr(header, name)
        yield name, None if part is None else asdict(part)


def damage_of(line: Any) -> str:
    """Which part of a line is wrong.

    >>> damage_of(["s", 0, 7, 0, None, 0])
    'task: Input should be a valid string'
    >>> damage_of({"what": 1})
    'it is no list'
    """
    if not isinstance(line, list) or not line:
        return "it is no list"
    model = _MODELS.get(line[0]) if isinstance(line[0], str) else None
    if model is None:
        return f"nothing begins with {line[0]!r:.40}"
    try:
        model.model_validate(dict(zip(model.model_fields, line, strict=False)))
    except ValidationError as error:
        return _told(error)
    return f"it has {len(line)} parts"


def _told(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
