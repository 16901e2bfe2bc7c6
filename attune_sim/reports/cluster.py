"""What a report says of a cluster: its workers, what went to them and home, and what other numbers of them would carry."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd

from attune_sim.analysis.wire import Carried, carried_by_cells, wire_frame
from attune_sim.metrics import format_bytes, format_count
from attune_sim.plot import plot_wire
from attune_sim.reports.summary import Picture, Section, Table

CLUSTER = "On the cluster"
WIRE = "What the wire carries"
"""Headings."""


def cluster_sections(workers: pd.DataFrame, transfers: pd.DataFrame, wire: pd.DataFrame) -> Iterator[Section]:
    """Of one run: each worker and its fate, the bytes of each kind, and those over other numbers of workers and items."""
    if workers.empty:
        return
    yield Section(CLUSTER, (_workers(workers), _transfers(transfers)))
    if len(wire):
        yield Section(WIRE, (_picture(wire), _wire_table(wire)))


def wire_sections(metrics: pd.DataFrame) -> Iterator[Section]:
    """Of cells whose attempts were made on a cluster: nothing where there are none."""
    if not metrics["metric"].eq("wire_bytes").any():
        return
    carried = carried_by_cells(metrics)
    if carried:
        wire = wire_frame(carried)
        yield Section(WIRE, (_picture(wire), _carried_table(carried), _wire_table(wire)))


def _workers(workers: pd.DataFrame) -> Table:
    rows = workers.to_dict("records")
    return Table(
        caption="Workers, in the order in which they came: what their processes held, and by how much that grew, is read by Dask",
        headers=("worker", "address", "threads", "items", "lost", "held", "grown", "wire_bytes", "fate"),
        rows=tuple(
            (
                f"{row['worker']}",
                row["address"],
                format_count(row["threads"]),
                format_count(row["items"]),
                format_count(row["lost"]),
                _size(row["memory_bytes"]),
                _size(row["grown_bytes"]),
                _size(row["wire_bytes"]),
                f"{row['fate']}: {row['why']}" if row["why"] else row["fate"],
            )
            for row in rows
        ),
        failed=frozenset(place for place, row in enumerate(rows) if row["fate"] != "stayed"),
        texts=frozenset({0, 1, 8}),
        name="workers",
    )


def _transfers(transfers: pd.DataFrame) -> Table:
    """Kinds of bytes over all workers: an item's share of each beside it."""
    sums = transfers.groupby(["kind", "counted_by"], sort=False)[["bytes", "items"]].sum().reset_index()
    return Table(
        caption="Bytes to all workers and home; those of attune-sim were counted as they were pickled, Dask's hold its own messages, and "
        "no offers",
        headers=("kind", "counted by", "bytes", "an item"),
        rows=tuple(
            (
                row["kind"],
                row["counted_by"],
                _size(row["bytes"]),
                _size(row["bytes"] / row["items"]) if row["items"] else "–",
            )
            for row in sums.to_dict("records")
        ),
        texts=frozenset({0, 1}),
        name="transfers",
    )


def _picture(wire: pd.DataFrame) -> Picture:
    caption = "Bytes on the wire over the items, for several numbers of workers: marks were measured, lines are estimated"
    return Picture("wire", caption, partial(plot_wire, wire), wire["strategy"].nunique() + 4, large=True)


def _carried_table(carried: list[Carried]) -> Table:
    return Table(
        caption="Bytes to workers and home, measured (medians of the cells)",
        headers=("strategy", "context", "workers", "items", "wire_bytes", "once a worker", "an item"),
        rows=tuple(
            (
                one.strategy,
                format_bytes(one.context_bytes),
                format_count(one.workers),
                format_count(one.items),
                *map(format_bytes, (one.total, one.once, one.each)),
            )
            for one in carried
        ),
        name="carried",
    )


def _wire_table(wire: pd.DataFrame) -> Table:
    """A row a strategy and number of items, a column a number of workers; what is estimated begins with a sign."""
    shown = wire[wire["context_bytes"].ge(wire["context_bytes"].max() / 1.1)]
    crews = sorted(set(shown["workers"]))
    rows = []
    for (strategy, items), part in shown.groupby(["strategy", "items"], sort=False):
        cells = {
            row["workers"]: f"{'≈ ' if row['source'] == 'estimated' else ''}{format_bytes(row['wire_bytes'])}"
            for row in part.to_dict("records")
        }
        rows.append((str(strategy), format_count(float(str(items))), *(cells[crew] for crew in crews)))
    headers = tuple(f"{crew} worker{'' if crew == 1 else 's'}" for crew in crews)
    return Table(
        caption="Bytes to workers and home; ≈ is estimated, from bytes once a worker and bytes an item",
        headers=("strategy", "items", *headers),
        rows=tuple(rows),
        name="wire",
    )


def _size(value: float) -> str:
    return "–" if pd.isna(value) else format_bytes(value)
