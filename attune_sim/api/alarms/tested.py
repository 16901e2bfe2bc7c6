"""One test of a session: what it measures, and what comes of the rules that hold for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from attune_sim.api.alarms import telling
from attune_sim.api.alarms.gate import Gate, gate_asked, gate_of
from attune_sim.api.alarms.outcome import Outcome
from attune_sim.api.alarms.session import Session
from attune_sim.api.comparisons.cost import Cost
from attune_sim.errors import AttuneError, InputError
from attune_sim.metrics import METRICS
from attune_sim.thresholds.parsing import parse
from attune_sim.thresholds.rules import Rule, Threshold

Asked = tuple[Sequence[Any], Mapping[str, Any]]
"""Rules and options of one marker."""


class Tested:
    """One test: what it measured with `context_cost`, and what came of the rules that hold for it."""

    def __init__(self, session: Session, name: str) -> None:
        self.session, self.name = session, name
        self._costs: list[Cost] = []
        self._outcomes: list[Outcome] = []

    def add(self, cost: Cost) -> None:
        """Something that it measured."""
        self._costs.append(cost)

    def hold(self, marks: Sequence[Asked]) -> None:
        """Hold the rules of its markers, and those of the project."""
        try:
            own = [mark for mark in marks if self._workload(mark) is None]
            gates = [self._gate(mark) for mark in marks if self._workload(mark) is not None]
            self._outcomes = [self._session_holding(gate) for gate in gates]
            self._outcomes += self._of_costs([text for texts, _ in own for text in texts], own)
        except AttuneError as error:
            self._outcomes = [Outcome(name=self.name, error=str(error))]

    @property
    def broken(self) -> list[str]:
        """Each broken rule in a line."""
        return [line for one in self._outcomes for line in one.broken]

    def properties(self) -> Iterator[tuple[str, str]]:
        """What goes to JUnit."""
        for cost in self._costs:
            yield from (
                (f"attune.{cost.strategy}.{name}", f"{value:.12g}") for name, value in cost.metrics.items()
            )
        for outcome in self._outcomes:
            yield from telling.properties(outcome.as_dict())

    def told(self) -> list[dict[str, Any]]:
        """What came of it, as plain JSON."""
        outcomes = self._outcomes or [Outcome(name=self.name)]
        rows = [_row(cost) for cost in self._costs]
        return [{**one.as_dict(), "costs": rows if first == 0 else []} for first, one in enumerate(outcomes)]

    def _workload(self, mark: Asked) -> object:
        """What a marker wants to have measured; None where it is about what the test measures."""
        group = mark[1].get("group")
        return mark[1].get("workload") or (group and self.session.settings.group(group).workload)

    def _gate(self, mark: Asked) -> Gate:
        texts, given = mark
        asked = {name: value for name, value in given.items() if name != "group"}
        again = f"pytest {self.name} -v"
        if "group" not in given:
            return gate_asked(self.name, texts, asked, again, self.session.folder)
        settings = self.session.settings
        group = gate_of(settings.group(given["group"]), self.session.folder)
        usual = {"workload": group.workload, "strategies": list(group.strategies), **group.options}
        if "strategy" in asked:
            del usual["strategies"]
        own = gate_asked(self.name, texts, {**usual, **asked}, again, self.session.folder)
        return _with(own, group.rules)

    def _session_holding(self, gate: Gate) -> Outcome:
        common = (rule for rule in self.session.settings.rules if rule.strategy in (None, *gate.subjects))
        full = _with(gate, tuple(common))
        if not full.rules and not self.session.holding.compare:
            raise InputError(
                f"{self.name}: context_threshold has no rules; give at least one, as 'fork_bytes < 128'"
            )
        return self.session.holding.of(full)

    def _of_costs(self, texts: Iterable[Any], marks: Sequence[Asked]) -> list[Outcome]:
        """What came of the rules about what the test measured with `context_cost`."""
        rules = tuple(parse(text) for text in texts)
        for _, given in marks:
            for name in given:
                if name != "group":
                    raise InputError(f"context_threshold: {name}= needs a workload= that is measured")
            rules += self.session.settings.group(given["group"]).rules if "group" in given else ()
        if marks and not self._costs:
            raise InputError(
                f"{self.name}: context_threshold has nothing to hold its rules against; give it a workload=, or measure "
                "something with the fixture context_cost"
            )
        if not self._costs:
            return []
        names = tuple(dict.fromkeys(cost.strategy for cost in self._costs))
        common = (rule for rule in self.session.settings.rules if _is_about(rule, names))
        gate = Gate(
            name=self.name,
            workload="",
            rules=(*common, *rules),
            strategies=names,
            again=f"pytest {self.name}",
        )
        records = [record for cost in self._costs for record in cost.records]
        return [self.session.holding.of_records(gate, records)]


def _with(gate: Gate, rules: Iterable[Rule]) -> Gate:
    """The gate with more rules before its own."""
    return replace(gate, rules=tuple(dict.fromkeys((*rules, *gate.rules))))


def _is_about(rule: Rule, measured: Sequence[str]) -> bool:
    """Whether a rule of the whole project can be held against cells that a test measured in one size."""
    return isinstance(rule, Threshold) and set(rule.strategies) <= set(measured)


def _row(cost: Cost) -> list[str]:
    known = cost.as_dict()
    fork = (METRICS[name].format(known[name]) if name in known else "-" for name in ("fork_us", "fork_bytes"))
    items = "-" if known["items"] is None else f"{known['items']:,}"
    return [known["workload"], known["strategy"], items, *fork, known["outcome"]]
