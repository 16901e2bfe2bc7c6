"""The frames of a simulation, each with the seed that a row belongs to. All of it is estimated, and says so.

`cycles`, `items`, `memory`, `queue`, `workers`, `deaths` and `checks` take columns by seed, as a simulation gives them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from attune_sim.frame.columns import (
    CHECK_COLUMNS,
    CYCLE_COLUMNS,
    DEATH_COLUMNS,
    MEMORY_COLUMNS,
    QUEUE_COLUMNS,
    SIMULATED_ITEM_COLUMNS,
    WORKER_COLUMNS,
    typed,
)
from attune_sim.metrics import UNITS

Columns = Mapping[str, Sequence[Any]]
"""A table: its columns by name, all of one length."""

BySeed = Mapping[int, Columns]


def cycles_frame(by_seed: BySeed) -> pd.DataFrame:
    """One row a cycle, in the order in which they were due (`CYCLE_COLUMNS`); one that was skipped or never began has no times."""
    frame = _joined(by_seed, CYCLE_COLUMNS)
    return _spanned(frame, CYCLE_COLUMNS)


def simulated_items_frame(by_seed: BySeed, sampled_of: Mapping[int, int | None]) -> pd.DataFrame:
    """One row an item that ended (`SIMULATED_ITEM_COLUMNS`): all of them, or a random choice.

    `attrs["sampled_of"]` says of how many they were chosen, by seed; None where all are here.
    """
    frame = _spanned(_joined(by_seed, SIMULATED_ITEM_COLUMNS), SIMULATED_ITEM_COLUMNS)
    frame["worker"] = frame["worker"].where(frame["worker"] >= 0)
    frame.attrs["sampled_of"] = dict(sampled_of)
    return frame


def memory_frame(by_seed: BySeed) -> pd.DataFrame:
    """One row a strategy and stretch of time: the least and the most that the process held in it (`MEMORY_COLUMNS`)."""
    return _joined(by_seed, MEMORY_COLUMNS)


def queue_frame(by_seed: BySeed) -> pd.DataFrame:
    """One row a stretch of time: attempts that waited for a slot, and that were served, on average (`QUEUE_COLUMNS`)."""
    return _joined(by_seed, QUEUE_COLUMNS)


def workers_frame(by_seed: BySeed) -> pd.DataFrame:
    """One row a worker: how long it was busy, and what it did (`WORKER_COLUMNS`)."""
    return _joined(by_seed, WORKER_COLUMNS)


def deaths_frame(by_seed: BySeed) -> pd.DataFrame:
    """One row a strategy: its peak, and where the memory ran out (`DEATH_COLUMNS`); missing where it did not."""
    return _joined(by_seed, DEATH_COLUMNS)


def checks_frame(by_seed: BySeed) -> pd.DataFrame:
    """One row a law or theory that a simulation is held against (`CHECK_COLUMNS`); `holds` is missing where nothing can be said."""
    return _joined(by_seed, CHECK_COLUMNS)


def _joined(by_seed: BySeed, wanted: tuple[str, ...]) -> pd.DataFrame:
    """The columns of all seeds below each other; what nobody tells is missing."""
    parts = [_part(seed, columns, wanted) for seed, columns in by_seed.items()]
    frame = pd.concat(parts, ignore_index=True) if parts else _part(0, {}, wanted)
    frame.attrs["units"] = {name: UNITS[name] for name in wanted if name in UNITS}
    return frame


def _part(seed: int, columns: Columns, wanted: tuple[str, ...]) -> pd.DataFrame:
    """Typed one by one: a table of one seed may lack what another one has."""
    length = len(next(iter(columns.values()), ()))
    if not length:
        return typed(pd.DataFrame(columns=list(wanted), dtype="str"))
    known: dict[str, Any] = {"seed": np.full(length, seed), "source": ["estimated"] * length, **columns}
    missing = [None] * length
    return typed(pd.DataFrame({name: known.get(name, missing) for name in wanted}))


def _spanned(frame: pd.DataFrame, wanted: tuple[str, ...]) -> pd.DataFrame:
    return frame.assign(duration_s=frame["ended_s"] - frame["started_s"])[list(wanted)]
