"""Who makes attempts happen: a drive, a timeline, and one file per performer.

`executor_named("inline").run(session.job)` drives a run to its end in real time.
"""

from attune_sim.executors.drive import Job
from attune_sim.executors.executor import Executor
from attune_sim.executors.on_cluster import ClusterExecutor
from attune_sim.executors.on_loop import AsyncioExecutor
from attune_sim.executors.registry import executor_named, executor_names

__all__ = ["AsyncioExecutor", "ClusterExecutor", "Executor", "Job", "executor_named", "executor_names"]
