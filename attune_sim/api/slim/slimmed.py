"""What `slim` found: the changed workflow, its diff, and what that saves."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from attune_sim.errors import counted
from attune_sim.workflow import Workflow

WIDTH: Final = 80


class Moved(NamedTuple):
    """A task that was moved into the sub-workflow `ref`: bytes of JSON of its result before and after, and what is read of it."""

    task: str
    ref: str
    before_bytes: int
    after_bytes: int
    read: tuple[str, ...]


class Left(NamedTuple):
    """A task with a large result that stays as it is, and why."""

    task: str
    bytes: int
    why: str


@dataclass(frozen=True, kw_only=True)
class Slim:
    """The smallest change that keeps the answers.

    `workflow` is the changed workflow (as it was, if there is nothing to gain), `workflows` are the new sub-workflows, `diff`
    a patch of them all, `files` their texts by name. `before_bytes` and `after_bytes` are what each item of the task
    `fan_out` is handed (None: there is no fan-out, and it is what there is at the end of the run), as a copying strategy
    copies it: the context in bytes of JSON, without the list that the items come from. `items` is how many they are.
    `proved` says that both versions ran and gave equal answers; `doubt` why nothing could be proved at all; `moves` and `left`
    name tasks with large results. `hints` say what helps without any change of a task.

    >>> import attune_sim as at
    >>> text = '''
    ... version: 1.0.0
    ... tasks:
    ...   - {name: fetch, action: my.fetch, next: [{do: [check]}]}
    ...   - name: check
    ...     action: my.check
    ...     with_items: "{{ range(3) }}"
    ...     input: {port: "{{ task.fetch.port }}"}
    ... '''
    >>> actions = {"my.fetch": lambda: {"port": 80, "rows": ["x" * 100] * 1000}, "my.check": lambda port: port}
    >>> slim = at.slim(text, actions=actions)
    >>> slim.proved, slim.after_bytes < slim.before_bytes / 10
    (True, True)
    """

    workflow: Workflow
    workflows: tuple[Workflow, ...]
    diff: str = field(repr=False)
    proved: bool
    before_bytes: int
    after_bytes: int
    fan_out: str | None
    items: int
    moves: tuple[Moved, ...]
    left: tuple[Left, ...]
    doubt: str | None
    files: Mapping[str, str] = field(repr=False)
    hints: tuple[str, ...] = ()

    @property
    def factor(self) -> float:
        """How many times less is handed."""
        return self.before_bytes / max(self.after_bytes, 1)

    @property
    def finding(self) -> str:
        """In one line, what was found."""
        if self.doubt is not None:
            return f"Nothing can be proved: {self.doubt}."
        what = f"each item of {self.fan_out!r} is handed" if self.fan_out else "the run ends with"
        if not self.moves:
            why = "" if self.left else ", and no result of a task makes up much of it that is not read"
            return f"There is nothing to gain: {what} {self.before_bytes:,} bytes{why}."
        tasks = ", ".join(move.task for move in self.moves)
        return (
            f"{what[0].upper()}{what[1:]} {self.before_bytes:,} bytes; with {tasks} moved, {self.after_bytes:,}: "
            f"{self.factor:,.0f} times less, with equal answers."
        )

    @property
    def lines(self) -> list[str]:
        """What was found of each task with a large result."""
        moved = [
            f"{move.task}: {move.before_bytes:,} bytes, of which "
            f"{', '.join(move.read) or 'nothing'} is read; it becomes {move.ref}, {move.after_bytes:,} bytes"
            for move in self.moves
        ]
        left = [f"{left.task}: {left.bytes:,} bytes, stays: {left.why}" for left in self.left]
        return [*moved, *left, *self.hints]

    def __repr__(self) -> str:
        if not self.moves:
            return f"<Slim of {self.workflow.name!r}: {'nothing to gain' if self.doubt is None else 'nothing can be proved'}>"
        return (
            f"<Slim of {self.workflow.name!r}: {counted(len(self.moves), 'task')} moved, {self.before_bytes:,} -> "
            f"{self.after_bytes:,} bytes an item ({self.factor:,.0f} times less), proved>"
        )

    def __str__(self) -> str:
        lead = textwrap.wrap(self.finding, WIDTH)
        notes = [line for each in self.lines for line in textwrap.wrap(each, WIDTH, subsequent_indent="  ")]
        return "\n".join((*lead, *notes, *(["", self.diff] if self.diff else [])))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from attune_sim.reports import Summary, fragment

        notes = [("What was found", tuple(self.lines))]
        diff = [("The change", self.diff)] if self.diff else []
        shown = Summary.plain(
            f"{self.workflow.name}: less context for each item", self.finding, (), notes, diff
        )
        return {"text/plain": str(self), "text/html": fragment(shown)}
