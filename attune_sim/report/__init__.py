"""Findings -> one summary -> HTML or Markdown. Every output reads only the summary and its pictures."""

from attune_sim.report.claims import claims_summary, original_summary
from attune_sim.report.comparison import comparison_pictures, comparison_summary
from attune_sim.report.output import fragment, markdown, page
from attune_sim.report.plan import plan_pictures, plan_summary
from attune_sim.report.run import run_pictures, run_summary
from attune_sim.report.simulation import simulation_pictures, simulation_summary
from attune_sim.report.summary import Picture, Summary, Table
from attune_sim.report.sweep import sweep_pictures, sweep_summary

__all__ = [
    "Picture",
    "Summary",
    "Table",
    "claims_summary",
    "comparison_pictures",
    "comparison_summary",
    "fragment",
    "markdown",
    "original_summary",
    "page",
    "plan_pictures",
    "plan_summary",
    "run_pictures",
    "run_summary",
    "simulation_pictures",
    "simulation_summary",
    "sweep_pictures",
    "sweep_summary",
]
