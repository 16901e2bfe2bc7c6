"""Every function of the language: results, argument counts, kinds of errors."""

from __future__ import annotations

from typing import Any

import pytest

from attune_sim.errors import ExpressionError
from attune_sim.expressions import evaluate
from attune_sim.expressions.functions import ENDINGS, FUNCTIONS

CASES: list[tuple[str, Any]] = [
    ("string(null)", "null"),
    ("string(1.0)", "1.0"),
    ("string('a')", "a"),
    ("string([1, null, 'é'])", '[1,null,"é"]'),
    ("string(100000000000000000000.0)", "1e20"),
    ("number('3')", 3.0),
    ("number('.5')", 0.5),
    ("number('inf')", None),
    ("number(true)", 1.0),
    ("number(4)", 4),
    ("int('-3.9')", -3),
    ("int('+7')", 7),
    ("int(false)", 0),
    ("bool('false')", True),
    ("bool({})", False),
    ("type_of([])", "array"),
    ("type_of({})", "object"),
    ("type_of(true)", "bool"),
    ("length('é')", 2),
    ("length({'a': 1})", 1),
    ("keys({'b': 1, 'a': 2})", ["a", "b"]),
    ("values({'b': 1, 'a': 2})", [2, 1]),
    ("abs(-2.5)", 2.5),
    ("floor(-1.5)", -2),
    ("ceil(-1.5)", -1),
    ("round(2.5)", 3),
    ("round(-2.5)", -3),
    ("round(0.49999999999999994)", 0),
    ("min(1, 2.5)", 1.0),
    ("max('a', 'b')", "b"),
    ("sum([1, 2])", 3),
    ("sum([1, 2.0])", 3.0),
    ("lower('ÀB')", "àb"),
    ("upper('ß')", "SS"),
    ("trim('\\n a\\t')", "a"),
    ("split('abc', '')", ["", "a", "b", "c", ""]),
    ("join([1, null, true, 'x'], '-')", "1-null-true-x"),
    ("replace('abc', '', '-')", "-a-b-c-"),
    ("starts_with('abc', 'ab')", True),
    ("ends_with('abc', 'ab')", False),
    ("match('[0-9]+$', 'abc123')", True),
    ("match('\\d\\b', 'a1 ')", True),
    ("contains({'a': 1}, 'a')", True),
    ("reversed('ab€')", "€ba"),
    ("sort([3, 1.5, 2])", [1.5, 2, 3]),
    ("sort([null])", [None]),
    ("unique([1, 1.0, '1', true, {'a': 1}, {'a': 1.0}])", [1, "1", True, {"a": 1}]),
    ("length(unique([2 ** 2000, 2 ** 2000, 2 ** 2000 + 1, -(2 ** 2000)]))", 3),
    ("flat([[1], 2, [[3]]])", [1, 2, [3]]),
    ("zip([1, 2], [3])", [[1, 3]]),
    ("range(2, 5)", [2, 3, 4]),
    ("range(5, 2)", []),
    ("slice('hello', 1, 3)", "el"),
    ("slice([1, 2, 3], -1)", []),
    ("slice([1, 2, 3], 1, -1)", [2, 3]),
    ("slice([1, 2, 3], 1, null)", [2, 3]),
    ("index_of('héllo', 'l')", 3),
    ("index_of([1, 2], 2.0)", 1),
    ("index_of('a', 'b')", -1),
    ("count('aaa', 'aa')", 1),
    ("count([1, 1.0, true], 1)", 2),
    ("merge({'a': 1, 'b': 2}, {'b': 3})", {"a": 1, "b": 3}),
    ("chunks([1, 2, 3], 2)", [[1, 2], [3]]),
]


@pytest.mark.parametrize(("expression", "expected"), CASES)
def test_a_function_gives_its_result_with_its_type(expression: str, expected: Any) -> None:
    found = evaluate(expression)
    assert found == expected
    assert type(found) is type(expected)


def test_every_function_has_a_case() -> None:
    tested = {expression.split("(")[0] for expression, _ in CASES}
    assert set(FUNCTIONS) <= tested


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("length()", "wrong_arg_count"),
        ("length(1, 2)", "wrong_arg_count"),
        ("range()", "wrong_arg_count"),
        ("range(1, 2, 3)", "wrong_arg_count"),
        ("lower(value='a')", "wrong_arg_count"),
        ("length(missing, 2)", "variable_not_found"),
        ("lenght(1)", "unknown_function"),
        ("lenght(missing)", "variable_not_found"),
        ("range(1, null)", "type_error"),
        ("range(true)", "type_error"),
        ("sum([true])", "type_error"),
        ("sort([true, false])", "type_error"),
        ("int('1_0')", "type_error"),
        ("number(' 3')", "type_error"),
        ("round(true)", "type_error"),
        ("merge({}, [])", "type_error"),
        ("keys([])", "type_error"),
        ("chunks([1], 0)", "type_error"),
        ("chunks([1], true)", "type_error"),
        ("contains('a', 1)", "type_error"),
        ("match('(', '')", "regex_error"),
        ("match('(?=a)', '')", "regex_error"),
        ("reversed({})", "type_error"),
        ("index_of({}, 1)", "type_error"),
    ],
)
def test_a_wrong_call_is_an_error_of_its_kind(expression: str, kind: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(expression)
    assert caught.value.kind == kind
    assert caught.value.expression == expression


def test_the_endings_tell_how_the_last_task_ended_and_ignore_arguments() -> None:
    assert ENDINGS == ("result", "succeeded", "failed", "timed_out")
    failed = {"outcome": "failed", "result": {"code": 7}}
    assert evaluate("[result().code, succeeded(), failed(), timed_out()]", failed) == [7, False, True, False]
    assert evaluate("[result(1), succeeded('x')]") == [None, False]
    with pytest.raises(ExpressionError, match="variable 'missing'"):
        evaluate("result(missing)")


def test_a_skipped_task_neither_succeeded_nor_failed_nor_timed_out() -> None:
    assert evaluate("succeeded() or failed() or timed_out()", {"outcome": "skipped"}) is False


def test_functions_live_apart_from_variables() -> None:
    names = {"workflow": {"count": 1, "length": "l", "result": 5}}
    given = evaluate("[count, count([1, 1], count), length, length(length), result, result()]", names)
    assert given == [1, 2, "l", 1, 5, None]


def test_a_misspelt_function_is_guessed() -> None:
    with pytest.raises(ExpressionError, match="did you mean 'length'"):
        evaluate("lenght([1])")
