"""Plots of simulations, from their frames: cycles, queue, workers, one cycle's items, and how figures are spread over seeds."""
