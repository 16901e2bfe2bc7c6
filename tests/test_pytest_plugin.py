from __future__ import annotations

import json

import pytest

import attune_sim.api.alarms.session
import attune_sim.api.comparisons.cost  # noqa: F401  sessions within this one forget what they import: numpy can be loaded only once

pytest_plugins = ["pytester"]

# A session within this one takes no second to start; its watch over tests that hang would take the place of ours.
WITHIN = ("-p", "no:cacheprovider", "-p", "no:faulthandler")

SMALL = "workload='baseline', items=5, history=1, repeats=1"

GATE = """
def test_sharing_stays_cheap(context_cost):
    cost = context_cost("baseline", strategy="shared", items=10, history=2)
    assert cost.fork_bytes < 128
    assert cost.ratio_to("deepcopy").fork_bytes > 10
"""


def test_a_gate_that_passes_says_nothing_and_its_figures_reach_junit_xml(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(GATE)

    result = pytester.runpytest_inprocess(*WITHIN, "--junit-xml=out.xml")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*what contexts cost*")
    assert 'name="attune.shared.fork_bytes"' in (pytester.path / "out.xml").read_text()


@pytest.mark.slow
def test_whoever_asks_is_shown_the_figures_of_a_gate_that_passes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(GATE)

    result = pytester.runpytest_inprocess(*WITHIN, "-v")
    result.stdout.fnmatch_lines(["*what contexts cost*", "workload*a fork takes*", "baseline  shared*10*ok"])


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


def test_a_marker_measures_and_holds_its_rules(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.context_threshold("fork_bytes < 128", "fork_us < 1ps", {SMALL})
        def test_kept(): pass

        @pytest.mark.context_threshold("fork_bytes < 8", {SMALL})
        def test_broken(): pass

        @pytest.mark.context_threshold("fork_bytes < 8KG", {SMALL})
        def test_unreadable(): pass

        @pytest.mark.context_threshold("fork_bytes < 8")
        def test_of_nothing(): pass

        @pytest.mark.context_threshold(workload="baseline")
        def test_without_rules(): pass

        @pytest.mark.context_threshold("fork_bytes < 8", {SMALL}, strateg="hamt")
        def test_misspelled(): pass

        @pytest.mark.context_threshold("fork_bytes < 8", {SMALL})
        def test_that_fails_by_itself(): assert 1 == 2
        """.replace("1ps", "0.001ns")
    )

    result = pytester.runpytest_inprocess(*WITHIN, "--junit-xml=out.xml")
    result.assert_outcomes(passed=1, failed=6)
    result.stdout.fnmatch_lines(
        [
            "*fork_bytes < 8: baseline, shared, 5 items, eager: fork_bytes is * B, limit 8 B, * times the limit (1 pair); "
            "false alarms: not measured here*; see: attune-sim compare baseline --items 5 --strategy shared --repeats 1",
            "*threshold 'fork_bytes < 8KG': fork_bytes is in bytes, not in 'KG'*choose from: B, KB*",
            "*test_of_nothing: context_threshold has nothing to hold its rules against*",
            "*test_without_rules: context_threshold has no rules*",
            "*context_threshold: unknown option 'strateg' (did you mean 'strategy'?)*",
            "*assert 1 == 2*",
            "*what contexts cost*",
            "not broken:",
            "*fork_us < 0.001ns: *advisory*",
        ]
    )
    xml = (pytester.path / "out.xml").read_text()
    assert 'name="attune.rule: fork_bytes &lt; 128" value="kept"' in xml
    assert 'name="attune.rule: fork_us &lt; 0.001ns" value="advisory"' in xml


PROJECT = """
[tool.attune_sim.thresholds]
rules = ["fork_bytes < 128", "deepcopy.fork_bytes < 1"]

[tool.attune_sim.thresholds.groups.small]
workload = "baseline"
items = 5
history = 1
repeats = 1
rules = ["fork_bytes < 64", "fork_object_bytes < 8"]
"""


@pytest.mark.slow
def test_rules_of_a_project_hold_for_whatever_its_tests_measure_and_groups_for_whoever_names_them(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyprojecttoml(PROJECT)
    pytester.makepyfile(
        """
        import pytest

        def test_measures(context_cost):
            context_cost("baseline", strategy="hamt", items=5, history=1)

        @pytest.mark.context_threshold(group="small")
        def test_of_a_group(): pass

        @pytest.mark.context_threshold("fork_bytes < 3", group="small", strategy="shared", items=6)
        def test_of_a_group_and_its_own(): pass

        @pytest.mark.context_threshold(group="smal")
        def test_of_no_group(): pass
        """
    )

    result = pytester.runpytest_inprocess(*WITHIN, "--tb=line", "-rN", "--attune-json=out.json")
    result.assert_outcomes(failed=4)
    result.stdout.fnmatch_lines(["*unknown group of thresholds 'smal'*"])
    broken = [
        line.split(", limit")[0]
        for gate in json.loads((pytester.path / "out.json").read_text())["gates"]
        for line in gate["broken"]
    ]
    assert [line.split(":")[0] for line in broken[:-1]] == [
        "fork_bytes < 128",
        *("fork_bytes < 64", "fork_object_bytes < 8"),
        *("fork_bytes < 64", "fork_object_bytes < 8", "fork_bytes < 3"),
    ]
    assert "5 items" in broken[1]
    assert "6 items" in broken[3]


def test_a_table_that_cannot_be_read_fails_the_test_in_one_line(pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml("[tool.attune_sim.thresholds]\nrules = ['fork_bites < 1']")
    pytester.makepyfile(GATE)

    result = pytester.runpytest_inprocess(*WITHIN)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*pyproject.toml: *rules?0?: *unknown metric 'fork_bites' (did you mean 'fork_bytes'?)*"]
    )


@pytest.mark.slow
def test_what_is_saved_today_is_what_tomorrow_is_held_against(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.context_threshold("fork_bytes:1%")
        def test_gate(context_cost):
            context_cost("baseline", items=5, history=1, repeats=1)
        """
    )
    before = pytester.runpytest_inprocess(*WITHIN)
    before.assert_outcomes(failed=1)
    before.stdout.fnmatch_lines(
        [
            "*needs a baseline: there is no *attune-baseline.json; make it*with `pytest *::test_gate --attune-save`*"
        ]
    )

    made = pytester.runpytest_inprocess(*WITHIN, "--attune-save")
    made.assert_outcomes(passed=1)
    made.stdout.fnmatch_lines(["attune-sim: 1 cells written to *attune-baseline.json"])
    pytester.runpytest_inprocess(*WITHIN, "--attune-compare").assert_outcomes(passed=1)

    place = pytester.path / "attune-baseline.json"
    found = json.loads(place.read_text())
    for cell in found["cells"]:
        cell["readings"] = [
            [name, {**one, "value": 9.0} if name == "fork_bytes" else one] for name, one in cell["readings"]
        ]
    place.write_text(json.dumps(found))
    after = pytester.runpytest_inprocess(*WITHIN)
    after.assert_outcomes(failed=1)
    after.stdout.fnmatch_lines(
        [
            "*fork_bytes:1%: baseline, shared, 5 items, eager: fork_bytes is * B, limit 9* B (9 B in the baseline), *"
        ]
    )


@pytest.mark.slow
def test_files_are_written_for_who_asks_and_a_page_of_the_build_is_appended_to(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(pytester.path / "page.md"))
    pytester.makepyfile(GATE)

    asked = ("--attune-export=pytest-benchmark=pb.json", "--attune-export=github-action-benchmark=gh.json")
    result = pytester.runpytest_inprocess(*WITHIN, *asked)
    result.assert_outcomes(passed=1)
    assert json.loads((pytester.path / "pb.json").read_text())["benchmarks"]
    assert json.loads((pytester.path / "gh.json").read_text())
    assert (pytester.path / "page.md").read_text().startswith("### What contexts cost: all kept")


def test_a_file_that_cannot_be_written_is_told_and_is_an_error(pytester: pytest.Pytester) -> None:
    (pytester.path / "out.json").write_text("{}")
    pytester.makepyfile("def test_nothing(): pass")

    result = pytester.runpytest_inprocess(*WITHIN, "--attune-json=out.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["attune-sim: out.json: is there already, and attune-sim did not write it*"])


def test_an_export_that_is_none_is_an_error_of_usage(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_nothing(): pass")

    result = pytester.runpytest_inprocess(*WITHIN, "--attune-export=asv=a.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(
        ["*unknown form of export 'asv'; choose from: pytest-benchmark, github-action-benchmark*"]
    )


@pytest.mark.slow
def test_gates_work_beside_each_other_and_times_never_break_them(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.context_threshold("fork_bytes < 8", {SMALL})
        def test_broken(): pass

        @pytest.mark.context_threshold("fork_us < 0.001ns", {SMALL})
        def test_time(): pass
        """
    )

    result = pytester.runpytest_subprocess(
        "-n", "2", "--attune-times", "--attune-save", "--attune-json=out.json"
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["attune-sim: * cells written to *", "not broken:", "*tests that run beside each other disturb*"]
    )
    assert len(json.loads((pytester.path / "out.json").read_text())["gates"]) == 2
    assert json.loads((pytester.path / "attune-baseline.json").read_text())["cells"]
