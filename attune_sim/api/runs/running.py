"""Running a workload for real, once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from os import PathLike
from typing import Any, Final, Literal, get_args

from attune_sim.actions.registry import actions_of
from attune_sim.api.choices import ExecutorName
from attune_sim.api.runs.driving import LiveRun, new_journal
from attune_sim.api.runs.given import ActionSource, ScriptSource, Source, given_workload
from attune_sim.api.runs.large import Results, checked_results
from attune_sim.api.runs.run import Run
from attune_sim.api.runs.workflows import SubWorkflows
from attune_sim.api.stopped import AwaitedStop
from attune_sim.contexts.registry import check_strategy, strategies
from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.engine.observe import HOOKS
from attune_sim.errors import InputError, Interrupted
from attune_sim.executors import AsyncioExecutor, ClusterExecutor, executor_named
from attune_sim.executors.dask.ledger import Ledger
from attune_sim.executors.timeline import RealTimeline
from attune_sim.expressions import Limits
from attune_sim.parameters import unknown_parameters
from attune_sim.probes.recorder import Recorder
from attune_sim.runspec import Dispatch
from attune_sim.scope import SHORTEST_SECRET
from attune_sim.session import session_of

Strategy = str | type[ContextStrategy]

DISPATCHES: Final = get_args(Dispatch)


def run(
    workload: Source,
    parameters: Mapping[str, Any] | None = None,
    *,
    strategy: Strategy = "shared",
    executor: ExecutorName = "inline",
    cluster: Any = None,
    dispatch: Dispatch = "windowed",
    actions: ActionSource | None = None,
    workflows: SubWorkflows = (),
    script: ScriptSource | None = None,
    config: Mapping[str, Any] | None = None,
    keystore: Mapping[str, Any] | None = None,
    items: int | None = None,
    seed: int = 0,
    journal: str | PathLike[str] | None = None,
    observers: Iterable[object] = (),
    limits: Limits | None = None,
    max_task_runs: int = 10_000,
    results: Results | None = None,
) -> Run:
    """Run a workload to its end and tell what came of it; a scenario does the real thing, with its real parts.

    `workload` is a workflow, a scenario or its name, a path, or YAML text. `actions` maps refs to functions (sync or
    async) that take the rendered input as keywords, or names a FILE.py of them; it extends the registered packs. A
    `script` (a map, a file, the journal of another run) gives results in place of code. `items` is the size of the
    main fan-out, as in `at.workload_of`. A run that fails is a `Run` with status `failed`, never an exception.

    `workflows` are those that an action may name as sub-workflows: objects, files, folders of files. With `journal=PATH`
    every event is written there before the engine acts on it, and `at.resume(PATH)` takes the run up again should this
    process die. With `executor="dask"`, attempts are made on the workers of a Dask `cluster`: the address of its scheduler, a
    Client, or None for one that is started on this machine and ends with the run. `observers` are objects with some of the methods of `attune_sim.engine.observe.Observer`. Values in
    `keystore` and of parameters with `secret: true` are not shown or written anywhere; observers are handed the real ones.

    `results` is for fan-outs that are too large for their results to come home. It maps a task to `"counts"`: results are let go
    of where they are made, and its aggregate has no `results`; or to a folder, in which each process that makes some writes them
    down: the aggregate has `kept` in their place, and `Run.kept_results(task)` reads them.

    Raises:
        InputError: the workload, its parameters, or a name cannot be used; nothing has run then.
        JournalError: the journal holds a run already.
        ClusterError: the cluster of a run is gone; what had ended stands in its journal.
        Interrupted: Ctrl-C, or a notebook's stop button, once the run has been brought to its end: a `KeyboardInterrupt`, so
            that later cells do not go on with half a result. What there is of the run is its `result`, and `at.last()`.

    >>> text = '''
    ... version: 1.0.0
    ... tasks:
    ...   - {name: double, action: demo.double, with_items: "{{ [1, 2] }}", input: {n: "{{ item }}"}}
    ... '''
    >>> run(text, actions={"demo.double": lambda n: n * 2}).task_results["double"]["results"]
    [2, 4]
    """
    chosen, beside = executor_named(executor), cluster_options(executor, cluster)
    given: dict[str, Any] = {
        "actions": actions, "workflows": workflows, "script": script, "config": config, "keystore": keystore, "items": items, "seed": seed
    }  # fmt: skip
    with _prepared(
        workload, parameters, strategy, given, observers, journal, executor, beside.get("ledger"),
        dispatch=dispatch, limits=limits, max_task_runs=max_task_runs, results=results,
    ) as live:  # fmt: skip
        chosen.run(live.session.job, live.timeline, **beside)
    return live.result()


async def arun(
    workload: Source,
    parameters: Mapping[str, Any] | None = None,
    *,
    strategy: Strategy = "shared",
    executor: Literal["asyncio", "dask"] = "asyncio",
    cluster: Any = None,
    dispatch: Dispatch = "windowed",
    actions: ActionSource | None = None,
    workflows: SubWorkflows = (),
    script: ScriptSource | None = None,
    config: Mapping[str, Any] | None = None,
    keystore: Mapping[str, Any] | None = None,
    items: int | None = None,
    seed: int = 0,
    journal: str | PathLike[str] | None = None,
    observers: Iterable[object] = (),
    limits: Limits | None = None,
    max_task_runs: int = 10_000,
    results: Results | None = None,
) -> Run:
    """`run` on the event loop that is running: async actions are awaited on it, sync ones go to threads.

    With `executor="dask"` they are made on a `cluster`, as in `run`, and nothing of it runs on this loop.
    Cancelling it ends the run as Ctrl-C does; once it has ended, CancelledError is raised, and `at.last()` has what there is.
    Besides, it raises what `at.run` raises.

    >>> import asyncio
    >>> asyncio.run(arun("baseline", items=3)).status
    'succeeded'
    """
    chosen, beside = executor_named(executor), cluster_options(executor, cluster)
    if not isinstance(chosen, AsyncioExecutor | ClusterExecutor):
        raise InputError(f"executor {executor!r} cannot be awaited; choose from: asyncio, dask")
    given: dict[str, Any] = {
        "actions": actions, "workflows": workflows, "script": script, "config": config, "keystore": keystore, "items": items, "seed": seed
    }  # fmt: skip
    with _prepared(
        workload, parameters, strategy, given, observers, journal, executor, beside.get("ledger"),
        dispatch=dispatch, limits=limits, max_task_runs=max_task_runs, results=results,
    ) as live:  # fmt: skip
        await chosen.arun(live.session.job, live.timeline, **beside)
    try:
        return live.result()
    except Interrupted as halt:  # which would tear down the loop
        raise AwaitedStop(str(halt)) from None


def cluster_options(executor: str, cluster: Any) -> dict[str, Any]:
    """What an executor is given beside the job; raises InputError for a cluster that it does not use."""
    if executor == "dask":
        return {"cluster": cluster, "ledger": Ledger()}
    if cluster is not None:
        raise InputError(f'cluster= needs executor="dask"; {executor!r} performs in this process')
    return {}


def strategy_class(strategy: Strategy) -> type[ContextStrategy]:
    """A registered strategy by name, or a class as it is; raises InputError for anything else."""
    return strategies[strategy] if isinstance(strategy, str) else check_strategy(strategy)


def positive(name: str, value: int) -> int:
    """The count as it is; raises InputError unless it is a whole number of 1 or more."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InputError(f"{name} must be a whole number of 1 or more, not {value!r}")
    return value


def one_of(name: str, value: str, choices: tuple[str, ...]) -> str:
    """The value as it is; raises InputError, naming the choices, if it is none of them."""
    if value not in choices:
        raise InputError(f"{name} {value!r} does not exist; choose from: {', '.join(choices)}")
    return value


def checked_observers(observers: Iterable[object]) -> tuple[object, ...]:
    """The observers as they are; raises InputError for one that no moment of a run would be told to."""
    if not isinstance(observers, Iterable):
        raise InputError(f"observers must be a list of observers, not {_kind(observers)}")
    given = tuple(observers)
    for observer in given:
        if isinstance(observer, type) or not any(callable(getattr(observer, hook, None)) for hook in HOOKS):
            raise InputError(
                f"{_kind(observer)} is no observer: give an object with at least one of the methods {', '.join(HOOKS)}"
            )
    return given


def _kind(value: object) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else f"a {type(value).__name__}"


def _check_options(options: Mapping[str, Any]) -> None:
    one_of("dispatch", options["dispatch"], DISPATCHES)
    limits = options["limits"]
    if limits is not None and not isinstance(limits, Limits):
        raise InputError(f"limits must be attune_sim.expressions.Limits(...), not a {type(limits).__name__}")
    positive("max_task_runs", options["max_task_runs"])


@contextmanager
def _prepared(
    source: Source,
    parameters: Mapping[str, Any] | None,
    strategy: Strategy,
    given: Mapping[str, Any],
    observers: Iterable[object],
    journal: str | PathLike[str] | None,
    executor: str,
    ledger: Ledger | None,
    results: Results | None,
    **options: Any,
) -> Iterator[LiveRun]:
    """Everything that a run needs, up to its end: real parts run and connections are open inside the block."""
    _check_options(options)
    watching = checked_observers(observers)
    chosen = strategy_class(strategy)
    workload = given_workload(source, parameters=parameters, **given)
    options["kept"] = checked_results(results, workload.workflow, workload.workflows)
    timeline = RealTimeline()
    recorder, packs = Recorder(timeline.now), actions_of(workload.actions(real=True))
    with new_journal(journal) as log, workload.parts(workload) as parts, packs.closed():
        started_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        spec = workload.spec(parts, strategy=chosen, started_at=started_at, **options)
        session = session_of(spec, packs, observers=[recorder, *watching], executor=executor, journal=log)
        for problem in unknown_parameters(workload.workflow.parameters, spec.parameters, workload.name):
            session.runner.warn(str(problem))
        for path in session.secrets.short:
            session.runner.warn(
                f"{path}: has fewer than {SHORTEST_SECRET} characters, and cannot be masked in texts"
            )
        live = LiveRun(session, recorder, timeline, ledger)
        yield live
        live.finish()
