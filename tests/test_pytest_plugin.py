from __future__ import annotations

from types import SimpleNamespace

import pytest

import attune_sim.api.comparisons.cost  # noqa: F401  sessions within this one forget what they import: numpy can be loaded only once
from attune_sim.pytest_plugin import summary_lines

pytest_plugins = ["pytester"]

# A session within this one takes no second to start; its watch over tests that hang would take the place of ours.
WITHIN = ("-p", "no:cacheprovider", "-p", "no:faulthandler")

GATE = """
def test_sharing_stays_cheap(context_cost):
    cost = context_cost("baseline", strategy="shared", items=10, history=2)
    assert cost.fork_bytes < 128
    assert cost.ratio_to("deepcopy").fork_bytes > 10
"""


def test_a_gate_passes_and_its_figures_stand_in_the_summary(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(GATE)

    result = pytester.runpytest_inprocess(*WITHIN)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*what contexts cost*", "workload*a fork takes*", "baseline  shared*10*ok"])


def test_a_quiet_session_prints_no_table_but_figures_reach_junit_xml(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(GATE)

    result = pytester.runpytest_inprocess(*WITHIN, "-q", "--junit-xml=out.xml")
    assert result.ret == 0
    result.stdout.no_fnmatch_line("*what contexts cost*")
    assert 'name="attune"' in (pytester.path / "out.xml").read_text()


def test_a_gate_whose_items_nobody_knows_has_a_dash_in_the_summary() -> None:
    cost = {"workload": "mine", "strategy": "shared", "items": None, "outcome": "killed"}
    report = SimpleNamespace(when="call", user_properties=[("attune", cost)])

    assert list(summary_lines({"passed": [report]}))[1].split() == ["mine", "shared", "-", "-", "-", "killed"]


def test_a_session_without_gates_prints_no_table(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_nothing(): pass")

    pytester.runpytest_subprocess().stdout.no_fnmatch_line("*what contexts cost*")


def test_a_broken_gate_fails_and_shows_the_figures(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_gate(context_cost):
            cost = context_cost("baseline", items=5, history=1)
            assert cost.fork_bytes < 8
        """
    )

    result = pytester.runpytest_inprocess(*WITHIN)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E*assert shared.fork_bytes is * B, must be < 8 B",
            "E*<Cost of shared in baseline, 5 items: *fork_bytes=*",
        ]
    )


def test_a_broken_ratio_says_of_what(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_gate(context_cost):
            cost = context_cost("baseline", items=5, history=1)
            assert 1e9 < cost.ratio_to("deepcopy").fork_bytes
        """
    )

    result = pytester.runpytest_inprocess(*WITHIN)
    result.stdout.fnmatch_lines(
        [
            "E*assert fork_bytes of deepcopy / shared is *, must be > 1,000,000,000",
            "E*<shared is better than deepcopy: *",
        ]
    )


def test_equal_cells_run_once_a_session(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        seen = []

        def test_first(context_cost):
            seen.append(context_cost("baseline", items=5, history=1).records[0])

        def test_second(context_cost):
            assert context_cost("baseline", items=5, history=1).records[0] is seen[0]
        """
    )

    pytester.runpytest_inprocess(*WITHIN, "-p", "no:xdist").assert_outcomes(passed=2)


@pytest.mark.slow
def test_gates_work_under_xdist(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(GATE)

    result = pytester.runpytest_subprocess("-n", "2")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["baseline  shared*10*ok"])


def test_a_cell_that_failed_is_told_without_a_traceback(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_gate(context_cost):
            context_cost("baseline", strategy="sharde", items=5)
        """
    )

    result = pytester.runpytest_inprocess(*WITHIN)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            '>*context_cost("baseline", strategy="sharde", items=5)',
            "E*unknown strategy 'sharde' (did you mean 'shared'?)*",
            "test_a_cell_that_failed_is_told_without_a_traceback.py:2: *",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*During handling*")
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")
