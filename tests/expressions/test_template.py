"""Values with templates: what is a template, what keeps its type, what is fresh, where an error stands."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import TemplateSyntaxError, nodes
from jinja2.parser import Parser

from attune_sim.errors import ExpressionError
from attune_sim.expressions import (
    Limits,
    check_condition,
    check_value,
    compile_condition,
    compile_value,
    condition,
    evaluate,
    render,
)
from attune_sim.expressions.environment import ExpressionEnvironment
from attune_sim.expressions.trees import Trees
from attune_sim.scope import Ended, Namespaces

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


def same(a: Any, b: Any) -> bool:
    return json.dumps(a) == json.dumps(b) and type(a) is type(b)


def containers(value: Any) -> list[int]:
    """The identities of all maps and lists in a value."""
    if not isinstance(value, (dict, list)):
        return []
    inside = value.values() if isinstance(value, dict) else value
    return [id(value), *(identity for inner in inside for identity in containers(inner))]


@given(JSON)
def test_a_value_without_templates_renders_to_an_equal_and_fresh_one(value: Any) -> None:
    plain = json.loads(json.dumps(value).replace("{{", "{ {"))
    template = compile_value(plain)
    first, second = template.render(Namespaces({})), template.render(Namespaces({}))
    assert same(first, plain)
    assert same(second, plain)
    assert not set(containers(first)) & (set(containers(plain)) | set(containers(second)))


@given(JSON)
def test_a_string_that_is_wholly_one_expression_gives_the_very_value(value: Any) -> None:
    assert compile_value("{{ x }}").render(Namespaces({"workflow": {"x": value}})) is value


@given(JSON, JSON)
def test_equality_is_reflexive_symmetric_and_agrees_with_unique_and_in(a: Any, b: Any) -> None:
    names = {"workflow": {"a": a, "b": b}}
    equal = evaluate("a == b", names)
    assert evaluate("a == a and b == b", names) is True
    assert evaluate("b == a", names) is equal
    assert evaluate("a != b", names) is not equal
    assert evaluate("a in [b]", names) is equal
    assert evaluate("length(unique([a, b]))", names) == (1 if equal else 2)
    assert evaluate("index_of([b], a)", names) == (0 if equal else -1)


@given(JSON)
def test_text_of_a_container_is_json_with_the_same_value(value: Any) -> None:
    text = render("{{ [x] }}!", {"workflow": {"x": value}})
    assert same(json.loads(text[:-1]), json.loads(json.dumps([value], sort_keys=True)))


def test_what_a_rendering_gives_may_be_changed_without_touching_the_next() -> None:
    template = compile_value({"a": [1, {"b": "{{ x }}"}], "c": {"d": [2]}})
    scope = Namespaces({"workflow": {"x": 5}})
    first = template.render(scope)
    first["a"][1]["new"] = first["c"]["d"].append(3)
    assert template.render(scope) == {"a": [1, {"b": 5}], "c": {"d": [2]}}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ n }}", 5),
        (" \n{{ n }}\n ", 5),
        ("{{n}}", 5),
        ("{{ s }}", "5"),
        ("{{ z }}", "007"),
        ("x{{ n }}", "x5"),
        ("{{ n }}{{ s }}", "55"),
        ("{{ nil }}|{{ t }}|{{ f }}|{{ l }}", '|true|1.0|[1,null,{"a":"é","b":false}]'),
        ("{% if n %}{{ n }}{# no #}{% endif %}", "{% if n %}5{# no #}{% endif %}"),
        ("{{ n", "{{ n"),
        ("a {{ n }} {{ b", "a 5 {{ b"),
        ("}} {{", "}} {{"),
        ("${#a[@]}", "${#a[@]}"),
        ("{{ '{{' }}", "{{"),
        ("{{ 'a }} b' }}", "a }} b"),
        ("{{ tpl }}", "{{ n }}"),
        ("a\r\n{{ n }}\r\n", "a\r\n5\r\n"),
        ("{{ n }}\n{{ n }}\n", "5\n5\n"),
        ("{ {{ n }} }", "{ 5 }"),
        ({"{{ n }}": "{{ n }}"}, {"{{ n }}": 5}),
        (["{{ n }}", ("{{ s }}", 1)], [5, ("5", 1)]),
        (42, 42),
        (None, None),
    ],
)
def test_a_template_renders_as_the_language_says(template: Any, expected: Any) -> None:
    names = {"n": 5, "s": "5", "z": "007", "nil": None, "t": True, "f": 1.0, "tpl": "{{ n }}"}
    names["l"] = [1, None, {"b": False, "a": "é"}]
    found = render(template, {"workflow": names})
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    "template", ["{{ }}", "{{}}", "x {{ 'a }} b' }}", "{{ n }} }}", "{{ + }}", "{{ a b }}"]
)
def test_what_is_between_braces_must_be_one_expression(template: str) -> None:
    broken = check_value({"f": template})
    assert [(path, error.kind) for path, error in broken] == [(("f",), "parse_error")]
    with pytest.raises(ExpressionError):
        compile_value(template)


def test_values_that_are_no_json_pass_through_and_read_as_text() -> None:
    day = datetime(2026, 1, 2, 3, 4)
    assert render({"d": day, "t": "{{ d }}", "u": "at {{ d }}"}, {"workflow": {"d": day}}) == {
        "d": day,
        "t": day,
        "u": "at 2026-01-02 03:04:00",
    }
    with pytest.raises(ExpressionError, match="datetime has no JSON text"):
        render("x{{ [d] }}", {"workflow": {"d": day}})


def test_an_error_names_place_and_expression() -> None:
    value = {"url": "http://{{ host }}/{{ nope }}", "list": [1, {"deep": "{{ 1 / 0 }}"}]}
    scope = Namespaces({"workflow": {"host": "h"}})
    with pytest.raises(ExpressionError) as caught:
        compile_value(value, where="task 'check', input").render(scope)
    assert str(caught.value).startswith("task 'check', input.url: variable 'nope' not found")
    assert str(caught.value).endswith("in {{ nope }}")
    with pytest.raises(ExpressionError) as caught:
        compile_value({"list": value["list"]}, where="task 'check', input").render(scope)
    assert (
        str(caught.value) == "task 'check', input.list[1].deep: cannot divide a number by zero in {{ 1 / 0 }}"
    )
    with pytest.raises(ExpressionError) as caught:
        compile_value({"a": "{{ 1 + }}"}, where="task 'check', input")
    assert caught.value.where == "task 'check', input.a"
    assert caught.value.expression == "1 +"
    with pytest.raises(ExpressionError) as caught:
        render({"a": "{{ nope }}"})
    assert caught.value.where == "a"


WORDS = [
    "a",
    "parameters",
    "task",
    "items",
    "null",
    "true",
    "None",
    "not",
    "is",
    "if",
    "else",
    "in",
    "and",
    "_1",
    "e5",
]


@given(steps=st.lists(st.sampled_from(WORDS), min_size=1, max_size=6))
def test_a_path_is_read_without_its_tokens_as_jinja2_reads_it(steps: list[str]) -> None:
    text, environment = ".".join(steps), ExpressionEnvironment()

    def read(parse: Callable[[], Any]) -> Any:
        try:
            return parse()
        except (ExpressionError, TemplateSyntaxError):
            return "refused"

    def as_jinja2_does() -> nodes.Node:
        parser = Parser(environment, text, state="variable")
        tree = parser.parse_expression()
        return tree if parser.stream.eos else parser.fail("more")

    assert read(lambda: Trees().of(text)) == read(as_jinja2_does)


def test_a_path_may_be_as_long_as_an_expression_may_be_deep() -> None:
    assert check_value("{{ a.b.c }}", Trees(Limits(nesting=3))) == []
    [(_, error)] = check_value("{{ a.b.c.d }}", Trees(Limits(nesting=3)))
    assert str(error) == "an expression nested more than 3 levels deep in {{ a.b.c.d }}"


def test_a_mistake_that_stands_in_one_text_many_times_is_told_once() -> None:
    assert [path for path, _ in check_value(["{{}}" * 200_000, "{{}}"])] == [(0,), (1,)]


def test_no_more_than_a_hundred_mistakes_are_told() -> None:
    assert [path for path, _ in check_value(["{{ 1 + }}"] * 1_000)] == [(n,) for n in range(100)]


def test_equal_expressions_of_a_value_stand_in_their_own_places() -> None:
    template = compile_value({"a": "{{ x / y }}", "b": ["{{ x / y }}", "{{ x / z }}"]})

    assert template.expressions == ("x / y", "x / y", "x / z")
    with pytest.raises(ExpressionError, match=r"b\[1\]: cannot divide a number by zero in \{\{ x / z"):
        template.render(Namespaces({"workflow": {"x": 1, "y": 1, "z": 0}}))


def test_check_value_gives_every_template_that_does_not_compile() -> None:
    found = check_value({"a": "{{ 1 + }}", "b": ["{{ ok }}", "{{ x | nope }} {{ }}"], "c": "{{ unknown() }}"})
    assert [(path, error.expression) for path, error in found] == [
        (("a",), "1 +"),
        (("b", 1), "x | nope"),
        (("b", 1), ""),
    ]
    assert check_condition("{{ a == 1 }}") is None
    problem = check_condition("{{ a }} and {{ b }}")
    assert problem is not None
    assert "one pair around the whole" in str(problem)


def test_nothing_is_evaluated_before_the_first_rendering() -> None:
    for expression in (
        "'a'|center(200000000)",
        "1 / 0",
        "range(10 ** 9)",
        "2 ** 10 ** 9",
        "'x'.zfill(10 ** 12)",
    ):
        assert check_value(f"{{{{ {expression} }}}}") == []
        compile_value(f"text {{{{ {expression} }}}}")


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("succeeded()", True),
        ("{{ succeeded() }}", True),
        (" {{failed()}} ", False),
        ("{{ not failed() and result().code == 200 }}", True),
        ("result().empty", False),
        ("'no'", True),
        ("0.0", False),
        ("{{ null }}", False),
    ],
)
def test_a_condition_is_one_expression_and_its_truth(when: str, holds: bool) -> None:
    ended = Ended({"code": 200, "empty": []}, "succeeded")
    assert compile_condition(when).holds(Namespaces({}), ended) is holds
    assert condition(when, {"outcome": "succeeded", "result": ended.result}) is holds


@pytest.mark.parametrize("when", ["", "   ", "missing == 1", "'a' < 1", "{{ a }} or {{ b }}"])
def test_a_condition_that_is_an_error_is_an_error(when: str) -> None:
    with pytest.raises(ExpressionError):
        condition(when)


def test_an_error_of_a_scope_does_not_show_what_it_says() -> None:
    class Broken:
        """A scope that fails with a value in its message."""

        def resolve(self, name: str) -> Any:
            raise ValueError("secret")

    with pytest.raises(ExpressionError) as caught:
        compile_value("{{ a }}").render(Broken())
    assert "secret" not in str(caught.value)


def test_running_out_of_memory_is_not_an_error_of_the_expression() -> None:
    class Full:
        """A scope that finds no memory for its copy."""

        def resolve(self, name: str) -> Any:
            raise MemoryError

    with pytest.raises(MemoryError):
        compile_value("{{ a }}").render(Full())


def test_limits_are_configurable() -> None:
    limits = Limits(text=10, entries=3, integer_bits=64, nesting=2)
    for expression in (
        "'abcdef' + 'abcdef'",
        "range(4)",
        "9223372036854775807 * 4",
        "[[[1]]]",
        "'a'.center(11)",
    ):
        with pytest.raises(ExpressionError) as caught:
            compile_value(f"{{{{ {expression} }}}}", limits=limits).render(Namespaces({}))
        assert caught.value.kind == "limit"


def test_reprs_help() -> None:
    template = compile_value({"a": "{{ x }}"}, where="task 't', input")
    assert repr(template) == "<Template of 1 expressions for task 't', input>"
    assert repr(compile_condition("{{ a == 1 }}")) == "<Condition 'a == 1'>"


@pytest.mark.parametrize(
    "operator", ["==", "<", "in", "!=", "+", "*", "~", "and", "or", "- -", "| abs |", "is"]
)
@pytest.mark.parametrize("count", [50, 120, 400, 1_500, 5_000])
def test_an_expression_of_many_parts_is_refused_when_it_is_read_or_can_be_rendered(
    operator: str, count: int
) -> None:
    part = {"| abs |": "abs", "is": "none"}.get(operator, "1")
    text = "{{ 1" + f" {operator} {part}" * count + " }}"
    mistakes = check_value(text)

    assert {error.kind for _, error in mistakes} <= {"limit", "parse_error"}
    if mistakes:
        with pytest.raises(ExpressionError, match=r"nested|more than 16,384|not an expression"):
            compile_value(text)
    else:
        with contextlib.suppress(ExpressionError):
            compile_value(text).render(Namespaces({}))
