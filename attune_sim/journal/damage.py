"""What is wrong with a line of a journal, in words. Asked only where a line cannot be read."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError


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
    status: str


_MODELS: Final[dict[str, type[BaseModel]]] = {
    **dict.fromkeys(("s", "p", "d", "l", "t"), _Attempt),
    "e": _Ended,
    "c": _Cancel,
    "x": _End,
}


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
        first = error.errors()[0]
        return f"{first['loc'][0]}: {first['msg']}"
    return f"it has {len(line)} parts"
