"""Measuring for gates: what was measured once in a session is not measured again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from attune_sim.api.alarms.gate import Gate
from attune_sim.api.comparisons.comparing import compare
from attune_sim.api.comparisons.comparison import Comparison
from attune_sim.api.noise.kept import kept_noise
from attune_sim.api.runs.given import Source
from attune_sim.api.runs.running import Strategy, strategy_class
from attune_sim.api.sweeps.sweeping import sweep
from attune_sim.contexts.laws import check_laws
from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.errors import InputError
from attune_sim.frame import cells_frame, metrics_frame
from attune_sim.metrics import METRICS
from attune_sim.record import CellRecord
from attune_sim.thresholds import Broken, Growth, Measured, Promises, Rule, check

SKIPPED_IN_SWEEPS: Final = ("repeats", "sizes", "items", "context_bytes", "history", "payload", "dispatch")


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What was measured for a gate: `records` in its own size, `swept` in several by what varied, the promises of strategies."""

    records: tuple[CellRecord, ...] = ()
    swept: Mapping[str, tuple[CellRecord, ...]] = field(default_factory=dict)
    promises: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def metrics(self) -> frozenset[str]:
        """The metrics that were read in any of its cells."""
        readings = (reading for record in self.records for reading in record.readings)
        known = (one for one in readings if one.value is not None and one.source == "measured")
        return frozenset(reading.metric for reading in known)

    def held(self, rules: Iterable[Rule], baseline: Iterable[CellRecord] | None, making: str) -> Broken:
        """What came of the rules. Raises InputError where one needs a baseline and there is none."""
        wanted = list(rules)
        base = None if baseline is None else _measured(baseline)
        parts = []
        for along in (None, *self.swept):
            records = self.records if along is None else self.swept[along]
            if own := [rule for rule in wanted if self._measured_along(rule) == along]:
                noise = kept_noise(records)
                parts.append(check(own, _measured(records, self.promises), base, noise=noise, making=making))
        return Broken(
            (one for part in parts for one in part.all), (line for part in parts for line in part.unlike)
        )

    def _measured_along(self, rule: Rule) -> str | None:
        """Over which sizes a rule was measured for; a rule of growth that nobody measured for is held, and broken, over one."""
        return rule.along if isinstance(rule, Growth) and rule.along in self.swept else None


class Meter:
    """Measures on demand and remembers: two gates of the same thing run its cells once."""

    def __init__(self) -> None:
        self._known: dict[str, Comparison] = {}
        self._promises: dict[type[ContextStrategy], tuple[str, ...]] = {}

    def __repr__(self) -> str:
        return f"<Meter: {len(self._known):,} measured, {len(self._promises):,} held to their promises>"

    def taken(self, gate: Gate) -> Taken:
        """All that the rules of a gate need.

        Raises:
            AttuneError: something that was given cannot be used, or the strategies give different answers.
        """
        plain = [rule for rule in gate.rules if not isinstance(rule, Growth)]
        grown = dict.fromkeys(rule.along for rule in gate.rules if isinstance(rule, Growth))
        return Taken(
            records=tuple(self._compared(gate)) if plain else (),
            swept={along: tuple(self._swept(gate, along)) for along in grown},
            promises=self._kept(gate) if any(isinstance(rule, Promises) for rule in plain) else {},
        )

    def _compared(self, gate: Gate) -> Iterable[CellRecord]:
        options = {name: value for name, value in gate.options.items() if name != "sizes"}
        options |= {"repeats": gate.repeats, "probes": _probes(gate)}
        key = _key("compare", gate.workload, gate.needed, options)
        if key not in self._known:
            self._known[key] = compare(gate.workload, gate.needed, progress=False, **options)
        return self._known[key].records

    def _swept(self, gate: Gate, along: str) -> Iterable[CellRecord]:
        options = {name: value for name, value in gate.options.items() if name not in SKIPPED_IN_SWEEPS}
        options |= {**gate.sizes(along), "repeats": gate.swept_repeats, "probes": _probes(gate)}
        strategies = gate.grown(along)
        key = _key("sweep", gate.workload, strategies, options)
        if key not in self._known:
            self._known[key] = sweep(gate.workload, strategies, progress=False, **options)
        return self._known[key].records

    def _kept(self, gate: Gate) -> Mapping[str, tuple[str, ...]]:
        """What each of its strategies breaks of what it promises."""
        own = list(map(strategy_class, gate.strategies))
        for strategy in own:
            if strategy not in self._promises:
                self._promises[strategy] = tuple(str(one) for one in check_laws(strategy) if one.broken)
        return {strategy.name: self._promises[strategy] for strategy in own}


def _measured(
    records: Iterable[CellRecord], promises: Mapping[str, tuple[str, ...]] | None = None
) -> Measured:
    known = [record for record in records if record.outcome != "skipped" or record.is_foretold]
    if not known:
        raise InputError("there is nothing to hold a threshold against: no cell was measured")
    return Measured(metrics_frame(known), cells_frame(known), promises or {})


def _probes(gate: Gate) -> tuple[str, ...]:
    """The instruments that have to be asked for, for the metrics of its rules."""
    named = (METRICS[metric].probe for rule in gate.rules for metric in rule.metrics)
    return tuple(dict.fromkeys(probe for probe in named if probe))


def _key(verb: str, workload: Source, strategies: Iterable[Strategy], options: Mapping[str, Any]) -> str:
    own = _identity(workload), list(map(_identity, strategies))
    return repr((verb, own, sorted(options.items(), key=str)))


def _identity(value: Any) -> str:
    return value if isinstance(value, str) else f"{value!r} {id(value)}"
