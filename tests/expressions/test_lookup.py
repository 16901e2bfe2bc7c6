"""Names, keys and indexes: where they are looked for, what is missing, and what the message offers instead."""

from __future__ import annotations

from collections import ChainMap, defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import immutables
import pyrsistent
import pytest

from attune_sim.errors import ExpressionError
from attune_sim.expressions import compile_value, evaluate
from attune_sim.scope import MISSING, Ended, Namespaces, TaskEnd

CONTEXT = {
    "parameters": {"region": "eu", "list": [10, 20]},
    "workflow": {"x": {"items": [1], "keys": 2, "get": 3}, "item": "shadow", "task": "hidden", "null": 1},
    "task": {"fetch": {"rows": [{"k": 7}]}, "bare": [1, 2], "own": {"status": 404, "result": "r"}},
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("vars.x.items", [1]),
        ("variables.x.keys", 2),
        ("x.get", 3),
        ("x['items'][0]", 1),
        ("tasks.fetch.rows[0].k", 7),
        ("task['fetch']['rows'][-1]['k']", 7),
        ("parameters.list[-2]", 10),
        ("workflow.item", "shadow"),
        ("workflow.task", "hidden"),
        ("null", None),
        ("config", None),
        ("'abc'[1]", "b"),
        ("x.in if x.in is defined else 'no'", "no"),
    ],
)
def test_names_are_found_where_the_language_looks(expression: str, expected: Any) -> None:
    assert evaluate(expression, CONTEXT) == expected


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("missing", "variable_not_found"),
        ("region", "variable_not_found"),
        ("item", "variable_not_found"),
        ("index", "variable_not_found"),
        ("parameters.nope", "variable_not_found"),
        ("task.nope", "variable_not_found"),
        ("config.k", "type_error"),
        ("parameters.list.length", "type_error"),
        ("parameters.list[2]", "index_out_of_bounds"),
        ("parameters.list[1.0]", "type_error"),
        ("parameters.list[true]", "type_error"),
        ("parameters['list']['0']", "type_error"),
        ("parameters[0]", "type_error"),
        ("'abc'[3]", "index_out_of_bounds"),
        ("'abc'.upper", "type_error"),
        ("5.a", "type_error"),
    ],
)
def test_what_is_missing_or_no_container_is_an_error(expression: str, kind: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(expression, CONTEXT)
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("missing | default('d')", "d"),
        ("missing | d", ""),
        ("parameters.nope | default(missing | default(3))", 3),
        ("parameters.list[9] | default(0)", 0),
        ("item | default('none')", "none"),
        ("'' | default('empty', true)", "empty"),
        ("'' | default('empty', boolean=true)", "empty"),
        ("'' | default('empty')", ""),
        ("parameters.region | default(missing)", "eu"),
        ("(parameters.nope | default({})).x | default(1)", 1),
        ("[] | first | default('none')", "none"),
        ("('yes' if false) | default('no')", "no"),
        ("missing is defined", False),
        ("missing is undefined", True),
        ("parameters.region is defined", True),
        ("index is defined", False),
        ("5 is defined", True),
        ("'x' | default(1)", "x"),
        ("task.nope is defined", False),
        ("task.nope.status is defined", False),
        ("parameters.list[5] is not defined", True),
    ],
)
def test_what_is_missing_may_meet_default_and_defined(expression: str, expected: Any) -> None:
    assert evaluate(expression, CONTEXT) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "[missing] | default(1)",
        "missing.x | default(1)",
        "missing.x is defined",
        "(missing or 1) | default(2)",
        "missing | upper | default('x')",
        "missing == null",
        "'x' if missing else 'y'",
        "missing is none",
        "[missing, 1] | first",
    ],
)
def test_what_is_missing_may_meet_nothing_else(expression: str) -> None:
    with pytest.raises(ExpressionError, match="variable 'missing' not found"):
        evaluate(expression, CONTEXT)


def test_first_of_nothing_and_if_without_else_are_errors_alone() -> None:
    for expression in ("[] | first", "[] | max", "'x' if false"):
        with pytest.raises(ExpressionError, match="gives no value"):
            evaluate(expression)


def test_a_missing_name_offers_near_names_and_namespaces_but_never_values() -> None:
    context = {
        "workflow": {"hostname": "secret-1"},
        "parameters": {"port": "secret-2"},
        "keystore": {"api_key": "secret-3"},
    }
    messages = []
    for expression in ("hostnam", "port", "keystore.api_kez", "parametres.port"):
        with pytest.raises(ExpressionError) as caught:
            evaluate(expression, context)
        messages.append(str(caught.value))
    assert "did you mean 'hostname'?" in messages[0]
    assert "namespaces: parameters, workflow, task" in messages[0]
    assert "did you mean 'parameters.port'?" in messages[1]
    assert "did you mean 'api_key'?" in messages[2]
    assert "did you mean 'parameters'?" in messages[3]
    assert "secret" not in "".join(messages)


@pytest.mark.parametrize(
    "expression",
    [
        "parameters[k]",
        "task[k].x",
        "[1] | select(k) | list",
        "[1] | map(k) | list",
        "match(k ~ '(', 'a')",
        "int(k)",
        "number(k)",
        "k + 1",
        "k.nope",
        "k[99]",
        "k.nope()",
        "k.format(1).nope",
        "'%d' | format(k)",
        "'{:d}'.format(k)",
        "{'a': 1} | dictsort(by=k)",
        "range(k)",
        "k < 1",
        "1.5 | round(1, k)",
        "[k, 1] | sort",
        "1 in k",
    ],
)
def test_no_message_shows_a_value(expression: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(expression, {"workflow": {"k": "hunter2"}})
    assert "hunter2" not in str(caught.value)


def rendered(template: str, task: Mapping[str, Any], **ends: TaskEnd) -> Any:
    return compile_value(template).render(Namespaces({"task": task}), Ended(tasks=ends))


def test_after_a_task_the_names_of_rule_10_are_known_and_its_own_keys_win() -> None:
    ends = {
        "fetch": TaskEnd("succeeded"),
        "own": TaskEnd("failed", "boom"),
        "bare": TaskEnd("failed", "boom"),
    }
    tasks = CONTEXT["task"]
    assert rendered("{{ task.fetch.result.rows[0].k }}", tasks, **ends) == 7
    assert rendered("{{ tasks['fetch'].output.rows[0].k }}", tasks, **ends) == 7
    assert rendered("{{ task.fetch.status }}", tasks, **ends) == "succeeded"
    assert rendered("{{ task['ba' ~ 're'].error }}", tasks, **ends) == "boom"
    assert rendered("{{ task.bare.result[1] }}", tasks, **ends) == 2
    assert rendered("{{ task.own.status }} {{ task.own['result'] }}", tasks, **ends) == "404 r"
    assert rendered("{{ task.fetch.error }}", tasks, **ends) is None


def test_a_task_that_ended_without_a_result_still_has_a_status() -> None:
    assert rendered("{{ task.skipped.status }}", {}, skipped=TaskEnd("skipped")) == "skipped"
    with pytest.raises(ExpressionError, match="'other' not found"):
        rendered("{{ task.other.status }}", {}, skipped=TaskEnd("skipped"))


def test_a_result_that_was_passed_on_is_just_its_value() -> None:
    context = {"workflow": {"kept": {"rows": []}}, "result": {"rows": []}}
    for expression in ("kept.result", "result().result", "kept.status"):
        with pytest.raises(ExpressionError, match="not found"):
            evaluate(expression, context)


MAPS: dict[str, Callable[[dict[str, Any]], Mapping[str, Any]]] = {
    "dict": dict,
    "ChainMap": lambda values: ChainMap({}, values),
    "pmap": pyrsistent.pmap,
    "frozen": pyrsistent.freeze,
    "Map": immutables.Map,
}


@pytest.mark.parametrize("kind", MAPS)
def test_maps_and_arrays_of_every_kind_mean_the_same(kind: str) -> None:
    make = MAPS[kind]
    inner = make({"b": 1, "a": [1, {"z": None}]})
    scope = Namespaces({"workflow": make({"m": inner, "n": 1}), "parameters": make({"p": "q"})})
    for template, expected in {
        "{{ m.b + n }}": 2,
        "{{ m['a'][1].z }}": None,
        "{{ m.nope | default('d') }}": "d",
        "{{ 'b' in m and m == {'a': [1, {'z': null}], 'b': 1.0} }}": True,
        "{{ keys(m) }}": ["a", "b"],
        "{{ type_of(m) ~ type_of(m.a) ~ length(m) }}": "objectarray2",
        "m={{ m }}": 'm={"a":[1,{"z":null}],"b":1}',
        "{{ m | tojson }}": '{"a": [1, {"z": null}], "b": 1}',
        "{{ m | items | map('first') | sort }}": ["a", "b"],
        "{{ merge(m, {'c': 2}).c }}": 2,
        "{{ m.get('q', 5) }}": 5,
        "{{ reversed(m.a)[1] }}": 1,
        "{{ parameters.p }}": "q",
        "{{ m is mapping and m.a is sequence }}": True,
    }.items():
        assert compile_value(template).render(scope) == expected, template


def test_looking_up_never_changes_a_map_that_fills_itself() -> None:
    filling: Any = defaultdict(list, a=1)
    assert evaluate("x.b is defined or x.get('c')", {"workflow": {"x": filling}}) is False
    assert dict(filling) == {"a": 1}


def test_a_scope_is_asked_only_for_namespaces_and_locals() -> None:
    class Asked:
        """A scope that writes down what it is asked for."""

        def __init__(self) -> None:
            self.names: list[str] = []

        def resolve(self, name: str) -> Any:
            self.names.append(name)
            return MISSING if name == "index" else {"a": {"b": 1}}

    scope = Asked()
    compile_value("{{ a.b }} {{ vars.a }} {{ tasks.a }} {{ item.a }} {{ index is defined }}").render(scope)
    assert scope.names == ["workflow", "workflow", "task", "item", "index"]
