"""A session of tests whose contexts are measured: what holds for all of them, what came of each, and what is written at the end."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from attune_sim.api.alarms import telling
from attune_sim.api.alarms.baseline import NAME, require_baseline_place
from attune_sim.api.alarms.exports import export, export_asked
from attune_sim.api.alarms.gate import Gate, gate_asked, gate_of
from attune_sim.api.alarms.holding import Holding
from attune_sim.api.alarms.outcome import Outcome, Trust
from attune_sim.api.alarms.saving import save_measured
from attune_sim.api.alarms.settings import project_settings
from attune_sim.api.comparisons.cost import Cost
from attune_sim.api.showing.text import aligned
from attune_sim.errors import AttuneError, InputError
from attune_sim.metrics import METRICS
from attune_sim.thresholds.parsing import parse
from attune_sim.thresholds.rules import Rule, Threshold

SUMMARY: Final = "GITHUB_STEP_SUMMARY"
"""The variable of the environment that names the page of a build."""

Asked = tuple[Sequence[Any], Mapping[str, Any]]
"""Rules and options of one marker."""


class Session:
    """What a whole session asks for. `folder` is that of its `pyproject.toml`; `company` says that other tests run beside it.

    Raises:
        InputError: the table of thresholds cannot be read, or a file cannot be written where it was asked for.
    """

    def __init__(
        self,
        folder: Path,
        *,
        save: bool = False,
        compare: bool = False,
        times: bool = False,
        baseline: str | None = None,
        json: str | None = None,
        exports: Sequence[str] = (),
        company: bool = False,
    ) -> None:
        self.folder, self.settings = folder, project_settings(folder)
        self._save, self._json, self._exports = save, json, exports
        place = Path(baseline) if baseline else folder / (self.settings.baseline or NAME)
        option = f" --attune-baseline {baseline}" if baseline else ""
        self.holding = Holding(
            baseline=place,
            making=f"pytest {{}} --attune-save{option}",
            trust=Trust(times=times or self.settings.times, company=company),
            compare=compare,
            saving=save,
        )
        for asked in exports:
            export_asked(asked)
        if save:
            require_baseline_place(place)

    def test(self, name: str) -> Test:
        """One test of it."""
        return Test(self, name)

    def as_asked(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """How a test's `context_cost` measures: what is compared with a baseline in as many cells as tell anything."""
        several = {"repeats": 3} if self._save or self.holding.compare else {}
        return {**several, **options}

    def written(self, told: Sequence[telling.Told]) -> list[str]:
        """Write what was asked for, and give back a line for each file that somebody waits for.

        Raises:
            FileError: that is not possible.
        """
        lines = []
        if self._save:
            cells = [cell for one in told for cell in one["cells"]]
            path = save_measured(self.holding.baseline, cells)
            lines.append(f"attune-sim: {len(cells)} cells written to {path}")
        if self._json:
            telling.write_document(self._json, told)
        for asked in self._exports:
            export(asked, told)
        if told and (page := os.environ.get(SUMMARY)):
            telling.append_markdown(page, told)
        return lines


class Test:
    """One test: what it measured with `context_cost`, and what came of the rules that hold for it."""

    __test__ = False

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


def section(
    outcomes: Sequence[telling.Told], *, everything: bool = False, broken: bool = True
) -> Iterator[str]:
    """The lines at the end of a session: none where all is well, unless `everything` is wanted. What is `broken` may have been
    told already, test by test."""
    if telling.is_green(outcomes) and not everything:
        return
    if rows := list(dict.fromkeys(tuple(row) for one in outcomes for row in one["costs"])):
        yield from aligned(_HEADERS, rows, texts=frozenset(range(len(_HEADERS))))
    if everything and (held := telling.table(outcomes)):
        yield from aligned(telling.HEADERS, held, texts=frozenset(range(len(telling.HEADERS))))
    yield from telling.lines(outcomes, broken=broken)


_HEADERS: Final = ("workload", "strategy", "items", "a fork takes", "and keeps", "outcome")


def _row(cost: Cost) -> list[str]:
    known = cost.as_dict()
    fork = (METRICS[name].format(known[name]) if name in known else "-" for name in ("fork_us", "fork_bytes"))
    items = "-" if known["items"] is None else f"{known['items']:,}"
    return [known["workload"], known["strategy"], items, *fork, known["outcome"]]
