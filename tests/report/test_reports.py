from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from attune_sim.engine.events import ActionEnded
from attune_sim.frame import cells_frame, items_frame, metrics_frame, samples_frame, tasks_frame
from attune_sim.probes.recorder import OUTCOMES, Recorder
from attune_sim.record import CellRecord, Reading
from attune_sim.report import comparison_pictures, comparison_summary, fragment, markdown, page, run_summary


def summary_of(records: list[CellRecord]):
    """The findings in words and tables, for tests that need no pictures, which take longer than all the rest."""
    frames = cells_frame(records), metrics_frame(records), samples_frame(records)
    return comparison_summary(*frames, scenarios={"baseline"})


def findings(records: list[CellRecord]):
    return summary_of(records), comparison_pictures(metrics_frame(records), samples_frame(records))


@pytest.fixture(scope="module")
def whole(comparison_records: list[CellRecord]) -> str:
    return page(*findings(comparison_records))


class Ids(HTMLParser):
    """Collects ids, tags, and the ids that are referred to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.wanted: set[str] = set(re.findall(r"url\(#([^)]+)\)", html))
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id" and value:
                self.ids.append(value)
            if name in ("href", "aria-labelledby") and value:
                self.wanted.add(value.removeprefix("#"))


def test_a_page_needs_nothing_from_outside(whole: str) -> None:
    assert not re.search(r"https?:|<script|<link|<img|@import|src=", whole)


def test_the_headline_says_what_the_fan_out_was_handed_and_how_many_items_it_had(record_of) -> None:
    cut_off = record_of(items=0, items_done=0, fan_out_context_bytes=None, outcome="killed")
    whole = record_of(strategy="deepcopy", items=0, fan_out_items=300, fan_out_context_bytes=4_200_000)

    lead = summary_of([cut_off, whole]).lead
    assert lead.startswith("300 items over 4.2 MB of context (bytes of JSON, records), eager dispatch")


def test_the_headline_is_silent_about_a_context_that_no_cell_got_to_know(record_of) -> None:
    records = [record_of(items=0, items_done=40, fan_out_context_bytes=None, outcome="killed")]

    summary, pictures = findings(records)
    assert summary.lead.startswith("40 items, eager dispatch")
    assert "killed at 40" in page(summary, pictures)


@pytest.mark.parametrize(
    ("workload", "real", "said"),
    [
        ("baseline", False, "eager dispatch, replayed actions."),
        ("baseline", True, "eager dispatch, the real thing."),
        ("mine", False, "eager dispatch."),
    ],
)
def test_the_headline_tells_replayed_actions_from_the_real_thing_and_leaves_a_users_own_alone(
    record_of, workload: str, real: bool, said: str
) -> None:
    assert said in summary_of([record_of(workload=workload, real=real)]).lead


def test_the_headline_names_every_dispatch_that_was_measured(record_of) -> None:
    records = [record_of(dispatch=name) for name in ("eager", "windowed")]

    assert "eager and windowed dispatch" in summary_of(records).lead


def test_a_likely_mistake_in_what_was_asked_for_is_a_warning(record_of) -> None:
    cells = cells_frame([record_of()])
    cells.attrs["warnings"] = ["mine declares no parameter 'itms'"]
    summary = comparison_summary(cells, metrics_frame([record_of()]), samples_frame([record_of()]))

    assert summary.remarks[0] == ("Warnings", ("mine declares no parameter 'itms'",))


def test_ids_are_unique_and_every_reference_finds_one(whole: str) -> None:
    found = Ids(whole)

    assert len(found.ids) == len(set(found.ids))
    assert found.wanted
    assert found.wanted <= set(found.ids)


def test_tables_have_captions_and_scopes(whole: str) -> None:
    found = Ids(whole)

    assert found.tags.count("caption") == found.tags.count("table") >= 3
    assert 'scope="col"' in whole
    assert 'scope="row"' in whole


def test_plots_are_inline_and_their_text_can_be_selected(whole: str) -> None:
    assert whole.count("<svg") == 4
    assert re.search(r"<text[^>]*>26\.1 ms</text>", whole)


def test_equal_findings_give_equal_bytes(comparison_records: list[CellRecord], whole: str) -> None:
    assert page(*findings(comparison_records)) == whole


def test_a_page_holds_no_date_and_no_path(whole: str) -> None:
    assert not re.search(r"20\d\d-\d\d-\d\d|/home/|/tmp/", whole)


def test_a_fragment_is_no_page_and_two_of_them_share_no_id(comparison_records: list[CellRecord]) -> None:
    found = findings(comparison_records)

    first, second = (fragment(*found) for _ in range(2))

    assert "<html" not in first
    assert not set(Ids(first).ids) & set(Ids(second).ids)


def test_text_of_users_is_escaped(record_of) -> None:
    records = [record_of(workload="<b>mine</b>", outcome="crashed", error="<script>alert(1)</script>")]

    html = page(*findings(records))
    assert "<script" not in html
    assert "<b>mine" not in html
    assert "&lt;script&gt;" in html
    assert "<b>" not in markdown(summary_of(records))


def test_a_figure_in_doubt_is_marked_whatever_the_words_of_the_doubt(record_of) -> None:
    readings = (
        Reading("fork_bytes", 64.0, label="read late; live_heap_bytes: high"),
        Reading("live_heap_bytes", 9.0),
    )
    [table, *_] = summary_of([record_of(readings=readings, samples=())]).tables

    figures = dict(zip(table.headers, table.rows[0], strict=True))
    assert (figures["fork_bytes"], figures["live_heap_bytes"]) == ("~64 B", "9 B")


def test_failures_are_rows_with_their_outcome(whole: str) -> None:
    assert "✗ memory limit at 673 of 1,000" in whole
    assert '<tr class="failed">' in whole


def test_light_dark_and_paper_are_provided_for(whole: str) -> None:
    assert "prefers-color-scheme: dark" in whole
    assert "@media print" in whole
    assert "currentColor" in whole


def test_surroundings_and_warnings_about_them_are_shown(record_of) -> None:
    here = record_of(surroundings={"python": "3.11.7"})
    there = record_of(strategy="deepcopy", surroundings={"python": "3.13.5"})

    html = page(*findings([here, there]))
    assert "3.11.7 | 3.13.5" in html
    assert "measured in different surroundings" in html


def test_sizes_that_were_assumed_are_said(record_of) -> None:
    assert "parse: 10 KB each" in page(*findings([record_of(assumed=("parse: 10 KB each",))]))


def test_markdown_tables_have_as_many_cells_in_every_row(comparison_records: list[CellRecord]) -> None:
    text = markdown(summary_of(comparison_records))

    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({line.count("|") for line in block.splitlines()}) == 1


def test_the_report_of_a_run_counts_its_items_and_gives_reasons() -> None:
    tasks = tasks_frame(
        {
            "task": ["check"],
            "visit": [0],
            "status": ["failed"],
            "items": [2],
            "started_s": [0.0],
            "ended_s": [1.0],
            "error": ["1 of 2 items failed"],
        }
    )
    recorder = Recorder(lambda: 0.0)
    recorder.task_started("check", 0, 2)
    for index, (outcome, error) in enumerate([("succeeded", None), ("timed_out", "no answer from <host>")]):
        started = index * 0.5
        recorder.action_ended(ActionEnded("check", 0, index, 0, outcome, None, error, started, started + 0.5))
        if error is not None:
            recorder.item_failed("check", 0, index, outcome, 1, error)
    items = items_frame(recorder.item_columns(), OUTCOMES, recorder.errors)

    html = page(run_summary("mine", "failed", "1 of 2 items failed", tasks, items))
    assert "1 of 2 items succeeded" in html
    assert "no answer from &lt;host&gt;" in html


def test_bytes_that_depend_on_the_hash_seed_are_shown_as_their_range_and_in_doubt(record_of) -> None:
    records = [
        record_of(
            strategy="hamt",
            repeat=seed,
            hash_seed=seed,
            readings=(Reading("fork_us", 0.2), Reading("fork_bytes", size)),
        )
        for seed, size in enumerate((314.0, 426.0, 328.0))
    ]

    summary = comparison_summary(cells_frame(records), metrics_frame(records), samples_frame(records))
    headlines, *_, everything = summary.tables
    assert "~314 to 426 B" in headlines.rows[0]
    assert ("fork_bytes", "314 to 426 B") in [row[:2] for row in everything.rows]
    assert "keeps 314 to 426 B alive" in summary.lead
    assert "fork_bytes: 314 to 426 B over 3 hash seeds" in str(
        dict(summary.remarks)["When not to believe it"]
    )


def test_items_that_never_began_are_counted_and_not_listed_as_failures() -> None:
    recorder = Recorder(lambda: 0.0)
    recorder.task_started("check", 0, 40)
    for index, outcome in enumerate(["succeeded", "failed"]):
        recorder.action_ended(ActionEnded("check", 0, index, 0, outcome, None, "no disk", 0.0, 0.5))
    recorder.item_failed("check", 0, 1, "failed", 1, "no disk")
    items = items_frame(recorder.item_columns(), OUTCOMES, recorder.errors)

    summary = run_summary(
        "mine", "cancelled", "Workflow cancelled", tasks_frame(recorder.task_columns()), items
    )
    _, outcomes, failures = summary.tables
    assert summary.lead == "The run was cancelled; 1 of 40 items succeeded, 38 never began."
    assert [row[:4] for row in outcomes.rows][2] == ("check", "never began", "38", "–")
    assert [row[1] for row in failures.rows] == ["1"]
