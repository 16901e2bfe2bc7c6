"""Python's garbage collector, held still where it would cost or change what is done meanwhile."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """The collector is off inside, and afterwards on again if it was on before.

    >>> with collector_at_rest():
    ...     gc.isenabled()
    False
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def all_frozen() -> Iterator[None]:
    """What is there is not collected inside, so that collections go through what is made there alone.

    A process that has frozen what it found keeps more of it frozen afterwards.
    """
    is_first = gc.get_freeze_count() == 0
    gc.freeze()
    try:
        yield
    finally:
        if is_first:
            gc.unfreeze()
