"""Lists that are not there yet, or that lie: what an action may hand back, and no template may wait for."""

from __future__ import annotations

from typing import Any

import pytest

from attune_sim.errors import ExpressionError
from attune_sim.expressions import Limits, compile_value, evaluate
from attune_sim.scope import Namespaces


class Endless(list):
    """A list of three, to whoever asks for its length; to whoever reads it, one that never ends."""

    def __len__(self) -> int:
        return 3

    def __iter__(self):
        while True:
            yield 1


USES = [
    "v",
    "[v]",
    "{'a': v}",
    "v + v",
    "v ~ ''",
    "v[0:2]",
    "v == [v]",
    "'x' in v",
    "7.5 in v",
    "[v, v] == [[1], v]",
    "v < [2]",
    "string(v)",
    "sort(v)",
    "unique(v)",
    "flat([v])",
    "flat(v)",
    "zip(v, v)",
    "reversed(v)",
    "slice(v, 0)",
    "chunks(v, 2)",
    "join(v, ',')",
    "sum(v)",
    "contains(v, 2)",
    "count(v, 2)",
    "index_of(v, 2)",
    "merge({'a': v}, {})",
    "v.count(2)",
    "v | list",
    "v | sort",
    "v | map('string')",
    "v | select('eq', 2)",
    "v | tojson",
    "v | sum",
    "v | join",
    "v | first",
    "v | batch(2)",
    "v | unique",
    "2 is in v",
]


@pytest.mark.parametrize("expression", USES)
@pytest.mark.parametrize("value", [Endless(), range(10**12)], ids=["a list without end", "a very long range"])
def test_a_list_that_makes_its_elements_on_the_way_is_bounded_in_every_use(
    expression: str, value: Any
) -> None:
    template = compile_value(f"{{{{ {expression} }}}}", limits=Limits(fuel=300_000), growing=True)
    kinds = set()
    try:
        template.render(Namespaces({"workflow": {"v": value}}))
    except ExpressionError as error:
        kinds = {error.kind}

    assert kinds <= {"limit", "type_error", "index_out_of_bounds"}


def test_such_a_list_has_the_elements_that_its_length_speaks_of() -> None:
    assert evaluate("v + [2]", {"workflow": {"v": Endless()}}) == [1, 1, 1, 2]
    assert evaluate("v | list", {"workflow": {"v": range(3)}}) == [0, 1, 2]


def test_what_exists_may_still_be_as_long_as_it_is() -> None:
    long = [0] * 2_500_000
    assert (
        len(compile_value("{{ v }}", growing=True).render(Namespaces({"workflow": {"v": long}}))) == 2_500_000
    )
