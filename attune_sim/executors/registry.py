"""The executors by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attune_sim.errors import UnknownNameError
from attune_sim.executors.aio import AsyncioPerformer
from attune_sim.executors.drive import Performer
from attune_sim.executors.executor import Executor
from attune_sim.executors.inline import InlinePerformer
from attune_sim.executors.on_cluster import ClusterExecutor
from attune_sim.executors.on_loop import AsyncioExecutor
from attune_sim.executors.threads import ThreadsPerformer
from attune_sim.executors.timeline import RealTimeline


def _dask_performer(timeline: RealTimeline, **options: Any) -> Performer:
    """Loaded when it is asked for: `distributed` is an extra, and takes a second to import."""
    from attune_sim.executors.dask.performer import DaskPerformer

    return DaskPerformer(timeline, **options)


_ALL: Final = (
    Executor("inline", "one attempt after the other", InlinePerformer),
    Executor("threads", "up to 32 attempts at once", ThreadsPerformer),
    AsyncioExecutor("asyncio", "coroutines, and up to 32 sync actions at once", AsyncioPerformer),
    ClusterExecutor("dask", "batches on the workers of a Dask cluster", _dask_performer),
)
_EXECUTORS: Final[Mapping[str, Executor]] = {executor.name: executor for executor in _ALL}


def executor_names() -> tuple[str, ...]:
    """The names that `executor_named` knows."""
    return tuple(_EXECUTORS)


def executor_named(name: str) -> Executor:
    """An executor by name; raises `UnknownNameError` for another one.

    >>> executor_named("inline").name
    'inline'
    """
    if name not in _EXECUTORS:
        raise UnknownNameError("executor", name, _EXECUTORS)
    return _EXECUTORS[name]
