"""The header of a journal: what runs and with what, so that the run can be taken up with nothing but its secrets.

journal         version of the format
workflow        the definition, as it was when the run began; fingerprint: of it
workflows       definitions of the sub-workflows that its actions can reach, by ref; fingerprints: of them
file            path and fingerprint of the file that the workflow was read from, if there is one
parameters      as they were given; config, keystore: likewise; secrets are masks that name their source
strategy, dispatch, executor, max_task_runs, limits, started_at
problems        workflow -> task -> why its action cannot be called
history, variables, seed, and what else `api` needs to make the same workload again
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from attune_sim.engine.definition import definition, fingerprint, workflow_of
from attune_sim.engine.hidden import Hidden
from attune_sim.engine.journal import Recorded
from attune_sim.engine.runner import Runner
from attune_sim.engine.secrets import Secrets, leaves, sources
from attune_sim.errors import JournalError
from attune_sim.workflow import Workflow


def header_of(runner: Runner, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The header of a new run, its secrets masked; `facts` are what the engine itself does not know."""
    secrets, shared = runner.secrets, runner.shared
    called = reachable(runner.workflow, runner.workflows)
    return {
        "workflow": _masked(runner.workflow, secrets),
        "fingerprint": fingerprint(runner.workflow),
        "workflows": {one.name: _masked(one, secrets) for one in called},
        "fingerprints": {one.name: fingerprint(one) for one in called},
        "parameters": secrets.masked(runner.parameters, "parameters"),
        "config": secrets.masked(shared["config"], "config"),
        "keystore": secrets.masked(shared["keystore"], "keystore"),
        "strategy": runner.strategy.name,
        "dispatch": runner.dispatch,
        "max_task_runs": runner.max_task_runs,
        "limits": None if runner.limits is None else asdict(runner.limits),
        "started_at": (shared["system"] or {})["workflow_start"],
        "problems": {name: found for name, found in runner.problems().items() if found},
        **{name: secrets.masked(value) for name, value in facts.items()},
    }


def reachable(workflow: Workflow, known: Mapping[str, Workflow]) -> list[Workflow]:
    """The sub-workflows that the actions of a workflow name, directly or not, in the order in which they do."""
    found: dict[str, Workflow] = {}
    pending = [workflow]
    while pending:
        for ref in (task.action or "" for task in pending.pop(0).walk()):
            if ref in known and ref not in found:
                found[ref] = known[ref]
                pending.append(known[ref])
    return list(found.values())


def _masked(workflow: Workflow, secrets: Secrets) -> Any:
    return secrets.masked(definition(workflow), f"definitions.{workflow.name}")


@dataclass(frozen=True, slots=True)
class Taken:
    """What a header says, its secrets restored. `facts` is all of it, by the names of the header."""

    workflow: Workflow
    workflows: tuple[Workflow, ...]
    parameters: dict[str, Any]
    config: Mapping[str, Any] | None
    keystore: Mapping[str, Any] | None
    facts: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"<Taken {self.workflow.name!r}, begun at {self.facts['started_at']}>"


def taken_up(
    recorded: Recorded,
    *,
    keystore: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    config: Mapping[str, Any] | None = None,
    at_hand: Iterable[Workflow] = (),
) -> Taken:
    """Read the header of a run that is to go on, and put its secrets back.

    `at_hand` are workflows that were found again (the file's own, sub-workflows): the secrets that stand in them need not
    be given. Raises `JournalError` for one of another version, naming every secret that is missing, and for parameters or
    a config that are not those of the run.
    """
    known = {one.name: one for one in at_hand}
    given: dict[str, Any] = {"parameters": dict(parameters or {}), "keystore": keystore, "config": config}
    header = _as_far_as_known(recorded.header, given)
    _check_versions(recorded.path, header, known)
    forms = [header["workflow"], *header["workflows"].values()]
    first, *others = (known.get(one.name, one) for one in map(workflow_of, forms))
    hidden = Hidden.of(first, others)
    secrets = Secrets({**hidden.values(first, **given), **hidden.written})
    _check_secrets(recorded, secrets)
    facts: dict[str, Any] = secrets.restored(dict(recorded.header))
    workflow = workflow_of(facts["workflow"])
    workflows = tuple(map(workflow_of, facts["workflows"].values()))
    secret = {path[0] for path in Hidden.of(workflow, workflows).parameters(workflow) if path}
    _check_parameters(recorded.path, given["parameters"], facts["parameters"], secret)
    if config is not None and config != facts["config"]:
        raise JournalError(f"{recorded.path}: config was another one when the run began; leave it out")
    return Taken(workflow, workflows, facts["parameters"], facts["config"], facts["keystore"], facts)


def _as_far_as_known(header: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The header with null in the place of a secret that is not given."""
    values = {path: value for name, one in given.items() for path, value in leaves(name, one)}
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
        return all(name in whole and _part_of(one, whole[name]) for name, one in value.items())
    return bool(value == whole)
