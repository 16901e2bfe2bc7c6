"""The operator's one question, answered."""

from __future__ import annotations

import pandas as pd
import pytest

import attune_sim as at
from attune_sim.cli.app import exit_code

TEXT = """
ref: mine.audit
version: 1.0.0
parameters: {note: {type: string, default: none}}
tasks:
  - name: inventory
    action: demo.inventory
    next: [{when: "{{ succeeded() }}", do: [details]}]
  - name: details
    action: demo.details
    next: [{when: "{{ succeeded() }}", do: [audit]}]
  - name: audit
    action: demo.audit
    with_items: "{{ task.inventory.hosts }}"
    input: {host: "{{ item.name }}", level: "{{ task.details.level }}"}
output_map: {audited: "{{ task.audit.succeeded }}"}
"""
SCRIPT = {
    "actions": {
        "inventory": [{"result": {"hosts": [{"name": "a"}, {"name": "b"}]}}],
        "details": [{"result": {"level": 3, "dump": {"shape": "records", "bytes": 200_000}}}],
        "audit": [{"result": {"ok": True}}],
    }
}


@pytest.fixture(scope="module")
def advice() -> at.Advice:
    return at.advise(at.load(TEXT), items=2_000, memory="256MiB", script=SCRIPT, budget="25s", progress=False)


@pytest.mark.slow
def test_the_pick_is_safe_and_lives_and_the_answer_names_what_dies(advice: at.Advice) -> None:
    assert advice.pick == "projected"
    assert advice.ok
    told = advice.frame.set_index("strategy")
    assert pd.isna(told.loc["projected", "dies_at"])
    assert 0 < told.loc["deepcopy", "dies_at"] < 2_000
    assert "shared" in advice.safety.unsafe
    assert "runs out of 256 MiB under" in advice.answer
    assert advice.answer.startswith("It depends on the strategy")
    assert "Take projected" in advice.why


@pytest.mark.slow
def test_the_context_is_told_with_what_is_read_of_it(advice: at.Advice) -> None:
    context = advice.context.set_index("task")
    assert context.loc["details", "bytes"] == pytest.approx(200_020, abs=30)
    assert context.loc["details", "read"] == "level"
    assert context.loc["details", "unread_bytes"] == pytest.approx(200_000, abs=30)
    assert context.loc["inventory", "bytes"] == pytest.approx(2_000 * len('{"name":"a"},'), rel=0.01)
    assert context.loc["inventory", "source"] == "estimated"
    assert advice.unread == ("task.details.dump",)


@pytest.mark.slow
def test_an_advice_is_text_html_json_and_frames(advice: at.Advice) -> None:
    text = str(advice)
    assert text.splitlines()[0].startswith("It depends")
    assert all(len(line) <= 80 for line in text.splitlines())
    assert advice._repr_mimebundle_()["text/plain"] == text
    assert "<table" in advice._repr_mimebundle_()["text/html"]
    assert set(advice.frame.columns) >= {
        "strategy",
        "safe",
        "bytes",
        "low",
        "high",
        "us",
        "dies_at",
        "source",
    }
    assert advice.as_dict()["pick"] == "projected"
    assert "\n" not in repr(advice)


@pytest.mark.slow
def test_actions_are_called_once_whatever_the_size(tmp_path) -> None:
    calls = tmp_path / "calls"

    def audit(host: str, level: int) -> dict[str, bool]:
        with calls.open("a") as file:
            file.write(f"{host}\n")
        return {"ok": True}

    actions = {
        "demo.inventory": lambda: {"hosts": [{"name": f"host {n}"} for n in range(5)]},
        "demo.details": lambda: {"level": 3, "dump": ["x" * 50] * 1_000},
        "demo.audit": audit,
    }
    found = at.advise(at.load(TEXT), items=300, memory="1GiB", actions=actions, budget="5s", progress=False)
    assert len(calls.read_text().splitlines()) == 5
    assert found.items == 300
    assert found.safety.unsafe.keys().isdisjoint(at.strategies)
    assert any("estimated" in line for line in found.assumed)


@pytest.mark.slow
def test_with_neither_actions_nor_script_sizes_are_assumed_and_said_so() -> None:
    found = at.advise(at.load(TEXT), items=100, memory="1GiB", budget="3s", progress=False)
    assert found.assumed
    assert found.left_out
    assert any("no time for" in doubt for doubt in found.doubts)


def test_limits_are_told_by_task_and_item() -> None:
    found = at.limits(at.load(TEXT), script=SCRIPT, progress=False).set_index(["platform", "limit"])
    items = {platform: item for (platform, _), item in found["item"].dropna().items()}
    assert items["GitHub Actions"] == 257
    assert items["Apache Airflow"] == 1_025
    assert set(found["task"].dropna()) <= {"inventory", "details", "audit", "parameters"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--memory", "2Gi"], "did you mean 2GiB"),
        (["--items", "-1"], "items"),
        (["--budget", "soon"], "budget 'soon' is no time"),
        (["--isolation", "all"], "isolation"),
    ],
)
def test_bad_input_is_one_message_and_measures_nothing(options, said, capsys) -> None:
    assert exit_code(["advise", "baseline", *options]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.slow
def test_a_workflow_that_cannot_run_is_no_workflow_that_lives() -> None:
    broken = TEXT.replace("{{ task.details.level }}", "{{ task.details.levels }}")

    found = at.advise(at.load(broken), items=100, memory="1GiB", script=SCRIPT, budget="2s", progress=False)

    assert found.answer.startswith("Unknown: nothing tells what 100 items of mine.audit take, because none")
    assert "levels" in found.answer
    assert found.pick is None
    assert not found.ok


@pytest.mark.slow
def test_a_run_that_fails_before_it_fans_out_is_why_nothing_is_known() -> None:
    text = """
version: 1.0.0
ref: mine.send
parameters:
  to: {type: array, default: [1, 2]}
tasks:
  - name: template
    action: mine.template
    next:
      - {when: "{{ succeeded() }}", do: [send]}
  - name: send
    action: mine.send
    with_items: "{{ parameters.to }}"
    input: {n: "{{ item }}"}
"""

    def template() -> dict[str, int]:  # which is handed the parameters
        return {}

    actions = {"mine.template": template, "mine.send": lambda n: n}
    found = at.advise(at.load(text), items=100, memory="1GiB", actions=actions, budget="2s", progress=False)

    assert "because the run itself failed" in found.answer
    assert "unexpected keyword argument 'to'" in found.answer
    assert "larger budget" not in str(found)
