"""The account of a rendering: counted in steps, without a clock, and large enough for honest work."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyrsistent import freeze

from attune_sim.errors import ExpressionError
from attune_sim.expressions import DEFAULT_LIMITS, Limits, compile_value
from attune_sim.expressions.limits import Budget
from attune_sim.scope import Ended, Namespaces

NUMBERS = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False)
LEAVES = st.none() | st.booleans() | NUMBERS | st.text(max_size=8)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=30,
)
EXPRESSIONS = (
    "a == b",
    "a in [b, a]",
    "[a, b] | map('string') | join('-')",
    "[a, b] | unique | length",
    "[a, [a, b], b] | tojson",
    "[[a, 1], [b, 2]] | sort(attribute=0)",
    "[a, b] | select('in', [a]) | list",
    "string(a) ~ string(b)",
    "replace(string([a, b]), 'a', 'bb')",
    "[a, b] | batch(1) | map('first') | groupby(0)",
    "a | list | sort",
    "'%s and %s' | format(a, b)",
    "{'x': a, 'y': [b]}",
)


def outcome(expression: str, values: dict[str, Any], limits: Limits = DEFAULT_LIMITS) -> tuple[str, Any]:
    """The value as JSON, or the error as it reads."""
    try:
        made = compile_value({"v": f"{{{{ {expression} }}}}"}, limits=limits, growing=True).render(
            Namespaces({"workflow": values})
        )
    except ExpressionError as error:
        return error.kind, str(error)
    return "value", json.dumps(made)


def steps(expression: str, values: Any) -> int:
    """The fuel that an expression uses."""
    budget = Budget(DEFAULT_LIMITS)
    template = compile_value({"v": f"{{{{ {expression} }}}}"}, growing=True)
    template._function(Namespaces({"workflow": values}), Ended(), budget)
    return DEFAULT_LIMITS.fuel - budget.fuel


@given(st.sampled_from(EXPRESSIONS), JSON, JSON, st.integers(0, 300))
def test_the_same_template_over_the_same_values_always_ends_in_the_same_way(
    expression: str, a: Any, b: Any, fuel: int
) -> None:
    values = {"a": a, "b": b}
    first = outcome(expression, values, Limits(fuel=fuel))
    copies = json.loads(json.dumps(values))
    assert outcome(expression, values, Limits(fuel=fuel)) == first
    assert outcome(expression, copies, Limits(fuel=fuel)) == first


@given(st.sampled_from(EXPRESSIONS), JSON, JSON, st.integers(0, 300))
def test_more_fuel_changes_nothing_but_a_refusal_for_want_of_it(
    expression: str, a: Any, b: Any, fuel: int
) -> None:
    values = {"a": a, "b": b}
    scarce, plenty = outcome(expression, values, Limits(fuel=fuel)), outcome(expression, values)
    assert scarce == plenty or (scarce[0] == "limit" and f"more than {fuel:,} steps" in scarce[1])


ROWS = [{"n": n, "name": f"host-{n}", "tags": ["a", n]} for n in range(50)]


@pytest.mark.parametrize(
    "expression",
    [
        "rows == copy",
        "rows | tojson",
        "string(rows)",
        "'x' in names",
        "names | sort | join",
        "rows | map(attribute='name') | map('upper') | list",
        "unique(rows)",
        "rows[0] in rows",
        "keys(map) + values(map)",
        "map | dictsort",
        "[rows, map]",
        "rows | sort(attribute='name')",
    ],
)
def test_a_strategys_own_maps_and_lists_cost_what_plain_ones_do(expression: str) -> None:
    values = {
        "rows": ROWS,
        "copy": json.loads(json.dumps(ROWS)),
        "names": [row["name"] for row in ROWS],
        "map": {row["name"]: row["n"] for row in ROWS},
    }
    assert steps(expression, freeze(values)) == steps(expression, values) > 0


def test_the_error_says_what_was_used_up_and_what_to_do() -> None:
    kind, message = outcome("sum(range(5000))", {}, Limits(fuel=1_000))
    assert kind == "limit"
    assert message == (
        "v: this template takes more than 1,000 steps (elements looked at, texts searched, bytes made): give it less to look"
        " at, or more Limits(fuel=...) in {{ sum(range(5000)) }}"
    )
    assert outcome("sum(range(5000))", {}, Limits(fuel=10_000)) == ("value", '{"v": 12497500}')


def test_a_value_that_exists_may_be_looked_through_whatever_its_size_but_not_again_and_again() -> None:
    scarce, values = Limits(fuel=100), {"v": [[n] for n in range(1_000)]}
    assert outcome("v", values, scarce)[0] == "value"
    assert outcome("[v]", values, scarce)[0] == "limit"  # once for the list, once more for what is published


def numbered(count: int, body: str = "") -> list[dict[str, Any]]:
    return [{"n": n, "body": body} for n in range(count)]


def records() -> list[dict[str, Any]]:
    """Some 1 MB of JSON."""
    return [
        {"id": n, "name": f"host-{n}", "ok": True, "score": n / 7, "tags": ["a", "b"]} for n in range(14_000)
    ]


HONEST: dict[str, tuple[str, Callable[[], Any]]] = {
    "10,000 items of 1 KB as text": ("string(v)", lambda: numbered(10_000, "x" * 1_000)),
    "10,000 items of 1 KB inside a text": ("'all: ' ~ v", lambda: numbered(10_000, "x" * 1_000)),
    "100,000 entries mapped and joined": ("v | map('string') | join(',')", lambda: list(range(100_000))),
    "a record of 1 MB as JSON": ("v | tojson", records),
    "1,000,000 items published": ("v", lambda: numbered(1_000_000)),
    "1,000,000 items chosen from": ("v | selectattr('n') | length", lambda: numbered(1_000_000)),
    "1,000,000 numbers added": ("sum(v)", lambda: range(1_000_000)),
    "100,000 names sorted": ("sort(v) | join", lambda: [f"host-{n}" for n in range(100_000)]),
    "a log of 1 MB searched": ("match('ERROR.*time(out|d out)', v)", lambda: "all is well\n" * 85_000),
}


# To make a million items takes a second.
@pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=[pytest.mark.slow] if "1,000,000 items" in case else []) for case in HONEST],
)
def test_what_is_large_but_honest_is_within_the_default(case: str) -> None:
    expression, made = HONEST[case]
    assert 0 < steps(expression, {"v": made()}) <= DEFAULT_LIMITS.fuel
