"""Results from rows on disk, without measuring anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attune_sim.api.comparisons.comparison import Comparison
from attune_sim.api.comparisons.sweep import Sweep, is_sweep
from attune_sim.errors import InputError
from attune_sim.record import CellRecord
from attune_sim.store import Store

if TYPE_CHECKING:
    from attune_sim.api.claims.claims import Claims

    Result = Comparison | Claims


def load_results(*stores: str | PathLike[str]) -> list[Any]:
    """The results that stores of cells hold: a comparison (or a sweep, where its cells have several sizes) for each workload, or the
    claims, where the cells are those of the claims.

    Raises InputError for what is no store of cells, and for one without any.
    """
    found = [result for store in stores for result in _results(store)]
    if not found:
        raise InputError("name at least one store of cells (FILE.jsonl)")
    return found


def _results(store: str | PathLike[str]) -> Iterator[Result]:
    if not Path(store).is_file():
        raise InputError(f"{store}: there is no such store of cells")
    records = Store(store).records()
    if not records:
        raise InputError(f"{store}: holds no cells; nothing was measured yet")
    from attune_sim.api.claims.claiming import claims_of_records

    claims = claims_of_records(records)
    if claims is not None:
        yield claims
        return
    for workload in dict.fromkeys(record.key.workload for record in records):
        yield comparison_of([record for record in records if record.key.workload == workload])


def comparison_of(records: Sequence[CellRecord]) -> Comparison:
    """A comparison, or a sweep where the cells have several sizes."""
    return Sweep(records) if is_sweep(records) else Comparison(records)
