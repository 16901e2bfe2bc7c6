"""A card for each kind of value that has no report of its own: what it is, and what there is to know of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence, Sized
from dataclasses import fields, is_dataclass
from functools import singledispatch
from typing import Any, Final

from attune_sim.actions.registry import Actions
from attune_sim.contexts.entries import EntryStrategy
from attune_sim.contexts.handed import HandedContext, HandedFork
from attune_sim.contexts.registry import Strategies
from attune_sim.contexts.strategy import ALWAYS, Guarantees
from attune_sim.errors import counted, shortened
from attune_sim.frame.promises import OF_ISOLATION
from attune_sim.isolation import Isolation, Leak
from attune_sim.metrics import Metric, Metrics, format_bytes
from attune_sim.rehearsal import Rehearsal
from attune_sim.reports import Facts, Section, Summary, Table
from attune_sim.runspec import History
from attune_sim.scenarios.named import Scenario, Scenarios
from attune_sim.scope import LOCALS, MISSING, NAMESPACES, Namespaces
from attune_sim.thresholds import Broken
from attune_sim.workflow import Task

MOST_ROWS: Final = 16
"""Rows of a card: what is longer has a frame, or a list, of its own."""

LETTERS: Final = 120


@singledispatch
def card(value: Any) -> Summary:
    """The card of a value: here, of one that is no more than its fields."""
    params = getattr(value, "__dataclass_params__", None)
    if not is_dataclass(value) or params is None or not params.repr:
        return _card(type(value).__name__, repr(value).strip("<>"))
    known = (one.name for one in fields(value) if one.repr)
    pairs = tuple((name, shortened(repr(getattr(value, name)), LETTERS)) for name in known)
    return _card(type(value).__name__, first_line(type(value)), pairs=pairs)


def _card(
    title: str, lead: str, *tables: Table, pairs: tuple[tuple[str, str], ...] = (), finding: str = ""
) -> Summary:
    facts = (Section("", (Facts(pairs),)),) if pairs else ()
    sections = tuple(Section("", (table,)) for table in tables if table.rows)
    return Summary(title, lead, (*facts, *sections), finding=finding)


def _table(
    caption: str,
    headers: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    failed: frozenset[int] = frozenset(),
) -> Table:
    """A table of words; no more than `MOST_ROWS` of it."""
    more = "" if len(rows) <= MOST_ROWS else f" (the first {MOST_ROWS} of {len(rows):,})"
    kept = tuple(tuple(shortened(text, LETTERS) for text in row) for row in rows[:MOST_ROWS])
    return Table(f"{caption}{more}", headers, kept, failed=failed, texts=frozenset(range(len(headers))))


def first_line(value: Any) -> str:
    """The first line of a docstring."""
    return (inspect.getdoc(value) or "").split("\n", 1)[0]


# -- strategies ------------------------------------------------------------------------------------------------------------


@card.register
def _(value: Strategies) -> Summary:
    rows = [
        (name, kind.guarantees.isolates, _gives_up(kind.guarantees), first_line(kind))
        for name, kind in value.items()
    ]
    table = _table("From the most isolated to the least", ("strategy", "isolates", "gives up", "how"), rows)
    lead = "Ways of handing a context to the items of a fan-out. at.strategies.shared() makes one; at.strategies_frame() prices all."
    return _card("Context strategies", lead, table)


@card.register
def _(value: EntryStrategy) -> Summary:  # type: ignore[type-arg]
    return strategy_card(type(value))


@card.register
def _(value: type) -> Summary:
    return strategy_card(value)


def strategy_card(kind: Any) -> Summary:
    """What a strategy promises, in words."""
    lead = first_line(kind) or "A context strategy."
    return _card(f"Context strategy {kind.name}", lead, _promises(kind.guarantees))


@card.register
def _(value: Guarantees) -> Summary:
    return _card(
        "Guarantees",
        f"Isolates {value.isolates}; gives up: {_gives_up(value) or 'nothing more'}.",
        _promises(value),
    )


def _promises(value: Guarantees) -> Table:
    meanings = dict(_meanings())
    rows = [(name, "yes" if kept else "no", meanings.get(name, "")) for name, kept in value.as_dict().items()]
    rows += [(name, "yes", meaning) for name, meaning in ALWAYS.items()]
    return _table("What it promises", ("promise", "kept", "which means"), rows)


def _gives_up(value: Guarantees) -> str:
    """The promises that it does not give, those of isolation aside."""
    return ", ".join(name for name, kept in value.as_dict().items() if not kept and name not in OF_ISOLATION)


def _meanings() -> list[tuple[str, str]]:
    """Promise -> its meaning, from where it is documented."""
    found: list[list[str]] = []
    for line in (inspect.getdoc(Guarantees) or "").splitlines():
        if line.startswith("`") and "`  " in line:
            name, meaning = line[1:].split("`", 1)
            found.append([name, meaning.strip()])
        elif found and line.startswith(" "):
            found[-1][1] += f" {line.strip()}"
    return [(name, meaning) for name, meaning in found]


# -- workloads -------------------------------------------------------------------------------------------------------------


@card.register
def _(value: Scenarios) -> Summary:
    rows = [(name, value[name].line, ", ".join(value[name].signature.parameters)) for name in value]
    table = _table("Scenarios", ("scenario", "what it does", "its parameters"), rows)
    return _card(
        "Scenarios", "Workloads with real parts. at.scenarios.health_check(servers=1000) makes one.", table
    )


@card.register
def _(value: Scenario) -> Summary:  # type: ignore[type-arg]
    rows = [(name, _default(one)) for name, one in value.signature.parameters.items()]
    return _card(
        f"Scenario {value.make.__name__}", value.line, _table("Parameters", ("parameter", "by default"), rows)
    )


def _default(one: inspect.Parameter) -> str:
    return "has to be given" if one.default is inspect.Parameter.empty else repr(one.default)


@card.register
def _(value: History) -> Summary:
    pairs = (
        ("finished tasks", f"{value.tasks:,}"),
        ("bytes of JSON of each", f"{value.bytes_each:,}"),
        ("shape", value.payload),
        ("in all", format_bytes(value.context_bytes)),
    )
    return _card("History", "Results of tasks that had finished before the fan-out.", pairs=pairs)


@card.register
def _(value: Actions) -> Summary:
    rows = [(ref, _called(value[ref]), first_line(value[ref])) for ref in sorted(value)]
    return _card(
        "Actions",
        f"{counted(len(value), 'action')} that tasks may name.",
        _table("Actions", ("ref", "input", "what it does"), rows),
    )


def _called(action: Callable[..., Any]) -> str:
    try:
        return ", ".join(inspect.signature(action).parameters)
    except (TypeError, ValueError):  # what is written in C tells no signature
        return "?"


@card.register
def _(value: Task) -> Summary:
    plain = ("action", "with_items", "batch_size", "concurrency", "when", "timeout", "join")
    known = {name: getattr(value, name) for name in plain} | {
        "input": ", ".join(value.input) or None
    }  # names only
    pairs = tuple((name, shortened(str(text), LETTERS)) for name, text in known.items() if text is not None)
    rows = [(one.condition or "always", ", ".join(one.do or ()) or "–") for one in value.next]
    return _card(
        f"Task {value.name}",
        f"A task of type {value.type}.",
        _table("Then", ("when", "do"), rows),
        pairs=pairs,
    )


# -- contexts: names and sizes, never values, which may be secret -----------------------------------------------------------


@card.register
def _(value: HandedContext) -> Summary:
    return _card("Context", "What a run knows at one moment.", _held(value, NAMESPACES))


@card.register
def _(value: HandedFork) -> Summary:
    return _card(
        "Fork", repr(value).strip("<>").partition(";")[0] + ".", _held(value, (*NAMESPACES, *LOCALS))
    )


@card.register
def _(value: Namespaces) -> Summary:
    return _card(
        "Namespaces", "A scope that expressions are evaluated against.", _held(value, (*NAMESPACES, *LOCALS))
    )


def _held(scope: Any, names: tuple[str, ...]) -> Table:
    held = {name: value for name in names if (value := scope.resolve(name)) is not MISSING}
    rows = [(name, type(value).__name__, *_entries(value)) for name, value in held.items()]
    return _table("What can be read: names, not values", ("name", "kind", "entries", "their names"), rows)


def _entries(value: Any) -> tuple[str, str]:
    size = f"{len(value):,}" if isinstance(value, Sized) and not isinstance(value, str) else "–"
    try:
        return size, ", ".join(map(str, value)) if isinstance(value, Mapping) or hasattr(
            value, "keys"
        ) else ""
    except TypeError:
        return size, ""


# -- what was found --------------------------------------------------------------------------------------------------------


@card.register
def _(value: Isolation) -> Summary:
    rows = [
        (one.task, "–" if one.index is None else f"{one.index:,}", one.action, one.path, one.change)
        for one in value.leaks
    ]
    found = _table(
        "Writes into what was handed over",
        ("task", "item", "action", "wrote into", "change"),
        rows,
        frozenset(range(len(rows))),
    )
    pairs = (
        ("safe under", ", ".join(value.safe) or "–"),
        ("unsafe under", ", ".join(value.unsafe) or "–"),
        *(("doubt", doubt) for doubt in value.doubts),
    )
    return _card(f"{value.name}: isolation", f"{value.seen[:1].upper()}{value.seen[1:]}.", found, pairs=pairs)


@card.register
def _(value: Summary) -> Summary:
    return value


@card.register
def _(value: Broken) -> Summary:
    rows = [(one.rule.text, one.case, one.word, one.reason) for one in value.all]
    places = frozenset(n for n, one in enumerate(value.all[:MOST_ROWS]) if one.word == "broken")
    verdict = f"{len(value)} of {counted(len(value.all), 'rule')} broken, {len(value.undecided)} undecided."
    return _card(
        "Rules", verdict, _table("Rules that were held", ("rule", "of", "verdict", "why"), rows, places)
    )


@card.register
def _(value: Leak) -> Summary:
    return _card("Leak", f"{value}.")


@card.register
def _(value: Rehearsal) -> Summary:
    attempts = counted(len(value.run.starts), "attempt")
    rows = [(str(path), repr(expected), repr(actual)) for path, expected, actual in value.shown]
    found = _table(
        "What came out otherwise",
        ("what", "expected", "actual"),
        rows,
        frozenset(range(min(len(rows), MOST_ROWS))),
    )
    verdict = (
        "Everything came out as expected" if value.ok else f"{counted(len(rows), 'expectation')} not met"
    )
    return _card("Rehearsal", f"{verdict}: the run {value.run.status} after {attempts}.", found)


@card.register
def _(value: Metrics) -> Summary:
    rows = [(name, one.unit, one.title, one.better or "–") for name, one in value.items()]
    table = _table("Metrics", ("metric", "unit", "what it is", "better"), rows)
    return _card("Metrics", f"{counted(len(value), 'metric')}, each declared once.", table)


@card.register
def _(value: Metric) -> Summary:
    pairs = (
        ("unit", value.unit),
        ("an item", "yes" if value.per_item else "no"),
        ("better", value.better or "–"),
    )
    return _card(f"Metric {value.name}", f"{value.title[:1].upper()}{value.title[1:]}.", pairs=pairs)
