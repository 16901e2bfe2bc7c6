"""How every benchmark ends: each figure beside the floor of the same run and its target, exit code 1 if one is missed.

Where the environment names a file in `BENCHMARK_ROWS` (`run.py` does), each figure is also appended there as a line
of JSON: benchmark, figure, value, unit, relation, target, holds, text.
"""

from __future__ import annotations

import json
import operator
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROWS_VARIABLE: Final = "BENCHMARK_ROWS"

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
        print(self.title, flush=True)

    def note(self, name: str, text: str) -> None:
        """Something worth knowing that is no number."""
        self._told(name, text)

    def figure(self, name: str, value: float, unit: str = "") -> None:
        """A figure without a target."""
        self._told(name, _shown(value, unit), value=float(value), unit=unit)

    def require(self, name: str, value: float, relation: str, target: float, unit: str = "") -> None:
        """A figure that has to be at most (`<=`), below (`<`) or at least (`>=`) its target."""
        value = float(value)  # what comes from a frame is numpy's
        holds = _HOLDS[relation](value, target)
        text = f"{_shown(value, unit)} (target {relation} {target:,g}) {'ok' if holds else 'MISSED'}"
        self._told(name, text, value=value, unit=unit, relation=relation, target=target, holds=holds)
        if not holds:
            self.missed.append(name)

    def exit(self) -> Any:
        """Leave the program."""
        sys.exit(1 if self.missed else 0)

    def _told(self, name: str, text: str, **known: Any) -> None:
        print(f"  {name:<58} {text}", flush=True)
        if path := os.environ.get(ROWS_VARIABLE):
            empty = dict.fromkeys(("value", "unit", "relation", "target", "holds"))
            row = {"benchmark": Path(sys.argv[0]).stem, "title": self.title, "figure": name.strip()}
            with open(path, "a", encoding="utf-8") as file:
                file.write(json.dumps({**row, **empty, **known, "text": text}) + "\n")


def _shown(value: float, unit: str) -> str:
    digits = f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:,.4g}"
    return f"{digits} {unit}".strip()
