"""Measuring strategies beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any, Final, cast

from attune_sim.actions.payload import SHAPES
from attune_sim.api.amounts import byte_count, second_count
from attune_sim.api.comparison import Comparison
from attune_sim.api.given import ActionSource, ScriptSource, Source, given_workload
from attune_sim.api.progress import Watcher, announce, watching
from attune_sim.api.running import DISPATCHES, Strategy, one_of, positive, strategy_class
from attune_sim.api.stopped import stopped
from attune_sim.api.verifying import Metering
from attune_sim.api.workflows import SubWorkflows
from attune_sim.contexts.registry import strategies as registry
from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.errors import InputError, Interrupted, action_hint
from attune_sim.executors import executor_names
from attune_sim.experiment import Experiment, Progress, run_experiment
from attune_sim.experiment.optional import PROBES, OptionalProbe
from attune_sim.experiment.recordings import Recordings
from attune_sim.experiment.spec import TIME_LIMIT_S
from attune_sim.parameters import unknown_parameters
from attune_sim.record import CellRecord
from attune_sim.runspec import History
from attune_sim.scenarios.scenario import history_of
from attune_sim.scenarios.workload import Workload
from attune_sim.store import Store


def compare(
    workload: Source,
    strategies: Strategy | Iterable[Strategy] | None = None,
    *,
    items: int | None = None,
    payload: str | None = None,
    history: History | Mapping[str, Any] | int | None = None,
    context_bytes: int | str | None = None,
    dispatch: str | None = None,
    executor: str | None = None,
    repeats: int = 5,
    real: bool = False,
    parameters: Mapping[str, Any] | None = None,
    actions: ActionSource | None = None,
    workflows: SubWorkflows = (),
    script: ScriptSource | None = None,
    config: Mapping[str, Any] | None = None,
    keystore: Mapping[str, Any] | None = None,
    memory_limit: int | str | None = None,
    time_limit: float | str | None = None,
    store: str | PathLike[str] | None = None,
    probes: str | Iterable[str] = (),
    seed: int = 0,
    progress: bool = True,
    verify: bool = False,
) -> Comparison:
    """Measure a workload under several strategies, each cell in a process of its own.

    `strategies`: names or classes; None for all that are registered. `items` is the size of the main fan-out; `history`
    a number of finished tasks of 10 KB each (or `History`, or its fields as a map) and `payload` the shape of all that is
    made up: `text`, `records`, `numbers` (history, and a scenario's variables and settings; items and what you give stay).
    `context_bytes`, in place of `history`, is all that lies in the context before the first task, in bytes of JSON or as
    "10MB": history, variables and settings of a scenario are scaled together, a workflow of yours gets synthetic finished
    results. `dispatch` None means `eager`: all forks exist at once, the worst that a strategy must bear.
    What is given with a workload (`parameters` to `keystore`) means what it means in `at.run`.

    Actions of a scenario are replayed (same shapes of results, no network) unless `real`. Yours are called once, over all
    items and in a process of its own; every cell replays what they gave, and every input that a strategy renders is
    compared with what they were handed. With `real` they are called in every cell. A `script`, or the journal of a run,
    gives results in place of any call; `real` does not go with it. `memory_limit` is in bytes or a text such as "2GiB" (default: a quarter of what is available, at least 512 MiB), `time_limit` in seconds or "60s".
    With `store=FILE` every row is kept there as it comes, and a rerun completes only what is missing. With `verify` each
    cell is followed by two runs under an independent meter, and the comparison has a `verification`. `probes` are names
    of instruments that are not used unasked: `instructions` (those of a fork and of a rendering, counted under valgrind).

    Raises:
        InputError: something that was given cannot be used; nothing was measured.
        ExperimentError: the strategies do not give the same answers.
        Interrupted: Ctrl-C, or a notebook's stop button: a `KeyboardInterrupt`. The comparison of the cells so far is its
            `result`, and `at.last()`; one of its `warnings` says how many are missing.
    """
    own = given_workload(
        workload, parameters=parameters, actions=actions, workflows=workflows, script=script,
        config=config, keystore=keystore, seed=seed,
    )  # fmt: skip
    chosen = sized_workload(own, items=items, payload=payload, history=history, context_bytes=context_bytes)
    _require_actions(chosen, real)
    if real and chosen.script is not None:
        raise InputError(
            f"{chosen.name}: a script gives results instead of the real thing; leave out either real=True (--real) or "
            "the script (--script)"
        )
    grid = Experiment(
        workloads=[chosen],
        strategies=chosen_strategies(strategies),
        dispatches=[one_of("dispatch", dispatch or "eager", DISPATCHES)],
        executors=[one_of("executor", executor or "inline", executor_names())],
        repeats=positive("repeats", repeats),
        real=real,
        memory_limit_bytes=None if memory_limit is None else byte_count(memory_limit, "memory_limit"),
        time_limit_s=TIME_LIMIT_S if time_limit is None else second_count(time_limit, "time_limit"),
        probes=chosen_probes(probes),
    )
    return _compared(grid, chosen, store=store, progress=progress, verify=verify)


def _compared(
    grid: Experiment, workload: Workload, *, store: str | PathLike[str] | None, progress: bool, verify: bool
) -> Comparison:
    recordings = Recordings(announce if progress else lambda text: None)
    metering = Metering(workload, grid.strategies, recordings) if verify else None
    with watching(progress) as watcher:
        kept = None if store is None else Store(store)
        records, halt = _measured(grid, kept, _told_to(watcher, metering), recordings)
    undeclared = unknown_parameters(workload.workflow.parameters, workload.parameters(), workload.name)
    wrote = [_WROTE.format(task) for taken in recordings.all for task in taken.wrote]

    def made(*stops: str) -> Comparison:
        return Comparison(
            records,
            [*stops, *map(str, undeclared), *wrote],
            None if metering is None else metering.verification(),
            {one.name: one.guarantees.isolates for one in grid.strategies},
            printed="".join(taken.printed for taken in recordings.all),
        )

    if halt is None:
        return made()
    again = "" if store is None else f"; the same call goes on with what {store} keeps"
    raise stopped(f"{halt}{again}", made(f"stopped: {halt}") if records else None)


def _measured(
    grid: Experiment, store: Store | None, told: Watcher | None, recordings: Recordings
) -> tuple[list[CellRecord], Interrupted | None]:
    """The records, and whether somebody stopped it before all were there."""
    try:
        return run_experiment(grid, store=store, progress=told, recordings=recordings), None
    except Interrupted as halt:
        return cast("list[CellRecord]", halt.result), halt


_WROTE: Final = (
    "task {!r}: its action wrote into what it was handed. A replay does not, so that nothing here tells what other items "
    "would see of it under a strategy that shares: at.check_isolation, attune-sim check-isolation"
)


def _told_to(*listeners: Watcher | None) -> Watcher | None:
    """Who is told of progress: each of those that are there, in turn."""
    known = [listener for listener in listeners if listener is not None]

    def tell(progress: Progress) -> None:
        for listener in known:
            listener(progress)

    return tell if known else None


def sized_workload(
    own: Workload,
    *,
    items: int | None = None,
    payload: str | None = None,
    history: History | Mapping[str, Any] | int | None = None,
    context_bytes: int | str | None = None,
    concurrency: int | None = None,
) -> Workload:
    """The workload in the sizes that were asked for; None keeps its own.

    Raises:
        InputError: a size that is none, or that the workload cannot have.
    """
    if items is not None:
        positive("items", items)
    if payload is not None:
        own = _shaped(own, one_of("payload", payload, SHAPES))
    wanted = None if history is None else history_of(history, own.history.payload)
    return own.sized(
        items=items,
        history=wanted if wanted is None or payload is None else replace(wanted, payload=payload),
        context_bytes=None if context_bytes is None else byte_count(context_bytes, "context_bytes"),
        concurrency=concurrency,
    )


def _shaped(own: Workload, shape: str) -> Workload:
    """The workload with all that is made up in this shape."""
    ballast, history = replace(own.ballast, payload=shape), replace(own.history, payload=shape)
    return replace(own, ballast=ballast, history=history)


def chosen_strategies(wanted: Strategy | Iterable[Strategy] | None) -> list[type[ContextStrategy]]:
    """The strategy classes that `wanted` names, each once; all that are registered for None."""
    if wanted is None:
        wanted = registry
    elif isinstance(wanted, str | type) or not isinstance(wanted, Iterable):
        wanted = [wanted]
    classes = {strategy.name: strategy for strategy in map(strategy_class, wanted)}
    if not classes:
        raise InputError(f"name at least one strategy; choose from: {', '.join(registry)}")
    return list(classes.values())


def chosen_probes(wanted: str | Iterable[str]) -> list[OptionalProbe]:
    """The optional probes of these names, each once.

    >>> [probe.metrics for probe in chosen_probes("instructions")]
    [('fork_instructions', 'render_instructions')]
    >>> chosen_probes(["instruction"])
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: probe 'instruction' does not exist; choose from: instructions
    """
    names = dict.fromkeys([wanted] if isinstance(wanted, str) else wanted)
    return [PROBES[one_of("probe", name, tuple(PROBES))] for name in names]


def load_comparison(store: str | PathLike[str]) -> Comparison:
    """The comparison that a store holds, without measuring anything."""
    if not Path(store).is_file():
        raise InputError(f"{store}: there is no such store of cells")
    return Comparison(Store(store).records())


def _require_actions(workload: Workload, real: bool) -> None:
    """Raises InputError for an action that nobody performs: every cell would measure a run that fails at once."""
    known = [*workload.actions(real), *(child.name for child in workload.workflows)]
    for workflow in workload.reached:
        for task in workflow.walk():
            if task.action is not None and task.action not in known:
                place = f"task {task.name!r} of {workflow.name}"
                otherwise = "pass it with actions= or --actions, or a script of results"
                hint = action_hint(task.action, known) or otherwise
                raise InputError(f"{place}: unknown action {task.action!r} ({hint})")
