"""A run made ready: from its description, and the actions it may call, to what can be driven. The one place where a
runner is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from attune_sim.contexts.registry import strategies
from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.engine.observe import Watch
from attune_sim.engine.runner import Ground, Runner, Steps
from attune_sim.engine.state import RunState
from attune_sim.executors.drive import Job
from attune_sim.executors.readied import Action
from attune_sim.journal.file import Journal, Recorded
from attune_sim.journal.header import header_of
from attune_sim.journal.journaled import Journaled
from attune_sim.journal.replay import Replay, ReplayListener, TakenUp
from attune_sim.runspec import RunSpec
from attune_sim.scenarios.payload import make_history
from attune_sim.secrecy.guard import Guard
from attune_sim.secrecy.hidden import SecretPaths
from attune_sim.secrecy.secrets import Secrets


@dataclass(frozen=True, slots=True)
class Session:
    """One run, ready to be driven: `executor_named("inline").run(session.job)`.

    `steps` is what the drive talks to: the runner, and around it what keeps secrets and writes events down.
    """

    spec: RunSpec
    runner: Runner
    steps: Steps
    secrets: Secrets
    job: Job
    journal: Journal | None = None

    @property
    def state(self) -> RunState:
        """What the run has come to."""
        return self.runner.state

    def close(self) -> None:
        """Write down that the run is over."""
        if self.journal is not None:
            self.journal.ended(str(self.state.status))

    def __repr__(self) -> str:
        return f"<Session of {self.runner!r}>"


def session_of(
    spec: RunSpec,
    actions: Mapping[str, Action],
    *,
    observers: Iterable[object] = (),
    executor: str = "",
    journal: Journal | None = None,
    recorded: Recorded | None = None,
    listener: ReplayListener | None = None,
    strategy: ContextStrategy | None = None,
    passed: Callable[[float], None] = lambda now: None,
    ground: Ground | None = None,
) -> Session:
    """Make a run ready.

    `actions` maps refs to callables that take the rendered input as keywords. Events are written to the `journal`, behind
    a header for a new run; with `recorded`, the run is taken up where that one ends: `passed` is told the run time that
    had gone by, `listener` of what is told again. `strategy` is an instance in place of the one that the description names.
    `ground` is that of another run of this description, which may differ in the moment at which it starts: what was
    compiled, checked and made for that one is taken over.

    Raises:
        ParametersError: the parameters do not fit the workflow's schema.
        JournalError: the journal holds a run already.
    """
    paths = SecretPaths.of(spec.workflow, spec.workflows)
    secrets = Secrets(paths.values(spec.workflow, spec.parameters, spec.keystore, spec.config))
    secrets.add(paths.written)
    watch = Watch(observers)
    runner = Runner(
        spec.workflow,
        spec.parameters,
        strategy=strategy or _strategy_of(spec),
        actions=actions,
        workflows=spec.workflows,
        namespaces=_namespaces(spec),
        history=make_history(spec.history, spec.seed) if ground is None else ground.history,
        variables=spec.variables,
        watch=watch,
        limits=spec.limits,
        max_task_runs=spec.max_task_runs,
        problems=None if recorded is None else recorded.header["problems"],
        mask=secrets.text,
        ground=ground,
        kept=spec.kept,
    )
    guarded: Steps = Guard(runner, secrets, paths, runner.workflows) if secrets or paths else runner
    if journal is not None and recorded is None:
        journal.begin(header_of(spec, secrets, runner.problems, executor))
    steps = guarded if journal is None else Journaled(guarded, journal, secrets)
    if recorded is not None:
        replay = Replay(guarded, recorded, secrets, passed=passed, listener=listener)
        steps = TakenUp(steps, replay, runner)
    eager, policy = spec.dispatch == "eager", spec.workflow.cancellation_policy
    job = Job(
        steps, actions, watch, eager=eager, policy=policy, warn=runner.warn, named=lambda: _named(spec, actions), secrets=secrets
    )  # fmt: skip
    return Session(spec, runner, steps, secrets, job, journal)


def _namespaces(spec: RunSpec) -> dict[str, Any]:
    """What the context has beside parameters, variables and results."""
    return {
        "config": spec.config,
        "keystore": spec.keystore,
        "system": {"workflow_start": spec.started_at},
    }


def _named(spec: RunSpec, actions: Mapping[str, Action]) -> frozenset[str]:
    """The actions that the workflows of a run name."""
    tasks = (task for workflow in (spec.workflow, *spec.workflows) for task in workflow.walk())
    return frozenset(task.action for task in tasks if task.action is not None and task.action in actions)


def _strategy_of(spec: RunSpec) -> ContextStrategy:
    kind = strategies[spec.strategy] if isinstance(spec.strategy, str) else spec.strategy
    return kind()
