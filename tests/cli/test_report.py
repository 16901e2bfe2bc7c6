"""`attune-sim report`: rows on disk become a page, a comment, a site."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import attune_sim as at
from attune_sim.cli.app import exit_code


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, stored, comparison_records) -> Path:
    return stored(tmp_path_factory.mktemp("store") / "cells.jsonl", *comparison_records)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("end", ["html", "md", "json"])
def test_a_store_becomes_a_report_in_the_form_that_its_name_asks_for(
    store: Path, folder: Path, end: str, capsys: pytest.CaptureFixture[str]
) -> None:
    size = store.stat().st_size

    assert exit_code(["report", str(store), "-o", f"out.{end}"]) == 0
    assert capsys.readouterr().out == f"report: out.{end}\n"
    assert "shared" in (folder / f"out.{end}").read_text()
    assert store.stat().st_size == size  # nothing was measured again


def test_the_report_is_that_of_the_comparison_itself(store: Path, folder: Path) -> None:
    exit_code(["report", str(store), "-o", "one.json"])
    at.load_comparison(store).report("other.json")

    assert Path("one.json").read_bytes() == Path("other.json").read_bytes()


def test_several_stores_and_a_folder_become_a_site(
    store: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["report", str(store), str(store), "-o", "site/"]) == 0

    assert capsys.readouterr().out == "report: site/index.html\n"
    assert {path.name for path in (folder / "site").iterdir()} == {
        "index.html",
        "baseline.html",
        "baseline-1.html",
    }


def test_templates_of_a_folder_are_used(store: Path, folder: Path) -> None:
    (folder / "ours").mkdir()
    (folder / "ours" / "report.md.j2").write_text("{{ summary.number.value }}\n")

    assert exit_code(["report", str(store), "-o", "out.md", "--template", "ours"]) == 0
    assert Path("out.md").read_text().strip().endswith("×")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.jsonl", "-o", "out.html"], "nowhere.jsonl: there is no such store of cells"),
        (["STORE", "-o", "out.pdf"], "out.pdf: a report is HTML, Markdown or JSON"),
        (["STORE", "-o", "mine.html"], "mine.html: is there already, and attune-sim did not write it"),
        (["STORE", "-o", "out.html", "--template", "none"], "none: there is no such folder of templates"),
        (["STORE"], "Missing option '-o'"),
        (["-o", "out.html"], "Missing argument 'FILE.jsonl...'"),
    ],
)
def test_what_cannot_be_reported_is_one_message_and_exit_code_2(
    store: Path, folder: Path, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "mine.html").write_text("<p>mine</p>")

    assert exit_code(["report", *(str(store) if one == "STORE" else one for one in arguments)]) == 2
    assert says in capsys.readouterr().err
    assert {path.name for path in folder.iterdir()} == {"mine.html"}


def test_the_summary_in_json_names_its_parts_in_reading_order(store: Path, folder: Path) -> None:
    exit_code(["report", str(store), "-o", "out.json"])

    [told] = json.loads(Path("out.json").read_text())["reports"]
    assert [one["heading"] for one in told["opening"]] == ["One more fork"]
    headings = [one["heading"] for one in told["sections"]]
    assert headings[:2] == ["What each strategy costs, and what it gives up", "Verdict, beside deepcopy"]
    assert headings[-3:] == ["How it was measured", "To measure it again", "Every metric"]
    first = told["sections"][0]["blocks"][0]
    assert first["block"] == "table"
    assert first["headers"][:3] == ["strategy", "isolates", "gives up"]
    assert told["contrast"]["before"] == "deepcopy"
