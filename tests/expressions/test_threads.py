"""One template, rendered by many threads at once, and by itself while it renders."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from attune_sim.expressions import compile_condition, compile_value
from attune_sim.scope import MISSING, Ended, Namespaces


def test_threads_render_one_template_at_once_without_mixing_their_scopes() -> None:
    template = compile_value(
        {
            "id": "{{ item.id }}",
            "text": "{{ item.id }}-{{ index | default(item.id) }}",
            "sum": "{{ sum(range(item.id)) }}",
        }
    )
    check = compile_condition("item.id % 2 == 0 and succeeded()")

    def work(n: int) -> tuple[Any, bool]:
        scope = Namespaces({"item": {"id": n}, "index": n})
        return template.render(scope), check.holds(scope, Ended(None, "succeeded"))

    numbers = range(2_000)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, numbers, chunksize=10))
    assert found == [({"id": n, "text": f"{n}-{n}", "sum": n * (n - 1) // 2}, n % 2 == 0) for n in numbers]


def test_a_template_may_be_rendered_while_it_renders() -> None:
    template = compile_value("{{ a | default('none') }}-{{ item | default('end') }}")

    class Nested:
        """A scope whose variables come from another rendering of the same template."""

        def __init__(self, depth: int) -> None:
            self.depth = depth

        def resolve(self, name: str) -> Any:
            if name == "item":
                return self.depth
            inner = template.render(Nested(self.depth - 1)) if self.depth else MISSING
            return {} if inner is MISSING else {"a": inner}

    assert template.render(Nested(2)) == "none-0-1-2"
