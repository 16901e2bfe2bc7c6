"""`attune-sim sweep`"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import click

from attune_sim.cli import options
from attune_sim.cli.compare import INTERRUPTED, broke_down, file_name, measured
from attune_sim.cli.output import attempted, print_findings, print_json, records
from attune_sim.errors import InputError

if TYPE_CHECKING:
    from attune_sim.api.comparisons.sweep import Sweep
    from attune_sim.scenarios.workload import Workload

_RANGE: Final = re.compile(r"(.+?)\.\.(.+?)x(\d+(?:\.\d+)?)")


def sizes(name: str, text: str, read: Callable[[str], int]) -> Iterator[int]:
    """Sizes that are written `100,1000,10000`, or as a range with its factor, `100..10000x10`.

    >>> list(sizes("--items", "8,100..10000x10", int))
    [8, 100, 1000, 10000]
    >>> list(sizes("--items", "100..10000", int))
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: --items '100..10000' is no list of sizes; write for example 100,1000 or 100..10000x10
    """
    for part in text.split(","):
        try:
            found = _RANGE.fullmatch(part.strip())
            first, last, factor = (
                (part, part, 2.0) if found is None else (found[1], found[2], float(found[3]))
            )
            size, most = read(first), read(last)
        except ValueError:
            factor = 0.0
        if factor <= 1:
            raise InputError(
                f"{name} {text!r} is no list of sizes; write for example 100,1000 or 100..10000x10"
            )
        while size <= most:
            yield size
            size = max(size + 1, round(size * factor))


def _counts(context: click.Context, option: click.Parameter, text: str | None) -> list[int] | None:
    return None if text is None else list(sizes(option.opts[0], text, int))


def _amounts(context: click.Context, option: click.Parameter, text: str | None) -> list[int] | None:
    from attune_sim.amounts import byte_count

    name = option.opts[0]
    return None if text is None else list(sizes(name, text, lambda part: byte_count(part, name)))


def _names(context: click.Context, option: click.Parameter, text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",")]


def resources_of(pairs: tuple[str, ...]) -> dict[str, float]:
    """Amounts by name, as `--resource machine=1` gives them.

    >>> resources_of(("machine=1",)), resources_of(("machine",))
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: --resource 'machine': write NAME=N, as machine=1
    """
    found = {}
    for pair in pairs:
        name, _, amount = pair.partition("=")
        try:
            found[name] = float(amount)
        except ValueError:
            raise InputError(f"--resource {pair!r}: write NAME=N, as machine=1") from None
    return found


@click.command("sweep", short_help="Measure at several sizes: how each cost grows.")
@options.given
@options.namespaces
@options.executor
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="A Dask scheduler, as tcp://host:8786: its workers run the cells, or make their attempts with --executor dask.",
)
@click.option(
    "--resource",
    "resources",
    metavar="NAME=N",
    multiple=True,
    callback=lambda context, option, pairs: resources_of(pairs),
    help="Of Dask's, that a worker has once a machine: its cells read times too. Repeatable.",
)
@options.strategies
@click.option(
    "--items", metavar="LIST", callback=_counts, help="Sizes of the fan-out: 100,1000 or 100..10000x10."
)
@click.option(
    "--context-bytes",
    metavar="LIST",
    callback=_amounts,
    help="Of the whole context: 100KB,1MB or 10KB..1MBx10.",
)
@click.option("--payload", "payloads", metavar="LIST", callback=_names, help="Of text,records,numbers.")
@click.option("--dispatch", metavar="LIST", callback=_names, help="Of eager,windowed (default: eager).")
@click.option("--concurrency", metavar="LIST", callback=_counts, help="Items under way at once, as 1,10,100.")
@click.option("--repeats", type=int, metavar="N", help="Cells of each size (default: 3; 1 with a budget).")
@click.option("--budget", metavar="TIME", help="Choose the sizes that tell most within this time, as 2min.")
@click.option(
    "--workers",
    type=int,
    metavar="N",
    default=1,
    show_default=True,
    help="More than one: memory only, N cells at once.",
)
@options.real
@options.memory_limit
@options.time_limit
@options.store
@options.probes
@options.report("The report, .html or .md (default: results/WORKLOAD-sweep.html).")
@options.as_json
def sweep_command(
    workload: Workload,
    strategies: tuple[str, ...],
    report: str | None,
    force: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Measure WORKLOAD (a scenario, or a workflow FILE.yaml) at several sizes, and say how each cost grows.

    \b
      attune-sim sweep baseline --items 10..1000x10 --context-bytes 50KB,200KB --strategy deepcopy --strategy shared
      attune-sim sweep baseline --budget 2min
      attune-sim sweep mine.yaml --script results.yaml --items 100,1000,10000 --store cells.jsonl
      attune-sim sweep baseline --items 100..10000x10 --workers 2

    All combinations of the lists are measured, small sizes first. A cell that smaller ones foretell not to fit its limits is left
    out, and what they foretell stands in its place, marked as estimated. With --budget the sizes are chosen: the largest of
    --items and --context-bytes (or ten times the workload's own sizes) is what is to be foretold.
    Exit code 1 if strategies give different answers, a cell crashed or was killed from outside, or all items of a cell
    failed; 2 for input that cannot be used.
    """
    from attune_sim.api.sweeps.sweeping import sweep
    from attune_sim.files import require_place

    place = report or f"results/{file_name(workload.name)}-sweep.html"
    require_place(place, force=force)
    swept, is_whole = measured(partial(sweep, workload, strategies or None, **settings))
    troubles: list[InputError] = []
    path = attempted(partial(swept.report, place, force=force), troubles)
    if as_json:
        print_json(_as_json(swept, path))
    else:
        _print(swept, path)
        if not is_whole and settings["store"]:
            click.echo(f"\nThe same command goes on with what {settings['store']} keeps.")
    for trouble in troubles:
        raise trouble
    click.get_current_context().exit((1 if broke_down(swept) else 0) if is_whole else INTERRUPTED)


def _print(swept: Sweep, path: str | None) -> None:
    from attune_sim.api.comparisons.sweep import PRINTED

    findings = swept.findings()
    print_findings(f"{findings.title}\n{findings.lead}", findings.named(*PRINTED), findings.remarks)
    click.echo("\n".join(swept.printed_lines()), nl=bool(swept.printed))
    if path is not None:
        click.echo(f"\nreport: {path}")


def _as_json(swept: Sweep, path: str | None) -> dict[str, Any]:
    return {
        "warnings": list(swept.warnings),
        "design": list(swept.design),
        "printed": swept.printed,
        "laws": records(swept.laws()),
        "crossovers": records(swept.crossovers()),
        "summary": records(swept.summary()),
        "cells": records(swept.cells),
        "metrics": records(swept.frame),
        "surroundings": swept.cells.attrs["surroundings"],
        "report": path,
    }
