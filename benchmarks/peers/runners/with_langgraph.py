"""LangGraph: a node for each item through Send; the payload carries the context, or with `item` the item alone."""

from __future__ import annotations

import operator
from typing import Annotated, Any, TypedDict

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from measure import FanOut, action, serve


class State(TypedDict, total=False):
    parameters: dict[str, Any]
    variables: dict[str, Any]
    tasks: dict[str, Any]
    items: list[dict[str, Any]]
    results: Annotated[list[Any], operator.add]


def each(payload: dict[str, Any]) -> dict[str, Any]:
    return {"results": [action(payload["item"]["health_endpoint"])]}


def send_context(state: State) -> list[Send]:
    return [Send("each", {**state, "item": item}) for item in state["items"]]


def send_item(state: State) -> list[Send]:
    return [Send("each", {"item": item}) for item in state["items"]]


def prepare(variant: str, context: dict[str, Any], items: list[dict[str, Any]]) -> FanOut:
    graph = StateGraph(State)
    graph.add_node("each", each)
    graph.add_conditional_edges(START, send_item if "item" in variant else send_context, ["each"])
    graph.add_edge("each", END)
    saver = InMemorySaver() if "checkpointer" in variant else None
    compiled = graph.compile(checkpointer=saver)
    state = {**context, "items": items, "results": []}
    config = {"configurable": {"thread_id": "1"}}
    return lambda: compiled.invoke(state, config)["results"]


if __name__ == "__main__":
    serve(prepare, ("langgraph", "langgraph-checkpoint"))
