"""Measuring: cells in processes of their own, and grids of them."""

from attune_sim.experiment.cell import run_cell
from attune_sim.experiment.grid import Experiment, Progress, run_experiment
from attune_sim.experiment.spec import CellSpec, default_memory_limit

__all__ = ["CellSpec", "Experiment", "Progress", "default_memory_limit", "run_cell", "run_experiment"]
