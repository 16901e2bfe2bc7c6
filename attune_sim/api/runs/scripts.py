"""A script of results from a run that was recorded: what was real once can be rehearsed from then on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from os import PathLike
from typing import Any, Final

from attune_sim.api.runs.run import Run
from attune_sim.definition import secret_entries
from attune_sim.engine.events import ActionEnded, StartAction
from attune_sim.engine.state import RunState
from attune_sim.errors import InputError, JournalError
from attune_sim.journal.file import Recorded
from attune_sim.rehearsal import AnyAction
from attune_sim.runspec import RunSpec
from attune_sim.secrecy.secrets import MASK, Secrets
from attune_sim.session import Session, session_of
from attune_sim.workflow import Workflow

_STAND_INS: Final = {"integer": 0, "number": 0, "boolean": False, "array": [], "object": {}}


def script_of(source: Run | str | PathLike[str]) -> dict[str, Any]:
    """The script that a recorded run gives: rehearsing it starts the same attempts and gives the same output.

    `source` is a run that had a journal, or the path of one. Results, failures and durations become `actions`, what the
    run came to becomes `expect`. A task that ran a sub-workflow answers with its result. Secrets are `***` everywhere.
    Attempts that ended in a certain order end in that order again: where an executor made them wait for each other, a
    duration is longer than what was measured, by the waiting.

    Raises:
        JournalError: the run has not come to its end, or it was cancelled, or results of it were kept elsewhere.
        InputError: there is no such file, or the run had no journal.

    >>> script_of("nothing.jsonl")
    Traceback (most recent call last):
        ...
    attune_sim.errors.FileError: nothing.jsonl: cannot be read: No such file or directory
    """
    path = source.journal if isinstance(source, Run) else source
    if path is None:
        raise InputError("a script is made from a run that was recorded: run it with journal=PATH")
    recorded = Recorded.open(path)
    if not recorded.over:
        raise JournalError(f"{recorded.path}: the run has not come to its end; resume it first")
    if named := ", ".join(map(repr, recorded.header.get("kept") or ())):
        raise JournalError(
            f"{recorded.path}: the results of task {named} stayed where they were made: they are no part of it"
        )
    attempts = _Attempts()
    hidden = _StandIns(recorded.header)
    session = _replayed(recorded, attempts, hidden)
    spec, state = session.spec, session.state
    if state.status == "cancelled":
        raise JournalError(f"{recorded.path}: the run was cancelled, and when is no part of a script")
    given = {"parameters": spec.parameters, "config": spec.config, "keystore": spec.keystore}
    script = {
        **{name: value for name, value in given.items() if value},
        "started_at": spec.started_at,
        "actions": attempts.entries(),
        "expect": _expected(state, attempts, spec.variables),
    }
    return hidden.without(script, session.secrets)


def _replayed(recorded: Recorded, attempts: _Attempts, hidden: _StandIns) -> Session:
    spec = replace(RunSpec.read(hidden.restored(dict(recorded.header))), strategy="shared")
    attempts.workflow = spec.workflow
    session = session_of(spec, AnyAction(), observers=[attempts], recorded=recorded, listener=attempts)
    session.steps.start()
    return session


class _StandIns(Secrets):
    """Puts a mask where a secret was; a number where the schema of a parameter wants one."""

    __slots__ = ("_schema",)

    def __init__(self, header: Mapping[str, Any]) -> None:
        super().__init__({})
        entries = secret_entries(header["workflow"]["parameters"])
        self._schema = {".".join(("parameters", *path)): entry for path, entry in entries.items()}

    def without(self, script: dict[str, Any], known: Secrets) -> dict[str, Any]:
        """The script without what has become secret on the way. What has a mask in it holds no secret any more."""
        late = Secrets({path: value for path, value in known.values.items() if MASK not in str(value)})
        shown: dict[str, Any] = self.restored(late.masked(script))
        return shown

    def _known(self, path: str, form: str = "") -> Any:
        entry = self._schema.get(path, {})
        if isinstance(choices := entry.get("enum"), list) and choices:
            return choices[0]
        return entry.get("minimum", _STAND_INS.get(str(entry.get("type")), _STAND_INS.get(form, MASK)))


@dataclass(slots=True)
class _Attempt:
    task: str
    visit: int
    index: int | None
    timeout: float | None
    began: int  # microseconds on the clock of the rehearsal
    entry: dict[str, Any] | None = None


@dataclass
class _Attempts:
    """An observer that notes every attempt, and places its end on the clock that a rehearsal of it will have.

    That clock counts whole microseconds and never stands still between two ends, so that their order is kept.
    """

    workflow: Workflow | None = None
    now: int = 0
    all: list[_Attempt] = field(default_factory=list)
    _under_way: dict[tuple[str, int | None], _Attempt] = field(default_factory=dict)
    _ended: dict[tuple[str, int, int | None], list[int]] = field(default_factory=lambda: defaultdict(list))

    def started(self, command: StartAction) -> None:
        """Told of every start that the record holds."""
        before = self._under_way.get((command.task, command.index))
        if before is not None and before.visit == command.visit:
            return  # the one before was lost with its process: this is the same attempt, made again
        ends = self._ended[command.task, command.visit, command.index]
        if ends:
            self.now = max(self.now, ends[-1] + self._pause(command.task, len(ends)))
        attempt = _Attempt(command.task, command.visit, command.index, command.timeout, self.now)
        self.all.append(attempt)
        self._under_way[command.task, command.index] = attempt

    def ended(self, event: ActionEnded) -> None:
        """Told of every end that the record holds: those that called no action have no other moment."""
        if event.stage != "action":
            self.action_ended(event)

    def action_ended(self, event: ActionEnded) -> None:
        attempt = self._under_way.pop((event.task, event.index))
        took = max(round((event.ended - event.started) * 1e6), 0)
        end = max(attempt.began + took, self.now + 1)
        if attempt.timeout is not None:  # waiting for its turn must not make it late
            end = min(end, attempt.began + round(attempt.timeout * 1e6))
        attempt.entry = _entry(event, (end - attempt.began) / 1e6)
        self._ended[event.task, event.visit, event.index].append(end)
        self.now = max(self.now, end)

    def _pause(self, name: str, ended: int) -> int:
        assert self.workflow is not None
        retry = next(task.retry for task in self.workflow.walk() if task.name == name)
        return 0 if retry is None else list(retry.delays())[ended - 1] * 1_000_000

    @property
    def done(self) -> list[_Attempt]:
        """In the order in which they began."""
        return [attempt for attempt in self.all if attempt.entry is not None]

    def entries(self) -> dict[str, list[dict[str, Any]]]:
        """The answers by task: by index where a task ran once, else in the order of its calls."""
        visits = Counter(task for task, _ in {(attempt.task, attempt.visit) for attempt in self.done})
        answers = defaultdict[str, list[dict[str, Any]]](list)
        for attempt in self.done:
            exact = attempt.index is not None and visits[attempt.task] == 1
            place = {"index": attempt.index} if exact else {}
            answers[attempt.task].append({**place, **(attempt.entry or {})})
        return dict(answers)


def _entry(event: ActionEnded, duration: float) -> dict[str, Any]:
    if event.stage != "action":
        return {"status": "unprepared", "duration": duration}
    failed = {} if event.outcome == "succeeded" else {"status": event.outcome, "error": event.error}
    return {**failed, "result": event.result, "duration": duration}


def _expected(state: RunState, attempts: _Attempts, first: Mapping[str, Any]) -> dict[str, Any]:
    called = (each for each in attempts.done if each.entry and each.entry.get("status") != "unprepared")
    starts = [each.task if each.index is None else f"{each.task}[{each.index}]" for each in called]
    published = {
        name: value for name, value in state.variables.items() if name not in first or value != first[name]
    }
    return {
        "status": state.status,
        "starts": starts,
        "task_status": state.task_statuses,
        "variables": published,
        "output": state.output,
        "result": state.result,
    }
