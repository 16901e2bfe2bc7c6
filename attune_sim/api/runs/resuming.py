"""Taking up a run whose process has died, from its journal."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attune_sim.actions.registry import Actions, actions_of
from attune_sim.actions.script import Script
from attune_sim.actions.synthetic import Scripted
from attune_sim.api.choices import ExecutorName
from attune_sim.api.runs.driving import LiveRun
from attune_sim.api.runs.given import ActionSource
from attune_sim.api.runs.run import Run
from attune_sim.api.runs.running import checked_observers, cluster_options
from attune_sim.api.runs.workflows import SubWorkflows, sub_workflows
from attune_sim.engine.events import ActionEnded, StartAction
from attune_sim.errors import JournalError, WorkflowError
from attune_sim.executors import executor_named
from attune_sim.executors.timeline import RealTimeline
from attune_sim.journal.file import Journal, Recorded
from attune_sim.journal.header import taken_up
from attune_sim.journal.replay import ReplayListener
from attune_sim.loader import load
from attune_sim.probes.recorder import Recorder
from attune_sim.runspec import RunSpec, ScenarioRef
from attune_sim.scenarios.registry import scenarios
from attune_sim.scenarios.workload import Workload
from attune_sim.session import session_of
from attune_sim.workflow import Workflow


def resume(
    journal: str | PathLike[str],
    *,
    actions: ActionSource | None = None,
    workflows: SubWorkflows = (),
    config: Mapping[str, Any] | None = None,
    keystore: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    executor: ExecutorName = "inline",
    cluster: Any = None,
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

    `executor` and `cluster` may be others than those of the first run. `Run.skipped` counts by task the attempts that were only told again.

    Raises:
        JournalError: the file is no journal, belongs to another version of the workflow, does not fit the secrets, or
            an action or a secret is missing; each is named, and nothing has run then.
        InputError: there is no such file, or another process is writing it.
        Interrupted: as for `at.run`.

    >>> resume("nothing.jsonl")
    Traceback (most recent call last):
        ...
    attune_sim.errors.FileError: nothing.jsonl: cannot be read: No such file or directory
    """
    chosen, watching, skipped = executor_named(executor), checked_observers(observers), Skipped()
    beside = cluster_options(executor, cluster)
    recorded = Recorded.open(journal)
    with closing(Journal(journal, clock=time.monotonic)) as log:
        at_hand = [*_own_file(recorded), *sub_workflows(workflows)]
        spec = taken_up(recorded, keystore=keystore, parameters=parameters, config=config, at_hand=at_hand)
        with _resumed(recorded, spec, log, actions, watching, skipped) as live:
            live.ledger = beside.get("ledger")
            chosen.run(live.session.job, live.timeline, **beside)
    return replace(live.result(), skipped=dict(skipped.attempts))


class Skipped:
    """Hears what is told again, and counts by task the attempts that are not made anew."""

    def __init__(self) -> None:
        self.attempts: Counter[str] = Counter()

    def started(self, command: StartAction) -> None:
        """Nothing: what had begun without an end begins again."""

    def ended(self, event: ActionEnded) -> None:
        self.attempts[event.task] += event.stage == "action"


@contextmanager
def _resumed(
    recorded: Recorded,
    spec: RunSpec,
    log: Journal,
    actions: ActionSource | None,
    observers: Iterable[object],
    listener: ReplayListener,
) -> Iterator[LiveRun]:
    timeline, over = RealTimeline(), recorded.over
    recorder = Recorder(timeline.now)
    workload = None if spec.scenario is None or over else _scenario(spec, spec.scenario, actions)
    packs = actions_of(actions if workload is None else workload.actions(real=True))
    packs = packs.extended(_scripted(recorded, spec))
    if not over:
        _require_actions(recorded, spec, packs)
    with nullcontext({}) if workload is None else workload.parts(workload) as parts, packs.closed():
        session = session_of(
            replace(spec, parameters={**spec.parameters, **_anew(spec, parts)}),
            packs,
            observers=[recorder, *observers],
            journal=log,
            recorded=replace(recorded, renamed=_renamed(spec.parts, parts)),
            passed=timeline.hold,
            listener=listener,
        )
        live = LiveRun(session, recorder, timeline)
        yield live
        live.finish(told_again=over)


def _own_file(recorded: Recorded) -> list[Workflow]:
    """The file that the run's workflow was read from, if it is still there and no secret stands in its path."""
    file = recorded.header.get("file")
    if file is None or not isinstance(file["path"], str) or not Path(file["path"]).is_file():
        return []
    try:
        return [load(Path(file["path"]))]
    except WorkflowError as error:
        raise JournalError(
            f"{recorded.path}: the workflow has changed since the run began, and cannot be used: "
            f"{error.problems[0] if error.problems else file['path']}"
        ) from None


def _require_actions(recorded: Recorded, spec: RunSpec, actions: Actions) -> None:
    """Raises JournalError naming every action that is missing, save those that were unknown to the run itself."""
    called = {workflow.name for workflow in spec.workflows}
    missing: dict[str, None] = {}
    for workflow in (spec.workflow, *spec.workflows):
        unknown = recorded.header["problems"].get(workflow.name, {})
        for task in workflow.walk():
            if task.type != "parallel" and task.action not in actions and task.action not in called:
                missing.update({} if task.name in unknown else {str(task.action): None})
    if missing:
        raise JournalError(
            f"{recorded.path}: the run needs actions that are missing: {', '.join(missing)}; "
            "give them again with actions= or --actions"
        )


def _scripted(recorded: Recorded, spec: RunSpec) -> dict[str, Scripted]:
    """The actions of tasks that answer from a script, their calls counted on from where they were."""
    if spec.script is None:
        return {}
    script, ended = Script.read(spec.script), Counter[tuple[str, int | None]]()
    for kind, event in recorded.entries():
        if kind == "e" and event.run == 0 and event.stage == "action":
            ended[event.task, event.index] += 1
    answering = {}
    for task in spec.workflow.walk():
        if task.action == f"scripted.{task.name}":
            calls = {index: count for (name, index), count in ended.items() if name == task.name}
            answering[task.action] = Scripted(task.name, script, seed=spec.seed).after(calls)
    return answering


# -- scenarios: their real parts are started anew --------------------------------------------------------------------


def _scenario(spec: RunSpec, scenario: ScenarioRef, actions: ActionSource | None) -> Workload:
    made = scenarios[scenario.name]()
    sized = made.sized(items=scenario.items, history=spec.history, seed=spec.seed)
    return replace(sized, knobs={**sized.knobs, **scenario.knobs}).with_own(actions)


def _anew(spec: RunSpec, parts: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that name the parts, where the user had not given others."""
    return {name: value for name, value in parts.items() if spec.parameters.get(name) == spec.parts.get(name)}


def _renamed(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, str]:
    """What stands in recorded results and is found elsewhere now: the addresses and the files of the parts."""
    renamed = {}
    for name, value in now.items():
        old = before.get(name)
        if isinstance(value, str) and isinstance(old, str) and old != value:
            hosts = urlsplit(old).netloc, urlsplit(value).netloc
            renamed.update({hosts[0]: hosts[1]} if all(hosts) else {old: value})
    return renamed
