"""A history as a page."""

from __future__ import annotations

import json

from attune_sim.analysis.steps import Point, Series
from attune_sim.api.history.page import markdown

WHERE = json.dumps({"python": "3.11.7", "platform": "Linux"})


def series(metric: str, *values: float, over: str = "", strategy: str = "shared") -> Series:
    points = (
        Point(f"c{n}", f"2026-01-{n:02}T00:00:00+00:00", dict.fromkeys(range(5), value), WHERE)
        for n, value in enumerate(values, 1)
    )
    return Series("forks", f"baseline, {strategy}, 100 items, eager", strategy, metric, tuple(points), over)


def test_a_page_says_what_changed_then_has_a_table_for_each_strategy_and_what_its_metrics_mean() -> None:
    known = [
        series("fork_bytes", 72.0, 72.0, 136.0),
        series("fork_us", 1.1, 1.1, 1.1, over="floor_us"),
        series("fork_bytes", 400.0, 400.0, 400.0, strategy="hamt"),
    ]

    assert markdown(known, "Costs").splitlines() == [
        "<!-- written by attune-sim -->",
        "# Costs",
        "",
        "3 commits: 2026-01-01 (c1) to 2026-01-03 (c3), the last under Python 3.11.7 on Linux. Counts and ratios only, for a time is of a machine as well. A value is the",
        "median over the cells of its commit; a course goes from the least value of its row to the largest, and is level where they are the same.",
        "",
        "## Changes",
        "",
        "- 2026-01-03 c3: forks: shared.fork_bytes: 72 B -> 136 B, 1.89 times (1.89 to 1.89 over 5 pairs), after c2",
        "",
        "## forks: shared",
        "",
        "baseline, shared, 100 items, eager.",
        "",
        "| metric | commits | first | last | course | changes |",
        "| --- | ---: | ---: | ---: | --- | ---: |",
        "| fork_bytes | 3 | 72 B | 136 B | ▁▁█ | 1 |",
        "| fork_us / floor_us | 3 | 1.1 | 1.1 | ▁▁▁ | none |",
        "",
        "## forks: hamt",
        "",
        "baseline, hamt, 100 items, eager.",
        "",
        "| metric | commits | first | last | course | changes |",
        "| --- | ---: | ---: | ---: | --- | ---: |",
        "| fork_bytes | 3 | 400 B | 400 B | ▁▁▁ | none |",
        "",
        "## What is measured",
        "",
        "- `fork_bytes`: live heap of one more fork, item and list slot included",
        "- `fork_us`: price of one fork: made alone, warm, collector at rest",
        "- `floor_us`: time to create a bare slotted object, read in the same rounds",
    ]


def test_a_page_of_one_commit_in_which_nothing_changed_says_so() -> None:
    page = markdown([series("fork_bytes", 72.0)], "Costs")

    assert "1 commit: 2026-01-01 (c1), the last under" in page
    assert "## Changes\n\nNone so far.\n" in page
