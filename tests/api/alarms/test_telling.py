from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from attune_sim.api.alarms import telling
from attune_sim.api.alarms.exports import export, export_asked, series_of
from attune_sim.api.alarms.session import section
from attune_sim.errors import InputError


@pytest.fixture
def told(cells_of, holding_of, gate) -> list[dict]:
    """What came of two gates, one of them broken, as it comes from another process."""
    records = [*cells_of(), *cells_of("hamt", fork_bytes=312.0)]
    holding = holding_of(records)
    gates = [gate("fork_bytes < 128"), gate("fork_bytes < 128", "fork_us < 0.1us", strategy="hamt")]
    return json.loads(json.dumps([{**holding.of(one).as_dict(), "costs": []} for one in gates]))


def test_where_all_is_well_there_is_no_section(told) -> None:
    assert list(section(told[:1])) == []
    assert "fork_bytes < 128  baseline, shared, 1,000 items, eager  72 B" in "\n".join(
        section(told[:1], everything=True)
    )


def test_a_section_has_what_broke_and_what_is_only_told(told) -> None:
    lines = list(section(told))

    assert lines[0] == "broken:"
    assert "fork_bytes < 128: baseline, hamt" in lines[1]
    assert lines[2] == "not broken:"
    assert "fork_us < 0.1us: baseline, hamt" in lines[3]
    assert list(section(told, broken=False)) == lines[2:]


def test_a_page_of_a_build_has_a_table_and_the_lines(told, tmp_path: Path) -> None:
    page = tmp_path / "summary.md"
    page.write_text("# before\n")
    telling.append_markdown(page, told)

    text = page.read_text()
    assert text.startswith("# before\n### What contexts cost: 1 broken\n")
    assert "| fork_bytes &lt; 128 | baseline, shared, 1,000 items, eager | 72 B | 128 B | kept |" in text
    assert "- fork_bytes &lt; 128: baseline, hamt" in text


def test_a_document_for_programs_has_every_finding_and_no_cells(told, tmp_path: Path) -> None:
    telling.write_document(tmp_path / "out.json", told)

    found = json.loads((tmp_path / "out.json").read_text())
    assert (found["schema"], found["ok"]) == (1, False)
    assert [one["word"] for gate in found["gates"] for one in gate["findings"]] == [
        "kept",
        "broken",
        "advisory",
    ]
    assert all("cells" not in gate for gate in found["gates"])


def test_properties_of_a_test_are_figures_and_what_came_of_rules(told) -> None:
    assert dict(telling.properties(told[1])) == {
        "attune.hamt.fork_bytes": "312",
        "attune.rule: fork_bytes < 128": "broken",
        "attune.hamt.fork_us": "0.2",
        "attune.rule: fork_us < 0.1us": "advisory",
    }


def test_figures_for_the_dashboard_of_github_are_named_with_their_units(told, tmp_path: Path) -> None:
    export(f"github-action-benchmark={tmp_path / 'gh.json'}", told)

    found = {row["name"]: row for row in json.loads((tmp_path / "gh.json").read_text())}
    row = found["baseline[hamt-1000-eager] fork_bytes"]
    assert (row["unit"], row["value"], row["range"]) == ("bytes", 312.0, "0")


def test_times_for_pytest_benchmark_are_in_seconds_and_its_own_program_reads_them(
    told, tmp_path: Path
) -> None:
    path = tmp_path / "pb.json"
    export(f"pytest-benchmark={path}", told)

    rows = {row["name"]: row for row in json.loads(path.read_text())["benchmarks"]}
    row = rows["baseline[shared-1000-eager] fork_us"]
    assert row["stats"]["median"] == pytest.approx(2e-7)
    assert row["extra_info"]["fork_bytes"] == 72.0
    call = [sys.executable, "-m", "pytest_benchmark", "compare", str(path)]
    shown = subprocess.run(call, capture_output=True, text=True, cwd=tmp_path)
    assert "baseline[shared-1000-eager] fork_us" in shown.stdout, shown.stderr


def test_cells_that_did_not_end_well_are_in_no_dashboard(cells_of, holding_of, gate) -> None:
    cut = holding_of(cells_of(outcome="memory_limit", items_done=3)).of(gate("fork_bytes < 128")).as_dict()

    assert series_of([cut]) == {}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("pytest-benchmark", "names no file: write FORM=FILE"),
        ("pytest-bench=a.json", "unknown form of export 'pytest-bench' .did you mean 'pytest-benchmark'"),
    ],
)
def test_an_export_that_is_none_is_told(asked: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        export_asked(asked)
