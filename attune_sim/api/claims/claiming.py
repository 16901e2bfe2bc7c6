"""Measuring the claims of the design that this project studies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from os import PathLike
from typing import TYPE_CHECKING, Any, Final, cast

from attune_sim.amounts import byte_count, second_count
from attune_sim.api.choices import Shape
from attune_sim.api.runs.running import one_of
from attune_sim.api.showing.progress import Watcher
from attune_sim.api.showing.telling import Telling
from attune_sim.api.stopped import stopped
from attune_sim.contexts.registry import strategies
from attune_sim.errors import InputError, Interrupted
from attune_sim.experiment.listed import run_listed
from attune_sim.experiment.spec import TIME_LIMIT_S, CellSpec
from attune_sim.loader.source import read_source
from attune_sim.metrics import METRICS
from attune_sim.record import CellRecord
from attune_sim.scenarios.data import data_path
from attune_sim.scenarios.registry import scenarios
from attune_sim.store import Store

if TYPE_CHECKING:
    from attune_sim.analysis.claims import Claim
    from attune_sim.api.claims.claims import Claims

MEMORY_LIMIT: Final = "512MiB"
"""Of a cell that names none: the same on every machine, so that a store is gone on with on any."""

WORKERS: Final = 2
"""Cells beside each other, where only their memory is read."""

FILE: Final = "claims.yaml"

Row = tuple[str, str, int, str, float | None, bool]
"""As `attune_sim.analysis.claims.READING_COLUMNS`."""


def claims(
    only: str | Iterable[str] | None = None,
    *,
    payloads: Shape | Iterable[Shape] | None = None,
    store: str | PathLike[str] | None = None,
    progress: bool = True,
) -> Claims:
    """Measure what is claimed of sharing a context in place of cloning it, and say of each claim whether it holds here.

    `only` names some of the claims (None: all), `payloads` some of the shapes `text`, `records`, `numbers`. Each cell runs in a
    process of its own, within its limits; all claims take some eight minutes on two busy cores. With `store=FILE` every row is kept
    there as it comes, and the same call completes what is missing. A deep copy stands for the clone.

    Verdicts, of a line in a shape and of a claim as a whole: `confirmed` within the tolerance that `data/claims.yaml` gives,
    `exceeded` beyond it the way the claim argues, `refuted` the other way; `depends` where readings or shapes do not agree.

    Raises:
        InputError: there is no such claim, or shape.
        Interrupted: Ctrl-C, or a notebook's stop button: what there is of the claims is its `result`, and `at.last()`; its
            `.resume()` goes on.

    >>> claims("clone_law", payloads="pictures")
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: ...
    """
    data = claim_data()
    chosen = _chosen(data, only, payloads)
    return _claimed(data, chosen, store, progress)


def _claimed(
    data: Mapping[str, Any],
    chosen: Sequence[Claim],
    store: str | PathLike[str] | None,
    progress: bool,
    known: Sequence[CellRecord] = (),
) -> Claims:
    import pandas as pd

    from attune_sim.analysis.claims import READING_COLUMNS
    from attune_sim.api.claims.claims import Claims

    plan = _plan(data, chosen)
    names, telling = {spec.key.id: name for name, spec in plan}, Telling(progress)
    with telling.watching() as watcher:
        records, halt = measured([spec for _, spec in plan], store, watcher, known)
        rows = [row for record in records for row in _rows(names[record.key.id], record)]
        if halt is None:
            rows += _qualities(data, chosen, telling.now)

    def made(*warnings: str) -> Claims:
        return Claims(chosen, pd.DataFrame(rows, columns=list(READING_COLUMNS)), records, warnings)

    if halt is None:
        return made()
    rest = partial(_claimed, data, chosen, store, progress, records)
    raise stopped(str(halt), made(f"stopped: {halt}"), rest)


def claims_of_records(records: Sequence[CellRecord]) -> Claims | None:
    """The claims that these cells were measured for; None where they are no cells of claims.

    What is measured in the process of the call, and not kept in a store, is `not measured`.
    """
    import pandas as pd

    from attune_sim.analysis.claims import READING_COLUMNS
    from attune_sim.api.claims.claims import Claims

    data = claim_data()
    sizes = {(one["workload"], data["sides"][one["side"]], one["items"]) for one in data["cells"].values()}
    if not {(one.key.workload, one.key.strategy, one.key.items) for one in records} <= sizes:
        return None  # told without making all workloads of the claims
    every = _chosen(data, None, None)
    names = {spec.key.id: name for name, spec in _plan(data, every)}
    if not all(record.key.id in names for record in records):
        return None
    there = {names[record.key.id] for record in records}
    chosen = [claim for claim in every if there & _needed([claim]).keys()]
    rows = [row for record in records for row in _rows(names[record.key.id], record)]
    frame = pd.DataFrame(rows, columns=list(READING_COLUMNS))
    unkept = (
        "what at.claims() measures without a cell of its own is not kept in a store, and not measured here"
    )
    return Claims(chosen, frame, records, (unkept,))


def claim_data() -> Mapping[str, Any]:
    """The file of claims as it is."""
    import yaml

    data: Mapping[str, Any] = yaml.safe_load(read_source(data_path(FILE)).text)
    return data


def _chosen(
    data: Mapping[str, Any], only: str | Iterable[str] | None, payloads: str | Iterable[str] | None
) -> list[Claim]:
    from attune_sim.analysis.claims import ANY, claims_of

    known = {claim.id: claim for claim in claims_of(data)}
    names = [one_of("claim", name, tuple(known)) for name in _several(only, known)]
    shapes = [one_of("payload", name, tuple(data["shapes"])) for name in _several(payloads, data["shapes"])]
    if not names or not shapes:
        raise InputError("name at least one claim and one payload, or leave them out for all")
    return [
        claim if ANY in claim.shapes else replace(claim, shapes=tuple(shapes))
        for claim in (known[name] for name in dict.fromkeys(names))
    ]


def _several(wanted: str | Iterable[str] | None, every: Iterable[str]) -> Iterable[str]:
    return every if wanted is None else [wanted] if isinstance(wanted, str) else wanted


# -- cells -----------------------------------------------------------------------------------------------------------------


def _plan(data: Mapping[str, Any], chosen: Sequence[Claim]) -> list[tuple[str, CellSpec]]:
    """The names of the cells that these claims need, and the cells, repeats outside: before and after in turns."""
    needed = _needed(chosen)
    cells = {name: known for name, known in data["cells"].items() if name in needed}
    most = max((known.get("repeats", 1) for known in cells.values()), default=0)
    return [
        (name, _spec(data, known, shape, repeat))
        for repeat in range(most)
        for shape in data["shapes"]
        for name, known in cells.items()
        if repeat < known.get("repeats", 1) and shape in needed[name]
    ]


def _needed(chosen: Sequence[Claim]) -> dict[str, set[str]]:
    """The names of the cells that these claims read, each with the shapes."""
    needed: dict[str, set[str]] = {}
    for claim in chosen:
        for line in claim.lines:
            for figure in (*line.of, *line.over):
                needed.setdefault(figure.cell, set()).update(claim.shapes)
    return needed


def _spec(data: Mapping[str, Any], known: Mapping[str, Any], shape: str, repeat: int) -> CellSpec:
    make = scenarios[known["workload"]]
    return CellSpec(
        workload=make(known["items"], payload=shape, **known.get("knobs", {})),
        strategy=strategies[data["sides"][known["side"]]],
        dispatch=known.get("dispatch", "eager"),
        repeat=repeat,
        memory_only=known.get("memory_only", False),
        memory_limit_bytes=byte_count(known.get("memory_limit", MEMORY_LIMIT)),
        time_limit_s=second_count(known.get("time_limit", TIME_LIMIT_S)),
    )


def measured(
    cells: Sequence[CellSpec],
    store: str | PathLike[str] | None,
    watcher: Watcher | None,
    known: Iterable[CellRecord] = (),
) -> tuple[list[CellRecord], Interrupted | None]:
    """The records, and whether somebody stopped it before all were there."""
    kept = None if store is None else Store(store)
    try:
        return run_listed(cells, workers=WORKERS, store=kept, progress=watcher, known=known), None
    except Interrupted as halt:
        return cast("list[CellRecord]", halt.result), halt


# -- readings --------------------------------------------------------------------------------------------------------------


def _rows(name: str, record: CellRecord) -> Iterator[Row]:
    """The readings of a cell, and what is told of it beside them."""
    key, cut = record.key, record.outcome != "ok"
    for reading in record.readings:
        least = cut and METRICS[reading.metric].total
        if reading.metric != "wall_s":
            yield name, key.payload, key.repeat, reading.metric, reading.value, least
        if reading.p50 is not None:
            yield name, key.payload, key.repeat, f"{reading.metric}_p50", reading.p50, False
    for metric, value in _told(record).items():
        yield name, key.payload, key.repeat, metric, value, cut and metric == "wall_s"


def _told(record: CellRecord) -> dict[str, float | None]:
    """Whether it died of memory, how many contexts it forked until then; of a cell that broke down nothing."""
    if record.outcome not in ("ok", "memory_limit", "time_limit"):
        return {}
    return {
        "context_bytes": float(record.key.context_bytes),
        "forks": float(record.forks),
        "died": float(record.outcome == "memory_limit"),
        "lived": float(record.outcome == "ok"),
        "wall_s": record.wall_s,
    }


def _qualities(data: Mapping[str, Any], chosen: Sequence[Claim], say: Callable[[str], None]) -> Iterator[Row]:
    """What is measured in this process, within some seconds, and not kept."""
    from attune_sim.api.claims.qualities import context_rows, strategy_rows

    after, needed = strategies[data["sides"]["after"]], _needed(chosen)
    found: list[tuple[str, str, str, float]] = []
    if "context" in needed:
        say("what is shared, and when it is freed")
        for shape in data["shapes"]:
            found += context_rows(after, shape) if shape in needed["context"] else ()
    if "strategies" in needed:
        say("equal answers of every strategy, and in threads")
        found += strategy_rows(after)
    return ((cell, shape, 0, metric, value, False) for cell, shape, metric, value in found)
