"""Findings -> one summary -> HTML, Markdown or JSON. Every output reads only the summary."""

from attune_sim.report.claims import claims_summary, original_summary
from attune_sim.report.comparison import comparison_summary
from attune_sim.report.output import fragment, index, json_text, markdown, page
from attune_sim.report.run import run_summary
from attune_sim.report.summary import (
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
from attune_sim.report.sweep import sweep_summary

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
    "comparison_summary",
    "fragment",
    "index",
    "json_text",
    "markdown",
    "original_summary",
    "page",
    "run_summary",
    "sweep_summary",
]
