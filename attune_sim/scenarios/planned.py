"""What a scenario knows of the attempts of its real runs, before they are made: how each of its servers behaves, say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from attune_sim.engine.events import Outcome


class Planned(NamedTuple):
    """Outcome, result and reason of an attempt.

    `seconds` are known to pass besides what any call takes (the way there and back); where it `is_whole` they are all that passes,
    as of one that ends when its time is up.
    """

    outcome: Outcome = "succeeded"
    result: Any = None
    error: str | None = None
    seconds: float = 0.0
    is_whole: bool = False


Planner: TypeAlias = Callable[..., Planned]
"""Takes the rendered input of an action as keywords, as the action does."""
