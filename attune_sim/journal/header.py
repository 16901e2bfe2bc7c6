"""The header of a journal: what runs and with what, so that the run can be taken up with nothing but its secrets.

journal         version of the format
executor        what the run was performed by
problems        workflow -> task -> why its action cannot be called: what was unknown to the run stays so
and all that `RunSpec.written` writes; secrets are masks that name their source.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from attune_sim.definition import fingerprint, workflow_of
from attune_sim.engine.runner import Problems
from attune_sim.errors import JournalError
from attune_sim.journal.file import Recorded
from attune_sim.runspec import RunSpec
from attune_sim.secrecy.hidden import SecretPaths
from attune_sim.secrecy.secrets import Secrets, leaves, sources
from attune_sim.workflow import Task, Workflow


def header_of(spec: RunSpec, secrets: Secrets, problems: Problems, executor: str) -> dict[str, Any]:
    """The header of a new run, its secrets masked."""
    return {**spec.written(secrets.masked), "executor": executor, "problems": problems}


def taken_up(
    recorded: Recorded,
    *,
    keystore: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    config: Mapping[str, Any] | None = None,
    at_hand: Iterable[Workflow] = (),
) -> RunSpec:
    """Read the header of a run that is to go on, and put its secrets back.

    `at_hand` are workflows that were found again (the file's own, sub-workflows): the secrets that stand in them need not
    be given. Raises `JournalError` for one of another version, naming every secret that is missing, and for parameters or
    a config that are not those of the run.
    """
    known = {workflow.name: workflow for workflow in at_hand}
    given: dict[str, Any] = {"parameters": dict(parameters or {}), "keystore": keystore, "config": config}
    header = _as_far_as_known(recorded, given)
    _check_versions(recorded.path, header, known)
    forms = [header["workflow"], *header["workflows"].values()]
    first, *others = (known.get(workflow.name, workflow) for workflow in map(workflow_of, forms))
    paths = SecretPaths.of(first, others)
    secrets = Secrets({**paths.values(first, **given), **paths.written})
    _check_secrets(recorded, secrets)
    spec = RunSpec.read(_restored(recorded, secrets))
    _check_definitions(recorded, spec)
    own = SecretPaths.of(spec.workflow, spec.workflows).parameters(spec.workflow)
    _check_parameters(recorded.path, given["parameters"], spec.parameters, {path[0] for path in own if path})
    if config is not None and config != spec.config:
        raise JournalError(f"{recorded.path}: config was another one when the run began; leave it out")
    return spec


def _as_far_as_known(recorded: Recorded, given: Mapping[str, Any]) -> dict[str, Any]:
    """The header with null in the place of a secret that is not given."""
    values = {path: value for name, part in given.items() for path, value in leaves(name, part)}
    return _restored(recorded, Secrets({**dict.fromkeys(sources(dict(recorded.header))), **values}))


def _restored(recorded: Recorded, secrets: Secrets) -> dict[str, Any]:
    try:
        found: dict[str, Any] = secrets.restored(dict(recorded.header))
    except JournalError as error:
        raise JournalError(f"{recorded.path}:1: a damaged line: {error}") from None
    return found


def _check_versions(path: str, header: Mapping[str, Any], known: Mapping[str, Workflow]) -> None:
    file = header["file"] if header.get("file") else {**header, "name": workflow_of(header["workflow"]).name}
    versions = {**header["fingerprints"], file["name"]: file["fingerprint"]}
    for name, workflow in known.items():
        if name in versions and fingerprint(workflow) != versions[name]:
            raise JournalError(
                f"{path}: is of another version of workflow {name!r}: "
                f"{workflow.source or 'the one that is given'} has changed since the run began; "
                "bring that version back, or begin a new run"
            )


def _check_definitions(recorded: Recorded, spec: RunSpec) -> None:
    """A definition is the one that was written: to the letter, if no secret stands in it, and whole in any case."""
    header = recorded.header
    forms = {**header["workflows"], spec.workflow.name: header["workflow"]}
    prints = {**header["fingerprints"], spec.workflow.name: header["fingerprint"]}
    for workflow in (*spec.workflows, spec.workflow):
        is_secret = any(sources(forms.get(workflow.name)))
        if not _is_whole(workflow.tasks) or (
            not is_secret and fingerprint(workflow) != prints.get(workflow.name)
        ):
            raise JournalError(
                f"{recorded.path}:1: a damaged line: workflow {workflow.name!r} is not the one that was written"
            )


def _is_whole(tasks: Sequence[Task]) -> bool:
    """Whether every task that a transition names is there."""
    names = {task.name for task in tasks}
    return all(names.issuperset(task.targets) and _is_whole(task.tasks) for task in tasks)


def _check_secrets(recorded: Recorded, secrets: Secrets) -> None:
    missing = dict.fromkeys(path for path in sources(dict(recorded.header)) if path not in secrets)
    if missing:
        raise JournalError(
            f"{recorded.path}: needs secrets that a journal does not keep: {', '.join(missing)}; give them again "
            f"with {_where(missing)}"
        )


def _where(missing: Iterable[str]) -> str:
    ways = {
        "keystore": "keystore= (--keystore FILE)",
        "parameters": "parameters= (--param NAME=VALUE)",
        "config": "config= (--config FILE)",
        "definitions": "the workflows in which they stand, workflows= (--workflows)",
    }
    return ", ".join(ways[root] for root in dict.fromkeys(path.partition(".")[0] for path in missing))


def _check_parameters(
    path: str, given: Mapping[str, Any], recorded_ones: Mapping[str, Any], secret: Container[object]
) -> None:
    for name, value in given.items():
        if not _part_of(value, recorded_ones[name]) if name in recorded_ones else name not in secret:
            raise JournalError(
                f"{path}: parameter {name!r} was another one when the run began; a run that is taken up keeps "
                "its parameters, and only secret ones have to be given again"
            )


def _part_of(value: Any, whole: Any) -> bool:
    if isinstance(value, Mapping) and isinstance(whole, Mapping):
        return all(name in whole and _part_of(part, whole[name]) for name, part in value.items())
    return bool(value == whole)
