"""Findings -> one summary -> HTML, Markdown or JSON. Every output reads only the summary.

What makes the summary of one kind of result, or a page of it, is loaded when it is asked for: a terminal that shows a simulation does not wait for
what draws, or compares strategies.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from attune_sim.reports.summary import (
    Code,
    Contrast,
    Facts,
    Lines,
    Number,
    Picture,
    Section,
    Summary,
    Table,
)

if TYPE_CHECKING:
    from attune_sim.reports.claims import claims_summary, original_summary
    from attune_sim.reports.comparison import comparison_summary
    from attune_sim.reports.output import fragment, index, json_text, markdown, page, table_fragment
    from attune_sim.reports.panels import comparison_panels
    from attune_sim.reports.plan import plan_summary
    from attune_sim.reports.run import run_summary
    from attune_sim.reports.simulation import simulation_summary
    from attune_sim.reports.sweep import sweep_summary

_HOMES = {
    **dict.fromkeys(("fragment", "index", "json_text", "markdown", "page", "table_fragment"), "output"),
    "claims_summary": "claims",
    "original_summary": "claims",
    "comparison_panels": "panels",
    "comparison_summary": "comparison",
    "plan_summary": "plan",
    "run_summary": "run",
    "simulation_summary": "simulation",
    "sweep_summary": "sweep",
}

__all__ = [
    "Code",
    "Contrast",
    "Facts",
    "Lines",
    "Number",
    "Picture",
    "Section",
    "Summary",
    "Table",
    "claims_summary",
    "comparison_panels",
    "comparison_summary",
    "fragment",
    "index",
    "json_text",
    "markdown",
    "original_summary",
    "page",
    "plan_summary",
    "run_summary",
    "simulation_summary",
    "sweep_summary",
    "table_fragment",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
