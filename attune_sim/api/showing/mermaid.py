"""A workflow as a Mermaid flowchart, which JupyterLab, GitHub and others draw. Whatever a name holds, it stays a text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from attune_sim.workflow import Task, TransitionKind, Workflow

MOST: Final = 80
"""Tasks of a graph that can be read; Mermaid itself refuses longer texts and more edges than a few hundred."""

MOST_EDGES: Final = 400

_LETTERS: Final = 44

_SIGNS: Final = re.compile(r"[^\w .,/≈≥…-]")

_ARROWS: Final[Mapping[TransitionKind, str]] = {
    "always": "-->",
    "succeeded": "-->",
    "failed": "-.->",
    "timed_out": "-.->",
    "custom": "-->",
}
"""Kind of transition -> its line: broken where it is taken after a failure."""


def flowchart(workflow: Workflow, notes: Mapping[str, tuple[str, ...]]) -> str:
    """The graph as Mermaid, from the top to the bottom; `notes` are further lines in the box of a task.

    A fan-out is a box with double sides. Empty where there is nothing to draw, or too much of it.

    >>> from attune_sim.workflow import Task, Transition
    >>> nexts = (Transition(when="{{ succeeded() }}", do=("b",)),)
    >>> print(flowchart(Workflow((Task("a", next=nexts), Task("b"))), {"b": ("reads item",)}))
    flowchart TD
        t0["a"]
        t1["b<br>reads item"]
        t0 --> t1
    """
    tasks = list(workflow.walk())
    ids = {task.name: f"t{n}" for n, task in enumerate(tasks)}
    edges = list(dict.fromkeys(_edges(tasks, ids)))
    if not tasks or len(tasks) > MOST or len(edges) > MOST_EDGES:
        return ""
    boxes = [f"    {ids[task.name]}{_box(task, notes.get(task.name, ()))}" for task in tasks]
    return "\n".join(("flowchart TD", *boxes, *edges))


def _box(task: Task, notes: tuple[str, ...]) -> str:
    lines = [task.name, *([task.action] if task.action else []), *notes]
    text = "<br>".join(map(escaped, lines))
    return f'[["{text}"]]' if task.with_items is not None else f'["{text}"]'


def _edges(tasks: list[Task], ids: Mapping[str, str]) -> Iterator[str]:
    for task in tasks:
        for part in task.tasks:
            yield f"    {ids[task.name]} -.-|part of it| {ids[part.name]}"
        for step in task.next:
            for target in step.do or ():
                if target in ids:  # what is missing has been told of by the loader
                    label = _label(step.kind, step.condition)
                    yield f"    {ids[task.name]} {_ARROWS[step.kind]}{label} {ids[target]}"


def _label(kind: TransitionKind, condition: str | None) -> str:
    if kind in ("always", "succeeded"):
        return ""
    told = kind.replace("_", " ") if kind != "custom" else condition or ""
    return f'|"{escaped(told)}"|'


def escaped(text: str) -> str:
    """A text as a label holds it: one line, not too long, and every sign that might mean something by its number.

    >>> escaped('a"]; click t0 "https://x"')
    'a#34;#93;#59; click t0 #34;https#58;//x#34;'
    """
    line = " ".join(text.split())
    if len(line) > _LETTERS:
        line = f"{line[: _LETTERS - 1]}…"
    return _SIGNS.sub(lambda sign: f"#{ord(sign[0])};" if sign[0].isprintable() else " ", line)
