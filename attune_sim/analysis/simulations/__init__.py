"""Frames of simulations -> figures, their distribution over seeds, and what parts two settings, or a simulation from a real run."""

from attune_sim.analysis.simulations.calibration import CALIBRATION_COLUMNS, calibrated
from attune_sim.analysis.simulations.distributions import (
    DISTRIBUTION_COLUMNS,
    PAIRED_COLUMNS,
    distributions,
    paired,
)
from attune_sim.analysis.simulations.figures import FIGURES, PRICED_COLUMNS, figures, priced, shown

__all__ = [
    "CALIBRATION_COLUMNS",
    "DISTRIBUTION_COLUMNS",
    "FIGURES",
    "PAIRED_COLUMNS",
    "PRICED_COLUMNS",
    "calibrated",
    "distributions",
    "figures",
    "paired",
    "priced",
    "shown",
]
