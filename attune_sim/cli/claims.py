"""`attune-sim claims`"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import click

from attune_sim.cli import options
from attune_sim.cli.output import attempted, print_findings, print_json, records
from attune_sim.errors import InputError, Interrupted

if TYPE_CHECKING:
    from attune_sim.actions.payload import Shape
    from attune_sim.api.claims.claims import Claims, OriginalBenchmarks

FINDING, INTERRUPTED = 1, 130


@click.command("claims", short_help="Measure what is claimed of sharing a context.")
@click.option(
    "--claim", "only", multiple=True, metavar="NAME", help="One of the claims; repeatable (default: all)."
)
@click.option(
    "--payload",
    "payloads",
    multiple=True,
    type=click.Choice(["text", "records", "numbers"]),
    help="A shape of what the context holds; repeatable (default: all three).",
)
@click.option(
    "--original",
    is_flag=True,
    help="Measure the benchmark groups of the original instead, beside its published figures.",
)
@click.option(
    "--store", metavar="FILE", help="Keep every row there; the same command again only completes it."
)
@options.report("Write a report of it, .html or .md.")
@options.as_json
def claims_command(
    only: tuple[str, ...],
    payloads: tuple[str, ...],
    original: bool,
    store: str | None,
    report: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Measure what is claimed of sharing a context in place of cloning it, on this machine.

    \b
      attune-sim claims
      attune-sim claims --claim clone_memory --payload records
      attune-sim claims --store claims.jsonl --report claims.html
      attune-sim claims --original

    Each claim gets a verdict: confirmed within its tolerance, exceeded, refuted, or depends, where shapes of payload or
    readings of the claim do not agree (bytes copied in total, bytes alive at once). A deep copy stands for the clone. All
    claims take some eight minutes.

    Exit code 0 whatever the verdicts: a refuted claim is a result. 1 if something could not be measured, 2 for input
    that cannot be used.
    """
    result, is_whole = _measured(_measure(only, payloads, original, store))
    troubles: list[InputError] = []
    path = None if report is None else attempted(partial(result.report, report, force=force), troubles)
    if as_json:
        print_json({**_as_json(result), "report": path})
    else:
        findings = result.findings()
        print_findings(f"{findings.title}\n{findings.lead}", findings.tables[:1], findings.remarks)
        click.echo(f"\nreport: {path}" if path else "", nl=bool(path))
    for trouble in troubles:
        raise trouble
    click.get_current_context().exit((0 if result.is_answered else FINDING) if is_whole else INTERRUPTED)


def _measure(
    only: tuple[str, ...], payloads: tuple[str, ...], original: bool, store: str | None
) -> Callable[[], Claims | OriginalBenchmarks]:
    if original and (only or payloads):
        raise InputError("--original has groups of its own: leave out --claim and --payload")
    if original:
        from attune_sim.api.claims.original import original_benchmarks

        return partial(original_benchmarks, store=store)
    from attune_sim.api.claims.claiming import claims

    shapes = cast("tuple[Shape, ...]", payloads)  # what is none of them `claims` refuses
    return partial(claims, only or None, payloads=shapes or None, store=store)


def _measured(measure: Callable[[], Claims | OriginalBenchmarks]) -> tuple[Claims | OriginalBenchmarks, bool]:
    """The result, and whether nobody stopped it."""
    try:
        return measure(), True
    except Interrupted as halt:
        if halt.result is None:
            raise
        result: Any = halt.result
        return result, False


def _as_json(result: Claims | OriginalBenchmarks) -> dict[str, Any]:
    return {
        "warnings": list(result.warnings),
        **{name: records(frame) for name, frame in result.frames().items()},
        "cells": records(result.cells),
        "surroundings": result.cells.attrs["surroundings"],
    }
