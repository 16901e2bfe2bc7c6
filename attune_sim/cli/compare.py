"""`attune-sim compare`"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

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
    from attune_sim.api.comparisons.comparison import Comparison
    from attune_sim.api.comparisons.verification import Verification
    from attune_sim.api.noise.noise import Noise
    from attune_sim.scenarios.workload import Workload
    from attune_sim.thresholds import Broken

C = TypeVar("C")

FAILURES: Final = ("crashed", "killed")
"""Outcomes that are no finding about a strategy: a program broke down, or somebody else ended it."""

INTERRUPTED: Final = 130

VERIFIED: Final = "Verification: what was told beside an independent meter, medians over the repeats"


@click.command("compare", short_help="Measure a workload under several strategies.")
@options.workload
@options.namespaces
@options.executor
@options.cluster
@options.strategies
@click.option(
    "--dispatch",
    type=click.Choice(["eager", "windowed"]),
    help="eager: all forks exist at once (default); windowed: only those of items under way.",
)
@click.option(
    "--repeats",
    metavar="N|auto",
    default="5",
    show_default=True,
    callback=lambda context, option, text: _repeats(text),
    help="Cells of each strategy; auto: as many as make every verdict safe.",
)
@click.option("--budget", metavar="TIME", help="Of --repeats auto, as 2min (default: 5min).")
@click.option(
    "--noise",
    is_flag=True,
    help="Measure also how far the same strategy differs from itself here (about a minute; kept).",
)
@options.real
@options.memory_limit
@options.time_limit
@options.store
@options.probes
@click.option(
    "--threshold",
    "rules",
    multiple=True,
    metavar="RULE",
    help="A rule, as shared.fork_bytes<128 or fork_us:10%.",
)
@click.option(
    "--baseline",
    metavar="FILE",
    help="An earlier --store, or what --attune-save wrote, for rules such as fork_us:10%.",
)
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
    noise: bool,
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
      attune-sim compare baseline --strategy shared --strategy hamt --repeats auto --noise
      attune-sim compare baseline --threshold "shared.fork_bytes<128"
      attune-sim compare baseline --probe instructions --threshold "shared.fork_instructions<3000"

    Your own actions are called once, over all items; the cells replay what they gave (--real calls them in every cell).
    Each cell runs in a process of its own, with limits: a strategy that runs out of memory is a row of the table, not
    a frozen machine. Exit code 0 also where cells met such a limit; 1 if strategies give different answers, a threshold
    is broken, a cell crashed or was killed from outside, all items of a cell failed, or under --verify a figure is more
    than 15 % off, and in no repeat less than 5; 2 for input that cannot be used.
    """
    from attune_sim.api.alarms.baseline import load_baseline
    from attune_sim.api.comparisons.comparing import compare
    from attune_sim.api.comparisons.comparison import Comparison
    from attune_sim.files import require_place
    from attune_sim.thresholds import parse

    for rule in rules:
        parse(rule)  # a rule that cannot be read must not cost a measurement
    place = report or f"results/{file_name(workload.name)}.html"
    require_place(place, force=force)
    before = Comparison(load_baseline(baseline).records) if baseline else None
    comparison, is_whole = measured(partial(compare, workload, strategies or None, **settings))
    found = _noise(workload, strategies, settings) if noise and is_whole else None
    troubles: list[InputError] = []
    path = attempted(partial(comparison.report, place, force=force), troubles)
    regressions = comparison.check(*rules, baseline=before)
    if as_json:
        print_json(_as_json(comparison, path, regressions))
    else:
        click.echo(f"{found}\n" if found else "", nl=found is not None)
        _print(comparison, path, regressions)
        if not is_whole and settings["store"]:
            click.echo(f"\nThe same command goes on with what {settings['store']} keeps.")
    for trouble in troubles:
        raise trouble
    click.get_current_context().exit(_code(comparison, regressions) if is_whole else INTERRUPTED)


def _repeats(text: str) -> int | str:
    """A number, or `auto`."""
    try:
        return text if text == "auto" else int(text)
    except ValueError:
        raise InputError(f"--repeats {text}: give a number from 1 on, or auto") from None


def _noise(workload: Workload, strategies: tuple[str, ...], settings: Mapping[str, Any]) -> Noise:
    from attune_sim.api.noise.noising import noise
    from attune_sim.api.runs.given import given_workload

    own = given_workload(workload, config=settings["config"], keystore=settings["keystore"])
    return noise(own, *strategies[:1], dispatch=settings["dispatch"])


def measured(measure: Callable[[], C]) -> tuple[C, bool]:
    """The comparison, and whether nobody stopped it."""
    try:
        return measure(), True
    except Interrupted as halt:
        if halt.result is None:
            raise
        return cast("C", halt.result), False


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
    from attune_sim.api.comparisons.verification import HEADERS, TEXTS

    click.echo("")
    print_table(VERIFIED, HEADERS, verification.rows(), texts=TEXTS)
    print_text(f"\n{verification.verdict}")
    for sentence in (*verification.remarks, *verification.doubts):
        print_text(sentence)


def _as_json(comparison: Comparison, path: str | None, regressions: Broken) -> dict[str, Any]:
    verification = comparison.verification
    return {
        "warnings": list(comparison.warnings),
        "printed": comparison.printed,
        "summary": records(comparison.summary()),
        "verdicts": records(comparison.verdicts()),
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
    return 1 if regressions or is_off or broke_down(comparison) else 0


def broke_down(comparison: Comparison) -> bool:
    """Whether cells ended by what is no finding about a strategy, or did nothing that succeeded."""
    return not comparison.outcomes.keys().isdisjoint(FAILURES) or bool(comparison.in_vain)


def file_name(workload: str) -> str:
    """The name of a workload as that of a file."""
    return re.sub(r"[^\w.-]+", "_", workload).strip(".") or "comparison"
