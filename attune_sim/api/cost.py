"""What a context costs, for a test to assert on: one strategy in one size, and its ratio to another one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from os import PathLike
from statistics import median
from typing import Any, Final

from attune_sim.analysis.figures import reached
from attune_sim.api.comparing import compare
from attune_sim.api.comparison import Comparison
from attune_sim.api.running import ActionSource, Source, Strategy, strategy_class
from attune_sim.errors import ExperimentError
from attune_sim.frame import readings_of
from attune_sim.metrics import HEADLINES, METRICS
from attune_sim.record import CellRecord, Reading
from attune_sim.scenarios.workload import History

CUT_SHORT: Final = ("memory_limit", "time_limit")
"""Outcomes after which the per-item figures still hold: they are over the items that were done."""


class Costs:
    """Measures on demand and remembers: asking twice for the same thing runs its cells once."""

    def __init__(self) -> None:
        self._known: dict[str, Comparison] = {}

    def measured(self, workload: Source, strategy: Strategy, options: Mapping[str, Any]) -> Cost:
        """The cost of one strategy; `options` are those of `at.compare`."""
        key = repr((_identity(workload), _identity(strategy), sorted(options.items(), key=str)))
        if key not in self._known:
            self._known[key] = compare(workload, strategy, progress=False, **options)
        return Cost(self._known[key].records, self, workload, options)


class Cost:
    """Every metric by its name (`cost.fork_bytes`, `cost.fork_us`), in the metric's unit, median over the repeats.

    A metric that was not measured, or that does not hold because its cell failed, raises an error that says so.
    """

    def __init__(self, records: Any, costs: Costs, workload: Source, options: Mapping[str, Any]) -> None:
        self.records: tuple[CellRecord, ...] = tuple(one for one in records if one.outcome != "skipped")
        self._costs, self._workload, self._options = costs, workload, options

    @property
    def strategy(self) -> str:
        return self.records[0].key.strategy

    @property
    def outcome(self) -> str:
        """`ok`, or how the first cell that did not end well ended."""
        return next((one.outcome for one in self.records if one.outcome != "ok"), "ok")

    @property
    def metrics(self) -> dict[str, float]:
        """Everything that was read, whatever the outcome."""
        return {name: value for name in METRICS if (value := self._median(name)) is not None}

    def ratio_to(self, strategy: Strategy) -> CostRatio:
        """How many times better this strategy is than another one of the same workload and sizes.

        Raises ExperimentError if the two gave different answers: what does different work is not compared.
        """
        other = self._costs.measured(self._workload, strategy, self._options)
        answers = {one.answer for cost in (self, other) for one in cost.records if one.answer is not None}
        if len(answers) > 1:
            raise ExperimentError(
                f"{self.strategy} and {other.strategy} give different answers: their costs cannot be compared"
            )
        return CostRatio(self, other)

    def __getattr__(self, name: str) -> float:
        if name.startswith("_") or name not in METRICS:
            raise AttributeError(f"a cost has no {name!r}; choose from: {', '.join(METRICS)}")
        if self.outcome != "ok" and not (METRICS[name].per_item and self.outcome in CUT_SHORT):
            raise ExperimentError(f"{name} does not hold: {self._ending()}")
        value = self._median(name)
        if value is None:
            raise ExperimentError(f"{name} was not measured: {self._why_missing(name)}")
        return value

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *METRICS]

    def _readings(self, name: str) -> Iterator[Reading]:
        return (one for record in self.records for one in readings_of(record) if one.metric == name)

    def _median(self, name: str) -> float | None:
        found = (one.value for one in self._readings(name) if one.source == "measured")
        values = [value for value in found if value is not None]
        return median(values) if values else None

    def _why_missing(self, name: str) -> str:
        return next((one.label for one in self._readings(name) if one.label), self._ending())

    def _ending(self) -> str:
        record = next((one for one in self.records if one.outcome != "ok"), self.records[0])
        key, how_far = record.key, reached(record.items_done, record.forks, record.items)
        reason = f" ({record.error})" if record.error else ""
        return (
            f"the cell {key.workload}, {key.strategy} ended with {record.outcome} at item {how_far}{reason}"
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON: the key's main fields, the outcome, every metric."""
        key = self.records[0].key
        names = ("workload", "strategy", "dispatch", "items", "context_bytes", "payload")
        sizes = {**{name: getattr(key, name) for name in names}, "items": self._items}
        return {**sizes, "outcome": self.outcome, **self.metrics}

    @property
    def _items(self) -> int | None:
        return next((one.items for one in self.records if one.items is not None), None)

    def __repr__(self) -> str:
        key, metrics = self.records[0].key, self.metrics
        shown = ", ".join(
            f"{name}={METRICS[name].format(metrics[name])}" for name in HEADLINES if name in metrics
        )
        ending = "" if self.outcome == "ok" else f", {self.outcome}"
        items = "" if self._items is None else f", {self._items:,} items"
        return f"<Cost of {key.strategy} in {key.workload}{items}{ending}: {shown}>"


class CostRatio:
    """Every metric as other / this: above 1, this strategy is better (where lower is better)."""

    def __init__(self, own: Cost, other: Cost) -> None:
        self._own, self._other = own, other

    def __getattr__(self, name: str) -> float:
        if name.startswith("_"):
            raise AttributeError(name)
        own, other = float(getattr(self._own, name)), float(getattr(self._other, name))
        if own <= 0:
            raise ExperimentError(f"{name} of {self._own.strategy} is {own:g}: there is no ratio to it")
        return other / own

    def __repr__(self) -> str:
        both = [name for name in HEADLINES if name in self._own.metrics and name in self._other.metrics]
        shown = (f"{name} {self._other.metrics[name] / self._own.metrics[name]:,.0f} times" for name in both
                 if self._own.metrics[name] > 0)  # fmt: skip
        return f"<{self._own.strategy} is better than {self._other.strategy}: {', '.join(shown)}>"


def context_cost(
    costs: Costs,
    workload: Source,
    *,
    strategy: Strategy = "shared",
    items: int | None = None,
    payload: str | None = None,
    history: History | Mapping[str, Any] | int | None = None,
    dispatch: str | None = None,
    executor: str | None = None,
    actions: ActionSource | None = None,
    memory_limit: int | str | None = None,
    time_limit: float | str | None = None,
    store: str | PathLike[str] | None = None,
    repeats: int = 1,
    seed: int = 0,
) -> Cost:
    """Measure one strategy, or remember it; the arguments are those of `at.compare`."""
    given = {
        "items": items, "payload": payload, "history": history, "dispatch": dispatch, "executor": executor,
        "actions": actions, "memory_limit": memory_limit, "time_limit": time_limit, "store": store,
        "repeats": repeats, "seed": seed,
    }  # fmt: skip
    strategy_class(strategy)
    return costs.measured(
        workload, strategy, {name: value for name, value in given.items() if value is not None}
    )


def _identity(value: Any) -> str:
    return value if isinstance(value, str) else f"{value!r} {id(value)}"
