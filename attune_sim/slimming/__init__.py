"""What of each task's result is read, and the smallest change of a workflow after which no more than that is kept."""

from attune_sim.slimming.dataflow import read_paths

__all__ = ["read_paths"]
