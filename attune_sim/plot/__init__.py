"""Frame -> matplotlib Axes.

Every function takes a frame and `ax=None`, returns the axes, leaves rcParams as they were, and never shows anything.
"""

from attune_sim.plot.context import plot_context
from attune_sim.plot.graph import plot_workflow
from attune_sim.plot.growth import plot_growth
from attune_sim.plot.latency import plot_latency
from attune_sim.plot.map import plot_map
from attune_sim.plot.memory import plot_memory
from attune_sim.plot.metric import plot_fork_memory, plot_fork_time, plot_metric
from attune_sim.plot.promises import plot_promises
from attune_sim.plot.residuals import plot_residuals
from attune_sim.plot.simulations.cycles import plot_cycles
from attune_sim.plot.simulations.distribution import plot_distribution
from attune_sim.plot.simulations.frontier import plot_frontier
from attune_sim.plot.simulations.gantt import plot_gantt
from attune_sim.plot.simulations.memory import plot_simulated_memory
from attune_sim.plot.simulations.queue import plot_queue, plot_utilisation
from attune_sim.plot.time import plot_time_split
from attune_sim.plot.timeline import plot_timeline
from attune_sim.plot.wire import plot_wire

__all__ = [
    "plot_context",
    "plot_cycles",
    "plot_distribution",
    "plot_fork_memory",
    "plot_fork_time",
    "plot_frontier",
    "plot_gantt",
    "plot_growth",
    "plot_latency",
    "plot_map",
    "plot_memory",
    "plot_metric",
    "plot_promises",
    "plot_queue",
    "plot_residuals",
    "plot_simulated_memory",
    "plot_time_split",
    "plot_timeline",
    "plot_utilisation",
    "plot_wire",
    "plot_workflow",
]
