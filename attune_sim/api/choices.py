"""The words that options take of which there is a closed set, as types: an editor offers them, a type checker holds to them."""

from __future__ import annotations

from typing import Literal

from attune_sim.actions.payload import Shape
from attune_sim.runspec import Dispatch

ExecutorName = Literal["inline", "threads", "asyncio", "dask"]
IsolationLevel = Literal["none", "items", "nested"]
LatencyName = Literal["constant", "uniform", "exponential", "lognormal", "pareto", "empirical"]
ProbeName = Literal["instructions"]

__all__ = ["Dispatch", "ExecutorName", "IsolationLevel", "LatencyName", "ProbeName", "Shape"]
