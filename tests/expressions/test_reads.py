"""Which paths a template reads: exact where it names them exactly, else the smallest subtree that surely holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.errors import ExpressionError
from attune_sim.expressions import compile_value, range_bounds, reads
from attune_sim.scope import MISSING, Namespaces


@pytest.mark.parametrize(
    ("template", "paths"),
    [
        ("plain", set()),
        ("{{ 1 + 1 }}", set()),
        ("{{ null }}", set()),
        ("{{ parameters.a.b }}", {("parameters", "a", "b")}),
        ("{{ parameters['a']['b c'] }}", {("parameters", "a", "b c")}),
        (
            "{{ vars.x }} {{ variables.y }} {{ workflow.z }}",
            {("workflow", "x"), ("workflow", "y"), ("workflow", "z")},
        ),
        ("{{ bare.key }}", {("workflow", "bare", "key")}),
        ("{{ tasks.t.rows }}", {("task", "t", "rows")}),
        ("{{ item.id }} {{ index }}", {("item", "id"), ("index",)}),
        ("{{ parameters.l[0].k }}", {("parameters", "l")}),
        ("{{ parameters.l[-1] }}", {("parameters", "l")}),
        ("{{ parameters.l[1:] }}", {("parameters", "l")}),
        ("{{ parameters[item.key].x }}", {("parameters",), ("item", "key")}),
        ("{{ parameters.get('x') }}", {("parameters",)}),
        ("{{ workflow.items() }}", {("workflow",)}),
        ("{{ parameters.a.items }}", {("parameters", "a")}),
        ("{{ length(parameters) }}", {("parameters",)}),
        ("{{ parameters | tojson }}", {("parameters",)}),
        ("{{ rows | map(attribute='a.b') | list }}", {("workflow", "rows")}),
        ("{{ result().a.b }}", {("result", "a", "b")}),
        ("{{ result().a.items }}", {("result", "a")}),
        ("{{ result()[n].b }}", {("result",), ("workflow", "n")}),
        ("{{ result(x.y).a }}", {("result", "a"), ("workflow", "x", "y")}),
        ("{{ (a or b).c }}", {("workflow", "a"), ("workflow", "b")}),
        ("{{ parameters.get('x').y }}", {("parameters",)}),
        ("{{ parameters.l['x' ~ n] }}", {("parameters", "l"), ("workflow", "n")}),
        ("{{ tasks['t']['output'].y }}", {("task", "t")}),
        ("{{ rows | selectattr('a', 'equalto', item.a) | list }}", {("workflow", "rows"), ("item", "a")}),
        ("{{ keys(vars) }}", {("workflow",)}),
        ("{{ task.t.result.y }}", {("task", "t")}),
        ("{{ task.t.status }}", {("task", "t")}),
        ("{{ task[parameters.which].error }}", {("task",), ("parameters", "which")}),
        ("{{ task.t.data.status }}", {("task", "t", "data", "status")}),
        (
            "{{ x is defined and y.z | default(w) }}",
            {("workflow", "x"), ("workflow", "y", "z"), ("workflow", "w")},
        ),
        ("{{ a if b else [c, {'k': d}] }}", {("workflow", name) for name in "abcd"}),
        ("{{ count(count, 1) }}", {("workflow", "count")}),
        ("{{ a.b }} {{ a }}", {("workflow", "a")}),
        ("{{ 'x'.join(l) }}", {("workflow", "l")}),
        ({"a": ["{{ p }}", {"{{ key }}": "{{ q.r }}"}], "n": 1}, {("workflow", "p"), ("workflow", "q", "r")}),
    ],
)
def test_the_paths_of_a_template(template: Any, paths: set[tuple[str, ...]]) -> None:
    assert reads(template) == paths


@pytest.mark.parametrize(
    ("template", "paths"),
    [
        ("{{ parameters.a.items }}", {("parameters", "a", "items")}),
        ("{{ parameters.a.items() }}", {("parameters", "a")}),
        ("{{ tasks['t']['output'].items }}", {("task", "t", "output", "items")}),
    ],
)
def test_spelled_out_a_key_is_a_key_whatever_its_name(template: str, paths: set[tuple[str, ...]]) -> None:
    assert reads(template, spelled_out=True) == paths


def test_conditions_are_read_with_or_without_braces() -> None:
    assert reads({"a": "{{ item.id }}"}, ["{{ item.id > n }}", "parameters.again and result().code"]) == {
        *(("item", "id"), ("workflow", "n"), ("parameters", "again"), ("result", "code")),
    }


def test_a_template_that_does_not_compile_may_read_everything() -> None:
    assert reads("plain", ["1 +"]) is None
    assert reads({"a": "{{ 1 + }}"}) is None


def projected(namespaces: Mapping[str, Any], paths: frozenset[tuple[str, ...]]) -> dict[str, Any]:
    """Only what stands at these paths; missing stays missing, what is no map is taken whole."""
    kept: dict[str, Any] = {}
    for path in paths:
        source, target = namespaces, kept
        for step in path[:-1]:
            inner = source.get(step, MISSING)
            if not isinstance(inner, dict):
                break
            source, target = inner, target.setdefault(step, {})
        else:
            step = path[-1]
        if step in source:
            target[step] = source[step]
    return kept


NAMES = st.sampled_from(["a", "b", "items", "get"])
LEAVES = st.integers(0, 3) | st.sampled_from(["a", "b", None])
DATA = st.dictionaries(
    NAMES,
    st.recursive(
        LEAVES,
        lambda inner: st.dictionaries(NAMES, inner, max_size=3) | st.lists(inner, max_size=2),
        max_leaves=6,
    ),
    max_size=3,
)


@st.composite
def chains(draw: st.DrawFn) -> str:
    root = draw(st.sampled_from(["parameters", "vars", "a", "task.a", "tasks['b']", "item"]))
    step = st.sampled_from(
        [".a", "['b']", ".items", "[0]", "[-1]", ".get('a')", ".result", ".status", "[item.a]", ".items()"]
    )
    whole = root + "".join(draw(st.lists(step, max_size=3)))
    frames = ["{}", "length({})", "{} | tojson", "{} | default('d')", "{} is defined", "[{}] == [1]"]
    return "{{ " + draw(st.sampled_from(frames)).replace("{}", whole) + " }}"


@given(chains(), DATA, DATA, DATA, DATA)
def test_rendering_from_the_paths_alone_gives_the_same_value_or_kind_of_error(
    template: str, parameters: Any, variables: Any, task: Any, item: Any
) -> None:
    whole = {"parameters": parameters, "workflow": variables, "task": task, "item": item}
    paths = reads(template)
    assert paths is not None
    assert outcome(template, whole) == outcome(template, {"item": {}, **projected(whole, paths)})


def outcome(template: str, namespaces: dict[str, Any]) -> Any:
    try:
        return repr(compile_value(template).render(Namespaces(namespaces)))
    except ExpressionError as error:
        return error.kind


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("{{ range(3) }}", "{{ [3] }}"),
        (" {{ range(1, length(task.a.rows)) }} ", "{{ [1, length(task.a.rows)] }}"),
        ("{{ range(3)[0] }}", None),
        ("{{ range(3) + range(4) }}", None),
        ("{{ range() }}", None),
        ("{{ range(1, 2, 3) }}", None),
        ("{{ range(n=3) }}", None),
        ("{{ range(*rows) }}", None),
        ("{{ range(3 }}", None),
        ("{{ ranges(3) }}", None),
        ("range(3)", None),
        ("", None),
    ],
)
def test_bounds_are_those_of_a_text_that_is_wholly_one_range(text, bounds):
    assert range_bounds(text) == bounds
