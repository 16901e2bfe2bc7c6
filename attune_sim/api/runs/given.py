"""What a user gives to any verb that runs something: one list of options, with one meaning, and one workload made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any, Final

from attune_sim.api.runs.scripts import script_of
from attune_sim.api.runs.workflows import SubWorkflows, sub_workflows
from attune_sim.errors import InputError
from attune_sim.files import opened
from attune_sim.scenarios.counts import positive
from attune_sim.scenarios.registry import Scenario, workload_of
from attune_sim.scenarios.workload import Workload
from attune_sim.workflow import Workflow

ActionSource = Mapping[str, Callable[..., Any]] | str | PathLike[str]
ScriptSource = Mapping[str, Any] | str | PathLike[str]
Source = Workload | Scenario | Workflow | str | PathLike[str]

_JOURNAL: Final = b'{"journal":'


def given_workload(
    source: Source,
    *,
    parameters: Mapping[str, Any] | None = None,
    actions: ActionSource | None = None,
    workflows: SubWorkflows = (),
    script: ScriptSource | None = None,
    config: Mapping[str, Any] | None = None,
    keystore: Mapping[str, Any] | None = None,
    items: int | None = None,
    seed: int = 0,
) -> Workload:
    """The workload of a scenario or its name, a workflow, a path or YAML text, with what goes with it.

    `actions` maps refs to functions (sync or async) that take the rendered input as keywords, or names a FILE.py of them.
    `workflows` are those that an action may name as sub-workflows: objects, files, folders of files. A `script` gives
    results in place of code: a map, a file of YAML or JSON, or the journal of a run that has ended. `config` and `keystore`
    are what expressions read under these names; values of the keystore are never shown or written. `items` is the size of the
    main fan-out; None keeps the workload's own.

    Raises:
        InputError: something of it cannot be used; values of maps are not shown, they may be secrets.
    """
    for name, value in (("parameters", parameters), ("config", config), ("keystore", keystore)):
        _require_names(name, value)
    workload = workload_of(
        source,
        actions=actions,
        script=_read(script),
        parameters=parameters,
        workflows=sub_workflows(workflows),
        items=None if items is None else positive("items", items, least=1),
        # 0 is the default: it must not replace the seed of a scenario that was made with one
        seed=checked_seed(seed) or None,
    )
    return workload.with_namespaces(config, keystore)


def checked_seed(seed: int) -> int:
    """The seed as it is; raises InputError unless it is a whole number."""
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise InputError(f"seed must be a whole number, not {seed!r}")
    return seed


def _require_names(name: str, value: object) -> None:
    named = isinstance(value, Mapping) and all(isinstance(key, str) for key in value)
    if value is not None and not named:
        kind = "one with other keys" if isinstance(value, Mapping) else f"a {type(value).__name__}"
        raise InputError(f"{name} must be a map of names (text) to values, not {kind}")


def _read(script: ScriptSource | None) -> ScriptSource | None:
    """A journal as the script that it gives; anything else as it is."""
    if isinstance(script, str | PathLike) and "\n" not in str(script) and _is_journal(script):
        return script_of(script)
    return script


def _is_journal(path: str | PathLike[str]) -> bool:
    try:
        with opened(path) as file:
            return file.read(len(_JOURNAL)) == _JOURNAL
    except (OSError, InputError):
        return False  # whoever reads it as a script says why
