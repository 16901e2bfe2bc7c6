"""Every error that attune-sim raises on purpose, as one tree.

    AttuneError
    |-- InputError                what the user gave cannot be used (exit code 2)
    |   |-- WorkflowError         a workflow text, with all its problems
    |   |-- ParametersError       parameters that do not fit the workflow's schema, all problems at once
    |   |-- UnknownNameError      a strategy, scenario, action, executor ... that does not exist
    |   |-- ScriptError           a script of results that cannot be read
    |   |-- FileError             a file that cannot be read or written
    |   `-- JournalError          a journal that cannot be continued
    |-- ExpressionError           one expression; `kind` says what is wrong
    |-- ActionError               an action failed, or was given what it cannot use
    |-- ResultError               a value that JSON cannot hold, where it has to be written
    |-- EventError              an event that cannot be: the executor told the conductor what never happened
    |-- ClusterError              a cluster that is gone in the middle of a run
    `-- ExperimentError           an experiment that may not go on (unequal answers, a worker that cannot start)

    KeyboardInterrupt
    `-- Interrupted               a call that was stopped, with what there is of its result

Every message is one line that says where, what, and what to write instead. Nothing here ever holds a secret.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from attune_sim.display import Displayed

ExpressionKind = Literal[
    "variable_not_found",
    "type_error",
    "division_by_zero",
    "index_out_of_bounds",
    "unknown_function",
    "wrong_arg_count",
    "parse_error",
    "regex_error",
    "limit",
]


class AttuneError(Exception):
    """The base of all errors that attune-sim raises on purpose.

    >>> issubclass(WorkflowError, AttuneError), issubclass(Interrupted, AttuneError)
    (True, False)
    """

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows of it: the message says where, what and what instead, the way to it is ours."""
        return [f"{type(self).__name__}: {self}"]


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, or a notebook's stop button, after a clean stop: `result` is what there is: a `Run`, a `Comparison`, `Claims` ...

    >>> try:
    ...     raise Interrupted("stopped after 3 of 10 items", result=3)
    ... except KeyboardInterrupt as stopped:
    ...     stopped.result
    3
    """

    def __init__(self, message: str, result: object = None) -> None:
        self.result = result
        super().__init__(message)

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows of it."""
        return [f"KeyboardInterrupt: {self}"]


class InputError(AttuneError):
    """What the user gave cannot be used; the message says what to give instead.

    >>> import attune_sim as at
    >>> at.run("baseline", items=-1)
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: items must be an integer of 1 or more, not -1
    """


@dataclass(frozen=True, slots=True)
class Problem(Displayed):
    """One mistake in a workflow file or in a set of parameters.

    `kind` is a word for programs (`unknown_key`, `duplicate_task`, `unknown_target`, `template`, `yaml`, `type`,
    `missing`, `value`, `limit` ...); `line` and `column` count from 1 and are None where no place is known;
    `text` is the offending text; `hint` says what to write instead.

    >>> str(Problem("unknown_key", "unknown key", file="a.yaml", line=3, column=5, text="concurency",
    ...             hint="did you mean 'concurrency'?"))
    "a.yaml:3:5: unknown key 'concurency' (did you mean 'concurrency'?)"
    """

    kind: str
    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    text: str | None = None
    hint: str | None = None

    @property
    def place(self) -> str:
        """`file:line:column`, as far as it is known; empty if nothing is."""
        if self.line is None:
            return self.file or ""
        return f"{self.file or '<text>'}:{self.line}:{self.column or 1}"

    def masked(self, mask: Callable[[str], str]) -> Problem:
        """The same problem, its texts behind a mask that hides secrets."""
        text = None if self.text is None else mask(self.text)
        return replace(self, message=mask(self.message), text=text)

    def __str__(self) -> str:
        place = f"{self.place}: " if self.place else ""
        text = f" {shortened(self.text)!r}" if self.text is not None else ""
        hint = f" ({self.hint})" if self.hint else ""
        return in_one_line(f"{place}{self.message}{text}{hint}")


class _ProblemsError(InputError):
    """Several problems, found before anything was done, raised once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.problems,))


class WorkflowError(_ProblemsError):
    """A workflow text that cannot be used: `.problems` holds every mistake, in the order of the text.

    `.warnings` holds what else is likely a mistake, as the `.warnings` of a workflow do; the message leaves them out.

    >>> import attune_sim as at
    >>> at.load("nowhere.yaml")
    Traceback (most recent call last):
        ...
    attune_sim.errors.WorkflowError: nowhere.yaml: cannot be read: No such file or directory
    """

    def __init__(self, problems: Iterable[Problem], warnings: Iterable[Problem] = ()) -> None:
        super().__init__(problems)
        self.warnings: tuple[Problem, ...] = tuple(warnings)

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.problems, self.warnings))


class ParametersError(_ProblemsError):
    """Parameters that do not fit the schema: `.problems` holds every one of them.

    >>> raise ParametersError([Problem("missing", "parameter 'n' is missing")])
    Traceback (most recent call last):
        ...
    attune_sim.errors.ParametersError: parameter 'n' is missing
    """


class UnknownNameError(InputError):
    """A name that is not registered: says which kind of thing, the name, the nearest one and all that there are.

    >>> raise UnknownNameError("strategy", "shard", ["deepcopy", "shared"])
    Traceback (most recent call last):
        ...
    attune_sim.errors.UnknownNameError: unknown strategy 'shard' (did you mean 'shared'?); choose from: deepcopy, shared
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind, self.name, self.known = kind, name, tuple(known)
        guess = did_you_mean(name, self.known)
        choices = ", ".join(self.known) or "there are none"
        super().__init__(
            f"unknown {kind} {shortened(name)!r}{f' ({guess})' if guess else ''}; choose from: {choices}"
        )

    def __reduce__(self) -> tuple[type[UnknownNameError], tuple[str, str, tuple[str, ...]]]:
        return (type(self), (self.kind, self.name, self.known))


class ScriptError(InputError):
    """A script of results (for `rehearse` and `--script`) that cannot be used.

    >>> import attune_sim as at
    >>> at.rehearse("baseline", {"act": {}})
    Traceback (most recent call last):
        ...
    attune_sim.errors.ScriptError: ...
    """


class FileError(InputError):
    """A file that cannot be read or written; `reason` says why, without its name."""

    def __init__(self, path: str | os.PathLike[str], reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{in_one_line(os.fsdecode(path))}: {reason}" if os.fspath(path) else reason)

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.path, self.reason))


class JournalError(InputError):
    """A journal that cannot be read or continued.

    >>> raise JournalError("run.jsonl: this journal has no beginning")
    Traceback (most recent call last):
        ...
    attune_sim.errors.JournalError: run.jsonl: this journal has no beginning
    """


class ExpressionError(AttuneError):
    """An expression that cannot be compiled or evaluated.

    `kind` is one of `ExpressionKind`; `expression` is the text inside the braces; `where` names task and field
    (`task 'check', input.url`) once the engine knows them.

    >>> import attune_sim as at
    >>> at.evaluate("1 // 0")
    Traceback (most recent call last):
        ...
    attune_sim.errors.ExpressionError: cannot divide a number by zero in {{ 1 // 0 }}
    """

    def __init__(self, kind: ExpressionKind, message: str, *, expression: str = "", where: str = "") -> None:
        self.kind: ExpressionKind = kind
        self.message, self.expression, self.where = message, expression, where
        super().__init__(kind, message)

    def located(self, where: str) -> ExpressionError:
        """The same error, with its place; the innermost place wins."""
        return ExpressionError(self.kind, self.message, expression=self.expression, where=self.where or where)

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        expression = f" in {{{{ {shortened(self.expression)} }}}}" if self.expression else ""
        return f"{where}{self.message}{expression}"

    def __reduce__(self) -> tuple[object, ...]:
        return (_expression_error, (self.kind, self.message, self.expression, self.where))


def _expression_error(kind: ExpressionKind, message: str, expression: str, where: str) -> ExpressionError:
    return ExpressionError(kind, message, expression=expression, where=where)


class ActionError(AttuneError):
    """Raised by an action to fail with a reason; `result` may carry what it found so far.

    >>> ActionError("3 of 10 hosts are down", result={"down": 3}).result
    {'down': 3}
    """

    def __init__(self, message: str, result: object = None) -> None:
        self.result = result
        super().__init__(message)


class ActionTimeout(ActionError):
    """Raised by an action whose peer did not answer in time: the outcome is `timed_out`, not `failed`.

    >>> raise ActionTimeout("host-7 did not answer within 5 s")
    Traceback (most recent call last):
        ...
    attune_sim.errors.ActionTimeout: host-7 did not answer within 5 s
    """


class ResultError(AttuneError):
    """A value that is not JSON, met where it has to be written down.

    >>> raise ResultError("result of task 'find': a set cannot be written as JSON")
    Traceback (most recent call last):
        ...
    attune_sim.errors.ResultError: result of task 'find': a set cannot be written as JSON
    """


class EventError(AttuneError):
    """An event that does not fit the run's state: names event, task, item and status. A mistake of an executor."""


class ClusterError(AttuneError):
    """A cluster that is gone, or has no worker left, in the middle of a run; its journal takes the run up."""


class ExperimentError(AttuneError):
    """An experiment that may not go on: strategies that gave different answers, a worker that cannot start.

    >>> raise ExperimentError("shared and deepcopy give different outputs")
    Traceback (most recent call last):
        ...
    attune_sim.errors.ExperimentError: shared and deepcopy give different outputs
    """


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """`did you mean 'x'?` for the nearest known name, or None.

    >>> did_you_mean("concurency", ["concurrency", "retry"])
    "did you mean 'concurrency'?"
    """
    folded = {key.lower().replace("-", "_"): key for key in known}
    found = difflib.get_close_matches(str(name)[:100].lower().replace("-", "_"), folded, n=1, cutoff=0.6)
    return f"did you mean {folded[found[0]]!r}?" if found else None


def action_hint(action: str, known: Iterable[str]) -> str | None:
    """What to write instead of an action that nobody provides, if one of those that are known was surely meant.

    >>> action_hint("demo.find", ["demo_find", "x.demo_find"]), action_hint("core.nop", ["core.noop"])
    ("name the function 'demo__find': two underscores stand for the dot", "did you mean 'core.noop'?")
    """
    listed = list(known)
    if action.replace(".", "_") in listed:
        return f"name the function {action.replace('.', '__')!r}: two underscores stand for the dot"
    return did_you_mean(action, listed)


def with_article(noun: str) -> str:
    """The noun with `a` or `an` before it.

    >>> with_article("object"), with_article("list")
    ('an object', 'a list')
    """
    return f"{'an' if noun[:1] in tuple('aeiouAEIOU') else 'a'} {noun}"


def counted(count: int, noun: str, several: str = "") -> str:
    """A count and its noun; `several` where that is not the noun with an s.

    >>> counted(1, "task"), counted(1200, "task"), counted(12, "strategy", "strategies")
    ('1 task', '1,200 tasks', '12 strategies')
    """
    return f"{count:,} {noun if count == 1 else several or f'{noun}s'}"


def in_one_line(text: str) -> str:
    """Names of a user's may hold line breaks, or letters by which a terminal is led astray: they are shown escaped."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def shortened(text: str, width: int = 80) -> str:
    """A text in one line of at most so many letters.

    >>> shortened("a\\n  b"), shortened("abcdefgh", 6)
    ('a b', 'abc...')
    """
    flat = " ".join(str(text).split())
    return flat if len(flat) <= width else flat[: width - 3] + "..."
