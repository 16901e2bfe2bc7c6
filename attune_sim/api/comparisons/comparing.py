"""Measuring strategies beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from attune_sim.api.choices import Dispatch, ExecutorName, ProbeName, Shape
from attune_sim.api.comparisons.comparison import Comparison
from attune_sim.api.comparisons.deciding import deciding_of
from attune_sim.api.comparisons.measuring import Asked, Measurement
from attune_sim.api.comparisons.sweep import Sweep, is_sweep
from attune_sim.api.comparisons.verifying import Metering
from attune_sim.api.runs.chosen import sized_workload
from attune_sim.api.runs.given import ActionSource, ScriptSource, Source
from attune_sim.api.runs.running import Strategy
from attune_sim.api.runs.workflows import SubWorkflows
from attune_sim.api.showing.progress import Watcher
from attune_sim.errors import InputError
from attune_sim.record import CellRecord
from attune_sim.runspec import History
from attune_sim.store import Store


def compare(
    workload: Source,
    strategies: Strategy | Iterable[Strategy] | None = None,
    *,
    items: int | None = None,
    payload: Shape | None = None,
    history: History | Mapping[str, Any] | int | None = None,
    context_bytes: int | str | None = None,
    dispatch: Dispatch | None = None,
    executor: ExecutorName | None = None,
    cluster: Any = None,
    repeats: int | Literal["auto"] = 5,
    budget: float | str | None = None,
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
    probes: ProbeName | Iterable[ProbeName] = (),
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

    With `repeats="auto"` repeats go on until every verdict that they can make safe is `changed` or `not changed`, or a `budget` of
    time (such as "2min"; default: five minutes) or 50 repeats are used up; a warning then says what one cannot tell. Verdicts are
    looked for after 5, 7, 9, 12, 16, 20, 26, 33, 42 and 50 repeats, and the intervals of all these looks together hold the median ratio as
    often as the one of a fixed number: in 95 of 100.

    Actions of a scenario are replayed (same shapes of results, no network) unless `real`. Yours are called once, over all
    items and in a process of its own; every cell replays what they gave, and every input that a strategy renders is
    compared with what they were handed. With `real` they are called in every cell. A `script`, or the journal of a run,
    gives results in place of any call; `real` does not go with it. `memory_limit` is in bytes or a text such as "2GiB" (default: a quarter of what is available, at least 512 MiB), `time_limit` in seconds or "60s".
    With `store=FILE` every row is kept there as it comes, and a rerun completes only what is missing. With `verify` each
    cell is followed by two runs under an independent meter, three where forks are slow, and the comparison has a `verification`. `probes` are names
    of instruments that are not used unasked: `instructions` (those of a fork and of a rendering, counted under valgrind).

    With `executor="dask"` the attempts of each cell are made on the workers of one `cluster` (as in `at.run`), and its rows have
    what the wire carried: `wire_bytes`, `wire_once_bytes` a worker, `wire_item_bytes` an item, `dask_wire_bytes`. Such cells
    read no times, which would be those of workers that share machines; all else is that of their home.

    Raises:
        InputError: something that was given cannot be used; nothing was measured.
        ExperimentError: the strategies do not give the same answers.
        Interrupted: Ctrl-C, or a notebook's stop button: a `KeyboardInterrupt`. The comparison of the cells so far is its
            `result`, and `at.last()`; one of its `warnings` says how many are missing, and its `.resume()` goes on.

    >>> found = compare("baseline", "shared", items=5, history=1, repeats=1, progress=False)
    >>> found.summary()[["strategy", "outcome"]].values.tolist()
    [['shared', 'ok']]
    >>> compare("baseline", ["depcopy", "shared"])
    Traceback (most recent call last):
        ...
    attune_sim.errors.UnknownNameError: unknown strategy 'depcopy' (did you mean 'deepcopy'?); choose from: ...
    """
    asked = Asked(
        parameters=parameters, actions=actions, workflows=workflows, script=script, config=config, keystore=keystore,
        seed=seed, executor=executor, cluster=cluster, real=real, memory_limit=memory_limit, time_limit=time_limit, probes=probes,
    )  # fmt: skip
    if verify and executor == "dask":
        raise InputError('verify needs attempts in this process: leave out executor="dask"')
    own = asked.workload(workload)
    chosen = sized_workload(own, items=items, payload=payload, history=history, context_bytes=context_bytes)
    deciding = deciding_of(repeats, budget)
    grid = asked.experiment(
        [chosen], strategies, repeats=repeats, dispatches=[dispatch or "eager"], deciding=deciding
    )
    measurement = Measurement(grid, store=store, progress=progress)
    metering = Metering(chosen, grid.strategies, measurement.recordings) if verify else None

    def made(records: list[CellRecord], warnings: list[str], **known: Any) -> Comparison:
        unsettled = [deciding.unsettled] if deciding and deciding.unsettled else []
        verified = None if metering is None else metering.verification()
        return Comparison(records, [*warnings, *unsettled], verified, **known)

    def steps(told: Watcher | None) -> list[list[CellRecord]]:
        with deciding.timed() if deciding else nullcontext():
            return [measurement.run(grid, told)]

    return measurement.of(steps, made, metering)


def load_comparison(store: str | PathLike[str]) -> Comparison:
    """The comparison that a store holds, without measuring anything; a `Sweep` where its cells have several sizes.

    Raises:
        InputError: there is no such store, or a line of it is no row of one.

    >>> load_comparison("nothing.jsonl")
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: nothing.jsonl: there is no such store of cells
    """
    if not Path(store).is_file():
        raise InputError(f"{store}: there is no such store of cells")
    records = Store(store).records()
    return Sweep(records) if is_sweep(records) else Comparison(records)
