"""A workflow in a notebook: its graph as Mermaid within Markdown, and below it a table of how the context grows.

Markdown, and not HTML: JupyterLab draws the Mermaid inside of it in the colours of its theme, also where a notebook is not trusted.
Beside it stands the graph alone, for pages that know Mermaid only, and a text for all others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from attune_sim.api.showing.growth import Stage, scripted_sizes, stages
from attune_sim.api.showing.mermaid import MOST, flowchart
from attune_sim.api.showing.text import fitted
from attune_sim.errors import counted
from attune_sim.metrics import format_bytes
from attune_sim.scenarios.workload import Workload
from attune_sim.workflow import Task, Workflow

WIDTH: Final = 100

SHOWN: Final = 4
BOXED: Final = 1
"""Paths, or variables, of a task that are named in the table and in its box; the others are counted."""

_MARKS: Final = re.compile(r"[^\w ,;'=?%]|_")


def graph_bundle(value: Workflow | Workload) -> dict[str, str]:
    """The graph as `text/markdown`, as `text/vnd.mermaid` where it can be drawn, and as `text/plain`."""
    workflow = value if isinstance(value, Workflow) else _definition(value)
    along = _along(value)
    chart = flowchart(workflow, {stage.task: _notes(stage) for stage in along})
    drawn = f"```mermaid\n{chart}\n```" if chart else _undrawn(workflow)
    table = _markdown_table(_headers(along), [_row(stage) for stage in along[:MOST]])
    told = "\n\n".join((f"**{marked(repr(value).strip('<>'))}**", drawn, table, _caption(value, along)))
    shown = {"text/plain": _text(value, workflow, along), "text/markdown": told}
    return {**shown, "text/vnd.mermaid": chart} if chart else shown


def _definition(workload: Workload) -> Workflow:
    return workload.workflow if workload.user is None else workload.user.definition


def _along(value: Workflow | Workload) -> list[Stage]:
    if isinstance(value, Workflow):
        return stages(value)
    definition = _definition(value)
    script = value.script if value.user is None else value.user.script
    sizes = None if script is None else scripted_sizes(definition, script, value.items)
    return stages(definition, value.context_bytes, sizes)


def _undrawn(workflow: Workflow) -> str:
    count = sum(1 for _ in workflow.walk())
    return f"*{counted(count, 'task')}: too many to draw.*" if count else "*It has no task.*"


def _notes(stage: Stage) -> tuple[str, ...]:
    """What stands in the box of a task, below its name."""
    reads = ["reads everything"] if stage.reads is None else _listed("reads", stage.reads)
    size = [] if stage.after is None else [f"context then {_size(stage)}"]
    return (*reads, *_listed("publishes", stage.publishes), *size)


def _listed(verb: str, names: Sequence[str]) -> list[str]:
    return [f"{verb} {_some(names, BOXED)}"] if names else []


def _some(names: Sequence[str], most: int = SHOWN) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def _size(stage: Stage) -> str:
    assert stage.after is not None
    return f"{'≥ ' if stage.at_least else '≈ '}{format_bytes(stage.after)}"


def _headers(along: Sequence[Stage]) -> tuple[str, ...]:
    sized = any(stage.after is not None for stage in along)
    return ("task", "reads", "leaves in the context", *(["its result", "context then"] if sized else []))


def _row(stage: Stage) -> tuple[str, ...]:
    reads = "everything" if stage.reads is None else _some(stage.reads) or "–"
    leaves = _some([f"task.{stage.task}", *(f"workflow.{name}" for name in stage.publishes)])
    if stage.after is None:
        return stage.task, reads, leaves
    return stage.task, reads, leaves, "?" if stage.added is None else format_bytes(stage.added), _size(stage)


def _caption(value: Workflow | Workload, along: Sequence[Stage]) -> str:
    if any(stage.after is not None for stage in along):
        return (
            "*Bytes of JSON, estimated from the script, with every task run once in the order of the file.*"
        )
    if isinstance(value, Workload):
        return f"*{format_bytes(value.context_bytes)} of JSON before the first task; how large results are, a run tells.*"
    return "*How large results are is known with a script: `at.workload_of(path, script=...)`.*"


def _markdown_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headers, ["---"] * len(headers), *(tuple(map(marked, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def marked(text: str) -> str:
    """A text in Markdown in which no sign means anything, of HTML, links and formulas neither: a backslash would not do for all.

    >>> marked("<b>|$x$")
    '&#60;b&#62;&#124;&#36;x&#36;'
    """
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return _MARKS.sub(lambda sign: f"&#{ord(sign[0])};", line)


def _text(value: Workflow | Workload, workflow: Workflow, along: Sequence[Stage]) -> str:
    then: Mapping[str, Task] = {task.name: task for task in workflow.walk()}
    headers = ("task", "action", "then", *_headers(along)[1:])
    rows = [
        (stage.task, then[stage.task].action or then[stage.task].type, ", ".join(then[stage.task].targets) or "–", *_row(stage)[1:])
        for stage in along[:MOST]
    ]  # fmt: skip
    texts = frozenset(range(5))
    return "\n".join((repr(value), "", *(line.text for line in fitted(headers, rows, texts, WIDTH))))
