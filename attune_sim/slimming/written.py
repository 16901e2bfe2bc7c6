"""Files of workflows: the text of a new sub-workflow, and the difference that all changes make, as one patch."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from attune_sim.slimming.moves import Move
from attune_sim.workflow import Retry

_PLAIN: Final = re.compile(r"[A-Za-z_]\w*")
_WORDS: Final = frozenset(("true", "false", "null", "yes", "no", "on", "off"))


def child_text(move: Move, around: str) -> str:
    """The file of a move's sub-workflow; `around` names the workflow that the task was taken from.

    >>> from attune_sim.workflow import Task, Workflow
    >>> child = Workflow((Task("load", action="http.get"),), ref="ops.load", output_map={"n": "{{ result().n }}"})
    >>> print(child_text(Move("load", child, frozenset()), "ops"))
    # Task 'load' of ops, which hands back only what is read of its result.
    ref: ops.load
    version: "1"
    tasks:
      - name: load
        action: http.get  # without input: it is given what this workflow is given
    output_map:
      n: "{{ result().n }}"
    <BLANKLINE>
    """
    child = move.child
    (task,) = child.tasks
    lines = [
        f"# Task {task.name!r} of {around}, which hands back only what is read of its result.",
        f"ref: {child.ref}",
        f"version: {_quoted(child.version)}",
        "tasks:",
        f"  - name: {_text(task.name)}",
        *([f"    type: {task.type}"] if task.type != "action" else []),
        f"    action: {task.action}  # without input: it is given what this workflow is given",
        *(_retry(task.retry) if task.retry is not None else ()),
    ]
    if child.output_map:
        lines.append("output_map:")
        lines += [f"  {_text(key)}: {_quoted(value)}" for key, value in child.output_map.items()]
    return "\n".join([*lines, ""])


def _text(value: str) -> str:
    return value if _PLAIN.fullmatch(value) and value.lower() not in _WORDS else f"'{value}'"


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _retry(retry: Retry) -> Iterator[str]:
    yield "    retry:"
    fields: dict[str, Any] = {"count": retry.count, "delay": retry.delay, "backoff": retry.backoff}
    fields |= {"max_delay": retry.max_delay, "on_error": retry.on_error}
    for name, value in fields.items():
        if value is not None and (name, value) != ("backoff", "constant"):
            yield f"      {name}: {_quoted(value) if name == 'on_error' else value}"


def patch(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """A unified diff of some files, that `patch -p1` and `git apply` take; a file that was not there is a new one.

    >>> print(patch({"a": "1\\n"}, {"a": "2\\n", "b": "3\\n"}))
    --- a/a
    +++ b/a
    @@ -1 +1 @@
    -1
    +2
    --- /dev/null
    +++ b/b
    @@ -0,0 +1 @@
    +3
    <BLANKLINE>
    """
    return "".join(line for name in after for line in _difference(name, before.get(name), after[name]))


def _difference(name: str, before: str | None, after: str) -> Iterator[str]:
    old, new = "/dev/null" if before is None else f"a/{name}", f"b/{name}"
    for line in difflib.unified_diff(_lines(before or ""), _lines(after), old, new):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    """Lines as patches know them: a form feed ends none."""
    return [line for line in re.split(r"(?<=\n)", text) if line]
