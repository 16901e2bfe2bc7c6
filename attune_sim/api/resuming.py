"""Taking up a run whose process has died, from its journal."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attune_sim.actions.registry import Actions, actions_of
from attune_sim.actions.script import Script
from attune_sim.actions.synthetic import Scripted
from attune_sim.api.driving import Drive
from attune_sim.api.run import Run
from attune_sim.api.running import ActionSource, checked_observers
from attune_sim.api.workflows import SubWorkflows, sub_workflows
from attune_sim.contexts.registry import strategies
from attune_sim.engine.header import Taken, taken_up
from attune_sim.engine.journal import Journal, Recorded
from attune_sim.engine.runner import Runner
from attune_sim.errors import JournalError, WorkflowError
from attune_sim.executors import executor_named
from attune_sim.expressions import Limits
from attune_sim.loader import load
from attune_sim.probes.recorder import Recorder
from attune_sim.scenarios.payload import make_history
from attune_sim.scenarios.registry import scenarios
from attune_sim.scenarios.workload import History, Workload
from attune_sim.workflow import Workflow


def resume(
    journal: str | PathLike[str],
    *,
    actions: ActionSource | None = None,
    workflows: SubWorkflows = (),
    config: Mapping[str, Any] | None = None,
    keystore: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    executor: str = "inline",
    observers: Iterable[object] = (),
) -> Run:
    """Take up a run that was begun with `at.run(..., journal=PATH)` and did not come to its end.

    What has ended is told from the journal and does not run again; what had begun without an end runs again, as its
    next attempt. The result is that of an undisturbed run. A run that is over is only told again, and so is one that
    Ctrl-C cancelled: it stays `cancelled`, whatever it left undone. If its process died while it was being cancelled, what
    was under way runs again and nothing else; then it ends as `cancelled`.

    Workflow, parameters, config and sub-workflows are those of the journal; give `actions` again, and what was secret:
    `keystore`, `parameters` with `secret: true` and those that go into such a parameter of a sub-workflow, `config` if a
    part of it does. `workflows` are compared with those of the run, and have the secrets that stand in definitions.
    Pauses before retries and time limits of sub-workflows begin anew.

    A secret may have another value than before, such as a token that was renewed: it is used from now on, and stands in
    recorded results where the former one stood. The journal could not tell: it holds nothing of a secret, no digest
    either. If conditions read it and lead elsewhere now, the record does not fit and is refused.

    Raises:
        JournalError: the file is no journal, belongs to another version of the workflow, does not fit the secrets, or
            an action or a secret is missing; each is named, and nothing has run then.
        InputError: there is no such file, or another process is writing it.
    """
    performer, watching = executor_named(executor), checked_observers(observers)
    recorded = Recorded.open(journal)
    with closing(Journal(journal, clock=time.monotonic)) as log:
        at_hand = [*_own_file(recorded), *sub_workflows(workflows)]
        taken = taken_up(recorded, keystore=keystore, parameters=parameters, config=config, at_hand=at_hand)
        over = recorded.over
        with _resumed(recorded, taken, log, actions, watching, over=over) as drive:
            performer.run(drive.runner)
            drive.finish(told_again=over)
    return drive.run()


@contextmanager
def _resumed(
    recorded: Recorded,
    taken: Taken,
    log: Journal,
    actions: ActionSource | None,
    observers: Iterable[object],
    *,
    over: bool,
) -> Iterator[Drive]:
    facts, recorder = taken.facts, Recorder(time.perf_counter)
    workload = None if facts.get("scenario") is None or over else _scenario(facts, actions)
    packs = actions_of(actions) if workload is None else actions_of(workload.actions(real=True))
    packs = packs.extended(_scripted(recorded, taken))
    if not over:
        _require_actions(recorded, taken, packs)
    with _parts(workload) as parts, packs.closed():
        runner = Runner(
            taken.workflow,
            {**taken.parameters, **_anew(taken, parts)},
            strategy=strategies[facts["strategy"]](),
            dispatch=facts["dispatch"],
            actions=packs,
            workflows=taken.workflows,
            config=taken.config,
            keystore=taken.keystore,
            history=make_history(History(**facts["history"]), facts["seed"]),
            variables=facts["variables"],
            observers=[recorder, *observers],
            limits=None if facts["limits"] is None else Limits(**facts["limits"]),
            max_task_runs=facts["max_task_runs"],
            started_at=facts["started_at"],
            journal=log,
            recorded=replace(recorded, moved=_moved(facts.get("parts") or {}, parts)),
        )
        yield Drive(facts["name"], facts["seed"], runner, recorder)


def _own_file(recorded: Recorded) -> list[Workflow]:
    """The file that the run's workflow was read from, if it is still there."""
    file = recorded.header.get("file")
    if file is None or not Path(file["path"]).is_file():
        return []
    try:
        return [load(Path(file["path"]))]
    except WorkflowError as error:
        raise JournalError(
            f"{recorded.path}: the workflow has changed since the run began, and cannot be used: "
            f"{error.problems[0] if error.problems else file['path']}"
        ) from None


def _require_actions(recorded: Recorded, taken: Taken, actions: Actions) -> None:
    """Raises JournalError naming every action that is missing, save those that were unknown to the run itself."""
    called = {one.name for one in taken.workflows}
    missing: dict[str, None] = {}
    for workflow in (taken.workflow, *taken.workflows):
        unknown = taken.facts["problems"].get(workflow.name, {})
        for task in workflow.walk():
            if task.type != "parallel" and task.action not in actions and task.action not in called:
                missing.update({} if task.name in unknown else {str(task.action): None})
    if missing:
        raise JournalError(
            f"{recorded.path}: the run needs actions that are missing: {', '.join(missing)}; "
            "give them again with actions= or --actions"
        )


def _scripted(recorded: Recorded, taken: Taken) -> dict[str, Scripted]:
    """The actions of tasks that answer from a script, their calls counted on from where they were."""
    if taken.facts.get("script") is None:
        return {}
    script, ended = Script.read(taken.facts["script"]), Counter[tuple[str, int | None]]()
    for line in recorded.lines():
        if line[0] == "e" and line[1] == 0:
            ended[line[2], line[4]] += 1
    found = {}
    for task in taken.workflow.walk():
        if task.action == f"scripted.{task.name}":
            calls = {index: count for (name, index), count in ended.items() if name == task.name}
            found[task.action] = Scripted(task.name, script, seed=taken.facts["seed"]).after(calls)
    return found


# -- scenarios: their real parts are started anew --------------------------------------------------------------------


def _scenario(facts: Mapping[str, Any], actions: ActionSource | None) -> Workload:
    made, scenario = scenarios[facts["scenario"]["name"]](), facts["scenario"]
    sized = made.sized(items=scenario["items"], history=History(**facts["history"]), seed=facts["seed"])
    return replace(sized, options={**sized.options, **scenario["options"]}).with_own(actions)


@contextmanager
def _parts(workload: Workload | None) -> Iterator[Mapping[str, Any]]:
    if workload is None:
        yield {}
        return
    with workload.parts(workload) as parts:
        yield parts


def _anew(taken: Taken, parts: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that name the parts, where the user had not given others."""
    before = taken.facts.get("parts") or {}
    return {name: value for name, value in parts.items() if taken.parameters.get(name) == before.get(name)}


def _moved(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, str]:
    """What stands in recorded results and is found elsewhere now: the addresses and the files of the parts."""
    moved = {}
    for name, value in now.items():
        old = before.get(name)
        if isinstance(value, str) and isinstance(old, str) and old != value:
            hosts = urlsplit(old).netloc, urlsplit(value).netloc
            moved.update({hosts[0]: hosts[1]} if all(hosts) else {old: value})
    return moved
