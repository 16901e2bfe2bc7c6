"""Scripts of results: what each task answers, without any code. Used by `rehearse` and by `--script`.

parameters: {url: http://example.org}
actions:
  list_servers:
    - {result: {servers: {shape: records, bytes: 300000, count: 1000}}, duration: 2}
  check:
    - {index: 17, status: failed, result: {error: refused}}
    - {result: {healthy: true}, duration: 0.2}
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Any, Final, Literal, cast, get_args

from attune_sim.actions.payload import SHAPES, check_payload, make_payload, payload_length
from attune_sim.display import Displayed
from attune_sim.errors import FileError, InputError, ScriptError, counted, did_you_mean
from attune_sim.files import content
from attune_sim.paths import below
from attune_sim.workflow import Workflow

Status = Literal["succeeded", "failed", "timed_out", "cancelled", "unprepared"]

ASSUMED_BYTES: Final = 10_000
"""Bytes of JSON of a described result that names none: the size of a finished task in the scenarios."""

MAX_BYTES: Final = 1 << 26
"""The longest script, in bytes."""

_MAP_KEYS: Final = ("parameters", "config", "keystore", "sub_workflows", "actions", "expect")
_KEYS: Final = (*_MAP_KEYS, "workflow", "started_at", "written_by")
_ANSWER_KEYS: Final = ("status", "result", "duration", "index", "attempt", "error")
_OTHER_WORDS: Final[Mapping[str, str]] = {"item": "index"}


@dataclass(frozen=True, slots=True)
class Answer:
    """How one call ends: status, result (described sizes not yet made) and how long it takes, in seconds.

    `index` (or `item`, in a script) and `attempt` (from 0) single out an item and a try; None fits all. `unprepared` is
    the status of a call that was never made, since its context could not be forked or its input not be rendered: only its
    duration counts.
    """

    status: Status = "succeeded"
    result: Any = field(default_factory=dict)
    duration: float = 1
    index: int | None = None
    attempt: int | None = None
    error: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The answer as an entry of a script, without what is so by default."""
        plain, own = Answer(), {key: getattr(self, key) for key in _ANSWER_KEYS}
        return {key: value for key, value in own.items() if value != getattr(plain, key) or key == "result"}

    @property
    def reason(self) -> str:
        """Why it did not succeed: `error`, else the result's own `error`, else the status."""
        inner = self.result.get("error") if isinstance(self.result, Mapping) else None
        return self.error or (inner if isinstance(inner, str) else f"scripted to end {self.status}")


_Place = tuple[str, bool, int | None, int | None]
"""Task, whether its calls are made, index and attempt that an answer is for; None fits all."""


@dataclass(frozen=True, slots=True, repr=False)
class Script(Displayed):
    """A script that has been checked. `tasks` maps task names to their answers in order.

    >>> script = Script.read({"actions": {"check": [{"index": 1, "status": "failed"}, {"result": {"ok": True}}]}})
    >>> [script.answer("check", call=n, index=n).status for n in range(3)]
    ['succeeded', 'failed', 'succeeded']
    """

    tasks: Mapping[str, tuple[Answer, ...]]
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False)  # some may be secret
    config: Mapping[str, Any] | None = None
    keystore: Mapping[str, Any] | None = field(default=None, repr=False)
    sub_workflows: Mapping[str, Any] = field(default_factory=dict)
    expect: Mapping[str, Any] | None = None
    started_at: str | None = None
    source: str = ""
    _exact: Mapping[_Place, list[Answer]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # A script recorded from a run has an answer for each item: they must not be searched one by one.
        exact: dict[_Place, list[Answer]] = {}
        for task, answers in self.tasks.items():
            for answer in answers:
                place = (task, answer.status != "unprepared", answer.index, answer.attempt)
                exact.setdefault(place, []).append(answer)
        object.__setattr__(self, "_exact", exact)

    @classmethod
    def read(cls, source: Mapping[str, Any] | Script | str | PathLike[str]) -> Script:
        """From a mapping, a path, or text (a str with a newline) in YAML or JSON.

        Raises:
            ScriptError: no such file, not YAML, or an entry that means nothing; names file, task and entry.
        """
        if isinstance(source, Script):
            return source
        if isinstance(source, Mapping):
            return cls._checked(source, "script")
        text, where = _text_of(source)
        return cls._checked(_parsed(text, where), where)

    @classmethod
    def _checked(cls, form: Any, where: str) -> Script:
        form = _map(form, where)
        _known(form, _KEYS, where)
        tasks = _map(form.get("actions") or {}, f"{where}: actions").items()
        return cls(
            tasks={str(task): _answers(entries, f"{where}: task {task!r}") for task, entries in tasks},
            parameters=_map(form.get("parameters") or {}, f"{where}: parameters"),
            config=_optional_map(form.get("config"), f"{where}: config"),
            keystore=_optional_map(form.get("keystore"), f"{where}: keystore", shown=False),
            sub_workflows=_map(form.get("sub_workflows") or {}, f"{where}: sub_workflows"),
            expect=_optional_map(form.get("expect"), f"{where}: expect"),
            started_at=None if form.get("started_at") is None else str(form["started_at"]),
            source="" if where == "script" else where,
        )

    def __repr__(self) -> str:
        # Not what it holds: results may be large, and parameters secret.
        of = f" from {os.path.basename(self.source)!r:.60}" if self.source else ""
        return f"<Script{of}: answers of {counted(len(self.tasks), 'task')}, {counted(len(self.expect or {}), 'expectation')}>"

    def as_dict(self) -> dict[str, Any]:
        """The script as plain data, as `read` takes it."""
        actions = {task: [answer.as_dict() for answer in answers] for task, answers in self.tasks.items()}
        form = {
            "parameters": dict(self.parameters),
            "config": self.config,
            "keystore": self.keystore,
            "sub_workflows": dict(self.sub_workflows),
            "actions": actions,
            "expect": self.expect,
            "started_at": self.started_at,
        }
        return {key: value for key, value in form.items() if value or key == "actions"}

    def answer(
        self, task: str, *, call: int, index: int | None = None, attempt: int = 0, prepared: bool = True
    ) -> Answer:
        """How call number `call` (from 0) of `task` ends; with `prepared=False`, of those that were never made.

        Entries that name this index or attempt come first, the more exact before the less; several for one index are for
        its attempts. Else entry `call` of the general ones; the last one repeats. A task without entries succeeds with
        `{}` after one second, or cannot be prepared at once.
        """
        exact = [] if index is None else [(task, prepared, index, attempt), (task, prepared, index, None)]
        for place in [*exact, (task, prepared, None, attempt)]:
            if answers := self._exact.get(place):
                return answers[min(attempt, len(answers) - 1)]
        if general := self._exact.get((task, prepared, None, None)):
            return general[min(call, len(general) - 1)]
        return Answer() if prepared else Answer("unprepared", duration=0)

    @property
    def assumed(self) -> tuple[str, ...]:
        """A line for each result that is not given but made up from a size, given by the script or by default.

        >>> Script.read({"actions": {"list": [{"result": {"shape": "records"}}]}}).assumed
        ('list: result: records, 45 entries, 10,000 bytes of JSON (the script names no bytes)',)
        """
        return tuple(dict.fromkeys(f"{place}: {_size_of(value)}" for place, value in self.payloads()))

    def payloads(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Every description of a payload in a result, and where it stands: `list: result.servers`."""
        for task, answers in self.tasks.items():
            for answer in answers:
                yield from _described(answer.result, f"{task}: result")

    def workflows(self) -> tuple[Workflow, ...]:
        """The sub-workflows that the script names, each under the ref it is given; paths are relative to the script.

        Raises:
            WorkflowError: one of them cannot be used.
        """
        from attune_sim.loader import load

        folder = Path(self.source).parent
        return tuple(
            replace(source if isinstance(source, Workflow) else load(folder / source), ref=ref)
            for ref, source in self.sub_workflows.items()
        )


def made(result: Any, seed: int | str = 0) -> Any:
    """A result with every description `{shape, bytes, count}` in it replaced by a payload of that size, all fresh.

    >>> made({"servers": {"shape": "records", "bytes": 300, "count": 2}})["servers"][1]["id"]
    100001
    """
    if is_described(result):
        shape, size, count = measures(result)
        return make_payload(shape, size, seed, count)
    if isinstance(result, Mapping):
        return {key: made(value, f"{seed}.{key}") for key, value in result.items()}
    if isinstance(result, list | tuple):
        return [made(value, f"{seed}.{n}") for n, value in enumerate(result)]
    return result


def is_described(value: Any) -> bool:
    """Whether a value is a description of a payload: a map with `shape` and at most `bytes` and `count` beside it."""
    return _is_meant_to_describe(value) and value["shape"] in SHAPES


def _is_meant_to_describe(value: Any) -> bool:
    """The same, or one with a slip of the pen in its shape. `{shape: circle}` and maps with other keys are plain results."""
    if not isinstance(value, Mapping) or not {"shape"} <= set(value) <= {"shape", "bytes", "count"}:
        return False
    shape = value["shape"]
    return isinstance(shape, str) and (len(value) > 1 or did_you_mean(shape, SHAPES) is not None)


def _size_of(described: Mapping[str, Any]) -> str:
    shape, size, _ = measures(described)
    guessed = "" if "bytes" in described else " (the script names no bytes)"
    return f"{shape}, {described_length(described):,} entries, {size:,} bytes of JSON{guessed}"


def measures(described: Mapping[str, Any]) -> tuple[str, int, int | None]:
    """Shape, bytes of JSON (assumed if it names none) and count of a description."""
    return described["shape"], described.get("bytes", ASSUMED_BYTES), described.get("count")


def described_length(described: Mapping[str, Any]) -> int:
    """How many entries the payload has that a description stands for."""
    return payload_length(*measures(described))


def _described(value: Any, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if _is_meant_to_describe(value):
        yield place, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _described(inner, below(place, key))
    elif isinstance(value, list | tuple):
        for n, inner in enumerate(value):
            yield from _described(inner, below(place, n))


def _answers(entries: Any, where: str) -> tuple[Answer, ...]:
    if isinstance(entries, Mapping):
        entries = [entries]
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        wanted = "a list of answers such as [{status: failed}]"
        raise ScriptError(f"{where}: give {wanted}, not {entries!r:.60}")
    return tuple(_answer(entry, f"{where}, answer {n}") for n, entry in enumerate(entries))


def _answer(entry: Any, where: str) -> Answer:
    entry = {_OTHER_WORDS.get(str(key), key): value for key, value in _map(entry, where).items()}
    _known(entry, _ANSWER_KEYS, where)
    status = "succeeded" if entry.get("status") == "completed" else entry.get("status", "succeeded")
    if status not in get_args(Status):
        raise ScriptError(f"{where}: status {status!r} is none of: {', '.join(get_args(Status))}")
    duration = entry.get("duration", 1)
    if isinstance(duration, bool) or not isinstance(duration, int | float) or not 0 <= duration < 1e12:
        raise ScriptError(f"{where}: duration must be a number of seconds, 0 or more, not {duration!r}")
    for key in ("index", "attempt"):
        value = entry.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            raise ScriptError(f"{where}: {key} must be an integer from 0, not {value!r}")
    result = entry.get("result", {})
    _check_sizes(result, where)
    return Answer(
        cast("Status", status), result, duration, entry.get("index"), entry.get("attempt"), entry.get("error")
    )


def _check_sizes(result: Any, where: str) -> None:
    for place, described in _described(result, "result"):
        try:
            check_payload(*measures(described))
        except InputError as error:
            raise ScriptError(f"{where}: {place}: {error}") from None


def _text_of(source: str | PathLike[str]) -> tuple[str, str]:
    if isinstance(source, str) and "\n" in source:
        return source, "script"
    try:
        return content(source, MAX_BYTES).decode(), os.fspath(source)
    except FileError as error:
        raise ScriptError(f"{os.fspath(source)}: the script {error.reason}") from None
    except UnicodeDecodeError as error:
        raise ScriptError(f"{os.fspath(source)}: the script cannot be read: {error}") from None


def _parsed(text: str, where: str) -> Any:
    import yaml

    if where.endswith(".json"):
        return _parsed_json(text, where)

    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{where}:{mark.line + 1}:{mark.column + 1}" if mark else where
        raise ScriptError(f"{place}: not valid YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ScriptError(f"{where}: not valid YAML: {' '.join(str(error).split())[:200]}") from None


def _parsed_json(text: str, where: str) -> Any:
    """To YAML `8e-06` is a text."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ScriptError(f"{where}:{error.lineno}:{error.colno}: not valid JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise ScriptError(f"{where}: not valid JSON: {error}") from None


def _map(value: Any, where: str, *, shown: bool = True) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        given = f" {value!r:.60}" if shown else ""
        raise ScriptError(f"{where}: give a map, not {type(value).__name__}{given}")
    return value


def _optional_map(value: Any, where: str, *, shown: bool = True) -> Mapping[str, Any] | None:
    return None if value is None else _map(value, where, shown=shown)


def _known(form: Mapping[str, Any], keys: Sequence[str], where: str) -> None:
    for key in form:
        if key not in keys:
            guess = did_you_mean(str(key), keys)
            hint = f" ({guess})" if guess else ""
            raise ScriptError(f"{where}: unknown key {key!r}{hint}; choose from: {', '.join(keys)}")
