"""Driving a job whose attempts are made on a cluster: in the thread that asks, or beside an event loop."""

from __future__ import annotations

import asyncio
from typing import Any

from attune_sim.engine.events import EndRun
from attune_sim.executors.drive import Job
from attune_sim.executors.executor import Executor
from attune_sim.executors.timeline import RealTimeline


class ClusterExecutor(Executor):
    """Drives jobs in a thread of their own where they are awaited: the event loop stays free for others."""

    __slots__ = ()

    async def arun(self, job: Job, timeline: RealTimeline | None = None, **options: Any) -> EndRun:
        """Drive a run; cancelling this coroutine cancels the run, which still ends. Who cancels twice does not wait for it."""
        timeline = timeline or RealTimeline()
        running = asyncio.ensure_future(asyncio.to_thread(self.run, job, timeline, **options))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            timeline.interrupts.ask()
            return await running
