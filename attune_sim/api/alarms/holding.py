"""Holding gates: measure, read the baseline if a rule asks for it, and tell what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from attune_sim.api.alarms.baseline import load_baseline
from attune_sim.api.alarms.gate import Gate
from attune_sim.api.alarms.meter import Meter, Taken
from attune_sim.api.alarms.outcome import Outcome, Trust, outcome_of
from attune_sim.errors import AttuneError
from attune_sim.record import CellRecord
from attune_sim.thresholds.parsing import parse
from attune_sim.thresholds.rules import Rule, Threshold

COMPARED: Final = tuple(
    parse(f"{metric}:1%") for metric in ("fork_bytes", "record_bytes", "live_heap_bytes", "allocated_blocks")
)
"""What is compared with a baseline where nobody says: the counts of a cell, as far as it has them, to a hundredth."""

_TEXTS: Final = frozenset(rule.text for rule in COMPARED)


@dataclass(frozen=True)
class Holding:
    """One session of gates: with `compare`, whatever they measure is held against the file `baseline` as well.

    `making` is the command that makes it, `{}` in it being the name of a gate; with `saving` that is what is going on.
    """

    baseline: Path
    making: str
    trust: Trust = field(default_factory=Trust)
    compare: bool = False
    saving: bool = False
    meter: Meter = field(default_factory=Meter)

    def of(self, gate: Gate) -> Outcome:
        """What came of a gate. What keeps it from being held breaks it: a gate that nobody could hold must not stay open."""
        full = self._whole(gate)
        return self._attempted(full, lambda: self.meter.taken(full))

    def of_records(self, gate: Gate, records: Iterable[CellRecord]) -> Outcome:
        """The same for what was measured already."""
        return self._attempted(self._whole(gate), lambda: Taken(records=tuple(records)))

    def _whole(self, gate: Gate) -> Gate:
        """With the rules against a baseline that all have."""
        rules = dict.fromkeys((*gate.rules, *(COMPARED if self.compare else ())))
        return replace(gate, rules=tuple(rules))

    def _holds(self, rule: Rule) -> bool:
        """Whether a rule is held. One against a baseline that is being made has to wait for it, though what it needs is measured; against
        what was there before it is held only if somebody asks to compare as well."""
        is_asked = self.compare and self.baseline.exists()
        return not _is_relative(rule) or not self.saving or is_asked

    def _attempted(self, gate: Gate, take: Callable[[], Taken]) -> Outcome:
        try:
            return self._held(gate, take())
        except AttuneError as error:
            return Outcome(name=gate.name, trust=self.trust, error=f"{gate.name}: {error}")

    def _held(self, gate: Gate, taken: Taken) -> Outcome:
        rules = [
            rule
            for rule in filter(self._holds, gate.spelled)
            if rule.text not in _TEXTS or rule.metrics[0] in taken.metrics
        ]
        base = self._baseline if any(map(_is_relative, rules)) else None
        return outcome_of(gate, taken, taken.held(rules, base, self._how(gate)), self.trust)

    @cached_property
    def _baseline(self) -> tuple[CellRecord, ...] | None:
        return load_baseline(self.baseline).records if self.baseline.exists() else None

    def _how(self, gate: Gate) -> str:
        return f"there is no {self.baseline}; make it, where the code is as it should be, with `{self.making.format(gate.name)}`"


def _is_relative(rule: Rule) -> bool:
    return isinstance(rule, Threshold) and rule.relative
