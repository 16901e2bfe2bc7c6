"""The sliders and buttons, without a browser."""

from __future__ import annotations

from typing import Any

import pytest

import attune_sim as at
from attune_sim.api.exploring.widget import EAGER, View, ended


@pytest.fixture
def view(explorer: at.Explorer) -> View:
    return View(explorer)


def test_a_slider_moves_the_setting_and_changes_the_picture(view: View) -> None:
    before = view.picture.value

    view.items.value = 100_000
    assert view.explorer.setting.items == 100_000
    assert view.picture.value != before
    view.window.value = 10
    assert view.explorer.setting.window == 10
    view.window.value = EAGER
    assert view.explorer.setting.window is None
    view.memory.value = 2**34
    assert view.explorer.setting.memory_bytes == 2**34
    view.payload.value = "text"
    assert "No law of deepcopy, shared here" in view.picture.value


def test_sizes_that_were_measured_are_among_the_steps(view: View) -> None:
    assert {10, 100, 1_000} <= {value for _, value in view.items.options}
    assert {20_000, 100_000, 200_000} <= {value for _, value in view.context.options}


def test_what_goes_wrong_is_said_in_the_widget(view: View, record_of: Any) -> None:
    view.explorer.workload = None
    view.measure.click()
    assert "Not measured: to measure a point of &#x27;baseline&#x27;" in view.status.value

    def broken(*names: str, told: Any) -> list:
        raise RuntimeError("<the disk>")

    view._measured(broken)
    assert "RuntimeError: &lt;the disk&gt;" in view.status.value
    assert not view.measure.disabled


def test_a_stop_is_said_and_the_button_comes_back(view: View) -> None:
    def stopped(*names: str, told: Any) -> list:
        raise at.Interrupted("stopped after 1 of 2 cells")

    view._measured(stopped)
    assert "Stopped: stopped after 1 of 2 cells" in view.status.value
    assert not view.measure.disabled


def test_only_the_chosen_strategy_is_measured(view: View) -> None:
    asked: list[tuple[str, ...]] = []

    def measure(*names: str, told: Any) -> list:
        asked.append(names)
        return []

    view._measured(measure)
    view.which.value = "shared"
    view._measured(measure)
    assert asked == [(), ("shared",)]
    assert "nothing new" in view.status.value


def test_how_cells_ended_is_said_in_words(record_of: Any) -> None:
    good = record_of(strategy="shared")
    bad = record_of(strategy="deepcopy", outcome="memory_limit", forks=812, error="the limit")

    assert ended([good]) == "Measured shared: the marks are on the curves."
    assert ended([bad]) == "deepcopy: memory limit after 812 forks (the limit)"


def test_a_notebook_is_given_a_widget_a_picture_that_stays_and_a_text(explorer: at.Explorer) -> None:
    shown = explorer._repr_mimebundle_()

    assert set(shown) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    assert shown["text/plain"] == str(explorer)
    assert "<svg" in shown["text/html"]
