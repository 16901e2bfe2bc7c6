"""Frame -> matplotlib Axes.

Every function takes a frame and `ax=None`, returns the axes, leaves rcParams as they were, and never shows anything.
"""

from attune_sim.plot.context import plot_context
from attune_sim.plot.graph import plot_workflow
from attune_sim.plot.growth import plot_growth
from attune_sim.plot.map import plot_map
from attune_sim.plot.memory import plot_memory
from attune_sim.plot.metric import plot_fork_memory, plot_fork_time, plot_metric
from attune_sim.plot.promises import plot_promises
from attune_sim.plot.residuals import plot_residuals
from attune_sim.plot.time import plot_time_split
from attune_sim.plot.timeline import plot_timeline

__all__ = [
    "plot_context",
    "plot_fork_memory",
    "plot_fork_time",
    "plot_growth",
    "plot_map",
    "plot_memory",
    "plot_metric",
    "plot_promises",
    "plot_residuals",
    "plot_time_split",
    "plot_timeline",
    "plot_workflow",
]
