"""pypyr: a pipeline of one step with `foreach`; its input is formatted when the step asks for it."""

from __future__ import annotations

import logging
import sys
import types
from typing import Any

from measure import FanOut, Results, action, serve
from pypyr.context import Context
from pypyr.pipeline import Pipeline

PIPELINE = {
    "steps": [{"name": "peer_step", "foreach": "{items}", "in": {"endpoint": "{i[health_endpoint]}"}}]
}


def run_step(context: Context) -> None:
    context["results"].append(action(context.get_formatted("endpoint")))


def get_pipeline_definition(pipeline_name: str, parent: Any) -> dict[str, Any]:
    return PIPELINE


def offer_module(name: str, **contents: Any) -> None:
    """pypyr looks steps and loaders up as modules."""
    sys.modules[name] = types.ModuleType(name)
    vars(sys.modules[name]).update(contents)


def prepare(variant: str, context: dict[str, Any], items: list[dict[str, Any]]) -> FanOut:
    logging.getLogger("pypyr").setLevel(logging.WARNING)
    offer_module("peer_step", run_step=run_step)
    offer_module("peer_loader", get_pipeline_definition=get_pipeline_definition)
    pipeline, _ = Pipeline.new_pipe_and_args("fan_out", dict_in={}, loader="peer_loader")
    state = Context(
        {**context["parameters"], **context["variables"], **context["tasks"], "items": items, "results": []}
    )

    def fan_out() -> Results:
        pipeline.run(state)
        return state["results"]

    return fan_out


if __name__ == "__main__":
    serve(prepare, ("pypyr",))
