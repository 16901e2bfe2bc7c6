"""YAML text -> Workflow. Every mistake is gathered, with file, line and column, before anything is raised.

The way of a text: `source` (bytes to clean text), `tree` (events to nodes, within limits; `broken` says why it is none),
`document` (nodes to plain data), then three judges that do not stop at each other's findings: `shape` (fields), `meaning`
(names, targets, graph, schemas of parameters) and `templates` (expressions, with `doubts` about what compiles); at last
`build` (a frozen Workflow).
"""

from __future__ import annotations

import os

from attune_sim.collector import collector_at_rest
from attune_sim.errors import WorkflowError
from attune_sim.loader.build import build_workflow
from attune_sim.loader.document import read_document
from attune_sim.loader.findings import Findings
from attune_sim.loader.meaning import check_meaning
from attune_sim.loader.shape import check_shape
from attune_sim.loader.source import Source, read_source
from attune_sim.loader.templates import check_templates
from attune_sim.loader.tree import compose
from attune_sim.workflow import Workflow

__all__ = ["load"]


def load(source: str | os.PathLike[str], *, lenient: bool = False) -> Workflow:
    """The workflow that `source` describes: a path, or a string (YAML text if it has a line break, else a path).

    `lenient` accepts what the original accepts: unknown keys, equal task names (the later one wins), unreachable tasks,
    levels on which nothing can begin. Calls of functions and reads of names that do not exist fail only where they are
    reached; `.warnings` names them, each with its place.
    Raises WorkflowError with all problems, in the order of the text.

    >>> load('''
    ... version: 1.0.0
    ... tasks:
    ...   - name: hello
    ...     action: core.echo
    ... ''').entry_points
    ('hello',)
    """
    text = read_source(source)
    # A text of 1 MiB makes a million objects and no garbage: walking them again and again would take half the time.
    with collector_at_rest():
        return _loaded(text, lenient=lenient)  # what was only needed to read it is given up in there


def _loaded(text: Source, *, lenient: bool) -> Workflow:
    findings = Findings(text)
    document = read_document(compose(text), findings, lenient=lenient)
    findings.raise_if_full()
    fields = check_shape(document, findings)
    findings.raise_if_full()
    check_meaning(document, findings, lenient=lenient)
    check_templates(document, findings)
    findings.raise_if_any()
    if fields is None:  # pragma: no cover - what pydantic refuses is always told
        raise WorkflowError([])
    return build_workflow(fields, document, findings)
