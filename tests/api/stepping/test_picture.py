from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import escape
from xml.etree import ElementTree

import pytest

import attune_sim as at

Made = Callable[..., at.Stepper]

HOSTILE = """
version: 1.0.0
vars: {"rows_and_a_name_that_is_far_too_long_for_any_column_of_a_table": [[1, 2], ["<script>alert(1)</script>", 300]]}
tasks:
  - name: each
    action: demo.each
    with_items: "{{ rows_and_a_name_that_is_far_too_long_for_any_column_of_a_table }}"
    concurrency: 2
    input: {n: "{{ item }}"}
"""


def html(step: at.Step) -> str:
    return step._repr_mimebundle_()["text/html"]


def drawing(step: at.Step) -> ElementTree.Element:
    text = html(step)
    return ElementTree.fromstring(text[text.index("<svg") : text.index("</svg>") + 6])


def boxes(step: at.Step, css: str) -> int:
    return len(
        [one for one in drawing(step).iter("rect") if one.get("class") == css and one.get("rx") == "3"]
    )


def arrows(step: at.Step) -> int:
    return len(list(drawing(step).iter("polygon")))


def test_a_copied_value_and_a_shared_one_are_drawn_differently(stepper: Made) -> None:
    copied, shared = (stepper(name).until("check") for name in ("pickle", "shared"))

    assert (boxes(copied, "own"), boxes(copied, "shared"), arrows(copied)) == (3 * 6, 0, 0)
    assert (boxes(shared, "own"), boxes(shared, "shared")) == (0, 3 * 6)
    assert arrows(shared) == sum(len(fork.points_at) for fork in shared.forks) == 6


def test_every_reference_into_the_heap_is_an_arrow(stepper: Made) -> None:
    for name in at.strategies:
        step = stepper(name).until("check")
        drawn = {value.path for value in step.heap}
        assert arrows(step) == sum(path in drawn for fork in step.forks for path in fork.points_at)


@pytest.mark.parametrize("strategy", list(at.strategies))
def test_the_text_fits_into_eighty_columns(stepper: Made, strategy: str) -> None:
    steps = [*stepper(strategy), *at.step(HOSTILE, actions={"demo.each": lambda n: n}, strategy=strategy)]

    assert [line for step in steps for line in str(step).splitlines() if len(line) > 80] == []


def test_large_figures_and_long_names_fit_as_well(stepper: Made) -> None:
    step = stepper("deepcopy").until("check")
    large = [
        replace(fork, place=40 * "check", own_bytes=123_456_789, shared_bytes=123_456_789)
        for fork in step.forks
    ]
    values = [replace(value, bytes=123_456_789, references=1_000_000_000) for value in step.heap]
    step = replace(step, forks=tuple(large), heap=tuple(values))

    assert max(map(len, str(step).splitlines())) <= 80
    assert drawing(step).tag == "svg"


def test_the_text_tells_what_is_shared_and_what_is_a_copy(stepper: Made) -> None:
    copied, shared = (str(stepper(name).until("check")) for name in ("deepcopy", "shared"))

    assert "own     workflow.servers" in copied
    assert "own     workflow.servers" not in shared
    assert "all 6 values; through items of check, all namespaces" in shared
    assert "-> 3 of 3" in shared


def test_what_stands_in_a_workflow_is_no_markup() -> None:
    step = at.step(HOSTILE, actions={"demo.each": lambda n: n}).goto(1)

    assert "<script>" not in html(step)
    assert "&lt;script&gt;" in html(step)


def test_the_picture_reaches_nothing_else_on_its_page(stepper: Made) -> None:
    page = html(stepper().until("check"))
    style = page[page.index("<style>") + 7 : page.index("</style>")]
    selectors = [line.partition("{")[0] for line in style.split("}") if line.strip()]

    assert " id=" not in page
    assert all(".attune-step" in one for selector in selectors for one in selector.split(","))
    assert "--jp-ui-font-color1" in style


def test_where_styles_are_taken_away_the_text_is_shown_in_place_of_the_picture(stepper: Made) -> None:
    step = stepper().until("check")
    page = html(step)

    assert '<div class="drawn" hidden style="display: none">' in page
    assert page.endswith(f'<pre class="written">{escape(str(step))}</pre></div>')


def test_a_bundle_always_has_text(stepper: Made) -> None:
    stepping = stepper()

    assert set(stepping._repr_mimebundle_()) == {"text/plain"}
    next(stepping)
    assert set(stepping._repr_mimebundle_()) == {"text/plain", "text/html"}
    assert stepping._repr_mimebundle_()["text/plain"] == str(stepping.state) == str(stepping)
