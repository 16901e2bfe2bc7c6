"""Findings -> one summary -> HTML, Markdown or JSON. Every output reads only the summary."""

from attune_sim.reports.claims import claims_summary, original_summary
from attune_sim.reports.comparison import comparison_summary
from attune_sim.reports.output import fragment, index, json_text, markdown, page, table_fragment
from attune_sim.reports.panels import comparison_panels
from attune_sim.reports.plan import plan_summary
from attune_sim.reports.run import run_summary
from attune_sim.reports.simulation import simulation_summary
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
from attune_sim.reports.sweep import sweep_summary

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
