"""The benchmark groups of the original engine, measured here, beside the figures that its authors published."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from os import PathLike
from statistics import median
from typing import Any, Final

from attune_sim.amounts import byte_count
from attune_sim.api.claims.claiming import MEMORY_LIMIT, claim_data, measured
from attune_sim.api.claims.claims import OriginalBenchmarks
from attune_sim.api.runs.running import positive
from attune_sim.api.showing.telling import Telling
from attune_sim.api.stopped import stopped
from attune_sim.contexts.registry import strategies
from attune_sim.experiment.spec import CellSpec
from attune_sim.record import CellRecord
from attune_sim.runspec import History
from attune_sim.scenarios.payload import make_variables
from attune_sim.scenarios.registry import scenarios, workload_of
from attune_sim.scenarios.workload import Workload

COLUMNS: Final = ("group", "of", "size", "series", "us", "low", "high", "n", "source", "author")
"""One row a group, size and series

    group, of, size   text, text, count   what is done, and over how much
    series            text                a strategy, or `published before`, `published after`
    us, low, high     us                  of one clone or rendering, of all clones for `with_items`: median, and range of the repeats
    n                 count               repeats
    source            text                `measured`, `estimated`, or `published`: measured by its author, elsewhere
    author            text                `this machine`, or who published it
"""

SERIES: Final = ("deepcopy", "shared", "hamt")
HERE: Final = "this machine"

_CLONES: Final = 10
_PAYLOAD: Final = "numbers"
"""The results of the original are arrays of 10,240 zeros: of its shapes this is the nearest."""

_BYTES: Final = 10_240
_RENDERED: Final = 500

_TEMPLATES: Final[Mapping[str, str]] = {
    "simple template": "Hello {{ parameters.name }}",
    "complex template": "Name: {{ parameters.name }}, Count: {{ parameters.count }}, Result: {{ task.step_005 }}",
}

_RENDERING: Final = """
version: 1.0.0
ref: claims.template
parameters:
  name: {{type: string, default: test}}
  count: {{type: integer, default: 42}}
tasks:
  - name: render
    action: core.noop
    with_items: "{{{{ range({items}) }}}}"
    input:
      text: "{template}"
"""

Group = Mapping[str, Any]
Row = dict[str, Any]


def original_benchmarks(
    *, repeats: int = 1, store: str | PathLike[str] | None = None, progress: bool = True
) -> OriginalBenchmarks:
    """Measure the original's own benchmark groups under `deepcopy` (its before), `shared` (its after) and `hamt`.

    Groups: a clone of an empty context, and with 10 to 500 results of 10 KB; all clones of a fan-out over 10 to 10,000 items; a
    clone with 10 to 100 variables; a simple and a complex template. Beside them stand the figures that its authors published
    for theirs: from another machine and in another language, those of before estimated by themselves. A price of a fork rests on
    thousands of them, so one of the `repeats` is enough to see how it grows; that takes up to seven minutes. `store=FILE`
    keeps every row as it comes, as in `at.claims`.

    Raises:
        InputError: `repeats` is no number of 1 or more.
        Interrupted: Ctrl-C, or a notebook's stop button: what there is of it is its `result`, and `at.last()`; its
            `.resume()` goes on.

    >>> original_benchmarks(repeats=0)
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: ...
    """
    return _measured(positive("repeats", repeats), store, progress)


def _measured(
    repeats: int, store: str | PathLike[str] | None, progress: bool, before: Sequence[CellRecord] = ()
) -> OriginalBenchmarks:
    import pandas as pd

    known = claim_data()["original"]
    plan = dict(_plan(known["groups"], repeats))
    with Telling(progress).watching() as watcher:
        records, halt = measured([spec for specs in plan.values() for spec in specs], store, watcher, before)
    found = {record.key.id: record for record in records}
    rows = [row for group in known["groups"] for row in _rows(group, plan, found, known["source"])]
    warnings = () if halt is None else (f"stopped: {halt}",)
    result = OriginalBenchmarks(pd.DataFrame(rows, columns=list(COLUMNS)), records, known["source"], warnings)
    if halt is None:
        return result
    raise stopped(str(halt), result, partial(_measured, repeats, store, progress, records))


# -- cells -----------------------------------------------------------------------------------------------------------------


def _plan(groups: list[Group], repeats: int) -> Iterator[tuple[tuple[str, str, int, str], list[CellSpec]]]:
    """Group, what of, size and strategy -> its repeats."""
    for group in groups:
        workload = _WORKLOADS[group["group"]](group)
        for name in SERIES:
            if _is_run(group, name):
                yield (*_key(group), name), [_spec(workload, name, repeat) for repeat in range(repeats)]


def _key(group: Group) -> tuple[str, str, int]:
    return group["group"], group["of"], group["size"]


def _is_run(group: Group, strategy: str) -> bool:
    """Copies of more than a few items are estimated: they would take minutes, and memory that no cell has."""
    return strategy != "deepcopy" or group["group"] != "with_items" or group["size"] <= _CLONES


def _spec(workload: Workload, strategy: str, repeat: int) -> CellSpec:
    return CellSpec(
        workload=workload,
        strategy=strategies[strategy],
        dispatch="eager",
        repeat=repeat,
        memory_limit_bytes=byte_count(MEMORY_LIMIT),
    )


def _context(tasks: int, items: int = _CLONES) -> Workload:
    history = History(tasks=tasks, bytes_each=_BYTES, payload=_PAYLOAD)
    return scenarios.baseline(items, payload=_PAYLOAD, history=history, variables_bytes=0, parameters_bytes=0)


def _of_variables(count: int) -> Workload:
    return replace(_context(0), make_variables=partial(_variables, count))


def _variables(count: int, workload: Workload) -> dict[str, Any]:
    return make_variables(1024 * count, _PAYLOAD, workload.seed, count)


def _of_template(name: str) -> Workload:
    text = _RENDERING.format(items=_RENDERED, template=_TEMPLATES[name])
    workload = workload_of(text, history=History(tasks=10, bytes_each=20, payload="text"))
    return replace(workload, name=name)


_WORKLOADS: Final[Mapping[str, Callable[[Group], Workload]]] = {
    "clone": lambda group: _context(group["size"]),
    "with_items": lambda group: _context(100, group["size"]),
    "variables": lambda group: _of_variables(group["size"]),
    "template": lambda group: _of_template(group["of"]),
}
"""Group -> the workload of one of its sizes."""

_METRICS: Final = {
    "clone": "fork_us",
    "variables": "fork_us",
    "with_items": "paid_fork_us",
    "template": "render_us",
}
"""Group -> what is read of it; of `with_items` for all items together."""


# -- rows ------------------------------------------------------------------------------------------------------------------


def _rows(
    group: Group,
    plan: Mapping[tuple[str, str, int, str], list[CellSpec]],
    found: Mapping[str, CellRecord],
    author: str,
) -> Iterator[Row]:
    told = {name: group[name] for name in ("group", "of", "size")}
    for name in SERIES:
        values, source = _values(group, name, plan, found)
        if values:
            yield {**told, "series": name, **_figure(values), "source": source, "author": HERE}
    for side, source in (("before", "estimated"), ("after", "published")):
        if (us := group.get(f"{side}_us")) is not None:
            yield {**told, "series": f"published {side}", **_figure([us]), "source": source, "author": author}


def _values(
    group: Group,
    strategy: str,
    plan: Mapping[tuple[str, str, int, str], list[CellSpec]],
    found: Mapping[str, CellRecord],
) -> tuple[list[float], str]:
    """What each repeat measured; of copies that were not run the price of one of the smallest fan-out, times their number."""
    metric, is_run = _METRICS[group["group"]], _is_run(group, strategy)
    specs = plan[(*(_key(group) if is_run else (*_key(group)[:2], _CLONES)), strategy)]
    times = group["size"] if group["group"] == "with_items" else 1
    records = [found[spec.key.id] for spec in specs if spec.key.id in found]
    values = [
        reading.value * times
        for record in records
        for reading in record.readings
        if reading.metric == metric and reading.value is not None
    ]
    return values, "measured" if is_run else "estimated"


def _figure(values: list[float]) -> dict[str, Any]:
    return {"us": median(values), "low": min(values), "high": max(values), "n": len(values)}
