"""Changing the text of a workflow where a task was changed, and nowhere else: comments, order, quotes and blanks stay.

What an edit came to is read again and must be the workflow that was meant; a text in which one place stands for several
(an alias of YAML) is told from others by that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from attune_sim.errors import WorkflowError
from attune_sim.loader import load
from attune_sim.slimming.moves import Move, moved
from attune_sim.workflow import Task, Workflow

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # a PyYAML that was built without libyaml
    from yaml import SafeLoader as Loader  # type: ignore[assignment]

_Edit = tuple[int, int, str]
"""From where to where, and what stands there then."""


def edited(text: str, workflow: Workflow, moves: Iterable[Move]) -> tuple[str, Workflow] | None:
    """The text with these moves, and what it is read as; None if the text cannot be changed so.

    `workflow` is what the text is read as now.
    """
    listed = list(moves)
    edits = [edit for move in listed for edit in _edits(text, workflow, move)]
    new = text
    for start, end, instead in sorted(edits, reverse=True):
        new = new[:start] + instead + new[end:]
    try:
        read = load(new if "\n" in new else f"{new}\n", lenient=True)
    except WorkflowError:
        return None
    wanted = moved(workflow, listed)
    return (new, replace(read, source=workflow.source)) if _said(read) == _said(wanted) else None


def _said(workflow: Workflow) -> Workflow:
    return replace(workflow, source="", digest="", warnings=())


def _edits(text: str, workflow: Workflow, move: Move) -> Iterator[_Edit]:
    node = _place(_tree(text), workflow.tasks, move.task)
    for n, (key, value) in enumerate([] if node is None else node.pairs()):
        if key.value == "action":
            quote = text[value.start] if text[value.start] in "'\"" else ""
            yield value.start, value.end, f"{quote}{move.child.ref}{quote}"
        elif key.value == "retry":
            assert node is not None
            yield _without(text, node, n)


def _without(text: str, node: _Node, number: int) -> _Edit:
    """The edit that takes an entry out of a map: in a map of lines its lines, in one of braces up to the next entry."""
    pairs = list(node.pairs())
    key, value = pairs[number]
    if number == 0 or node.is_flow:
        if number + 1 < len(pairs):
            return key.start, pairs[number + 1][0].start, ""
        return pairs[number - 1][1].last, value.last, ""
    start = text.rfind("\n", 0, key.start) + 1
    end = text.find("\n", value.last)
    return start, len(text) if end < 0 else end + 1, ""


# -- where things stand ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Node:
    """What stands from one place of a text to another. An alias is a node of its own, and has nothing inside."""

    start: int
    end: int
    value: str | None = None
    is_map: bool = False
    is_flow: bool = False
    nodes: list[_Node] = field(default_factory=list)

    def pairs(self) -> Iterator[tuple[_Node, _Node]]:
        return zip(self.nodes[::2], self.nodes[1::2], strict=True) if self.is_map else iter(())

    def child(self, name: str) -> _Node | None:
        return next((value for key, value in self.pairs() if key.value == name), None)

    @property
    def last(self) -> int:
        """Where what is written ends: a block ends for the parser only where the next thing begins."""
        return self.end if self.is_flow or not self.nodes else self.nodes[-1].last


def _tree(text: str) -> _Node:
    root, open_ = _Node(0, 0), list[_Node]()
    for event in yaml.parse(text, Loader=Loader):
        if isinstance(event, yaml.CollectionEndEvent):
            open_.pop().end = _end(event)
        elif isinstance(event, yaml.NodeEvent):
            node = _node(event)
            (open_[-1] if open_ else root).nodes.append(node)
            if isinstance(event, yaml.CollectionStartEvent):
                open_.append(node)
    return root.nodes[0]


def _end(event: Any) -> int:
    index: int = event.end_mark.index
    return index


def _node(event: Any) -> _Node:
    return _Node(
        event.start_mark.index,
        _end(event),
        value=getattr(event, "value", None),
        is_map=isinstance(event, yaml.MappingStartEvent),
        is_flow=bool(getattr(event, "flow_style", False)),
    )


def _place(root: _Node, tasks: tuple[Task, ...], name: str) -> _Node | None:
    """The node of a task, at whatever level it stands."""
    top = root.child("tasks") or (root.child("workflow") or root).child("tasks")
    pending = [(tasks, top)]
    while pending:
        listed, node = pending.pop()
        for task, entry in zip(listed, node.nodes if node is not None else (), strict=False):
            if task.name == name:
                return entry
            pending.append((task.tasks, entry.child("tasks")))
    return None
