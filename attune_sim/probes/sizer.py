"""Sizes as pympler sees them: an attribution, never the primary figure.

pympler follows only what it knows; containers of C and Rust extensions are leaves to it. `coverage` (its bytes over
those of the live heap) says how much it saw, and below `OPAQUE_BELOW` its figure is labelled `opaque`.

Importing this module imports pympler: do so after everything timed.
"""

from __future__ import annotations

import sys
from typing import Any, Final

from attune_sim.errors import ExperimentError


def _asizer() -> Any:
    """pympler's own. It would load numpy to know arrays when it sees them, 0.14 s in every cell: where nobody has loaded it, there are none."""
    is_there = "numpy" in sys.modules
    if not is_there:
        sys.modules["numpy"] = None  # type: ignore[assignment]  # which is how Python writes down what cannot be imported
    try:
        from pympler import asizeof
    finally:
        if not is_there:
            del sys.modules["numpy"]
    return asizeof.Asizer


_ASIZER: Final = _asizer()
OPAQUE_BELOW: Final = 0.95
_ALIGN: Final = 16  # CPython allocates in steps of 16 bytes; pympler's own default of 8 is 5 to 20 % off
_DEPTH: Final = 100_000  # pympler's own default of 100 silently cuts chains of scopes


class Sizer:
    """A retained sizer: every object counts once, in the size of whatever was sized first.

    It knows objects by their address, so it keeps alive all that it was given. Raises ExperimentError if pympler
    passed over an object (one that changed meanwhile, or is nested too deeply).

    >>> base = {"name": "x" * 1000}
    >>> sizer = Sizer(base)
    >>> 80 <= sizer.marginal([base, 12345]) <= 160
    True
    """

    def __init__(self, *base: Any) -> None:
        self._asizer = _ASIZER(align=_ALIGN, limit=_DEPTH)
        self._kept: list[Any] = list(base)
        if base:
            self._sized(*base)

    def marginal(self, value: Any) -> int:
        """Bytes that this object adds to all that was sized before."""
        self._kept.append(value)
        return self._sized(value)

    def _sized(self, *objects: Any) -> int:
        size = int(self._asizer.asizeof(*objects))
        if self._asizer._missed:
            raise ExperimentError(
                f"pympler passed over {self._asizer._missed} objects: its size would be too small; "
                "they changed while they were sized, or are nested too deeply"
            )
        return size


def coverage(asizeof_bytes: float, heap_bytes: float) -> float | None:
    """How much of the live heap pympler saw; None where the heap did not grow."""
    return asizeof_bytes / heap_bytes if heap_bytes > 0 else None
