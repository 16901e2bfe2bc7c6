"""`at.report`: of a result, of several, and of rows on disk."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import attune_sim as at
from attune_sim.record import CellRecord, Reading
from attune_sim.reports import Summary, Table
from attune_sim.store import Store, ended_row, started_row

LINK = re.compile(r'<a href="([^"#]+)"')


class Found:
    """Something that says what it found; no picture, which takes longer than all the rest."""

    def findings(self) -> Summary:
        table = Table("A table", ("name", "value"), (("a", "1"),))
        return Summary.plain("mine: found", "It is so.", (table,), kind="Comparisons", finding="It is <so>.")


@pytest.fixture
def few() -> Found:
    return Found()


def stored(path: Path, *records: CellRecord) -> Path:
    with Store(path) as store:
        for record in records:
            cell = record.key.id
            store.append(cell, started_row(record.key, (), record.hash_seed))
            for reading in record.readings:
                row = {name: getattr(reading, name) for name in Reading.__slots__}
                store.append(cell, {"row": "reading", **row})
            store.append(cell, ended_row(record.outcome, record.error, 0.1))
    return path


def test_the_end_of_the_name_decides_the_form(few: Found, tmp_path: Path) -> None:
    texts = {end: Path(at.report(few, tmp_path / f"out.{end}")).read_text() for end in ("html", "md", "json")}

    assert texts["html"].startswith("<!doctype html>")
    assert texts["md"].startswith("<!-- written by attune-sim -->\n# mine: found")
    assert json.loads(texts["json"])["reports"][0]["title"] == "mine: found"


@pytest.mark.parametrize("end", ["html", "md", "json"])
def test_the_same_results_give_the_same_bytes(few: Found, tmp_path: Path, end: str) -> None:
    again = Found()

    first, second = (Path(at.report(one, tmp_path / f"{n}.{end}")) for n, one in enumerate((few, again)))
    assert first.read_bytes() == second.read_bytes()


def test_several_results_are_a_site_whose_links_lead_to_its_pages(few: Found, tmp_path: Path) -> None:
    run = at.run("baseline", items=3)
    index = Path(at.report({"monday": few, "run": run}, tmp_path / "all.html"))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["all-monday.html", "all-run.html", "all.html"]
    assert LINK.findall(index.read_text()) == ["all-monday.html", "all-run.html"]
    for path in tmp_path.iterdir():
        links = LINK.findall(path.read_text())
        assert links
        assert [link for link in links if not (tmp_path / link).exists()] == []
    assert "3 of 3" in index.read_text()


def test_in_a_folder_one_result_has_an_index_too_and_names_that_are_the_same_are_told_apart(
    few: Found, tmp_path: Path
) -> None:
    assert at.report(few, tmp_path) == str(tmp_path / "index.html")
    assert (tmp_path / "mine.html").is_file()

    at.report([few, few], f"{tmp_path}/site/")
    assert {path.name for path in (tmp_path / "site").iterdir()} == {
        "index.html",
        "mine.html",
        "mine-1.html",
    }


def test_several_results_in_one_markdown_or_json_stand_below_each_other(few: Found, tmp_path: Path) -> None:
    text = Path(at.report([few, few], tmp_path / "all.md")).read_text()
    told = json.loads(Path(at.report([few, few], tmp_path / "all.json")).read_text())

    assert text.count("# mine: found") == 2
    assert len(told["reports"]) == 2


def test_a_store_is_reported_without_measuring_and_each_workload_of_it_is_a_result(
    record_of, tmp_path: Path
) -> None:
    records = [
        record_of(workload=name, strategy=way) for name in ("one", "two") for way in ("deepcopy", "shared")
    ]
    store = stored(tmp_path / "cells.jsonl", *records)

    at.report(store, tmp_path / "out.html")
    assert {path.name for path in tmp_path.glob("*.html")} == {"out.html", "out-one.html", "out-two.html"}
    assert "2 results" in (tmp_path / "out.html").read_text()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (3, "a report is of a result, such as at.compare gives, or of several, not of an int"),
        ([], "a report needs at least one result; none was given"),
        (["nowhere.jsonl"], "nowhere.jsonl: there is no such store of cells"),
        ([None], "not of a NoneType"),
    ],
)
def test_what_is_no_result_is_refused(wrong: object, says: str, tmp_path: Path) -> None:
    with pytest.raises(at.InputError, match=re.escape(says)):
        at.report(wrong, tmp_path / "out.html")  # type: ignore[arg-type]
    assert not [*tmp_path.iterdir()]


def test_an_empty_store_and_a_file_that_is_none_are_refused(tmp_path: Path) -> None:
    empty, other = tmp_path / "empty.jsonl", tmp_path / "other.jsonl"
    empty.touch()
    other.write_text('{"row": "sample", "cell": "x"}\n')

    with pytest.raises(at.InputError, match="holds no cells; nothing was measured yet"):
        at.report(empty, tmp_path / "out.html")
    with pytest.raises(at.InputError, match=r"other\.jsonl:1: not a row of a store of cells"):
        at.report(other, tmp_path / "out.html")


def test_a_site_replaces_no_file_that_is_not_ours_and_writes_nothing_then(few: Found, tmp_path: Path) -> None:
    (tmp_path / "mine.html").write_text("mine")

    with pytest.raises(at.InputError, match="attune-sim did not write it"):
        at.report([few, few], tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"mine.html"}
    at.report([few, few], tmp_path, force=True)
    assert (tmp_path / "mine.html").read_text() != "mine"


def test_a_template_of_a_user_extends_ours_and_is_escaped(few: Found, tmp_path: Path) -> None:
    (tmp_path / "page.html.j2").write_text(
        '{% extends "attune/page.html.j2" %}{% block foot %}<footer>{{ summary.title }} & {{ "<b>" }}</footer>{% endblock %}'
    )

    html = Path(at.report(few, tmp_path / "out.html", template=tmp_path)).read_text()
    assert "<footer>mine: found & &lt;b&gt;</footer>" in html
    assert "It is so." in html


def test_a_template_of_a_user_may_replace_a_part_of_the_page(few: Found, tmp_path: Path) -> None:
    (tmp_path / "body.html.j2").write_text("<h1>Ours: {{ summary.title }}</h1>")
    (tmp_path / "report.md.j2").write_text("{{ summary.finding }}\n")

    assert "<h1>Ours: mine" in Path(at.report(few, tmp_path / "o.html", template=tmp_path)).read_text()
    assert "|" not in Path(at.report(few, tmp_path / "o.md", template=tmp_path)).read_text()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{% if %}", r"template page\.html\.j2:1 cannot be used: Expected an expression"),
        ("{{ nothing }}", r"template page\.html\.j2 cannot be used: 'nothing' is undefined"),
        ('{% extends "nowhere.j2" %}', r"cannot be used: .*nowhere\.j2"),
        ("{{ summary.__class__.__mro__ }}", r"cannot be used: access to attribute '__class__'"),
    ],
)
def test_a_template_that_cannot_be_used_is_named_with_its_line(
    few: Found, tmp_path: Path, text: str, says: str
) -> None:
    (tmp_path / "page.html.j2").write_text(text)

    with pytest.raises(at.InputError, match=says):
        at.report(few, tmp_path / "out.html", template=tmp_path)
    assert not (tmp_path / "out.html").exists()


def test_a_folder_of_templates_that_does_not_exist_is_refused(few: Found, tmp_path: Path) -> None:
    with pytest.raises(at.InputError, match="there is no such folder of templates"):
        at.report(few, tmp_path / "out.md", template=tmp_path / "none")
