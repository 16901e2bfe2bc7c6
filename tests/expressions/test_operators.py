"""Operators are typed: no coercion, booleans from and/or, comparison and equality as the language has them."""

from __future__ import annotations

from typing import Any

import pytest

from attune_sim.errors import ExpressionError
from attune_sim.expressions import evaluate

NAMES = {"workflow": {"s": "ab", "l": [1, 2], "o": {"k": 1}, "n": None, "t": True, "f": 2.5, "i": 7}}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("10 / 5", 2),
        ("7 / 2", 3.5),
        ("-6 / 3", -2),
        ("7 // 2", 3),
        ("-7 % 3", -1),
        ("7 % -3", 1),
        ("-7.5 % 2", -1.5),
        ("2 ** 10", 1024),
        ("2 ** -1", 0.5),
        ("--5", 5),
        ("+5", 5),
        ("- i", -7),
        ("s + 'c'", "abc"),
        ("l + [3]", [1, 2, 3]),
        ("i ~ s ~ n ~ t", "7abtrue"),
        ("1 == 1.0", True),
        ("1 == true", False),
        ("'3' != 3", True),
        ("[1, {'a': [2]}] == [1.0, {'a': [2.0]}]", True),
        ("9007199254740993 == 9007199254740992", True),
        ("9007199254740993 > 9007199254740992", False),
        ("1 == 1 == true", True),
        ("[1, 'a'] < [1, 'b']", True),
        ("[1] < [1, 0]", True),
        ("'B' < 'a'", True),
        ("2 >= 2.0", True),
        ("1 in [true]", False),
        ("1.0 in l", True),
        ("'k' in o", True),
        ("3 not in l", True),
        ("'b' in s", True),
        ("1 and 'a'", True),
        ("0 or ''", False),
        ("true or missing", True),
        ("false and missing", False),
        ("not []", True),
        ("'x' if i > 5 else 'y'", "x"),
        ("[1, 2, 3][1:]", [2, 3]),
        ("s[::-1]", "ba"),
        ("(1, 'a')", [1, "a"]),
        ("{'a': [1]}['a'][0]", 1),
        ("null == none", True),
        ("True and not False", True),
        ("i is odd and s is string and n is none", True),
        ("9223372036854775807 + 1", 9223372036854775808),
    ],
)
def test_an_operator_gives_its_result_with_its_type(expression: str, expected: Any) -> None:
    found = evaluate(expression, NAMES)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("1 + true", "type_error"),
        ("s * 3", "type_error"),
        ("l * 2", "type_error"),
        ("'%s' % 1", "type_error"),
        ("s + 1", "type_error"),
        ("l + 1", "type_error"),
        ("n + 1", "type_error"),
        ("-t", "type_error"),
        ("1 < 2 < 3", "type_error"),
        ("t < 2", "type_error"),
        ("n < 1", "type_error"),
        ("[true] < [false]", "type_error"),
        ("o < o", "type_error"),
        ("1 in s", "type_error"),
        ("1 in o", "type_error"),
        ("1 in 5", "type_error"),
        ("1 / 0", "division_by_zero"),
        ("1 // 0", "division_by_zero"),
        ("1 % 0.0", "division_by_zero"),
        ("0 ** -1", "division_by_zero"),
        ("(-1) ** 0.5", "type_error"),
        ("undefined_var or true", "variable_not_found"),
        ("[1] + [missing]", "variable_not_found"),
        ("s[1:'x']", "type_error"),
        ("s[::0]", "type_error"),
        ("{1: 2}", "type_error"),
        ("1, 2", "parse_error"),
        ("and", "parse_error"),
        ("1 +", "parse_error"),
        ("", "parse_error"),
        ("s.upper.x()", "type_error"),
        ("(1)(2)", "parse_error"),
        ("length(*l)", "parse_error"),
        ("s is nope", "parse_error"),
        ("s | nope", "parse_error"),
    ],
)
def test_a_mismatch_is_an_error_of_its_kind(expression: str, kind: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(expression, NAMES)
    assert caught.value.kind == kind


def test_strings_keep_backslashes_that_mean_nothing() -> None:
    assert evaluate(r"'C:\users\d \n \u00e9 \\ \'' ") == "C:\\users\\d \n é \\ '"
