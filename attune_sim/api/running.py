"""Running a workload for real, once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from os import PathLike
from typing import Any, Literal

from attune_sim.actions.registry import actions_of
from attune_sim.api.run import Run
from attune_sim.contexts.registry import strategies
from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.engine.runner import Runner
from attune_sim.errors import InputError
from attune_sim.executors import executor_named
from attune_sim.expressions import Limits
from attune_sim.probes.recorder import Recorder
from attune_sim.scenarios.payload import make_history
from attune_sim.scenarios.registry import Scenario, workload_of
from attune_sim.scenarios.workload import Workload
from attune_sim.workflow import Workflow

Dispatch = Literal["eager", "windowed"]
ActionSource = Mapping[str, Callable[..., Any]] | str | PathLike[str]
Source = Workload | Scenario | Workflow | str | PathLike[str]
Strategy = str | type[ContextStrategy]


def run(
    workload: Source,
    parameters: Mapping[str, Any] | None = None,
    *,
    strategy: Strategy = "shared",
    executor: str = "inline",
    dispatch: Dispatch = "windowed",
    actions: ActionSource | None = None,
    workflows: Iterable[Workflow] = (),
    config: Mapping[str, Any] | None = None,
    keystore: Mapping[str, Any] | None = None,
    seed: int = 0,
    observers: Iterable[object] = (),
    limits: Limits | None = None,
    max_task_runs: int = 10_000,
) -> Run:
    """Run a workload to its end and tell what came of it; a scenario does the real thing, with its real parts.

    `workload` is a workflow, a scenario or its name, a path, or YAML text. `actions` maps refs to functions (sync or
    async) that take the rendered input as keywords, or names a FILE.py of them; it extends the registered packs. A run
    that fails is a `Run` with status `failed`, never an exception.

    Raises:
        InputError: the workload, its parameters, or a name cannot be used; nothing has run then.

    >>> text = '''
    ... version: 1.0.0
    ... tasks:
    ...   - {name: double, action: demo.double, with_items: "{{ [1, 2] }}", input: {n: "{{ item }}"}}
    ... '''
    >>> run(text, actions={"demo.double": lambda n: n * 2}).task_results["double"]["results"]
    [2, 4]
    """
    performer = executor_named(executor)
    with _prepared(
        workload, parameters, strategy, actions, workflows, seed, observers,
        dispatch=dispatch, config=config, keystore=keystore, limits=limits, max_task_runs=max_task_runs,
    ) as drive:  # fmt: skip
        performer.run(drive.runner)
    return drive.run()


async def arun(
    workload: Source,
    parameters: Mapping[str, Any] | None = None,
    *,
    strategy: Strategy = "shared",
    dispatch: Dispatch = "windowed",
    actions: ActionSource | None = None,
    workflows: Iterable[Workflow] = (),
    config: Mapping[str, Any] | None = None,
    keystore: Mapping[str, Any] | None = None,
    seed: int = 0,
    observers: Iterable[object] = (),
    limits: Limits | None = None,
    max_task_runs: int = 10_000,
) -> Run:
    """`run` on the event loop that is running: async actions are awaited on it, sync ones go to threads."""
    from attune_sim.executors.aio import AsyncioExecutor

    with _prepared(
        workload, parameters, strategy, actions, workflows, seed, observers,
        dispatch=dispatch, config=config, keystore=keystore, limits=limits, max_task_runs=max_task_runs,
    ) as drive:  # fmt: skip
        await AsyncioExecutor().arun(drive.runner)
    return drive.run()


def strategy_class(strategy: Strategy) -> type[ContextStrategy]:
    """A registered strategy by name, or a class as it is; raises InputError for anything else."""
    from attune_sim.contexts.registry import check_strategy

    return strategies[strategy] if isinstance(strategy, str) else check_strategy(strategy)


class _Drive:
    """One run, its watch and its clock."""

    def __init__(self, workload: Workload, runner: Runner, recorder: Recorder, strategy: str) -> None:
        self.workload, self.runner, self.recorder = workload, runner, recorder
        self.strategy = strategy
        self.began = time.perf_counter()
        self.wall_s = 0.0

    def run(self) -> Run:
        state, totals = self.runner.state, self.recorder.totals()
        outcomes = (code for columns in self.recorder.items for code in columns.outcome)
        return Run(
            name=self.workload.name,
            status=str(state.status),
            output=state.output,
            error=state.error,
            variables=state.variables,
            task_results=state.task_results,
            task_starts=state.task_starts,
            task_statuses=state.task_statuses,
            warnings=tuple(state.warnings),
            wall_s=self.wall_s,
            counts={
                "done": totals.done,
                "succeeded": sum(code == 1 for code in outcomes),
                "failed": totals.failed,
                "timed_out": totals.timed_out,
            },
            task_columns=self.recorder.task_columns(),
            item_columns=self.recorder.item_columns(),
            surroundings=_surroundings(self.strategy, self.workload),
            masked=self.runner.secrets.shown,
        )


@contextmanager
def _prepared(
    source: Source,
    parameters: Mapping[str, Any] | None,
    strategy: Strategy,
    actions: ActionSource | None,
    workflows: Iterable[Workflow],
    seed: int,
    observers: Iterable[object],
    **options: Any,
) -> Iterator[_Drive]:
    """Everything that a run needs, up to its end: real parts run and connections are open inside the block."""
    if options["dispatch"] not in ("eager", "windowed"):
        raise InputError(f"dispatch {options['dispatch']!r} does not exist; choose from: eager, windowed")
    chosen = strategy_class(strategy)
    workload = workload_of(
        source, actions=actions, parameters=parameters, workflows=tuple(workflows), seed=seed
    )
    recorder, packs = Recorder(time.perf_counter), actions_of(workload.real)
    with workload.parts(workload) as extra, packs.closed():
        runner = Runner(
            workload.workflow,
            {**workload.parameters(), **extra, **(parameters or {})},
            strategy=chosen(),
            actions=packs,
            workflows=workload.workflows,
            history=make_history(workload.history, workload.seed),
            variables=workload.variables(),
            observers=[recorder, *observers],
            started_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            **options,
        )
        drive = _Drive(workload, runner, recorder, chosen.name)
        yield drive
        drive.wall_s = time.perf_counter() - drive.began


def _surroundings(strategy: str, workload: Workload) -> dict[str, Any]:
    import platform
    import sys

    from attune_sim import __version__

    return {
        "attune_sim": __version__,
        "python": platform.python_version(),
        "platform": sys.platform,
        "strategy": strategy,
        "seed": workload.seed,
        "workflow": workload.workflow.digest,
    }
