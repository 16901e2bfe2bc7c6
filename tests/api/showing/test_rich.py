from __future__ import annotations

import importlib
import inspect
import pickle
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import pytest

import attune_sim as at
from attune_sim.actions.registry import standard
from attune_sim.actions.script import Script
from attune_sim.api.showing.notebook import shown_class
from attune_sim.api.showing.rich import bundle
from attune_sim.scope import Namespaces
from attune_sim.store import Store

SECRET = "s3cr3t-hunter2"
TEXT = """
version: "1"
parameters: {token: {type: string, secret: true}}
tasks:
  - name: list
    action: demo.list
    input: {token: "{{ parameters.token }}"}
    next: [{when: "{{ succeeded() }}", publish: [{rows: "{{ result().rows }}"}], do: [check]}]
  - name: check
    action: demo.check
    with_items: "{{ workflow.rows }}"
    input: {row: "{{ item }}"}
"""
MOST_LETTERS = 220


def listed(token: str) -> dict[str, Any]:
    return {"rows": [{"id": n, "token": token} for n in range(5)]}


def checked(row: dict[str, Any]) -> dict[str, Any]:
    if row["id"] == 3:
        raise ValueError(f"row 3 with {row['token']} is odd")
    row["seen"] = True
    return {}


# -- the walk over all classes ------------------------------------------------------------------------------------------------


@cache
def classes() -> Mapping[str, list[type]]:
    """Name -> classes of that name, one that is public before all others."""
    found: dict[str, list[type]] = {}
    for module in pkgutil.walk_packages(at.__path__, "attune_sim."):
        if not module.name.endswith("__main__"):
            for value in vars(importlib.import_module(module.name)).values():
                if inspect.isclass(value) and value.__module__.startswith("attune_sim"):
                    found.setdefault(value.__name__, []).append(value)
    public = {name: [getattr(at, name)] for name in at.__all__ if inspect.isclass(getattr(at, name))}
    return {**found, **public}


def named(annotation: Any) -> list[type]:
    text = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    return [one for name in re.findall(r"\w+", text) for one in classes().get(name, ())]


def returned(function: Callable[..., Any]) -> list[type]:
    return named(inspect.signature(function).return_annotation)


def given_by(kind: type) -> Iterator[type]:
    """What its public methods, properties and fields give."""
    for base in kind.__mro__:
        if not base.__module__.startswith("attune_sim"):
            continue
        for name, value in vars(base).items():
            function = value.fget if isinstance(value, property) else getattr(value, "func", value)
            if inspect.isfunction(function) and not name.startswith("_"):
                yield from returned(function)
        for name, annotation in inspect.get_annotations(base).items():
            if not name.startswith("_"):
                yield from named(annotation)


@cache
def shown_at_the_end_of_a_cell() -> frozenset[type]:
    """Public classes, those of public values, and those of what public functions give."""
    found: set[type] = set()
    for value in (getattr(at, name) for name in at.__all__):
        found.update(
            [value]
            if inspect.isclass(value)
            else returned(value)
            if inspect.isroutine(value)
            else [type(value)]
        )
    return frozenset(found)


@cache
def reached() -> frozenset[type]:
    """All that is to be had from there, step by step."""
    found: set[type] = set()
    pending = list(shown_at_the_end_of_a_cell())
    while pending:
        kind = pending.pop()
        if kind not in found:
            found.add(kind)
            pending.extend(given_by(kind))
    return frozenset(found)


def is_protocol(kind: type) -> bool:
    return bool(getattr(kind, "_is_protocol", False))


def test_no_class_that_can_be_reached_has_the_default_repr() -> None:
    bare = [kind for kind in reached() if kind.__repr__ is object.__repr__ and not is_protocol(kind)]

    assert bare == []
    assert len(reached()) > 60


def test_every_class_that_a_cell_may_end_with_has_a_rich_form() -> None:
    plain = [
        kind
        for kind in shown_at_the_end_of_a_cell()
        if not hasattr(kind, "_repr_mimebundle_")
        and not issubclass(kind, BaseException)
        and not is_protocol(kind)
    ]

    assert plain == []


# -- values -------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    workflow = at.load(TEXT)
    actions = {"demo.list": listed, "demo.check": checked}
    given = {"token": SECRET}
    script = {
        "parameters": given,
        "actions": {"list": [{"result": {"rows": [{"id": 1, "token": SECRET}]}}]},
        "expect": {"status": "failed", "output": SECRET},
    }
    strategy = at.strategies.chainmap()
    context = strategy.begin({"parameters": given, "keystore": {"api": SECRET}, "workflow": {}, "task": {}})
    forker = strategy.fan_out(context, None)
    with Store(tmp_path_factory.mktemp("store") / "cells.jsonl") as store:
        pass
    return {
        "workflow": workflow,
        "task": workflow.tasks[1],
        "transition": workflow.tasks[0].next[0],
        "workload": at.workload_of(workflow, script=script),
        "scenario": at.scenarios.health_check,
        "scenarios": at.scenarios,
        "strategies": at.strategies,
        "strategy": strategy,
        "guarantees": strategy.guarantees,
        "context": context,
        "forker": forker,
        "fork": forker.fork({"id": 1, "token": SECRET}, 3),
        "plain fork": at.strategies.merge().fan_out(at.strategies.merge().begin({"keystore": {"api": SECRET}}), None).fork(SECRET, 0),
        "namespaces": Namespaces({"keystore": {"api": SECRET}}),
        "actions": standard(),
        "run": at.run(workflow, given, actions=actions),
        "isolation": at.check_isolation(workflow, given, actions=actions),
        "rehearsal": at.rehearse(workflow, script),
        "script": Script.read(script),
        "history": at.History(),
        "metrics": at.METRICS,
        "metric": at.METRICS["fork_us"],
        "store": store,
        "latency": at.fit_latency([0.05, 0.06, 0.07, 0.08, 0.09, 0.1, 0.12, 0.15, 0.2, 0.4]),
        "problem": at.Problem("unknown_key", "unknown key", file="a.yaml", line=3, text="concurency"),
    }  # fmt: skip


def test_a_repr_is_one_short_line_and_shows_no_secret(values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        line = repr(value)
        assert "\n" not in line, name
        assert len(line) <= MOST_LETTERS, (name, len(line))
        assert " object at 0x" not in line, name
        assert SECRET not in line, name


def test_a_rich_form_has_text_and_html_or_markdown_and_shows_no_secret(values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        shown = value._repr_mimebundle_()
        assert shown["text/plain"].startswith(repr(value)[:20]), name
        assert {"text/html", "text/markdown"} & shown.keys(), name
        assert SECRET not in "".join(shown.values()), name


def test_the_style_of_a_card_reaches_nothing_outside_of_it(values: Mapping[str, Any]) -> None:
    for name in ("strategies", "run", "history", "latency"):
        html = values[name]._repr_mimebundle_()["text/html"]
        (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
        (uid,) = set(re.findall(r'<section id="(\w+)"', html))
        selectors = re.findall(r"([^{}]+)\{", re.sub(r"@media[^{]*\{|:is\([^)]*\)", "", style))
        assert selectors, name
        for selector in ",".join(selectors).split(","):
            assert f"#{uid}" in selector, (name, selector)
        assert "--jp-content-font-color1" in style


def test_a_class_of_strategies_is_shown_with_what_it_promises_and_any_other_as_ever() -> None:
    shown = shown_class(at.strategies.hamt)

    assert shown is not None
    assert shown["text/plain"] == "<strategy hamt: isolates top level; at.strategies.hamt() makes one>"
    assert "isolated_nested" in shown["text/html"]
    assert shown_class(int) is None
    assert shown_class(at.Guarantees) is None


def test_a_scenario_is_the_same_however_it_is_asked_for_and_can_be_sent(values: Mapping[str, Any]) -> None:
    scenario = at.scenarios.health_check

    assert scenario is at.scenarios["health_check"]
    assert pickle.loads(pickle.dumps(scenario)) is scenario
    assert "servers" in inspect.signature(scenario).parameters
    assert inspect.getdoc(scenario).startswith("HTTP health check")  # type: ignore[union-attr]
    assert scenario(servers=3).items == 3


def test_a_value_of_any_other_class_has_a_card_of_its_fields() -> None:
    retry = at.load(TEXT.replace("with_items", "retry: {count: 2, delay: 1}\n    with_items")).tasks[1].retry

    assert "backoff" in bundle(retry)["text/html"]


def test_what_was_measured_is_told_in_a_line_and_a_comparison_has_a_panel_a_figure(
    small_comparison: at.Comparison,
) -> None:
    html = small_comparison._repr_mimebundle_()["text/html"]

    assert repr(small_comparison.records[0]).startswith(
        "<CellRecord baseline, deepcopy, eager, repeat 0: ok, 20 items done"
    )
    assert len(repr(small_comparison)) <= MOST_LETTERS
    assert html.count('<table class="panel">') == 4
    assert "isolates" in html
    assert "gives up" in html


def test_every_plot_is_a_method_of_a_result() -> None:
    import attune_sim.plot

    methods = {name for kind in reached() for name in dir(kind) if name.startswith("plot")}
    of_another_name = {"plot_latency": "plot", "plot_simulated_memory": "plot_memory"}

    assert {of_another_name.get(name, name) for name in attune_sim.plot.__all__} <= methods
