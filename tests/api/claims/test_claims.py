from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import attune_sim as at
from attune_sim.analysis.claims import CLAIM_COLUMNS, READING_COLUMNS, claims_of
from attune_sim.api.claims.claiming import claim_data
from attune_sim.api.claims.claims import Claims, OriginalBenchmarks
from attune_sim.api.claims.original import COLUMNS, _plan, _rows
from attune_sim.api.claims.qualities import context_rows, strategy_rows
from attune_sim.contexts.registry import strategies
from attune_sim.contexts.shared import Shared
from attune_sim.record import CellKey, CellRecord, Reading

KEY = CellKey(
    workload="baseline",
    strategy="shared",
    dispatch="eager",
    executor="inline",
    items=1000,
    context_bytes=1_060_097,
    payload="text",
    history_tasks=100,
    repeat=0,
    seed=0,
    real=False,
    memory_limit_bytes=2**29,
    time_limit_s=120.0,
    digest="0" * 16,
)


@pytest.fixture
def told() -> Claims:
    """All claims, of which two have figures."""
    rows = [
        ("before_8", "text", 0, "fork_bytes", 4456.0, False),
        ("before_8", "records", 0, "fork_bytes", 2_265_600.0, False),
        ("after_1000", "any", 0, "fork_object_bytes", 56.0, False),
        ("strategies", "any", 0, "equal_answers", 1.0, False),
    ]
    record = CellRecord(key=KEY, outcome="ok")
    frame = pd.DataFrame(rows, columns=list(READING_COLUMNS))
    return Claims(claims_of(claim_data()), frame, [record], ["stopped: 1 of 2 cells were measured"])


class Keeping(Shared):
    """A strategy that never lets a context go."""

    kept: list[object] = []  # noqa: RUF012

    def fan_out(self, context, reads):  # type: ignore[no-untyped-def]
        self.kept.append(context)
        return super().fan_out(context, reads)


@pytest.fixture
def keeping() -> Iterator[type[Keeping]]:
    yield Keeping
    Keeping.kept.clear()


def test_claims_that_have_no_figure_say_so(told: Claims) -> None:
    assert told.verdicts["clone_memory"] == "depends"
    assert told.verdicts["unchanged"] == "confirmed"
    assert told.verdicts["overall"] == "not measured"
    assert set(told.verdicts) == {claim["id"] for claim in claim_data()["claims"]}


def test_printed_claims_fit_a_terminal_and_give_every_reason(told: Claims) -> None:
    text = str(told)

    assert max(map(len, text.splitlines())) <= 80
    assert "stopped: 1 of 2 cells were measured" in text
    assert "clone_memory: A clone of it takes" in text
    assert all(name in text for name in told.verdicts)


def test_claims_are_shown_in_one_line_in_html_and_as_a_report(told: Claims, tmp_path: Path) -> None:
    shown = told._repr_mimebundle_()

    assert "\n" not in repr(told)
    assert "confirmed" in repr(told)
    assert "clone_memory" in shown["text/html"]
    assert shown["text/plain"] == repr(told)
    assert "| clone_memory |" in Path(told.report(tmp_path / "claims.md")).read_text()
    assert "clone_memory" in Path(told.report(tmp_path / "claims.html")).read_text()


def test_a_claim_or_shape_that_does_not_exist_is_refused_with_the_names_that_do() -> None:
    with pytest.raises(
        at.InputError, match=r"claim 'memory' does not exist; choose from: context_size, .*unchanged"
    ):
        at.claims("memory")
    with pytest.raises(at.InputError, match="payload 'words' does not exist; choose from: text, records"):
        at.claims(payloads=["words"])
    with pytest.raises(at.InputError, match="name at least one claim"):
        at.claims([])


def test_what_is_shared_is_there_until_the_last_fork_goes_and_not_longer() -> None:
    found = {metric: value for _, _, metric, value in context_rows(strategies["shared"], "text")}

    assert found["context_heap_bytes"] == pytest.approx(1_080_000, rel=0.05)
    assert found["held_share"] == pytest.approx(1.0, abs=0.02)
    assert found["freed_share"] == pytest.approx(1.0, abs=0.02)


def test_a_strategy_that_keeps_contexts_is_seen_to_free_nothing(keeping: type[Keeping]) -> None:
    found = {metric: value for _, _, metric, value in context_rows(keeping, "text")}

    assert found["freed_share"] < 0.1


@pytest.mark.slow
def test_sharing_stands_threads_and_every_strategy_answers_alike() -> None:
    assert {metric: value for _, _, metric, value in strategy_rows(strategies["shared"])} == {
        "thread_laws": 1.0,
        "threaded_answers": 1.0,
        "equal_answers": 1.0,
    }


@pytest.mark.slow
def test_claims_are_measured_once_and_kept(tmp_path: Path) -> None:
    store = tmp_path / "claims.jsonl"
    wanted = ["context_size", "clone_memory", "unchanged"]

    first = at.claims(wanted, payloads="text", store=store, progress=False)
    rows = store.read_bytes()
    again = at.claims(wanted, payloads="text", store=store, progress=False)

    assert tuple(first.frame.columns) == CLAIM_COLUMNS
    assert first.verdicts == {
        "context_size": "confirmed",
        "clone_memory": "depends",
        "unchanged": "confirmed",
    }
    assert first.cells["outcome"].tolist() == ["ok"] * 6
    assert store.read_bytes() == rows
    assert again.verdicts == first.verdicts
    assert json.loads(json.dumps(first.frame.attrs))["surroundings"]


def test_the_groups_of_the_original_are_ours_and_theirs_side_by_side() -> None:
    """From records whose figures are made up: a fork of a copy takes 2 us, of anything else 1 us."""
    groups = claim_data()["original"]["groups"]
    plan = dict(_plan(groups, 1))
    found = {
        spec.key.id: CellRecord(
            key=spec.key,
            outcome="ok",
            readings=tuple(
                Reading(metric, 2.0 if strategy == "deepcopy" else 1.0)
                for metric in ("fork_us", "paid_fork_us", "render_us")
            ),
        )
        for (*_, strategy), specs in plan.items()
        for spec in specs
    }

    rows = [row for group in groups for row in _rows(group, plan, found, "its authors")]

    frame = pd.DataFrame(rows, columns=list(COLUMNS)).set_index(["group", "size", "series"])
    assert frame.loc[("with_items", 1000, "deepcopy"), ["us", "source"]].tolist() == [2000.0, "estimated"]
    assert frame.loc[("with_items", 10, "deepcopy"), ["us", "source"]].tolist() == [20.0, "measured"]
    assert frame.loc[("with_items", 1000, "hamt"), ["us", "author"]].tolist() == [1000.0, "this machine"]
    assert frame.loc[("with_items", 1000, "published after"), ["us", "source", "author"]].tolist() == [
        211.0,
        "published",
        "its authors",
    ]
    assert frame.loc[("clone", 100, "published before"), "source"] == "estimated"
    assert set(frame["author"]) == {"this machine", "its authors"}
    shown = str(OriginalBenchmarks(frame.reset_index(), found.values(), "its authors"))
    assert max(map(len, shown.splitlines())) <= 80
    assert "~2.0 ms" in shown
