"""A workflow as JSON and back, and the fingerprint by which two versions of it are told apart."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from attune_sim.errors import JournalError
from attune_sim.parameters import secret_entries
from attune_sim.workflow import Retry, Task, Transition, Workflow

__all__ = ["definition", "fingerprint", "secret_entries", "workflow_of"]


def definition(workflow: Workflow) -> dict[str, Any]:
    """A workflow as JSON, exactly enough to build it again. Raises `JournalError` if it holds what is not JSON."""
    try:
        form: dict[str, Any] = json.loads(json.dumps(asdict(workflow)))
    except (TypeError, ValueError, RecursionError) as error:
        raise JournalError(f"workflow {workflow.name!r} cannot be written down: {error}") from None
    del form["warnings"]
    for task in _tasks(form["tasks"]):
        task.pop("lines")
    return form


def fingerprint(workflow: Workflow) -> str:
    """Sixteen hexadecimal digits, equal for workflows that do the same; comments, layout and secrets do not count."""
    form = {key: value for key, value in definition(workflow).items() if key not in ("source", "digest")}
    for entry in secret_entries(form["parameters"]).values():
        entry.pop("default", None)
    text = json.dumps(form, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _tasks(tasks: Any) -> Iterator[dict[str, Any]]:
    for task in tasks:
        yield task
        yield from _tasks(task["tasks"])


def workflow_of(form: Mapping[str, Any]) -> Workflow:
    """The workflow that `definition` wrote down."""
    return Workflow(**{**form, "tasks": tuple(map(_task, form["tasks"])), "tags": tuple(form["tags"])})


def _task(form: Mapping[str, Any]) -> Task:
    retry = None if form["retry"] is None else Retry(**form["retry"])
    steps, tasks = tuple(map(_transition, form["next"])), tuple(map(_task, form["tasks"]))
    return Task(**{**form, "next": steps, "retry": retry, "tasks": tasks})


def _transition(form: Mapping[str, Any]) -> Transition:
    targets = None if form["do"] is None else tuple(form["do"])
    return Transition(**{**form, "publish": tuple(form["publish"]), "do": targets})
