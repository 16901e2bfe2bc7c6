"""What is compiled once for a whole workflow, and what that must not change."""

from __future__ import annotations

import pickle

import pytest

from attune_sim.errors import ExpressionError
from attune_sim.expressions import Limits, Templates
from attune_sim.scope import Namespaces


def test_equal_values_are_compiled_once_and_each_names_its_own_place_in_errors() -> None:
    templates = Templates()
    first, second = (templates.value({"x": ["{{ 1 / n }}"]}, f"task {name!r}, input") for name in "ab")

    assert first.shares_code_with(second)
    for template, name in ((first, "a"), (second, "b")):
        assert template.render(Namespaces({"workflow": {"n": 2}})) == {"x": [0.5]}
        with pytest.raises(ExpressionError, match=rf"task '{name}', input\.x\[0\]: cannot divide"):
            template.render(Namespaces({"workflow": {"n": 0}}))
        again = pickle.loads(pickle.dumps(template))
        assert repr(again) == repr(template) == f"<Template of 1 expressions for task '{name}', input>"


@pytest.mark.parametrize(
    "other",
    [
        {"a": 1, "b": "{{ n }}"},
        {"b": "{{ n }}", "a": True},
        {"b": "{{ n }}", "a": 1.0},
        {"b": "{{ n }}", "a": "1"},
        {"b": ("{{ n }}",), "a": 1},
        {"b": "{{ n }}", 1: 1},
    ],
)
def test_values_that_differ_in_a_type_or_in_the_order_of_keys_are_compiled_apart(other: object) -> None:
    templates, scope = Templates(), Namespaces({"workflow": {"n": 3}})
    one = templates.value({"b": "{{ n }}", "a": 1}, "")

    assert not one.shares_code_with(templates.value(other, ""))
    assert repr(one.render(scope)) == "{'b': 3, 'a': 1}"
    assert repr(templates.value(other, "").render(scope)) == repr(other).replace("'{{ n }}'", "3")


def test_what_is_published_and_what_is_a_condition_has_code_of_its_own() -> None:
    templates = Templates()
    plain = templates.value("{{ n }}", "")

    assert not plain.shares_code_with(templates.value("{{ n }}", "", growing=True))
    assert templates.condition("{{ n }}", "").holds(Namespaces({"workflow": {"n": 1}}))
    assert templates.value("n", "").render(Namespaces({})) == "n"


def test_values_that_are_no_plain_data_are_compiled_each_for_itself() -> None:
    class Mine(dict):
        pass

    templates = Templates()
    assert not templates.value(Mine(a="{{ n }}"), "").shares_code_with(templates.value({"a": "{{ n }}"}, ""))


def test_a_rendered_value_is_never_shared_between_places_of_one_template() -> None:
    templates, scope = Templates(), Namespaces({"workflow": {"n": 3}})
    value = {"fixed": [1, [2]], "x": "{{ n }}"}
    first, second = templates.value(value, "a").render(scope), templates.value(value, "b").render(scope)

    first["fixed"][1].append(3)
    assert second == {"fixed": [1, [2]], "x": 3}
    assert value == {"fixed": [1, [2]], "x": "{{ n }}"}


def test_paths_that_are_read_are_found_once_too_and_are_those_of_the_value() -> None:
    templates = Templates()
    for _ in range(2):
        assert templates.reads({"a": "{{ parameters.x }}"}, ["item > 1"]) == {("parameters", "x"), ("item",)}
        assert templates.reads({"a": "{{ parameters.x }}"}) == {("parameters", "x")}


def test_a_mistake_is_the_same_each_time() -> None:
    templates = Templates(Limits(nesting=3))
    for place in "ab":
        with pytest.raises(ExpressionError) as caught:
            templates.value("{{ a.b.c.d.e }}", place)
        assert (
            str(caught.value)
            == f"{place}: an expression nested more than 3 levels deep in {{{{ a.b.c.d.e }}}}"
        )
