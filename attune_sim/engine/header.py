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

import copy
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from attune_sim.engine.definition import definition, fingerprint, secret_entries, workflow_of
from attune_sim.engine.journal import Recorded
from attune_sim.engine.runner import Runner, secrets_of
from attune_sim.engine.secrets import Secrets, sources
from attune_sim.errors import JournalError
from attune_sim.workflow import Workflow


def header_of(runner: Runner, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The header of a new run, its secrets masked; `facts` are what the engine itself does not know."""
    secrets, shared = runner.secrets, runner.shared
    called = reachable(runner.workflow, runner.workflows)
    return {
        "workflow": _masked_definition(runner.workflow, secrets),
        "fingerprint": fingerprint(runner.workflow),
        "workflows": {one.name: _masked_definition(one, secrets) for one in called},
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


def _masked_definition(workflow: Workflow, secrets: Secrets) -> Any:
    form = definition(workflow)
    for path, entry in secret_entries(form["parameters"]).items():
        if entry.get("default") is not None:
            # Masked apart: a short one is known by its place only.
            entry["default"] = _Masked(
                secrets.masked(entry["default"], ".".join(("defaults", workflow.name, *path)))
            )
    return _plain(secrets.masked(form))


class _Masked:
    """A value that is masked already: a second time would wrap its masks."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _plain(value: Any) -> Any:
    if isinstance(value, _Masked):
        return value.value
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Taken:
    """What a header says, its secrets restored. `facts` is all of it, by the names of the header."""

    workflow: Workflow
    workflows: tuple[Workflow, ...]
    parameters: dict[str, Any]
    config: Mapping[str, Any] | None
    keystore: Mapping[str, Any] | None
    facts: Mapping[str, Any]


def taken_up(
    recorded: Recorded,
    *,
    keystore: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    at_hand: Iterable[Workflow] = (),
) -> Taken:
    """Read the header of a run that is to go on, and put its secrets back.

    `at_hand` are workflows that were found again (the file's own, sub-workflows): the defaults of their secret parameters
    need not be given. Raises `JournalError` for one of another version, naming every secret that is missing, and for
    parameters that are not those of the run.
    """
    known = {one.name: one for one in at_hand}
    _check_versions(recorded, known)
    given = dict(parameters or {})
    secrets = _secrets_at_hand(recorded, known, given, keystore)
    _check_secrets(recorded, secrets)
    facts: dict[str, Any] = secrets.restored(dict(recorded.header))
    workflow = workflow_of(facts["workflow"])
    _check_parameters(recorded, given, facts["parameters"], workflow)
    workflows = tuple(map(workflow_of, facts["workflows"].values()))
    return Taken(workflow, workflows, facts["parameters"], facts["config"], facts["keystore"], facts)


def _check_versions(recorded: Recorded, known: Mapping[str, Workflow]) -> None:
    header = recorded.header
    file = header.get("file") or {"name": _without_defaults(header["workflow"]).name, **header}
    versions = {**header["fingerprints"], file["name"]: file["fingerprint"]}
    for name, workflow in known.items():
        if name in versions and fingerprint(workflow) != versions[name]:
            raise JournalError(
                f"{recorded.path}: is of another version of workflow {name!r}: "
                f"{workflow.source or 'the one that is given'} has changed since the run began; "
                "bring that version back, or begin a new run"
            )


def _secrets_at_hand(
    recorded: Recorded,
    known: Mapping[str, Workflow],
    parameters: Mapping[str, Any],
    keystore: Mapping[str, Any] | None,
) -> Secrets:
    forms = [recorded.header["workflow"], *recorded.header["workflows"].values()]
    first, *others = (known.get(one.name, one) for one in map(_without_defaults, forms))
    return secrets_of(first, others, parameters, keystore)


def _without_defaults(form: Mapping[str, Any]) -> Workflow:
    """A workflow whose secrets are not known yet."""
    form = copy.deepcopy(dict(form))
    for entry in secret_entries(form["parameters"]).values():
        entry.pop("default", None)
    return workflow_of(form)


def _check_secrets(recorded: Recorded, secrets: Secrets) -> None:
    missing = dict.fromkeys(path for path in sources(dict(recorded.header)) if path not in secrets)
    if missing:
        raise JournalError(
            f"{recorded.path}: needs secrets that a journal does not keep: {', '.join(missing)}; give them again "
            "with keystore= or parameters= (--keystore FILE, --param NAME=VALUE)"
        )


def _check_parameters(
    recorded: Recorded, given: Mapping[str, Any], recorded_ones: Mapping[str, Any], workflow: Workflow
) -> None:
    secret = {path[0] for path in secret_entries(workflow.parameters)}
    for name, value in given.items():
        if not _part_of(value, recorded_ones[name]) if name in recorded_ones else name not in secret:
            raise JournalError(
                f"{recorded.path}: parameter {name!r} was another one when the run began; a run that is taken up keeps "
                "its parameters, and only secret ones have to be given again"
            )


def _part_of(value: Any, whole: Any) -> bool:
    if isinstance(value, Mapping) and isinstance(whole, Mapping):
        return all(name in whole and _part_of(one, whole[name]) for name, one in value.items())
    return bool(value == whole)
