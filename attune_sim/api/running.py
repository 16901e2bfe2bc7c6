"""Running a workload for real, once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal

from attune_sim.actions.registry import actions_of
from attune_sim.api.driving import Drive, facts_of, new_journal
from attune_sim.api.run import Run
from attune_sim.api.workflows import SubWorkflows, sub_workflows
from attune_sim.contexts.registry import strategies
from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.engine.header import header_of
from attune_sim.engine.observe import HOOKS
from attune_sim.engine.runner import Runner
from attune_sim.errors import InputError
from attune_sim.executors import executor_named
from attune_sim.expressions import Limits
from attune_sim.parameters import unknown_parameters
from attune_sim.probes.recorder import Recorder
from attune_sim.scenarios.payload import make_history
from attune_sim.scenarios.registry import Scenario, workload_of
from attune_sim.scenarios.workload import Workload
from attune_sim.workflow import Workflow

if TYPE_CHECKING:
    from attune_sim.actions.script import Script

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
    workflows: SubWorkflows = (),
    config: Mapping[str, Any] | None = None,
    keystore: Mapping[str, Any] | None = None,
    seed: int = 0,
    journal: str | PathLike[str] | None = None,
    observers: Iterable[object] = (),
    limits: Limits | None = None,
    max_task_runs: int = 10_000,
) -> Run:
    """Run a workload to its end and tell what came of it; a scenario does the real thing, with its real parts.

    `workload` is a workflow, a scenario or its name, a path, or YAML text. `actions` maps refs to functions (sync or
    async) that take the rendered input as keywords, or names a FILE.py of them; it extends the registered packs. A run
    that fails is a `Run` with status `failed`, never an exception.

    `workflows` are those that an action may name as sub-workflows: objects, files, folders of files. With `journal=PATH`
    every event is written there before the engine acts on it, and `at.resume(PATH)` takes the run up again should this
    process die. `observers` are objects with some of the methods of `attune_sim.engine.observe.Observer`. Values in
    `keystore` and of parameters with `secret: true` are not shown or written anywhere; observers are handed the real ones.

    Raises:
        InputError: the workload, its parameters, or a name cannot be used; nothing has run then.
        JournalError: the journal holds a run already.

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
        workload, parameters, strategy, actions, workflows, seed, observers, journal, executor,
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
    workflows: SubWorkflows = (),
    config: Mapping[str, Any] | None = None,
    keystore: Mapping[str, Any] | None = None,
    seed: int = 0,
    journal: str | PathLike[str] | None = None,
    observers: Iterable[object] = (),
    limits: Limits | None = None,
    max_task_runs: int = 10_000,
) -> Run:
    """`run` on the event loop that is running: async actions are awaited on it, sync ones go to threads."""
    from attune_sim.executors.aio import AsyncioExecutor

    with _prepared(
        workload, parameters, strategy, actions, workflows, seed, observers, journal, "asyncio",
        dispatch=dispatch, config=config, keystore=keystore, limits=limits, max_task_runs=max_task_runs,
    ) as drive:  # fmt: skip
        await AsyncioExecutor().arun(drive.runner)
    return drive.run()


def strategy_class(strategy: Strategy) -> type[ContextStrategy]:
    """A registered strategy by name, or a class as it is; raises InputError for anything else."""
    from attune_sim.contexts.registry import check_strategy

    return strategies[strategy] if isinstance(strategy, str) else check_strategy(strategy)


def checked_seed(seed: int) -> int:
    """The seed as it is; raises InputError unless it is a whole number."""
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise InputError(f"seed must be a whole number, not {seed!r}")
    return seed


def checked_observers(observers: Iterable[object]) -> tuple[object, ...]:
    """The observers as they are; raises InputError for one that no moment of a run would be told to."""
    if not isinstance(observers, Iterable):
        raise InputError(f"observers must be a list of observers, not {_kind(observers)}")
    given = tuple(observers)
    for one in given:
        if isinstance(one, type) or not any(callable(getattr(one, hook, None)) for hook in HOOKS):
            raise InputError(
                f"{_kind(one)} is no observer: give an object with at least one of the methods {', '.join(HOOKS)}"
            )
    return given


def _kind(value: object) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else f"a {type(value).__name__}"


def _check_options(parameters: object, options: Mapping[str, Any]) -> None:
    """Raises InputError; the values of maps are not shown, they may be secrets."""
    for name, value in (("parameters", parameters), *((one, options[one]) for one in ("config", "keystore"))):
        if value is not None and not (
            isinstance(value, Mapping) and all(isinstance(key, str) for key in value)
        ):
            found = "one with other keys" if isinstance(value, Mapping) else f"a {type(value).__name__}"
            raise InputError(f"{name} must be a map of names (text) to values, not {found}")
    if options["dispatch"] not in ("eager", "windowed"):
        raise InputError(f"dispatch {options['dispatch']!r} does not exist; choose from: eager, windowed")
    limits, most = options["limits"], options["max_task_runs"]
    if limits is not None and not isinstance(limits, Limits):
        raise InputError(f"limits must be attune_sim.expressions.Limits(...), not a {type(limits).__name__}")
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise InputError(f"max_task_runs must be a whole number of 1 or more, not {most!r}")


@contextmanager
def _prepared(
    source: Source,
    parameters: Mapping[str, Any] | None,
    strategy: Strategy,
    actions: ActionSource | None,
    workflows: SubWorkflows,
    seed: int,
    observers: Iterable[object],
    journal: str | PathLike[str] | None,
    executor: str,
    **options: Any,
) -> Iterator[Drive]:
    """Everything that a run needs, up to its end: real parts run and connections are open inside the block."""
    _check_options(parameters, options)
    watching = checked_observers(observers)
    chosen = strategy_class(strategy)
    workload = workload_of(
        source,
        actions=actions,
        parameters=parameters,
        workflows=sub_workflows(workflows),
        seed=checked_seed(seed)
        or None,  # 0 is the default: it must not replace the seed of a scenario that was made with one
    )
    recorder, packs = Recorder(time.perf_counter), actions_of(workload.actions(real=True))
    with new_journal(journal) as log, workload.parts(workload) as extra, packs.closed():
        runner = Runner(
            workload.workflow,
            {**workload.parameters(), **extra, **(parameters or {})},
            strategy=chosen(),
            actions=packs,
            workflows=workload.workflows,
            history=make_history(workload.history, workload.seed),
            variables=workload.variables(),
            observers=[recorder, *watching],
            started_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            **{**options, **_of_script(workload.options.get("script"), options)},
        )
        declared = workload.workflow.parameters
        runner.state.warnings += map(str, unknown_parameters(declared, runner.parameters, workload.name))
        if log is not None:
            log.begin(header_of(runner, facts_of(workload, extra, executor)))
            runner.journal = log
        drive = Drive(workload.name, workload.seed, runner, recorder)
        yield drive
        drive.finish()


def _of_script(script: Script | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """The config and keystore that a script of results brings, where the caller gives none."""
    if script is None:
        return {}
    return {name: getattr(script, name) for name in ("config", "keystore") if options[name] is None}
