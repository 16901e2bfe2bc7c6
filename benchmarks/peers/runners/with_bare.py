"""No engine: a loop over the items, with a subscript or a stock Jinja2 template."""

from __future__ import annotations

from typing import Any

import jinja2
from measure import FanOut, Results, action, serve


def prepare(variant: str, context: dict[str, Any], items: list[dict[str, Any]]) -> FanOut:
    template = jinja2.Environment().from_string("{{ item.health_endpoint }}")

    def loop() -> Results:
        return [action(item["health_endpoint"]) for item in items]

    def rendered() -> Results:
        return [action(template.render(context, item=item)) for item in items]

    return {"loop": loop, "jinja2": rendered}[variant]


if __name__ == "__main__":
    serve(prepare, ("jinja2",))
