"""Objects that travel to a worker process, those of notebooks and tests included."""

from __future__ import annotations

import base64
import pickle
from typing import Any

import cloudpickle

from attune_sim.byvalue import by_value
from attune_sim.errors import ExperimentError


def packed(value: Any) -> str:
    """A value as text that `unpacked` of another process turns back; raises ExperimentError if it cannot travel."""
    with by_value():
        try:
            return base64.b64encode(cloudpickle.dumps(value)).decode()
        except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
            raise ExperimentError(
                f"a cell runs in a process of its own, and something of it cannot be sent there: {error}; "
                "let actions and strategies open files, locks and connections when they are first used"
            ) from error


def unpacked(text: str) -> Any:
    """What `packed` was given."""
    return pickle.loads(base64.b64decode(text))
