"""The header of a journal: what runs and with what, so that the run can be taken up with nothing but its secrets.

journal         version of the format
executor        what the run was performed by
problems        workflow -> task -> why its action cannot be called: what was unknown to the run stays so
and all that `RunSpec.written` writes; secrets are masks that name their source.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

from attune_sim.definition import fingerprint, workflow_of
from attune_sim.engine.runner import Problems
from attune_sim.errors import JournalError
from attune_sim.journal.file import Recorded
from attune_sim.runspec import RunSpec
from attune_sim.secrecy.hidden import SecretPaths
from attune_sim.secrecy.secrets import Secrets, leaves, sources
from attune_sim.workflow import Workflow


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
    header = _as_far_as_known(recorded.header, given)
    _check_versions(recorded.path, header, known)
    forms = [header["workflow"], *header["workflows"].values()]
    first, *others = (known.get(workflow.name, workflow) for workflow in map(workflow_of, forms))
    paths = SecretPaths.of(first, others)
    secrets = Secrets({**paths.values(first, **given), **paths.written})
    _check_secrets(recorded, secrets)
    spec = RunSpec.read(secrets.restored(dict(recorded.header)))
    own = SecretPaths.of(spec.workflow, spec.workflows).parameters(spec.workflow)
    _check_parameters(recorded.path, given["parameters"], spec.parameters, {path[0] for path in own if path})
    if config is not None and config != spec.config:
        raise JournalError(f"{recorded.path}: config was another one when the run began; leave it out")
    return spec


def _as_far_as_known(header: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The header with null in the place of a secret that is not given."""
    values = {path: value for name, part in given.items() for path, value in leaves(name, part)}
    found: dict[str, Any] = Secrets({**dict.fromkeys(sources(dict(header))), **values}).restored(dict(header))
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
