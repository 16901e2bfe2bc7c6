"""Thresholds for what a context costs, in tests: rules in a marker, figures in ordinary asserts, both held to a baseline if asked.

    @pytest.mark.context_threshold("fork_bytes < 128", "growth in context_bytes is O(1)", workload="baseline", strategy="shared")
    def test_sharing_stays_cheap(): ...

    def test_sharing_stays_cheap(context_cost):
        cost = context_cost("baseline", strategy="shared", items=1000)
        assert cost.fork_bytes < 128
        assert cost.ratio_to("deepcopy").fork_us > 1000

Cells run in processes of their own, so this works under pytest-xdist; equal cells run once a session (once a worker). Nothing is
printed where all is well, and one section where it is not.

pytest imports this file everywhere: nothing heavy is imported before something is measured. What is done stands in `api.alarms`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from attune_sim.api.alarms.session import Session
    from attune_sim.api.alarms.tested import Tested
    from attune_sim.api.comparisons.cost import Cost, Costs

OPTIONS = {
    "--attune-save": "Write what is measured to the baseline, in place of what it has of it.",
    "--attune-compare": "Hold the counts of all that is measured against the baseline, to 1 %.",
    "--attune-times": "Let times break a rule; otherwise they are told only (never under xdist).",
}
FILES = {
    "--attune-baseline": "The baseline (default: that of pyproject.toml, else attune-baseline.json).",
    "--attune-json": "Write all rules and what came of them there, as JSON.",
}
MARKER = (
    "context_threshold(*rules, workload=, strategy='shared', items=, actions=, group=, ...): what a context may cost, as "
    "'fork_bytes < 128'; options as in at.compare. Without a workload the rules hold for what the test measures with context_cost."
)

_SESSION = pytest.StashKey["Session"]()
_TEST = pytest.StashKey["Tested"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("attune-sim", "what contexts cost")
    for name, help in OPTIONS.items():
        group.addoption(name, action="store_true", help=help)
    for name, help in FILES.items():
        group.addoption(name, metavar="FILE", help=help)
    group.addoption(
        "--attune-export",
        metavar="FORM=FILE",
        action="append",
        default=[],
        help="Write what is measured as pytest-benchmark=FILE or github-action-benchmark=FILE.",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    config.pluginmanager.register(_Reports(config), "attune_sim_reports")


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

    test = _test_of(request.node)

    def measured(workload: Any, **options: Any) -> Cost:
        __tracebackhide__ = True  # what a user sees is the line of the test
        try:
            cost = _attune_costs.measured(workload, **test.session.as_asked(options))
        except AttuneError as error:
            raise pytest.fail.Exception(str(error)) from None
        test.add(cost)
        return cost

    return measured


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Behind the test itself, for the rules may be about what it measures."""
    result = yield
    marks = list(item.iter_markers("context_threshold"))
    if marks or _TEST in item.stash:
        test = _test_of(item)
        test.hold([(mark.args, mark.kwargs) for mark in reversed(marks)])
        item.user_properties.extend(test.properties())
        if broken := test.broken:
            raise pytest.fail.Exception("\n".join(broken), pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """What was measured goes with the report, which pytest-xdist hands on to the process that tells it."""
    report = yield
    if call.when == "call" and _TEST in item.stash:
        report.attune = item.stash[_TEST].told()
    return report


def pytest_assertrepr_compare(op: str, left: Any, right: Any) -> list[str] | None:
    """`deepcopy.fork_bytes is 2.27 MB, must be < 1.0 MB` in place of two numbers."""
    costs = sys.modules.get("attune_sim.api.comparisons.cost")
    return None if costs is None else costs.explained(op, left, right)


class _Reports:
    """Gathers what came of all tests, in the process that tells it, and writes the files that were asked for."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._told: list[dict[str, Any]] = []
        self._written: list[str] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        self._told += getattr(report, "attune", [])

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(self._config, "workerinput"):
            return
        from attune_sim.errors import AttuneError

        try:
            self._written = _session_of(self._config).written(self._told) if self._is_wanted else []
        except AttuneError as error:
            self._written = [f"attune-sim: {error}"]
            session.exitstatus = pytest.ExitCode.USAGE_ERROR

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        for line in self._written:
            terminalreporter.write_line(line)
        if self._told and (told := list(_section(self._told, self._config))):
            terminalreporter.section("what contexts cost")
            for line in told:
                terminalreporter.write_line(line)

    @property
    def _is_wanted(self) -> bool:
        asked = (name for name in (*OPTIONS, *FILES, "--attune-export") if self._config.getoption(name))
        return bool(self._told) or any(asked)


def _section(told: list[dict[str, Any]], config: pytest.Config) -> Iterator[str]:
    from attune_sim.api.alarms.session import section

    is_shown = config.getoption("tbstyle") not in ("no", "line")  # by pytest, test by test
    return section(told, everything=config.get_verbosity() > 0, broken=not is_shown)


def _session_of(config: pytest.Config) -> Session:
    from attune_sim.api.alarms.session import Session

    if _SESSION not in config.stash:
        asked = {name.removeprefix("--attune-"): config.getoption(name) for name in (*OPTIONS, *FILES)}
        config.stash[_SESSION] = Session(
            config.rootpath,
            **asked,
            exports=config.getoption("--attune-export"),
            company=hasattr(config, "workerinput"),
        )
    return config.stash[_SESSION]


def _test_of(item: pytest.Item) -> Tested:
    from attune_sim.api.alarms.tested import Tested
    from attune_sim.errors import AttuneError

    if _TEST not in item.stash:
        try:
            item.stash[_TEST] = Tested(_session_of(item.config), item.nodeid)
        except AttuneError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
    return item.stash[_TEST]
