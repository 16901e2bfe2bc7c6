from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

import attune_sim as at
from attune_sim.actions.script import Script
from attune_sim.api.showing.graphs import graph_bundle, marked
from attune_sim.api.showing.growth import scripted_sizes, stages
from attune_sim.api.showing.mermaid import MOST, escaped, flowchart
from attune_sim.workflow import Task, Transition, Workflow

TEXT = """
version: "1"
tasks:
  - name: fetch
    action: http.get
    input: {url: "{{ parameters.url }}"}
    next:
      - {when: "{{ succeeded() }}", publish: [{rows: "{{ result().rows }}"}, ok], do: [check]}
      - {when: "{{ failed() }}", do: [tell]}
  - name: check
    action: demo.check
    with_items: "{{ workflow.rows }}"
    input: {row: "{{ item.id }}", all: "{{ workflow }}"}
    next: [{when: "{{ result().total > 3 }}", do: [tell]}]
  - {name: tell, action: core.echo}
"""
ANSWERS = {"actions": {"fetch": [{"result": {"rows": {"shape": "records", "bytes": 5000, "count": 10}}}]}}
HOSTILE = 'a"]; click t0 "javascript:alert(1)" %% <img src=x onerror=alert(1)> ```\n```html'


def test_a_graph_has_a_box_a_task_and_an_arrow_a_transition() -> None:
    chart = flowchart(at.load(TEXT), {})

    assert chart.splitlines() == [
        "flowchart TD",
        '    t0["fetch<br>http.get"]',
        '    t1[["check<br>demo.check"]]',
        '    t2["tell<br>core.echo"]',
        "    t0 --> t1",
        '    t0 -.->|"failed"| t2',
        '    t1 -->|"result#40;#41;.total #62; 3"| t2',
    ]


def test_the_parts_of_a_parallel_task_hang_on_it() -> None:
    whole = Task("whole", type="parallel", tasks=(Task("one"), Task("two")))

    assert flowchart(Workflow((whole,)), {}).splitlines()[-2:] == [
        "    t0 -.-|part of it| t1",
        "    t0 -.-|part of it| t2",
    ]


def test_a_task_reads_publishes_and_leaves_its_result() -> None:
    fetch, check, tell = stages(at.load(TEXT))

    assert fetch.reads == ("parameters.url",)
    assert fetch.publishes == ("rows", "ok")
    assert check.reads is not None
    assert {"item.id", "workflow"} <= set(check.reads)
    assert not any(path.startswith("result") for path in fetch.reads)
    assert tell.after is None


def test_what_a_script_describes_is_counted_and_not_made() -> None:
    workflow = at.load(TEXT)
    huge = {
        "actions": {
            "fetch": [{"result": {"rows": {"shape": "text", "bytes": 10**8}}}],
            "check": [{"result": {"a": 1}}],
        }
    }

    sizes = scripted_sizes(workflow, Script.read(huge), items=3)

    assert sizes == {"fetch": 10**8 + len('{"rows":}'), "check": 3 * len('{"a":1}'), "tell": 2}


def test_the_context_grows_by_each_result_from_what_there_was_before() -> None:
    found = stages(at.load(TEXT), 100, {"fetch": 1000, "tell": 5})

    assert [(one.added, one.after, one.at_least) for one in found] == [
        (1000, 1100, False),
        (None, 1100, True),
        (5, 1105, True),
    ]


def test_a_workload_with_a_script_tells_how_large_the_context_becomes() -> None:
    shown = graph_bundle(at.workload_of(at.load(TEXT), script=ANSWERS))

    assert "context then ≈ 5.01 KB" in shown["text/vnd.mermaid"]
    assert "estimated from the script" in shown["text/markdown"]
    assert "≈ 5.01 KB" in shown["text/plain"]


def test_a_workflow_is_told_in_three_ways_of_which_jupyterlab_takes_the_one_with_graph_and_table() -> None:
    shown = graph_bundle(at.load(TEXT))

    assert list(shown) == ["text/plain", "text/markdown", "text/vnd.mermaid"]
    assert f"```mermaid\n{shown['text/vnd.mermaid']}\n```" in shown["text/markdown"]
    assert "| fetch | " in shown["text/markdown"]
    assert "check, tell" in shown["text/plain"]


def test_what_is_too_large_to_draw_has_a_table_and_says_so() -> None:
    many = Workflow(tuple(Task(f"t{n}", next=(Transition(do=(f"t{n + 1}",)),)) for n in range(MOST + 1)))

    shown = graph_bundle(many)

    assert "text/vnd.mermaid" not in shown
    assert "too many to draw" in shown["text/markdown"]
    assert graph_bundle(Workflow(()))["text/plain"].startswith("<Workflow")


def test_hostile_names_stay_texts() -> None:
    steps = (Transition(when=f"{{{{ {HOSTILE!r} }}}}", publish=({"v|x$y$": 1},), do=("end",)),)
    shown = graph_bundle(Workflow((Task(HOSTILE, action="x```<script>", next=steps), Task("end"))))

    assert shown["text/markdown"].count("```") == 2
    for text in (shown["text/markdown"], shown["text/vnd.mermaid"]):
        assert "<img" not in text
        assert "<script" not in text
        assert 'click t0 "' not in text
    assert "$" not in shown["text/markdown"].split("```")[2]


@given(st.text())
def test_no_text_leaves_its_label(text: str) -> None:
    label = escaped(text)

    assert re.fullmatch(r"(?:[\w .,/≈≥…-]|#\d+;)*", label)
    assert "\n" not in label


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"])))
def test_a_text_in_markdown_comes_out_as_it_went_in(text: str) -> None:
    told = marked(text)

    assert unescape(told) == text
    assert not re.search(r"[<>|$`*\[\]\\_]", told)


@pytest.mark.parametrize("name", at.scenarios)
def test_the_workflow_of_every_scenario_can_be_drawn(name: str) -> None:
    shown = at.scenarios[name](5)._repr_mimebundle_()

    assert "text/vnd.mermaid" in shown
    assert max(map(len, shown["text/plain"].splitlines())) <= 200
