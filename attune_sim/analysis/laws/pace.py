"""Times as they would be, had the machine been as fast in every cell as it usually was.

A core may share its units with another one: for a tenth of a second or for minutes everything takes up to twice as long, and a law that is
fitted to such times takes the disturbance for growth. Each cell reads how fast the machine was in the same moments, and its times are taken
as shares of that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Final

import numpy as np
import pandas as pd

from attune_sim.metrics import METRICS

Paces = Mapping[tuple[str, str], float]
"""Machine and metric of a pace -> what that metric usually read there, in its unit."""

_CELL: Final = ["cell", "machine", "software"]
_PACED: Final = {name: metric.paces for name, metric in METRICS.items() if metric.paces}
_PACES: Final = sorted({pace for paces in _PACED.values() for pace in paces})
_IN_THE_RUN: Final = [name for name, paces in _PACED.items() if "pace_us" in paces]
"""The parts of a run that slow down with the machine; a wait and an action of the user's own are none."""


def usual_paces(metrics: pd.DataFrame) -> Paces:
    """The median over the cells of each machine, of a long metrics frame; empty where no cell read any."""
    known = metrics[metrics["metric"].isin(_PACES) & (metrics["value"] > 0)]
    if not {*_CELL} <= {*metrics.columns} or known.empty:
        return {}
    return dict(known.groupby(["machine", "metric"])["value"].median())


def at_usual_pace(metrics: pd.DataFrame, usual: Paces) -> pd.DataFrame:
    """The frame with each time as it would have been at the usual pace, and `slower`: by what factor the machine was slower than
    that in the cell; 1 where nothing is known of it, and for all that is no time.

    Of `wall_s` those parts are corrected that slow down with the machine, where the parts of a run can be told apart.
    """
    if not usual:
        return metrics.assign(slower=1.0)
    slower = _slower(metrics, usual).stack()
    own = pd.MultiIndex.from_frame(metrics[[*_CELL, "metric"]])
    by = slower.reindex(own).fillna(1.0).to_numpy()
    return metrics.assign(value=metrics["value"] / by, slower=by)


def _slower(metrics: pd.DataFrame, usual: Paces) -> pd.DataFrame:
    """A row a cell, a column a time: by what factor the machine was slower than usual."""
    names = [*_PACES, *_IN_THE_RUN, "wall_s"]
    known = metrics[metrics["metric"].isin([*names, "closure"])]
    cells = known.pivot_table(index=_CELL, columns="metric", values="value").reindex(columns=names)
    machines = cells.index.get_level_values("machine")
    paces = {
        pace: cells[pace].where(cells[pace] > 0)
        / [usual.get((machine, pace), np.nan) for machine in machines]
        for pace in _PACES
    }
    # Of several paces of a metric the first that the cell read: stores of before one was kept have the next one.
    slower = pd.DataFrame({name: _first_known([paces[pace] for pace in own]) for name, own in _PACED.items()})
    # The parts are means over the items of the largest fan-out alone, and closure over as many; without it they cannot be told apart.
    items = known[known["metric"] == "closure"].groupby(_CELL)["n"].first().astype("float64")
    parts = cells[_IN_THE_RUN].mul(items / 1e6, axis=0)
    parts_s = parts.sum(axis=1, skipna=False)
    lost_s = (parts * (1 - 1 / slower[_IN_THE_RUN])).sum(axis=1, skipna=False)
    lost_s *= (cells["wall_s"] / parts_s).clip(upper=1)
    return slower.assign(wall_s=cells["wall_s"] / (cells["wall_s"] - lost_s))


def _first_known(columns: Sequence[pd.Series[float]]) -> pd.Series[float]:
    return reduce(pd.Series.combine_first, columns)
