"""A cell that is not run: its rows say why, and what smaller ones foretell of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from attune_sim.experiment.spec import CellSpec, moment
from attune_sim.record import CellRecord, Reading
from attune_sim.store import CellRows, Row, ended_row, started_row


def skipped(
    cell: CellSpec, reason: str, keep: Callable[[CellSpec, Row], None], readings: tuple[Reading, ...] = ()
) -> CellRecord:
    """The record of a cell with the outcome `skipped`; each of its rows is handed to `keep` with its cell as it comes."""
    began = moment()
    rows = CellRows(cell.key, cell.assumed, hash_seed=cell.hash_seed, began=began, looks=cell.looks)
    for row in (
        started_row(cell.key, cell.assumed, cell.hash_seed, began, cell.looks),
        *({"row": "reading", **asdict(reading)} for reading in readings),
        ended_row("skipped", reason),
    ):
        keep(cell, row)
        rows.add(row)
    return rows.record()
