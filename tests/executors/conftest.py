from __future__ import annotations

from collections.abc import Callable

import pytest

from attune_sim.engine.events import EndRun, StartAction
from attune_sim.executors import executor_named
from attune_sim.executors.drive import Drive
from attune_sim.executors.fates import Fate, Foretold
from attune_sim.executors.simulated import SimulatedPerformer
from attune_sim.executors.timeline import VirtualTimeline
from attune_sim.session import Session


def drive(
    how: str, session: Session, foretell: Callable[[StartAction], Fate] = lambda command: Fate()
) -> EndRun:
    """Drive a session to its end under an executor, or virtually, where `foretell` stands for the actions."""
    if how != "virtual":
        return executor_named(how).run(session.job)
    return Drive(session.job, VirtualTimeline(), SimulatedPerformer(Foretold(foretell))).run()


@pytest.fixture(params=["inline", "threads", "asyncio", "virtual"])
def driven(request: pytest.FixtureRequest) -> Callable[..., EndRun]:
    """Drives a session to its end, each way there is."""
    return lambda session, *foretell: drive(request.param, session, *foretell)
