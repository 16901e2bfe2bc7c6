"""The allow-list of Jinja2's filters, tests and methods."""

from __future__ import annotations

from typing import Any

import pytest

from attune_sim.errors import ExpressionError
from attune_sim.expressions import evaluate, methods
from attune_sim.expressions.filters import FILTERS, TESTS

NAMES = {
    "workflow": {
        "s": "hello World",
        "l": [3, 1, 2],
        "t": ["b", "A", "a"],
        "rows": [
            {"n": "x", "v": 2, "in": {"k": 1}},
            {"n": "y", "v": 1, "in": {"k": 2}},
            {"n": "X", "v": 2, "in": {"k": 1}},
        ],
        "o": {"b": 1, "a": 2},
    }
}
FILTER_CASES: list[tuple[str, Any]] = [
    ("-5 | abs", 5),
    ("l | batch(2)", [[3, 1], [2]]),
    ("l | batch(2, 0)", [[3, 1], [2, 0]]),
    ("s | capitalize", "Hello world"),
    ("'ab' | center(6)", "  ab  "),
    ("l | count", 3),
    ("o | dictsort", [["a", 2], ["b", 1]]),
    ("o | dictsort(by='value', reverse=true)", [["a", 2], ["b", 1]]),
    ("'<a&\"' | e", "&lt;a&amp;&#34;"),
    ("'x' | escape", "x"),
    ("13000 | filesizeformat", "13.0 kB"),
    ("1048576 | filesizeformat(true)", "1.0 MiB"),
    ("l | first", 3),
    ("'1.5' | float", 1.5),
    ("'x' | float(2.0)", 2.0),
    ("'%s-%05.1f-%s' | format('a', 2, null)", "a-002.0-null"),
    ("'%(a)s%%' | format(a=1)", "1%"),
    ("'%(value)s' | format(value=1)", "1"),
    ("rows | groupby('v') | map('first')", [1, 2]),
    ("(rows | groupby('n'))[0][1] | map(attribute='n')", ["x", "X"]),
    ("'a\\nb' | indent(2)", "a\n  b"),
    ("'a\\n\\nb' | indent('> ', first=true, blank=true)", "> a\n> \n> b"),
    ("'7.9' | int", 7),
    ("'x' | int(-1)", -1),
    ("'ff' | int(0, 16)", 255),
    ("o | items", [["b", 1], ["a", 2]]),
    ("[1, null, true, 'x'] | join('-')", "1-null-true-x"),
    ("rows | join(',', attribute='n')", "x,y,X"),
    ("l | last", 2),
    ("s | length", 11),
    ("'é' | length", 1),
    ("'ab' | list", ["a", "b"]),
    ("s | lower", "hello world"),
    ("rows | map(attribute='in.k') | list", [1, 2, 1]),
    ("rows | map(attribute='z', default=0) | list", [0, 0, 0]),
    ("t | map('upper') | list", ["B", "A", "A"]),
    ("t | map('replace', 'a', 'o') | list", ["b", "A", "o"]),
    ("t | max", "b"),
    ("rows | min(attribute='v')", {"n": "y", "v": 1, "in": {"k": 2}}),
    ("l | reject('odd') | list", [2]),
    ("rows | rejectattr('v', 'eq', 2) | map(attribute='n') | list", ["y"]),
    ("s | replace('l', 'L', 1)", "heLlo World"),
    ("l | reverse", [2, 1, 3]),
    ("'ab' | reverse", "ba"),
    ("2.5 | round", 2.0),
    ("2.345 | round(2, 'ceil')", 2.35),
    ("l | select('>', 1) | list", [3, 2]),
    ("[0, 1, ''] | select | list", [1]),
    ("rows | selectattr('v', 'gt', 1) | map(attribute='n') | list", ["x", "X"]),
    ("rows | selectattr('z', 'defined') | list", []),
    ("[1, 2, 3, 4, 5] | slice(2)", [[1, 2, 3], [4, 5]]),
    ("l | sort", [1, 2, 3]),
    ("t | sort", ["A", "a", "b"]),
    ("t | sort(case_sensitive=true, reverse=true)", ["b", "a", "A"]),
    ("rows | sort(attribute='v,n') | map(attribute='n') | list", ["y", "x", "X"]),
    ("null | string", "null"),
    ("l | sum", 6),
    ("rows | sum(attribute='v', start=1)", 6),
    ("'hello wORLD-foo' | title", "Hello World-Foo"),
    ("{'b': '<', 'a': [1, null]} | tojson", '{"a": [1, null], "b": "\\u003c"}'),
    ("[1] | tojson(indent=1)", "[\n 1\n]"),
    ("' x ' | trim", "x"),
    ("'xxaxx' | trim('x')", "a"),
    ("'hello big world' | truncate(12, leeway=0)", "hello..."),
    ("'hello' | truncate(5)", "hello"),
    ("t | unique", ["b", "A"]),
    ("rows | unique(attribute='v') | map(attribute='n') | list", ["x", "y"]),
    ("s | upper", "HELLO WORLD"),
    ("'a b/ü' | urlencode", "a%20b/%C3%BC"),
    ("{'a': 'b c'} | urlencode", "a=b%20c"),
    ("s | wordcount", 2),
]


@pytest.mark.parametrize(("expression", "expected"), FILTER_CASES)
def test_a_filter_means_what_it_means_in_jinja(expression: str, expected: Any) -> None:
    found = evaluate(expression, NAMES)
    assert found == expected
    assert type(found) is type(expected)


def test_every_filter_has_a_case() -> None:
    text = " ".join(expression for expression, _ in FILTER_CASES)
    assert [name for name in FILTERS if f"| {name}" not in text] == []


TEST_CASES: dict[str, list[tuple[str, bool]]] = {
    "boolean": [("true", True), ("1", False)],
    "false": [("false", True), ("0", False)],
    "true": [("true", True), ("1", False)],
    "none": [("null", True), ("0", False)],
    "null": [("null", True), ("''", False)],
    "integer": [("1", True), ("true", False), ("1.0", False)],
    "float": [("1.0", True), ("1", False)],
    "number": [("1", True), ("false", False)],
    "string": [("''", True), ("1", False)],
    "mapping": [("{}", True), ("[]", False)],
    "iterable": [("[]", True), ("1", False)],
    "sequence": [("[]", True), ("null", False)],
    "even": [("2", True), ("3", False)],
    "odd": [("-3", True), ("2", False)],
    "divisibleby(3)": [("9", True), ("10", False)],
    "lower": [("'a'", True), ("'A'", False)],
    "upper": [("'A'", True), ("1", False)],
    "sameas(1)": [("1", True), ("1.0", False)],
    "eq(1)": [("1.0", True), ("true", False)],
    "equalto(1)": [("1", True), ("2", False)],
    "ne(1)": [("2", True), ("1", False)],
    "lt(2)": [("1", True), ("2", False)],
    "lessthan(2)": [("1", True), ("3", False)],
    "le(2)": [("2", True), ("3", False)],
    "gt(2)": [("3", True), ("2", False)],
    "greaterthan(2)": [("3", True), ("1", False)],
    "ge(2)": [("2", True), ("1", False)],
    "in([1, 2])": [("1", True), ("3", False)],
}


@pytest.mark.parametrize("test", TEST_CASES)
def test_a_test_holds_for_what_it_names_only(test: str) -> None:
    for value, holds in TEST_CASES[test]:
        assert evaluate(f"{value} is {test}") is holds
        assert evaluate(f"{value} is not {test}") is not holds


def test_every_test_has_a_case() -> None:
    named = {test.split("(")[0] for test in TEST_CASES}
    assert {name for name in TESTS if name.isalpha()} == named


METHOD_CASES: list[tuple[str, Any]] = [
    ("'a'.center(3, '*')", "*a*"),
    ("'a'.ljust(3) ~ '|'", "a  |"),
    ("'a'.rjust(3)", "  a"),
    ("'-7'.zfill(4)", "-007"),
    ("'a\\tb'.expandtabs(4)", "a   b"),
    ("'aaa'.replace('a', 'b', 2)", "bba"),
    ("' a  b '.split()", ["a", "b"]),
    ("'a,b,c'.split(',', 1)", ["a", "b,c"]),
    ("'a,b,c'.rsplit(',', 1)", ["a,b", "c"]),
    ("'a\\nb'.splitlines()", ["a", "b"]),
    ("'k=v=w'.partition('=')", ["k", "=", "v=w"]),
    ("'k=v=w'.rpartition('=')", ["k=v", "=", "w"]),
    ("', '.join(['a', 1])", "a, 1"),
    ("'{0:.2f}/{1[k]}/{n:>4}/{{}}'.format(1.5, {'k': 'v'}, n='x')", "1.50/v/   x/{}"),
    ("'{:{}}|'.format('a', 3)", "a  |"),
    ("'{text}'.format(text=1)", "1"),
    ("'abc'.find('c') + 'aba'.rfind('a') + 'aa'.count('a')", 6),
    ("'abc'.startswith('a') and 'abc'.endswith('c')", True),
    (
        "'aB'.lower() ~ 'aB'.upper() ~ 'ab'.title() ~ 'ab'.capitalize() ~ 'aB'.swapcase() ~ 'ß'.casefold()",
        "abABAbAbAbss",
    ),
    ("' a '.strip() ~ ' b'.lstrip() ~ 'c '.rstrip() ~ 'xdx'.strip('x')", "abcd"),
    ("'abc'.removeprefix('a').removesuffix('c')", "b"),
    ("'a1'.isalnum() and 'a'.isalpha() and '1'.isdecimal() and '1'.isdigit() and '1'.isnumeric()", True),
    ("' '.isspace() and 'a'.islower() and 'A'.isupper() and 'Ab'.istitle()", True),
    ("o.get('a') + o.get('z', 5)", 7),
    ("o.keys()", ["b", "a"]),
    ("o.values()", [1, 2]),
    ("o.items()", [["b", 1], ["a", 2]]),
    ("l.index(1) + l.count(3)", 2),
]


@pytest.mark.parametrize(("expression", "expected"), METHOD_CASES)
def test_a_method_gives_its_result(expression: str, expected: Any) -> None:
    assert evaluate(expression, NAMES) == expected


def test_every_method_has_a_case() -> None:
    text = " ".join(expression for expression, _ in METHOD_CASES)
    assert [name for name in methods.NAMES if f".{name}(" not in text] == []


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("l.append(1)", "unknown_function"),
        ("o.pop('a')", "unknown_function"),
        ("s.encode()", "unknown_function"),
        ("s.format_map(o)", "unknown_function"),
        ("s.__class__", "type_error"),
        ("o.__class__", "variable_not_found"),
        ("s.__len__()", "unknown_function"),
        ("'{0.__class__}'.format(s)", "type_error"),
        ("'{0.real}'.format(1)", "type_error"),
        ("'{x}'.format(1)", "type_error"),
        ("'{'.format(1)", "type_error"),
        ("'%d' | format('x')", "type_error"),
        ("'%s %s' | format(1)", "type_error"),
        ("'%s' | format(1, 2)", "type_error"),
        ("'%*d' | format(3, 1)", "type_error"),
        ("s.center()", "wrong_arg_count"),
        ("s.center(3, 'ab')", "type_error"),
        ("s | upper(1)", "wrong_arg_count"),
        ("1 is divisibleby", "wrong_arg_count"),
        ("l | map", "wrong_arg_count"),
        ("l | map('nope')", "parse_error"),
        ("l | map('upper', 1)", "wrong_arg_count"),
        ("l | select('nope')", "parse_error"),
        ("rows | map(attribute='z') | list", "variable_not_found"),
        ("rows | selectattr('z') | list", "variable_not_found"),
        ("rows | map(attribute='n.x') | list", "type_error"),
        ("s | random", "parse_error"),
        ("s | attr('upper')", "parse_error"),
        ("s | xmlattr", "parse_error"),
        ("lipsum()", "unknown_function"),
        ("cycler('a')", "unknown_function"),
        ("namespace()", "unknown_function"),
        ("dict(a=1)", "unknown_function"),
        ("joiner()", "unknown_function"),
        ("self", "variable_not_found"),
        ("[1, 'a'] | sort", "type_error"),
        ("[[1], [2]] | sort", "type_error"),
        ("1 | length", "type_error"),
        ("o | dictsort(by='x')", "type_error"),
    ],
)
def test_what_is_not_on_the_list_or_does_not_fit_is_an_error(expression: str, kind: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(expression, NAMES)
    assert caught.value.kind == kind


def test_an_entry_wins_over_a_method_and_is_data() -> None:
    names = {"workflow": {"x": {"items": [1], "get": 2}}}
    assert evaluate("[x.items, x.get, x.keys()]", names) == [[1], 2, ["items", "get"]]
    with pytest.raises(ExpressionError, match="leave out the parentheses"):
        evaluate("x.items()", names)
