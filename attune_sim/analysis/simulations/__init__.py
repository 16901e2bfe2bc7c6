"""Frames of simulations -> figures, their distribution over seeds, and what parts two settings, or a simulation from a real run."""

from attune_sim.analysis.simulations.calibration import CALIBRATION_COLUMNS, calibrated
from attune_sim.analysis.simulations.distributions import (
    DISTRIBUTION_COLUMNS,
    PAIRED_COLUMNS,
    distributions,
    paired,
)
from attune_sim.analysis.simulations.figures import FIGURES, PRICED_COLUMNS, figures, priced, shown
from attune_sim.analysis.simulations.sides import cycle_figures, run_figures

__all__ = [
    "CALIBRATION_COLUMNS",
    "DISTRIBUTION_COLUMNS",
    "FIGURES",
    "PAIRED_COLUMNS",
    "PRICED_COLUMNS",
    "calibrated",
    "cycle_figures",
    "distributions",
    "figures",
    "paired",
    "priced",
    "run_figures",
    "shown",
]
