"""The sub-workflows that the actions of a run may name: as objects, files, or folders of files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from os import PathLike
from pathlib import Path

from attune_sim.definition import fingerprint
from attune_sim.errors import InputError
from attune_sim.loader import load
from attune_sim.workflow import Workflow

SubWorkflows = Workflow | str | PathLike[str] | Iterable[Workflow | str | PathLike[str]]


def sub_workflows(given: SubWorkflows) -> tuple[Workflow, ...]:
    """The workflows, each once: a path is a workflow file, or a folder whose `.yaml` and `.yml` files are workflows.

    Raises:
        InputError: there is no such file or folder, or two of them have one name.
        WorkflowError: one of the files is no workflow.
    """
    sources = [given] if isinstance(given, Workflow | str | PathLike) else given
    workflows: dict[str, Workflow] = {}
    for workflow in (each for source in sources for each in _loaded(source)):
        before = workflows.setdefault(workflow.name, workflow)
        if before is not workflow and fingerprint(before) != fingerprint(workflow):
            raise InputError(
                f"two sub-workflows are called {workflow.name!r} ({before.source or 'given'}, "
                f"{workflow.source or 'given'}); give each its own ref"
            )
    return tuple(workflows.values())


def workflow_files(folder: Path) -> list[Path]:
    """The workflow files of a folder, in the order of their names."""
    return sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))


def _loaded(source: Workflow | str | PathLike[str]) -> Iterator[Workflow]:
    if isinstance(source, Workflow):
        yield source
    elif Path(source).is_dir():
        yield from map(load, workflow_files(Path(source)))
    elif isinstance(source, str) and "\n" in source:
        yield load(source)
    elif Path(source).is_file():
        yield load(Path(source))
    else:
        raise InputError(f"{source}: there is no such workflow file or folder of workflows")
