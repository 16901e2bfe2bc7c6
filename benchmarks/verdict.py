"""How every benchmark ends: each figure beside the floor of the same run and its target, exit code 1 if one is missed."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

_HOLDS: Final[dict[str, Callable[[float, float], bool]]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
}


@dataclass
class Verdict:
    """Collects figures and prints them; `exit()` leaves with 1 if any target was missed."""

    title: str
    missed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        print(self.title)

    def note(self, name: str, value: str) -> None:
        """A figure without a target."""
        print(f"  {name:<58} {value}")

    def require(self, name: str, value: float, relation: str, target: float, unit: str = "") -> None:
        """A figure that has to be at most (`<=`), below (`<`) or at least (`>=`) its target."""
        holds = _HOLDS[relation](value, target)
        print(
            f"  {name:<58} {value:,.4g} {unit} (target {relation} {target:,g}) {'ok' if holds else 'MISSED'}"
        )
        if not holds:
            self.missed.append(name)

    def exit(self) -> Any:
        """Leave the program."""
        sys.exit(1 if self.missed else 0)
