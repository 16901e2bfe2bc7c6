"""A workflow as a graph."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

import attune_sim as at
from attune_sim import plot
from attune_sim.api.runs.graph import graph_rows
from attune_sim.frame import graph_frame
from attune_sim.plot.graph import _layers
from attune_sim.plot.timeline import OUTCOMES

TEXT = """
version: 1.0.0
tasks:
  - {name: start, action: core.noop, next: [{do: [fetch]}]}
  - name: fetch
    action: core.noop
    next:
      - when: "{{ succeeded() }}"
        do: [check, log]
      - when: "{{ failed() }}"
        do: [repair]
  - {name: check, action: core.noop, with_items: "{{ [1, 2] }}", next: [{when: "{{ result().total > 9 }}", do: [done]}]}
  - {name: log, action: core.noop, next: [{do: [done]}]}
  - {name: repair, action: core.noop, next: [{do: [fetch]}]}
  - {name: done, action: core.noop, join: all}
"""


@pytest.fixture(scope="module")
def graph():
    return graph_frame(graph_rows(at.load(TEXT)))


def test_the_frame_has_a_row_a_transition_and_one_for_a_task_that_leads_nowhere(graph) -> None:
    assert graph[["task", "to", "kind"]].fillna("").to_numpy().tolist() == [
        ["start", "fetch", "always"],
        ["fetch", "check", "succeeded"],
        ["fetch", "log", "succeeded"],
        ["fetch", "repair", "failed"],
        ["check", "done", "custom"],
        ["log", "done", "always"],
        ["repair", "fetch", "always"],
        ["done", "", ""],
    ]
    assert set(graph.loc[graph["with_items"], "task"]) == {"check"}


def test_boxes_have_the_colour_of_how_their_task_ended_and_arrows_the_kind_of_their_transition(graph) -> None:
    run = at.run("baseline", items=3)
    axes = run.plot_workflow(ax=Figure().subplots())
    assert any("3 items, succeeded" in text.get_text() for text in axes.texts)
    assert {text.get_bbox_patch().get_edgecolor() for text in axes.texts} == {_rgba(OUTCOMES["succeeded"])}

    bare = plot.plot_workflow(graph, ax=Figure().subplots())
    assert [text.get_text() for text in bare.texts] == ["start", "fetch", "check", "log", "repair", "done"]
    assert len(bare.patches) == 7
    assert [text.get_text() for text in bare.get_legend().get_texts()] == [
        "after a failure",
        "under a condition",
    ]


def _rgba(colour: str) -> tuple[float, ...]:
    from matplotlib.colors import to_rgba

    return to_rgba(colour)


def test_an_empty_graph_says_so() -> None:
    axes = plot.plot_workflow(graph_frame(()), ax=Figure().subplots())

    assert [text.get_text() for text in axes.texts] == ["the workflow has no task"]


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 12).flatmap(
        lambda n: st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=30)
    )
)
def test_every_task_stands_in_one_layer_and_below_all_that_lead_to_it_on_no_loop(
    edges: list[tuple[int, int]],
) -> None:
    names = [str(n) for n in range(1 + max((max(edge) for edge in edges), default=0))]
    forward = [(str(a), str(b)) for a, b in edges if a < b]  # these are on no loop

    layers = _layers(names, forward)
    depth = {name: row for row, layer in enumerate(layers) for name in layer}
    assert sorted(name for layer in layers for name in layer) == sorted(names)
    assert all(depth[start] < depth[end] for start, end in forward)
    assert all(layers)
    assert sorted(depth) == sorted(
        {name for layer in _layers(names, [(str(a), str(b)) for a, b in edges]) for name in layer}
    )


def test_a_workflow_of_a_thousand_tasks_in_a_row_is_no_matter() -> None:
    names = [f"t{n}" for n in range(1_500)]

    for order in (names, names[::-1]):
        assert len(_layers(order, list(pairwise(names)))) == 1_500
