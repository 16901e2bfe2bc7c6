"""What other numbers of workers and items would carry, from what one run carried."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.analysis.wire import Carried, carried_by_cells, carried_by_run, wire_frame
from attune_sim.errors import InputError
from attune_sim.frame import metrics_frame, transfers_frame
from attune_sim.plot import plot_wire
from attune_sim.record import Reading
from attune_sim.reports import Summary
from attune_sim.reports.cluster import cluster_sections, wire_sections

COUNTS = st.integers(1, 10**8)
BYTES = st.floats(0, 1e9)


def carried(once: float, each: float, workers: int = 2, items: int = 100) -> Carried:
    return Carried("shared", 1e6, workers, items, workers * once + items * each, once, each)


@given(BYTES, BYTES, COUNTS, COUNTS)
def test_more_items_or_workers_never_carry_less_and_a_copy_an_item_grows_with_the_items(
    once, each, workers, items
):
    one = carried(once, each)

    assert one.at(workers, items) <= one.at(workers + 1, items)
    assert one.at(workers, items) <= one.at(workers, 2 * items)
    assert carried(0, each).at(workers, 2 * items) == pytest.approx(2 * carried(0, each).at(workers, items))


@given(st.lists(st.integers(1, 64), min_size=1, unique=True), st.lists(COUNTS, min_size=1, unique=True))
def test_only_what_was_counted_is_measured_and_every_number_asked_for_has_a_row(workers, items):
    frame = wire_frame([carried(1e6, 150.0)], workers, items)

    asked = {(crew, count) for crew in {*workers, 2} for count in items}
    assert set(zip(frame["workers"], frame["items"], strict=True)) == asked
    measured = frame[frame["source"] == "measured"]
    assert set(zip(measured["workers"], measured["items"], strict=True)) == asked & {(2, 100)}
    assert measured["wire_bytes"].tolist() in ([], [2e6 + 15_000])


def test_an_estimate_is_made_from_the_run_that_is_nearest_by_its_items():
    frame = wire_frame([carried(1e6, 200.0, items=100), carried(1e6, 150.0, items=10_000)], [2], [90, 20_000])

    assert frame["item_bytes"].tolist() == [200.0, 150.0]


def test_who_has_no_item_to_make_is_sent_nothing():
    assert carried(1e6, 0.0).at(workers=8, items=3) == 3e6


@pytest.mark.parametrize("given", [{"workers": [0]}, {"items": [1.5]}, {"workers": [True]}])
def test_a_number_that_is_none_is_told(given):
    with pytest.raises(InputError, match="must be whole numbers of 1 or more, not"):
        wire_frame([carried(1.0, 1.0)], **given)


def cells(record_of, *, workers: float = 2.0):
    readings = {"wire_bytes": 2e6 + 15_000, "wire_once_bytes": 1e6, "wire_item_bytes": 15.0}
    read = [Reading(name, value) for name, value in {**readings, "wire_workers": workers}.items()]
    return metrics_frame([record_of(strategy="shared", readings=tuple(read))])


def test_cells_tell_what_they_carried_and_those_of_one_process_nothing(record_of):
    (one,) = carried_by_cells(cells(record_of))

    assert (one.strategy, one.workers, one.once, one.each) == ("shared", 2, 1e6, 15.0)
    assert carried_by_cells(metrics_frame([record_of(strategy="shared")])) == []


def account(**known):
    zero = dict.fromkeys(("offer_bytes", "action_bytes", "item_bytes", "answer_bytes", "wire_bytes"), 0)
    dask = dict.fromkeys(("dask_wire_bytes", "dask_sent_bytes", "dask_incoming_bytes", "dask_outgoing_bytes"))
    return {"worker": "tcp://w", "items": 0, **zero, **dask, **known}


def test_a_run_tells_what_its_workers_carried_without_those_that_did_nothing():
    busy = account(items=10, offer_bytes=1_000, item_bytes=200, answer_bytes=100, wire_bytes=1_300)
    frame = transfers_frame([busy, account(action_bytes=50, wire_bytes=50)])

    (one,) = carried_by_run(frame, "shared")
    assert (one.workers, one.items, one.once, one.each, one.total) == (1, 10, 1_000, 30, 1_300)
    assert carried_by_run(transfers_frame([]), "shared") == []


def test_the_plot_says_what_is_estimated_and_marks_only_what_was_measured():
    axes = plot_wire(wire_frame([carried(1e6, 150.0)]))

    told = " ".join(text.get_text() for text in axes.texts)
    assert "Lines are estimated, for 1, 2, 4 and 8 workers; marks were measured." in told
    marked = [line for line in axes.lines if line.get_linestyle() == "None"]
    assert [list(line.get_xdata()) for line in marked] == [[100]]
    assert "nothing was sent to workers" in plot_wire(wire_frame([])).texts[0].get_text()


def test_the_report_has_tables_and_marks_what_is_estimated(record_of):
    (section,) = wire_sections(cells(record_of))
    wire = next(table for table in Summary("t", "l", (section,)).tables if table.name == "wire")

    assert wire.headers == ("strategy", "items", "1 worker", "2 workers", "4 workers", "8 workers")
    assert [cell[:1] for cell in wire.rows[0][2:]] == ["≈", "2", "≈", "≈"]
    assert list(wire_sections(metrics_frame([record_of(strategy="shared")]))) == []
    assert list(cluster_sections(pd.DataFrame(), pd.DataFrame(), pd.DataFrame())) == []
