"""Frames over several sizes -> how a cost grows with the items and with the context, and what it would be at other sizes.

    cost = a + b*N + c*C + d*N*C (+ the collector)

N are the items of the fan-out, C the bytes of JSON that it is handed. `docs/laws.md` has the formulas, their sources, and what
was measured of them.
"""

from attune_sim.analysis.laws.crossing import crossovers
from attune_sim.analysis.laws.design import Size, next_size
from attune_sim.analysis.laws.fit import Fit, Fits, fits_of
from attune_sim.analysis.laws.interval import Prediction
from attune_sim.analysis.laws.points import Group
from attune_sim.analysis.laws.tables import laws, predict

__all__ = [
    "Fit",
    "Fits",
    "Group",
    "Prediction",
    "Size",
    "crossovers",
    "fits_of",
    "laws",
    "next_size",
    "predict",
]
