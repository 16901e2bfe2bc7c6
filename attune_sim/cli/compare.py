"""`attune-sim compare`"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

import click

from attune_sim.cli import options
from attune_sim.cli.output import (
    attempted,
    print_findings,
    print_json,
    print_lines,
    print_table,
    print_text,
    records,
)
from attune_sim.errors import InputError, Interrupted

if TYPE_CHECKING:
    from attune_sim.api.comparison import Comparison
    from attune_sim.api.verification import Verification
    from attune_sim.scenarios.workload import Workload
    from attune_sim.thresholds import Broken

FAILURES: Final = ("crashed", "killed")
"""Outcomes that are no finding about a strategy: a program broke down, or somebody else ended it."""

INTERRUPTED: Final = 130

VERIFIED: Final = "Verification: what was told beside an independent meter, medians over the repeats"


@click.command("compare", short_help="Measure a workload under several strategies.")
@options.workload
@options.namespaces
@options.executor
@click.option(
    "--strategy", "strategies", multiple=True, metavar="NAME", help="A strategy; repeatable (default: all)."
)
@click.option(
    "--dispatch",
    type=click.Choice(["eager", "windowed"]),
    help="eager: all forks exist at once (default); windowed: only those of items under way.",
)
@click.option(
    "--repeats", type=int, metavar="N", default=5, show_default=True, help="Cells of each strategy."
)
@click.option("--real", is_flag=True, help="Call actions for real in every cell, in place of replaying them.")
@options.memory_limit
@options.time_limit
@click.option(
    "--store", metavar="FILE", help="Keep every row there; the same command again only completes it."
)
@click.option(
    "--probe",
    "probes",
    multiple=True,
    metavar="NAME",
    help="Read more: instructions (of a fork and a rendering, under valgrind).",
)
@click.option(
    "--threshold",
    "rules",
    multiple=True,
    metavar="RULE",
    help="A rule, as shared.fork_bytes<128 or fork_us:10%.",
)
@click.option("--baseline", metavar="FILE", help="An earlier --store, for rules such as fork_us:10%.")
@click.option(
    "--verify", is_flag=True, help="Check each figure with an independent meter (takes 3 to 5 times as long)."
)
@options.report("The report, .html or .md (default: results/WORKLOAD.html).")
@options.as_json
def compare_command(
    workload: Workload,
    strategies: tuple[str, ...],
    rules: tuple[str, ...],
    baseline: str | None,
    report: str | None,
    force: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Measure WORKLOAD (a scenario, or a workflow FILE.yaml) under several context strategies.

    \b
      attune-sim compare health_check
      attune-sim compare baseline --items 1000 --strategy deepcopy --strategy shared
      attune-sim compare mine.yaml --actions mine.py --param region=eu
      attune-sim compare mine.yaml --script results.yaml --store cells.jsonl
      attune-sim compare baseline --threshold "shared.fork_bytes<128"
      attune-sim compare baseline --probe instructions --threshold "shared.fork_instructions<3000"

    Your own actions are called once, over all items; the cells replay what they gave (--real calls them in every cell).
    Each cell runs in a process of its own, with limits: a strategy that runs out of memory is a row of the table, not
    a frozen machine. Exit code 0 also where cells met such a limit; 1 if strategies give different answers, a threshold
    is broken, a cell crashed or was killed from outside, all items of a cell failed, or a figure is more than 15 % off
    under --verify; 2 for input that cannot be used.
    """
    from attune_sim.api.comparing import compare, load_comparison
    from attune_sim.files import require_place
    from attune_sim.thresholds import parse

    for rule in rules:
        parse(rule)  # a rule that cannot be read must not cost a measurement
    place = report or f"results/{_file_name(workload.name)}.html"
    require_place(place, force=force)
    before = load_comparison(baseline) if baseline else None
    comparison, is_whole = _measured(partial(compare, workload, strategies or None, **settings))
    troubles: list[InputError] = []
    path = attempted(partial(comparison.report, place, force=force), troubles)
    regressions = comparison.check(*rules, baseline=before)
    if as_json:
        print_json(_as_json(comparison, path, regressions))
    else:
        _print(comparison, path, regressions)
        if not is_whole and settings["store"]:
            click.echo(f"\nThe same command goes on with what {settings['store']} keeps.")
    for trouble in troubles:
        raise trouble
    click.get_current_context().exit(_code(comparison, regressions) if is_whole else INTERRUPTED)


def _measured(measure: Callable[[], Comparison]) -> tuple[Comparison, bool]:
    """The comparison, and whether nobody stopped it."""
    try:
        return measure(), True
    except Interrupted as halt:
        if halt.result is None:
            raise
        return cast("Comparison", halt.result), False


def _print(comparison: Comparison, path: str | None, regressions: Broken) -> None:
    findings = comparison.findings()
    print_findings(f"{findings.title}\n{findings.lead}", findings.tables[:1], findings.remarks)
    click.echo("\n".join(comparison.printed_lines()), nl=bool(comparison.printed))
    print_lines("The baseline is from other surroundings", regressions.unlike)
    print_lines(
        "Thresholds of which one cannot tell: they are not broken", list(map(str, regressions.undecided))
    )
    print_lines("Broken thresholds", list(map(str, regressions)))
    if comparison.verification is not None:
        _print_verification(comparison.verification)
    if path is not None:
        click.echo(f"\nreport: {path}")


def _print_verification(verification: Verification) -> None:
    from attune_sim.api.verification import HEADERS, TEXTS

    click.echo("")
    print_table(VERIFIED, HEADERS, verification.rows(), texts=TEXTS)
    print_text(f"\n{verification.verdict}")
    for reason in verification.reasons:
        print_text(f"not metered: {reason}")


def _as_json(comparison: Comparison, path: str | None, regressions: Broken) -> dict[str, Any]:
    verification = comparison.verification
    return {
        "warnings": list(comparison.warnings),
        "printed": comparison.printed,
        "summary": records(comparison.summary()),
        "cells": records(comparison.cells),
        "metrics": records(comparison.frame),
        "regressions": list(map(str, regressions)),
        "undecided": list(map(str, regressions.undecided)),
        "baseline_differs": list(regressions.unlike),
        "verification": None if verification is None else records(verification.frame),
        "surroundings": comparison.cells.attrs["surroundings"],
        "report": path,
    }


def _code(comparison: Comparison, regressions: Broken) -> int:
    is_off = comparison.verification is not None and bool(comparison.verification.off)
    broke_down = not comparison.outcomes.keys().isdisjoint(FAILURES)
    return 1 if regressions or is_off or broke_down or comparison.in_vain else 0


def _file_name(workload: str) -> str:
    return re.sub(r"[^\w.-]+", "_", workload).strip(".") or "comparison"
