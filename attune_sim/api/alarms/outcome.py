"""What came of a gate, by how far each kind of rule is to be trusted: counts and ratios break it, times only if asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from attune_sim.api.alarms.baseline import cell_of
from attune_sim.api.alarms.gate import Gate
from attune_sim.api.alarms.meter import Taken
from attune_sim.record import CellRecord
from attune_sim.thresholds import Broken, Finding, Growth, Promises

SCHEMA: Final = 1
"""Of what `as_dict` gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whether `times` were asked to break a rule, and whether cells ran beside other work (`company`), so that they never do."""

    times: bool = False
    company: bool = False

    def advises(self, finding: Finding) -> bool:
        """Whether a broken rule is only told: its figure is one of the machine as well. What was not measured at all is no figure."""
        is_time = finding.rule.kind == "time" and finding.span is not None
        return finding.word == "broken" and is_time and (self.company or not self.times)

    @property
    def why(self) -> str:
        """Why a time is only told."""
        if self.company:
            return "advisory, for tests that run beside each other disturb each other's times"
        return "advisory, a time is of the machine as well; ask for it with --attune-times, or times = true"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one gate: all `findings`, those that break it, those that are only told; `cells` are what was measured."""

    name: str
    findings: tuple[Finding, ...] = ()
    trust: Trust = field(default_factory=Trust)
    unlike: tuple[str, ...] = ()
    records: tuple[CellRecord, ...] = ()
    error: str = ""

    @property
    def broken(self) -> list[str]:
        """The lines that make it fail."""
        lines = [one.line for one in self.findings if one.word == "broken" and not self.trust.advises(one)]
        return [*lines, *([self.error] if self.error else [])]

    @property
    def advice(self) -> list[str]:
        """The lines that do not."""
        told = [f"{one.line} ({self.trust.why})" for one in self.findings if self.trust.advises(one)]
        return [*told, *(one.line for one in self.findings if one.word == "undecided"), *self.unlike]

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain JSON, the cells in the form of a baseline."""
        return {
            "name": self.name,
            "ok": not self.broken,
            "broken": self.broken,
            "advice": self.advice,
            "findings": [_finding(one, self.trust) for one in self.findings],
            "cells": [cell_of(record) for record in self.records],
        }


def outcome_of(gate: Gate, taken: Taken, found: Broken, trust: Trust) -> Outcome:
    """What came of the rules of a gate."""
    strategies = dict.fromkeys(record.key.strategy for record in taken.records)
    findings = (replace(one, command=_command(gate, one, strategies)) for one in found.all)
    return Outcome(
        name=gate.name,
        findings=tuple(findings),
        trust=trust,
        unlike=found.unlike,
        records=taken.records,
    )


def _command(gate: Gate, finding: Finding, strategies: Iterable[str]) -> str:
    along = finding.rule.along if isinstance(finding.rule, Growth) else None
    if isinstance(finding.rule, Promises) and finding.strategy in gate.strategies:
        return f"attune-sim strategies --check {finding.strategy}"
    return gate.command(_shown(finding, strategies), along)


def _shown(finding: Finding, strategies: Iterable[str]) -> list[str]:
    """The strategies whose figures a finding is about."""
    named = {finding.strategy, *finding.rule.strategies}
    return [name for name in strategies if name in named] or sorted(named - {""})


def _finding(one: Finding, trust: Trust) -> Mapping[str, Any]:
    span, alarms = one.span, one.alarms
    return {
        "rule": one.rule.text,
        "kind": one.rule.kind,
        "case": one.case,
        "strategy": one.strategy,
        "metric": one.metric,
        "word": "advisory" if trust.advises(one) else one.word,
        "value": one.value,
        "limit": one.limit,
        "span": None if span is None else span._asdict(),
        "false_alarms": None if alarms is None else {**asdict(alarms), "rate": alarms.rate},
        "line": one.line,
        "command": one.command,
    }
