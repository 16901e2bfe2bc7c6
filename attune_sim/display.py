"""Values of every room that a notebook shows; how is decided in `attune_sim.api.showing`, and in no other place.

It is found by its name when somebody looks. So nothing here imports it, the flow stays one-way, and a value that is never
shown in a notebook loads nothing.
"""

from __future__ import annotations

from pkgutil import resolve_name
from typing import Any, Final

BUNDLE: Final = "attune_sim.api.showing.rich:bundle"


class Displayed:
    """A mixin: what is shown is asked of `BUNDLE`. It adds no attribute, so a class with slots stays as small as it is."""

    __slots__ = ()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        shown: dict[str, str] = resolve_name(BUNDLE)(self)
        return shown
