"""Thresholds for what a context costs, as ordinary asserts.

    def test_sharing_stays_cheap(context_cost):
        cost = context_cost("baseline", strategy="shared", items=1000)
        assert cost.fork_bytes < 128
        assert cost.ratio_to("deepcopy").fork_us > 1000

Cells run in processes of their own, so this works under pytest-xdist; equal cells run once a session (once a worker).
What was measured goes to `item.user_properties` (and so into JUnit XML), and into a table at the end unless `-q`.

pytest imports this file everywhere: nothing heavy is imported before the fixture is used.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from attune_sim.api.comparisons.cost import Cost, Costs

PROPERTY = "attune"


@pytest.fixture(scope="session")
def _attune_costs() -> Costs:
    from attune_sim.api.comparisons.cost import Costs

    return Costs()


@pytest.fixture
def context_cost(request: pytest.FixtureRequest, _attune_costs: Costs) -> Callable[..., Cost]:
    """`context_cost(workload, *, strategy="shared", items=None, ...)` measures, or remembers, what a context costs.

    The answer has every metric as an attribute, and `ratio_to(strategy)`. Options as in `at.compare`; with
    `probes=("instructions",)` it has `fork_instructions` and `render_instructions`, counts that do not move with the machine.
    """
    from attune_sim.errors import AttuneError

    def measured(workload: Any, **options: Any) -> Cost:
        __tracebackhide__ = True  # what a user sees is the line of the test
        try:
            cost = _attune_costs.measured(workload, **options)
        except AttuneError as error:
            raise pytest.fail.Exception(str(error)) from None
        request.node.user_properties.append((PROPERTY, cost.as_dict()))
        return cost

    return measured


def pytest_assertrepr_compare(op: str, left: Any, right: Any) -> list[str] | None:
    """`deepcopy.fork_bytes is 2.27 MB, must be < 1.0 MB` in place of two numbers."""
    costs = sys.modules.get("attune_sim.api.comparisons.cost")
    return None if costs is None else costs.explained(op, left, right)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if terminalreporter.config.get_verbosity() < 0:
        return
    lines = list(summary_lines(terminalreporter.stats))
    if lines:
        terminalreporter.section("what contexts cost")
        for line in lines:
            terminalreporter.write_line(line)


def summary_lines(stats: dict[str, list[Any]]) -> Iterator[str]:
    """One line a measured cell, and a header, from the reports of a session (those of xdist workers included)."""
    rows = list(dict.fromkeys(_rows(stats)))
    if not rows:
        return
    from attune_sim.api.showing.text import aligned

    headers = ("workload", "strategy", "items", "a fork takes", "and keeps", "outcome")
    yield from aligned(headers, rows, texts=frozenset(range(len(headers))))


def _rows(stats: dict[str, list[Any]]) -> Iterator[tuple[str, ...]]:
    reports = (report for group in stats.values() for report in group)
    for report in reports:
        for name, cost in getattr(report, "user_properties", ()):
            if name == PROPERTY and getattr(report, "when", None) == "call":
                yield _row(cost)


def _row(cost: dict[str, Any]) -> tuple[str, ...]:
    from attune_sim.metrics import METRICS

    fork = (METRICS[name].format(cost[name]) if name in cost else "-" for name in ("fork_us", "fork_bytes"))
    items = "-" if cost["items"] is None else f"{cost['items']:,}"
    return cost["workload"], cost["strategy"], items, *fork, cost["outcome"]
