"""What a context costs, for a test to assert on: one strategy in one size, and its ratio to another one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from statistics import median
from typing import Any, Final

from attune_sim.analysis.ending import Ending, worst
from attune_sim.analysis.figures import is_least, times
from attune_sim.api.comparisons.comparing import compare
from attune_sim.api.comparisons.comparison import Comparison
from attune_sim.api.runs.given import Source
from attune_sim.api.runs.running import Strategy, strategy_class
from attune_sim.errors import ExperimentError, counted
from attune_sim.frame import readings_of
from attune_sim.metrics import HEADLINES, METRICS
from attune_sim.record import CellRecord, Reading

TURNED: Final = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
"""What an operator becomes when its sides change places."""


class Figure(float):
    """A figure that can say what it is, in its unit."""

    def __new__(cls, value: float, what: str, shown: Callable[[float], str], of: object = "") -> Figure:
        made = super().__new__(cls, value)
        made.what, made.shown, made.of = what, shown, of
        return made

    what: str
    shown: Callable[[float], str]
    of: object

    def judged(self, op: str, limit: float) -> str:
        """What it is, and what it must be; in full where both would read alike."""
        texts = self.shown(self), self.shown(limit)
        value, bound = texts if texts[0] != texts[1] else (f"{self:,.12g}", f"{limit:,.12g}")
        return f"{self.what} is {value}, must be {op} {bound}"


def explained(op: str, left: object, right: object) -> list[str] | None:
    """What a failed comparison of a figure comes to, and all that it belongs to; None for anything else.

    >>> explained("<", Figure(2266557.6, "deepcopy.fork_bytes", METRICS["fork_bytes"].format), 1_000_000)
    ['deepcopy.fork_bytes is 2.27 MB, must be < 1.0 MB', '']
    >>> explained(">", 8, Figure(11.0, "shared.fork_bytes", METRICS["fork_bytes"].format))
    ['shared.fork_bytes is 11 B, must be < 8 B', '']
    """
    if isinstance(left, Figure) and isinstance(right, int | float):
        return [left.judged(op, float(right)), str(left.of)]
    if isinstance(right, Figure) and isinstance(left, int | float):
        return [right.judged(TURNED.get(op, op), float(left)), str(right.of)]
    return None


class Costs:
    """Measures on demand and remembers: asking twice for the same thing runs its cells once."""

    def __init__(self) -> None:
        self._known: dict[str, Comparison] = {}

    def measured(self, workload: Source, *, strategy: Strategy = "shared", **options: Any) -> Cost:
        """The cost of one strategy, in one cell unless `repeats` asks for more; `options` are those of `at.compare`."""
        strategy_class(strategy)
        given = {"repeats": 1, **{name: value for name, value in options.items() if value is not None}}
        key = repr((_identity(workload), _identity(strategy), sorted(given.items(), key=str)))
        if key not in self._known:
            self._known[key] = compare(workload, strategy, progress=False, **given)
        return Cost(self._known[key].records, self, workload, given)


class Cost:
    """Every metric by its name (`cost.fork_bytes`, `cost.fork_us`), in the metric's unit, median over the repeats.

    A metric that was not measured, or that does not hold because its cell failed, raises an error that says so.
    """

    def __init__(
        self, records: Iterable[CellRecord], costs: Costs, workload: Source, options: Mapping[str, Any]
    ) -> None:
        self.records = tuple(record for record in records if record.outcome != "skipped")
        self._costs, self._workload, self._options = costs, workload, options

    @property
    def strategy(self) -> str:
        return self.records[0].key.strategy

    @property
    def outcome(self) -> str:
        """`ok`, or how the worst cell ended."""
        return self._worst.outcome

    @property
    def metrics(self) -> dict[str, float]:
        """Everything that was read, whatever the outcome."""
        return {name: value for name in METRICS if (value := self._median(name)) is not None}

    def ratio_to(self, strategy: Strategy) -> CostRatio:
        """How many times better this strategy is than another one of the same workload and sizes.

        Raises ExperimentError if the two gave different answers: what does different work is not compared.
        """
        other = self._costs.measured(self._workload, strategy=strategy, **self._options)
        answers = {record.answer for record in (*self.records, *other.records)} - {None}
        if len(answers) > 1:
            raise ExperimentError(
                f"{self.strategy} and {other.strategy} give different answers: their costs cannot be compared"
            )
        return CostRatio(self, other)

    def __getattr__(self, name: str) -> float:
        if name.startswith("_") or name not in METRICS:
            raise AttributeError(f"a cost has no {name!r}; choose from: {', '.join(METRICS)}")
        if not self.holds(name):
            raise ExperimentError(f"{name} does not hold: {self._told}")
        value = self._median(name)
        if value is None:
            raise ExperimentError(f"{name} was not measured: {self._why_missing(name)}")
        return Figure(value, f"{self.strategy}.{name}", METRICS[name].format, self)

    def holds(self, metric: str) -> bool:
        """Whether a figure is what it says, after how its worst cell ended: asking for one that does not hold is an error."""
        return self._worst.holds(metric)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *METRICS]

    def _readings(self, name: str) -> Iterator[Reading]:
        readings = (reading for record in self.records for reading in readings_of(record))
        return (reading for reading in readings if reading.metric == name)

    def _median(self, name: str) -> float | None:
        measured = (reading.value for reading in self._readings(name) if reading.source == "measured")
        values = [value for value in measured if value is not None]
        return median(values) if values else None

    def _why_missing(self, name: str) -> str:
        for reading in self._readings(name):
            if reading.label:
                return reading.label
        probe = METRICS[name].probe
        return f"ask for it with probes=({probe!r},)" if probe else self._told

    @property
    def _worst(self) -> Ending:
        return worst(map(_ending_of, self.records))

    @property
    def _told(self) -> str:
        """How its worst cell ended, for a sentence."""
        key, ending = self.records[0].key, self._worst
        reason = f" ({ending.error})" if ending.error else ""
        return f"the cell {key.workload}, {key.strategy} ended with {ending.story}{reason}"

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON: the key's main fields, the outcome, every metric."""
        key = self.records[0].key
        names = ("workload", "strategy", "dispatch", "items", "context_bytes", "payload")
        sizes = {**{name: getattr(key, name) for name in names}, "items": self._items}
        return {
            **sizes,
            "outcome": self._worst.story if self._worst.in_vain else self.outcome,
            **self.metrics,
        }

    @property
    def _items(self) -> int | None:
        return next((record.items for record in self.records if record.items is not None), None)

    def __repr__(self) -> str:
        key, metrics = self.records[0].key, self.metrics
        outcomes = [record.outcome for record in self.records]
        shown = ", ".join(
            f"{name}={'≥ ' if is_least(name, outcomes) else ''}{METRICS[name].format(metrics[name])}"
            for name in HEADLINES
            if name in metrics
        )
        ending = "" if self._worst.well else f", {self._worst.story}"
        items = "" if self._items is None else f", {counted(self._items, 'item')}"
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
        return Figure(other / own, f"{name} of {self._other.strategy} / {self._own.strategy}", times, self)

    def __repr__(self) -> str:
        own, other = self._own.metrics, self._other.metrics
        hold = (name for name in HEADLINES if self._own.holds(name) and self._other.holds(name))
        both = (name for name in hold if name in other and own.get(name, 0) > 0)
        shown = (f"{name} {other[name] / own[name]:,.0f} times" for name in both)
        return f"<{self._own.strategy} is better than {self._other.strategy}: {', '.join(shown)}>"


def _ending_of(record: CellRecord) -> Ending:
    return Ending(**{one.name: getattr(record, one.name) for one in fields(Ending)})


def _identity(value: Any) -> str:
    return value if isinstance(value, str) else f"{value!r} {id(value)}"
