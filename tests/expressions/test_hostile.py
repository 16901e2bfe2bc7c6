"""Templates that try to take all memory or time: each ends with a clear error, before anything large is made.

Run as a script, `python test_hostile.py main|worker [FUEL]`, this file evaluates every case on a main or a worker thread
and tells the steps, the time and the memory of each: how the prices of operations were found and can be looked at again.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from attune_sim.errors import ExpressionError
from attune_sim.expressions import Limits, check_value, compile_value, evaluate, methods
from attune_sim.expressions.filters import FILTERS, TESTS
from attune_sim.expressions.functions import FUNCTIONS
from attune_sim.expressions.limits import DEFAULT_LIMITS, Budget
from attune_sim.scope import Ended, Namespaces

MEGABYTES = 200
SHORT = DEFAULT_LIMITS.fuel // 10  # what only the fuel ends would take a second with all of it
HARMLESS = "harmless"
"""Instead of a kind: the name makes nothing large out of anything, so the case only has to end."""


def nested(levels: int, width: int = 1) -> list[Any]:
    """A value that shows width**levels entries and holds `width` a level."""
    value: list[Any] = []
    for _ in range(levels):
        value = [value] * width
    return value


def nine(expression: str) -> str:
    """Each of nine may be made, all of them together may not."""
    return f"[{', '.join([expression] * 9)}]"


def names() -> dict[str, Any]:
    """The largest things that a template may be handed, or may have made before."""
    return {
        "big": "x" * (16 * 1024 * 1024 - 10),
        "wide_text": "€" * 8_000_000,
        "lines": "\n" * 5_000_000,
        "words": "a " * 8_000_000,
        "tabs": "\t" * 1_000_000,
        "list": [0] * 1_900_000,
        "map": {str(n): n for n in range(300_000)},
        "number": 1 << 4_000,
        "doubled": nested(60, width=2),
        "nested": nested(5_000),
        "letters": "a" * 16_000_000,
        "end": "ab" + "a" * 100_000,
        "start": "a" * 100_000 + "ba",
        "many": "".join(map(chr, range(20_000, 40_000))) + "x",
        "percents": "%(" * 8_000_000,
        "fields": "{0" + "[" * 1_000_000 + "}",
        "dots": "a." * 8_000_000,
        "same": ["x" * 16_000_000] * 1_000_000,
        "copy": "x" * 16_000_000,
        "numbers": [1 << 4_000] * 1_000_000,
        "colliding": [(1 << 1_100) + n * ((1 << 61) - 1) for n in range(20_000)],
        "rows": [{f"key {n}": n for n in range(900)}] * 1_900_000,
        "keyed": {"x" * 16_000_000: 1},
    }


OPERATORS = {
    "+": ["big + big", "list + list", "number * number + number * number * number", "1e308 + 1e308"],
    "*": ["number * number * number", "1e308 * 10"],
    "**": ["2 ** 100000000", "10 ** 1000000000000", "number ** 2", "2.0 ** 100000"],
    "~": ["big ~ big", "big ~ list", "doubled ~ ''"],
    "==": ["doubled == [doubled, doubled][0] + []", "nested == [nested]"],
    "in": ["doubled in [[doubled, doubled], doubled]"],
    "[]": ["[doubled, doubled]", "[nested]", "[range(1900000), range(1900000), range(1900000)]"],
    "{}": ["{'a': doubled, 'b': doubled}"],
    "slice": [nine("list[:]")],
    "text": ["'a' * 10 ** 10"],
}
FUNCTION_CASES = {
    "string": [
        "string(doubled)",
        "string(nested)",
        "string(list) ~ string(list) ~ string(list) ~ string(list)",
    ],
    "lower": ["lower(wide_text)"],
    "upper": ["upper(wide_text)"],
    "trim": [nine("trim(big)")],
    "split": ["split(big, '')", "split(wide_text, '')", "split(big, 'x')"],
    "join": ["join([big, big], '')", "join(list, big)", "join([doubled], ',')"],
    "replace": ["replace(big, 'x', 'yyyyyyyyyyyyyyyy')", "replace(big, '', 'yyyy')"],
    "match": ["match('[ab]*a[ab]{900}c', big)", "match(big, 'a')"],
    "number": ["number('9'.center(5000, '9'))"],
    "int": ["int('9'.center(5000, '9'))", "int('9'.center(1300, '9'))"],
    "sum": ["sum([1e308, 1e308])", "sum([number * 2 ** 95, number * 2 ** 95])"],
    "keys": ["[keys(map), keys(map), keys(map)] | map('string') | map('string') | join(big)"],
    "values": ["values(map) | map('center', 400) | list"],
    "reversed": [nine("reversed(list)")],
    "sort": [nine("sort(list)")],
    "unique": ["unique(list)", "unique(doubled)", "unique([nested])"],
    "flat": ["flat([list, list])"],
    "zip": ["zip(list, list)", "zip(doubled, doubled)"],
    "range": ["range(1000000000)", "range(0, 1000000000000)"],
    "slice": [nine("slice(list, 0)")],
    "merge": [
        "merge({'a': doubled}, {'b': doubled})",
        "merge(merge(map, {'x': 1}), merge(map, {'y': 1})) | items | map('string') | list",
    ],
    "chunks": ["chunks(range(1900000), 1)"],
    "count": ["count([doubled], [doubled, doubled][0] + [])"],
    "index_of": ["index_of([doubled], [doubled, doubled][0] + [])"],
    "contains": ["contains([doubled], [doubled, doubled][0] + [])"],
}
HARMLESS_FUNCTIONS = {
    "bool": "bool(doubled)",
    "type_of": "type_of(doubled)",
    "length": "length(wide_text)",
    "abs": "abs(number)",
    "floor": "floor(number)",
    "ceil": "ceil(number)",
    "round": "round(number)",
    "min": "min(number, number)",
    "max": "max(big, big)",
    "starts_with": "starts_with(big, big)",
    "ends_with": "ends_with(big, big)",
}
FILTER_CASES = {
    "string": ["doubled | string", "nested | string"],
    "lower": ["wide_text | lower", "doubled | lower"],
    "upper": ["wide_text | upper"],
    "capitalize": ["doubled | capitalize"],
    "title": ["words | title"],
    "trim": ["doubled | trim"],
    "replace": ["big | replace('x', 'yyyyyyyyyyyyyyyy')", "big | replace('', big)"],
    "center": ["'a' | center(200000000)"],
    "indent": ["'a\\nb' | indent(2000000000)", "lines | indent(100)", "'a\\nb' | indent(big) | indent(big)"],
    "truncate": ["doubled | truncate"],
    "wordcount": ["words | wordcount"],
    "escape": ["'&'.center(16000000, '&') | escape"],
    "e": ["'<'.center(16000000, '<') | e"],
    "urlencode": ["big | urlencode", "wide_text | urlencode"],
    "tojson": [
        "[1] | tojson(indent=2000000000)",
        "doubled | tojson",
        "nested | tojson",
        "list | tojson(1000)",
        "big | tojson",
    ],
    "format": [
        "'%2000000000d' | format(1)",
        "'%.2000000000f' | format(1.0)",
        "'%99999999999s' | format(1)",
        "'%s%s' | format(big, big)",
    ],
    "int": ["'9'.center(5000, '9') | int"],
    "float": ["'9'.center(5000, '9') | float"],
    "round": ["1.5 | round(1000000000)"],
    "list": ["big | list", "wide_text | list"],
    "join": ["[big, big] | join", "list | join(big)", "doubled | join"],
    "reverse": [
        "list | reverse | reverse | reverse | reverse | reverse | reverse | reverse | reverse | reverse"
    ],
    "batch": ["[1] | batch(100000000, 'x')", "list | batch(1)"],
    "slice": ["[1] | slice(100000000)"],
    "items": ["[map | items, map | items, map | items, map | items, map | items]"],
    "dictsort": [nine("map | dictsort")],
    "sort": ["list | sort | sort | sort | sort"],
    "unique": ["list | unique", "doubled | unique"],
    "groupby": ["map | items | groupby(0)"],
    "sum": ["[list, list] | sum(start=[])"],
    "map": [
        "range(1900000) | map('center', 100)",
        "list | map('abs') | map('abs') | map('abs') | map('abs')",
    ],
    "select": ["list | select('eq', 0) | select('eq', 0) | select('eq', 0)"],
    "reject": ["list | reject('ne', 0) | reject('ne', 0) | reject('ne', 0)"],
    "selectattr": ["list | batch(2) | selectattr(0, 'eq', 0) | selectattr(0, 'eq', 0)"],
    "rejectattr": ["list | batch(2) | rejectattr(0, 'eq', 1) | rejectattr(0, 'eq', 1)"],
    "min": ["list | batch(1) | min(attribute=0)"],
    "max": ["list | batch(1) | max(attribute=0)"],
}
HARMLESS_FILTERS = {
    "abs": "number | abs",
    "filesizeformat": "1e308 | filesizeformat",
    "first": "big | first",
    "last": "map | last",
    "length": "list | length",
    "count": "map | count",
}
METHOD_CASES = {
    **{name: [f"'a'.{name}(2000000000)"] for name in ("center", "ljust", "rjust", "zfill")},
    "expandtabs": ["tabs.expandtabs(2000000000)"],
    "replace": ["big.replace('x', 'yyyyyyyyyyyyyyyy')"],
    "split": ["big.split('x')", "words.split()"],
    "rsplit": ["big.rsplit('x')"],
    "splitlines": ["lines.splitlines()"],
    "join": ["big.join(['a', 'b', 'c'])"],
    "format": [
        "'{:>2000000000}'.format(1)",
        "'{:.2000000000f}'.format(1.5)",
        "'{:{}}'.format(1, 2000000000)",
        "'{}{}'.format(big, big)",
        "'{}'.format(doubled)",
    ],
    **{
        name: [f"wide_text.{name}()"]
        for name in ("upper", "lower", "title", "capitalize", "swapcase", "casefold")
    },
    "items": [nine("map.items()")],
    **{name: [f"map.{name}() | map('center', 400) | list"] for name in ("keys", "values")},
    **{
        name: [nine(f"wide_text.{name}('x')")]
        for name in ["strip", "lstrip", "rstrip", "removeprefix", "removesuffix", "partition", "rpartition"]
    },
    "index": ["[[doubled]].index([[doubled, doubled][0]])"],
    "count": ["[doubled].count([doubled, doubled][0])"],
}
QUESTIONS = ("find", "rfind", "startswith", "endswith")
HARMLESS_METHODS = {
    "get": "map.get('1')",
    **{name: f"big.{name}(big)" for name in QUESTIONS},
    **{name: f"wide_text.{name}()" for name in methods.TEXT if name.startswith("is")},
}
TEST_CASES = {name: f"doubled is {name}(doubled + [])" for name in ("eq", "equalto", "ne", "sameas", "in")}
HARMLESS_TESTS = {
    **{name: f"number is {name}" for name in TESTS if name.isalpha() and name not in TEST_CASES},
    **{
        name: f"number is {name}(number)"
        for name in ["divisibleby", "lt", "lessthan", "le", "gt", "greaterthan", "ge"]
    },
}
SLOW = {
    **{
        f"{way} {part}": f"letters.{way}({part})"
        for way in ("find", "rfind", "count", "split", "rsplit", "partition", "rpartition")
        for part in ("start", "end")
    },
    **{
        f"functions {part}": f"[{part} in letters, index_of(letters, {part}), count(letters, {part})]"
        for part in ("start", "end")
    },
    **{f"replace {part}": f"replace(letters, {part}, '')" for part in ("start", "end")},
    "strip": "big.strip(many)",
    "trim": "big | trim(many)",
    "names": "percents | format(1)",
    "fields": "fields.format(1)",
    "path": "[map] | map(attribute=dots)",
    "paths": "[map] | sort(attribute=dots)",
    "pattern": "match('(x*)*(x*)*(x*)*y', big)",
    "one is the same": "copy in same",
    "collisions": "colliding | unique",
    "format of each": "numbers | map('format', 1)",
}
"""Operations that take long if they are done in the way that first comes to mind."""
ENDLESS = {
    **{
        f"again {expression}": f"[{', '.join([expression] * (16_000 // (len(expression) + 2)))}]"
        for expression in (
            "big.find('q')",
            "'q' in big",
            "'q' in list",
            "big == big ~ ''",
            "big < big",
            "[list]",
            "list == list",
            "big is lower",
            "map | last",
            "keyed.get(copy)",
            "keyed == {copy: 1}",
            "match('x' ~ letters[:9000], 'a')",
            "(' ' ~ words) | wordcount",
        )
    },
    "key": "keyed[copy]",
    "sort of texts": "same | sort",
    "sort of equal texts": "sort([copy, same[0]] | batch(1000000, copy) | first)",
    **{
        f"for each: {expression}": expression
        for expression in (
            "copy[1:] ~ 'y' in same",
            "same | select('eq', copy)",
            "same | select('in', keyed)",
            "same | select('in', copy)",
            "same | unique",
            "same | map('int')",
            "same | map('truncate', 15000000)",
            "same | map('trim', 'x')",
            "same | map('title')",
            "same | map('wordcount')",
            "numbers | map('string')",
            "numbers | join",
            "rows | map(attribute='none', default=1)",
            "rows | selectattr('none', 'defined')",
            "rows | map('tojson')",
        )
    },
}
"""Operations that take long because they are done again and again."""
TEXTS = {
    "brackets": "[" * 5000 + "]" * 5000,
    "parentheses": "(" * 200 + "1" + ")" * 200,
    "not": "not " * 5000 + "1",
    "minus": "-" * 5000 + "1",
    "plus": "+".join(["1"] * 5000),
    "dots": "a" + ".a" * 5000,
    "subscripts": "a" + "[0]" * 5000,
    "if": "1 if 1 else " * 3000 + "1",
    "filters": "x" + "|d" * 5000,
    "digits": "1" + "0" * 5000,
    "long": "'" + "a" * 70_000 + "'",
}

BEHIND = (
    "''.__class__.__mro__",
    "''['__class__']",
    "{}.__class__",
    "[].__class__.__base__.__subclasses__()",
    "'{0.__class__.__init__.__globals__}'.format(1)",
    "'{a.__class__}'.format(a={})",
    "lower.__globals__",
    "self.__init__",
    "result.__globals__",
    "[''] | map(attribute='__class__') | list",
    "'' | attr('__class__')",
    "_",
    "__builtins__",
    "scope",
    "budget",
    "MISSING",
    "t1",
)
"""What tries to get at the interpreter behind a value."""


def cases() -> Iterator[tuple[str, str, str]]:
    """(what is attacked, expression, kind that it must end with)."""
    for kind, table, expected in (
        ("operator", OPERATORS, "limit"),
        ("function", FUNCTION_CASES, "limit"),
        ("filter", FILTER_CASES, "limit"),
        ("method", METHOD_CASES, "limit"),
        ("function", HARMLESS_FUNCTIONS, HARMLESS),
        ("filter", HARMLESS_FILTERS, HARMLESS),
        ("method", HARMLESS_METHODS, HARMLESS),
        ("slow", SLOW, HARMLESS),
        ("endless", ENDLESS, "limit"),
        ("test", TEST_CASES, "limit"),
        ("test", HARMLESS_TESTS, HARMLESS),
    ):
        for name, attacks in table.items():
            for expression in [attacks] if isinstance(attacks, str) else attacks:
                yield f"{kind} {name}", expression, "type_error" if name == "text" else expected


def attempt(expression: str, namespaces: dict[str, Any], limits: Limits) -> str:
    """The kind of error that an expression ends with, `harmless` for none."""
    try:
        compile_value(f"{{{{ {expression} }}}}", limits=limits).render(Namespaces(namespaces))
    except ExpressionError as error:
        return error.kind
    except MemoryError:
        return "MemoryError"
    return HARMLESS


def steps_of(expression: str, namespaces: dict[str, Any], limits: Limits = DEFAULT_LIMITS) -> int:
    """The fuel that an expression uses, with an error or without."""
    budget = Budget(limits)
    with suppress(Exception):
        compile_value(f"{{{{ {expression} }}}}")._function(Namespaces(namespaces), Ended(), budget)
    return limits.fuel - budget.fuel


def test_every_allowed_name_has_a_hostile_case() -> None:
    assert set(FUNCTIONS) == {*FUNCTION_CASES, *HARMLESS_FUNCTIONS}
    assert set(FILTERS) == {*FILTER_CASES, *HARMLESS_FILTERS}
    assert set(methods.NAMES) == {*METHOD_CASES, *HARMLESS_METHODS}
    assert {name for name in TESTS if name.isalpha()} == {*TEST_CASES, *HARMLESS_TESTS}


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of the process from /proc")
@pytest.mark.slow
@pytest.mark.parametrize("thread", ["main", "worker"])
def test_every_hostile_case_ends_by_its_limit_and_within_memory(thread: str) -> None:
    command = [sys.executable, __file__, thread, str(SHORT)]
    lines = subprocess.run(
        command, capture_output=True, text=True, timeout=300, check=True
    ).stdout.splitlines()
    ends = [json.loads(line) for line in lines]
    assert len(ends) == len(list(cases()))
    assert [end for end in ends if end["expected"] not in (HARMLESS, end["kind"])] == []
    assert [end for end in ends if end["kind"] == "MemoryError" or end["megabytes"] > MEGABYTES] == []


@pytest.mark.parametrize("text", TEXTS)
def test_an_expression_that_is_too_long_or_too_deep_is_refused_when_it_is_read(text: str) -> None:
    [(_, error)] = check_value(f"{{{{ {TEXTS[text]} }}}}")
    assert error.kind == "limit"


def test_what_has_no_end_uses_up_the_fuel() -> None:
    with pytest.raises(ExpressionError, match="more than 5,000,000 steps") as caught:
        for _ in Budget(DEFAULT_LIMITS).each(itertools.count()):
            pass
    assert caught.value.kind == "limit"


def test_doubling_by_publish_ends_before_it_hurts() -> None:
    for published, text in {
        "{{ v + v }}": "xxxxxxxx",
        "{{ v ~ v }}": "xxxxxxxx",
        "{{ [v, v] }}": "x",
        "{{ {'a': v, 'b': v} }}": "x",
        "{{ zip([v], [v]) }}": "x",
    }.items():
        assert rounds_until_limit(published, text) < 120
    for value in (
        ["{{ v }}", "{{ v }}"],
        {"a": "{{ v }}", "b": ["{{ v }}"]},
        ["{{ v }}"],
        {"a": "{{ v }}{{ v }}"},
    ):
        assert rounds_until_limit(value, "x") < 120


def rounds_until_limit(value: Any, first: Any) -> int:
    """How often a value can be published from itself before the limit stops it."""
    template, variable = compile_value(value, growing=True), first
    for number in range(1_000):
        try:
            variable = template.render(Namespaces({"workflow": {"v": variable}}))
        except ExpressionError as error:
            return number if error.kind == "limit" else 1_000
    return 1_000


def test_what_is_large_but_honest_may_be_published() -> None:
    results = [{"n": n, "rows": [1, 2, 3]} for n in range(300_000)]
    scope = Namespaces({"workflow": {"v": results}})
    published = compile_value({"all": "{{ v }}", "again": ["{{ v }}"]}, growing=True).render(scope)
    assert published["all"] is published["again"][0] is results


def test_nothing_reaches_behind_the_values() -> None:
    for expression in BEHIND:
        with pytest.raises(ExpressionError):
            evaluate(expression)


def _peak_megabytes(field: str) -> float:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field)) / 1024


def _run(limits: Limits) -> None:
    namespaces = {"workflow": names()}
    for name, expression, expected in cases():
        with open("/proc/self/clear_refs", "w") as peaks:
            peaks.write("5")
        before, started = _peak_megabytes("VmRSS"), time.perf_counter()
        kind = attempt(expression, namespaces, limits)
        row = {"name": name, "expression": expression[:60], "kind": kind, "expected": expected}
        row |= {"seconds": time.perf_counter() - started, "megabytes": _peak_megabytes("VmHWM") - before}
        if limits is DEFAULT_LIMITS:
            row["steps"] = steps_of(expression, namespaces)
        print(json.dumps(row))


if __name__ == "__main__":
    limits = Limits(fuel=int(sys.argv[2])) if len(sys.argv) > 2 else DEFAULT_LIMITS
    worker = threading.Thread(target=_run, args=[limits])
    if sys.argv[1] == "main":
        worker.run()
    else:
        worker.start()
        worker.join()
