from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

import attune_sim as at
from attune_sim.contexts.registry import strategies
from attune_sim.engine.events import ActionEnded
from attune_sim.frame import (
    cells_frame,
    failures_frame,
    items_frame,
    metrics_frame,
    promises_frame,
    samples_frame,
    tasks_frame,
)
from attune_sim.metrics import METRICS
from attune_sim.probes.recorder import OUTCOMES, Recorder
from attune_sim.record import CellRecord, Reading
from attune_sim.reports import comparison_summary, fragment, markdown, page, run_summary


def summary_of(records: list[CellRecord]):
    """The findings in words and tables, for tests that need no pictures, which take longer than all the rest."""
    frames = cells_frame(records), metrics_frame(records), samples_frame(records)
    return comparison_summary(*frames, scenarios={"baseline"})


@pytest.fixture(scope="module")
def whole(comparison_records: list[CellRecord]) -> str:
    return page(summary_of(comparison_records))


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
    assert not re.search(r"https?:|<link|<img|@import|src=|<script [^>]", whole)


def test_the_headline_says_what_the_fan_out_was_handed_and_how_many_items_it_had(record_of) -> None:
    cut_off = record_of(items=0, items_done=0, fan_out_context_bytes=None, outcome="killed")
    whole = record_of(strategy="deepcopy", items=0, fan_out_items=300, fan_out_context_bytes=4_200_000)

    lead = summary_of([cut_off, whole]).lead
    assert lead.startswith("300 items over 4.2 MB of context (bytes of JSON, records), eager dispatch")


def test_the_headline_is_silent_about_a_context_that_no_cell_got_to_know(record_of) -> None:
    records = [record_of(items=0, items_done=40, fan_out_context_bytes=None, outcome="killed")]

    summary = summary_of(records)
    assert summary.lead.startswith("40 items, eager dispatch")
    assert "killed at 40" in page(summary)


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
    assert whole.count("<svg") == 1 + 4  # the large one is there in two widths
    assert re.search(r"<text[^>]*>26\.1 ms</text>", whole)


def test_equal_findings_give_equal_bytes(comparison_records: list[CellRecord], whole: str) -> None:
    assert page(summary_of(comparison_records)) == whole


def test_a_page_holds_no_path_and_no_date_but_that_of_its_cells(whole: str) -> None:
    assert not re.search(r"20\d\d-\d\d-\d\d|/home/|/tmp/", whole)


def test_a_fragment_is_no_page_and_two_of_them_share_no_id(comparison_records: list[CellRecord]) -> None:
    found = summary_of(comparison_records)

    first, second = (fragment(found) for _ in range(2))

    assert "<html" not in first
    assert not set(Ids(first).ids) & set(Ids(second).ids)


def test_text_of_users_is_escaped(record_of) -> None:
    records = [record_of(workload="<b>mine</b>", outcome="crashed", error="<script>alert(1)</script>")]

    html = page(summary_of(records))
    assert html.count("<script>") == 1
    assert "<script>alert" not in html
    assert "<b>mine" not in html
    assert "&lt;script&gt;" in html
    lines = markdown(summary_of(records)).splitlines()
    assert [
        line for line in lines if "<b>" in line and not line.startswith("    ")
    ] == []  # code has no meaning


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

    html = page(summary_of([here, there]))
    assert "3.11.7 | 3.13.5" in html
    assert "measured in different surroundings" in html


def test_sizes_that_were_assumed_are_said(record_of) -> None:
    assert "parse: 10 KB each" in page(summary_of([record_of(assumed=("parse: 10 KB each",))]))


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
            "file": [None],
            "line": [None],
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
    failures = failures_frame(
        [
            {
                "task": "check",
                "outcome": "timed_out",
                "reason": "no answer from <host>",
                "count": 1,
                "indexes": [1],
            }
        ]
    )

    html = page(run_summary("mine", "failed", "1 of 2 items failed", tasks, items, failures=failures))
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
    headlines = summary.tables[0]
    [everything] = [row for table in summary.tables[1:] for row in table.rows if row[0] == "fork_bytes"]
    assert "~314 to 426 B" in headlines.rows[0]
    assert everything == ("fork_bytes", METRICS["fork_bytes"].title, "~314 to 426 B")
    assert "keeps 314 to 426 B alive" in summary.lead
    assert "fork_bytes: 314 to 426 B over 3 hash seeds" in str(
        dict(summary.remarks)["When not to believe it"]
    )


def test_items_that_never_began_are_counted_and_are_no_failures() -> None:
    recorder = Recorder(lambda: 0.0)
    recorder.task_started("check", 0, 40)
    for index, outcome in enumerate(["succeeded", "failed"]):
        recorder.action_ended(ActionEnded("check", 0, index, 0, outcome, None, "no disk", 0.0, 0.5))
    recorder.item_failed("check", 0, 1, "failed", 1, "no disk")
    items = items_frame(recorder.item_columns(), OUTCOMES, recorder.errors)

    summary = run_summary(
        "mine", "cancelled", "Workflow cancelled", tasks_frame(recorder.task_columns()), items
    )
    outcomes = next(table for table in summary.tables if table.caption.startswith("Items of"))
    assert summary.lead == "The run was cancelled; 1 of 40 items succeeded, 38 never began."
    assert [row[:4] for row in outcomes.rows][2] == ("check", "never began", "38", "–")
    assert [failure.count for failure in recorder.failures.groups] == [1]


def promises() -> pd.DataFrame:
    return promises_frame(
        {
            "strategy": name,
            "isolates": strategies[name].guarantees.isolates,
            **strategies[name].guarantees.as_dict(),
        }
        for name in strategies
    )


def twelve(record_of) -> list[CellRecord]:
    return [record_of(strategy=name, repeat=repeat) for name in strategies for repeat in range(3)]


def test_every_metric_has_a_row_with_its_meaning_and_a_column_a_strategy(record_of) -> None:
    summary = summary_of(twelve(record_of))

    tables = [table for table in summary.tables if table.caption.startswith("Every metric")]
    assert [table.caption.partition(" (")[0] for table in tables] == [
        "Every metric, times of one item",
        "Every metric, what one item takes",
        "Every metric, the whole run",
        "Every metric, whether the figures close",
    ]
    shown = {row[0]: row[1] for table in tables for row in table.rows}
    assert shown == {name: METRICS[name].title for name in set(metrics_frame(twelve(record_of))["metric"])}
    assert {table.headers[2:] for table in tables} == {tuple(strategies)}
    assert "time to render one item's input" in markdown(summary)


def test_the_first_table_says_what_each_strategy_isolates_and_gives_up(record_of) -> None:
    frames = [make(twelve(record_of)) for make in (cells_frame, metrics_frame, samples_frame)]

    table = comparison_summary(*frames, {"baseline"}, promises()).tables[0]
    told = {row[0]: dict(zip(table.headers, row, strict=True)) for row in table.rows}
    assert [told[name]["isolates"] for name in ("deepcopy", "frozen", "hamt", "shared")] == [
        "all",
        "all: read-only",
        "top level",
        "nothing",
    ]
    assert (told["json"]["gives up"], told["shared"]["gives up"]) == ("exact_types", "nothing more")
    assert told["hamt"]["gives up"] == "ordered, plain_dicts, json_ready, plain_equality"
    assert "isolates" not in summary_of(twelve(record_of)).tables[0].headers


def test_date_command_seed_and_limits_are_told(record_of) -> None:
    began = ["2026-11-28T13:05:00Z", "2026-11-28T13:07:00Z", None]
    records = [
        record_of(repeat=n, hash_seed=n, seed=7, began=when, surroundings={}) for n, when in enumerate(began)
    ]

    summary = summary_of(records)
    told = summary.facts
    assert told["measured"] == "2026-11-28T13:05:00Z to 2026-11-28T13:07:00Z"
    assert summary.codes["To measure it again"] == (
        "attune-sim compare baseline --strategy shared --items 1000 --dispatch eager --executor inline --payload records "
        "--history 100 --seed 7 --repeats 3 --memory-limit 2000000000 --time-limit 60s"
    )
    assert (told["seed"], told["memory limit of a cell"], told["time limit of a cell"]) == (
        "7",
        "2.0 GB",
        "60.0 s",
    )
    own = summary_of([record_of(workload="mine; rm", items=0, history_tasks=0)]).codes["To measure it again"]
    assert own.startswith("attune-sim compare FILE.yaml --strategy shared --dispatch")
    assert "mine; rm" in own


def test_a_cell_whose_items_all_failed_is_marked_and_says_so(record_of) -> None:
    in_vain = record_of(items_failed=1000, run_status="failed")
    summary = summary_of([record_of(strategy="deepcopy"), in_vain])

    table = summary.tables[0]
    assert table.failed == {1}
    assert "✗ 1,000 of 1,000 items failed, the run failed" in table.rows[1]
    assert [text for text in table.rows[1][2:-1] if not text.startswith("~")] == []
    assert "times less" not in summary.lead


def test_totals_of_a_run_that_was_cut_short_are_at_least_that(comparison_records) -> None:
    table = summary_of(comparison_records).tables[0]

    figures = dict(zip(table.headers, table.rows[0], strict=True))
    assert (figures["live_heap_bytes"], figures["wall_s"]) == ("≥ 1.96 GB", "≥ 17.6 s")
    assert "≥ stands before a total of a run that was cut short" in table.caption


def test_a_page_is_made_for_those_who_do_not_see_it_or_use_no_mouse(whole: str) -> None:
    assert whole.count("<main>") == 1
    scrolled = re.findall(r'<div class="scroll"[^>]*>', whole)
    assert len(scrolled) == whole.count("<table")
    assert all('tabindex="0"' in tag and 'role="region"' in tag for tag in scrolled)
    labels = re.findall(r'aria-label="([^"]+)"', whole)
    assert len(labels) == len(set(labels))
    assert "<figure" not in whole


def test_letters_of_a_picture_are_legible_in_the_width_of_a_telephone(whole: str) -> None:
    for svg in re.findall(
        r"<svg .*?</svg>", re.sub(r'class="picture wide".*?</svg>', "", whole, flags=re.DOTALL), re.DOTALL
    ):
        wide = float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1])
        sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", svg)]
        assert sizes
        assert min(sizes) * 360 / wide > 9


def test_text_of_a_picture_takes_the_colour_of_the_page(whole: str) -> None:
    for text in re.findall(r"<text[^>]*>", whole):
        assert "fill:" not in text or "fill: #222222" in text  # dark, on a white box


def test_the_report_of_a_run_has_its_timeline_output_parameters_and_duration(
    squares_text: str, tmp_path
) -> None:
    secret = squares_text.replace("numbers:", "token: {type: string, secret: true}\n  numbers:", 1)
    run = at.run(secret, {"token": "hunter2-and-more"}, actions={"demo.square": lambda n: n * n})

    html = Path(run.report(tmp_path / "run.html")).read_text()
    assert re.search(r"<dt>took</dt><dd>[\d.]+ .?s</dd>", html)
    assert "What ran when" in html
    assert re.search(r'>Output</h2>\n<pre tabindex="0" role="region" aria-label="Output">{', html)
    assert "&#34;squares&#34;: [" in html
    assert ">Parameters</h2>" in html
    assert "hunter2" not in html
    text = Path(run.report(tmp_path / "run.md")).read_text()
    assert "hunter2" not in text
    assert '\n      "squares": [\n' in text


def test_an_output_that_is_data_is_shown_as_far_as_anybody_reads() -> None:
    frames = tasks_frame(
        {name: [] for name in ("task", "visit", "status", "items", "started_s", "ended_s", "error")}
    )
    nothing = items_frame([], OUTCOMES, {})

    summary = run_summary("mine", "succeeded", None, frames, nothing, values={"Output": "x" * 30_000})
    text = summary.codes["Output"]
    assert text.endswith("… and 10,002 characters more")


def test_a_line_of_claims_that_was_not_measured_has_no_source(summaries):
    lines = summaries["claims"].tables[-1]
    n, source = lines.headers.index("n"), lines.headers.index("source")
    assert {row[source] for row in lines.rows if row[n] == "0"} == {"–"}
    assert {row[source] for row in lines.rows if row[n] != "0"} == {"measured", "estimated"}
