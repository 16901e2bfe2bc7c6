"""What a notebook is given of a value: always its one line of text, beside it a card, or for a workflow its graph.

`attune_sim.display.Displayed` finds `bundle` by its name. JupyterLab shows the first it knows of: HTML before Markdown before Mermaid
before text.
"""

from __future__ import annotations

from typing import Any

from attune_sim.api.showing.cards import card
from attune_sim.api.showing.graphs import graph_bundle
from attune_sim.reports import fragment
from attune_sim.scenarios.workload import Workload
from attune_sim.workflow import Workflow


def bundle(value: Any) -> dict[str, str]:
    """Kind of content -> content.

    >>> import attune_sim as at
    >>> sorted(bundle(at.History()))
    ['text/html', 'text/plain']
    """
    if isinstance(value, Workflow | Workload):
        return graph_bundle(value)
    return {"text/plain": repr(value), "text/html": fragment(card(value))}


def strategy_bundle(kind: type) -> dict[str, str] | None:
    """Of a class of context strategies, as `at.strategies.hamt` is one; None for any other class, which is shown as ever.

    A class is not asked for its own rich form, so a notebook is told of this function (`api.showing.notebook`).
    """
    from attune_sim.contexts.strategy import Guarantees

    if not isinstance(getattr(kind, "guarantees", None), Guarantees) or not isinstance(
        getattr(kind, "name", None), str
    ):
        return None
    isolates = kind.guarantees.isolates  # type: ignore[attr-defined]
    line = f"<strategy {kind.name}: isolates {isolates}; at.strategies.{kind.name}() makes one>"  # type: ignore[attr-defined]
    return {"text/plain": line, "text/html": fragment(card(kind))}
