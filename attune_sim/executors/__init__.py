"""Who performs commands: one file per way. `executor_named("inline").run(runner)` drives a run to its end."""

from attune_sim.executors.registry import Executor, executor_named, executor_names

__all__ = ["Executor", "executor_named", "executor_names"]
