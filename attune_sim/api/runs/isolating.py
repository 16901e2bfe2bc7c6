"""Running a workload once to see whether its actions write into what they are handed."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, cast

from attune_sim.actions.registry import actions_of
from attune_sim.api.runs.given import ActionSource, ScriptSource, Source, given_workload
from attune_sim.api.runs.workflows import SubWorkflows
from attune_sim.api.stopped import stopped
from attune_sim.errors import InputError, Interrupted
from attune_sim.isolation import Isolation, watch_isolation


def check_isolation(
    workload: Source,
    parameters: Mapping[str, Any] | None = None,
    *,
    actions: ActionSource | None = None,
    workflows: SubWorkflows = (),
    script: ScriptSource | None = None,
    config: Mapping[str, Any] | None = None,
    keystore: Mapping[str, Any] | None = None,
    items: int | None = None,
    real: bool = True,
    seed: int = 0,
) -> Isolation:
    """Run a workload once and tell whether any action writes into what it was handed, retries included.

    `.leaks` names task, action, item, attempt and path of each write; `.safe` and `.unsafe` name the strategies under
    which it can and cannot be told by others. If it is `.ok`, `deepcopy` may become `shared` and nothing changes but the
    price. `real=False` uses a scenario's replayed actions; a user's own actions are always the real ones. Parameters,
    config and keystore are copied first, so that the caller's own stay as they are.

    Not seen is what is not run (branches that are not taken, inputs that do not occur), a write that is undone before the
    action returns, and what a thread writes more than a second after the run. `.unwatched` names values that cannot be
    looked into. A strategy that is safe may still refuse values that it cannot carry, as `json` refuses objects.

    Raises:
        InputError: an action does not exist, or a value that is given cannot be copied; nothing was run.
        Interrupted: Ctrl-C. What was found by then is its `result`, and `at.last()`.

    >>> text = '''
    ... version: 1.0.0
    ... vars: {seen: []}
    ... tasks:
    ...   - {name: note, action: demo.note, with_items: "{{ [1, 2] }}", input: {seen: "{{ seen }}", n: "{{ item }}"}}
    ... '''
    >>> found = check_isolation(text, actions={"demo.note": lambda seen, n: seen.append(n)})
    >>> print(found.leaks[0])
    task 'note' item 0: demo.note wrote into workflow.seen: 1 entry instead of 0
    >>> "shared" in found.unsafe, "deepcopy" in found.safe
    (True, True)
    """
    chosen = given_workload(
        workload, parameters=parameters, actions=actions, workflows=workflows, script=script,
        config=config, keystore=keystore, items=items, seed=seed,
    )  # fmt: skip
    chosen.require_items_of_its_own()
    packs = actions_of(chosen.actions(real=real))
    with chosen.parts(chosen) if real else nullcontext({}) as extra, packs.closed():
        spec = chosen.spec(extra)
        given = {name: _copied(name, getattr(spec, name)) for name in ("parameters", "config", "keystore")}
        try:
            return watch_isolation(replace(spec, **given), packs)  # type: ignore[arg-type]
        except Interrupted as halt:
            raise stopped(str(halt), cast("Isolation", halt.result)) from None


def _copied(what: str, values: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    try:
        return copy.deepcopy(values)
    except Exception as error:  # whatever a class raises that cannot be copied
        raise InputError(f"{what} cannot be copied: {type(error).__name__}: {error}") from None
