"""`attune-sim simulate`"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

import click

from attune_sim.cli import options
from attune_sim.cli.output import attempted, print_findings, print_json, records
from attune_sim.errors import InputError, Interrupted

if TYPE_CHECKING:
    from attune_sim.api.simulation.simulation import Simulation

INTERRUPTED: Final = 130

_when = options.together(
    click.option("--every", metavar="TIME", help="A cycle every so often, as 5min."),
    click.option("--cron", metavar="FIELDS", help="A cycle as cron says, in UTC, as '*/5 * * * *'."),
    click.option("--arrivals", metavar="TEXT", help="Cycles by chance, as poisson(12/h)."),
    click.option("--for", "duration", metavar="TIME", help="For how long cycles come, as 24h."),
    click.option(
        "--overlap",
        type=click.Choice(["allow", "skip", "queue"]),
        default="allow",
        show_default=True,
        help="Of a cycle that is due while another is under way.",
    ),
)
_attempts = options.together(
    click.option(
        "--latency",
        multiple=True,
        metavar="TEXT",
        help="How long attempts take, as 80ms or TASK=lognormal(80ms, 0.8); repeatable.",
    ),
    click.option(
        "--fault",
        "faults",
        multiple=True,
        metavar="TEXT",
        help="What goes wrong, as failing(2%), outages(2h, 5min, share=20%), rate_limit(50/s); repeatable.",
    ),
    click.option("--workers", metavar="TEXT", help="Who serves attempts, as 4x2(lifo, mtbf=1h)."),
    click.option(
        "--concurrency", type=int, metavar="N", help="Items under way at once (default: the workflow's)."
    ),
)
_seeds = options.together(
    options.seed,
    click.option(
        "--seeds", type=int, metavar="N", help="So many seeds, from --seed on: distributions with intervals."
    ),
    click.option("--processes", type=int, metavar="N", help="For the seeds (default: one a processor)."),
    click.option("--store", metavar="FILE", help="Keep every seed there; the same command again goes on."),
    click.option(
        "--max-events",
        type=int,
        metavar="N",
        default=50_000_000,
        show_default=True,
        help="The budget of a seed.",
    ),
)


@click.command(
    "simulate", short_help="A day, a month, a million items: in virtual time, with every strategy priced."
)
@click.argument("workload", metavar="WORKLOAD")
@click.option(
    "--items", "--servers", "items", type=int, metavar="N", help="Size of the main fan-out of a cycle."
)
@click.option(
    "--context-bytes", metavar="SIZE", help="JSON bytes of the context before the first task, as 10MB."
)
@_when
@_attempts
@click.option("--memory", metavar="SIZE", help="What the process may take, as 2GiB (default: no limit).")
@options.strategies
@click.option(
    "--dispatch",
    type=click.Choice(["eager", "windowed"]),
    default="windowed",
    show_default=True,
    help="eager: all forks exist at once; windowed: only those of items under way.",
)
@options.actions
@options.script
@options.workflows
@options.parameters
@options.namespaces
@_seeds
@options.report("Write the page of the simulation there, as .html or .md.")
@options.as_json
def simulate_command(
    workload: str,
    pairs: dict[str, Any],
    parameters: dict[str, Any] | None,
    workflows: str | None,
    strategies: tuple[str, ...],
    latency: tuple[str, ...],
    report: str | None,
    force: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Run WORKLOAD (a scenario, or a workflow FILE.yaml) in virtual time: the same engine, attempts that take what a model draws, and
    the memory of every strategy at every moment. Nothing waits; equal seeds give equal results.

    \b
      attune-sim simulate health_check --servers 1000 --every 5min --for 24h --concurrency 50 --memory 2GiB
      attune-sim simulate mine.yaml --script results.yaml --items 1000000 --latency 'lognormal(80ms, 0.8)'
      attune-sim simulate mine.yaml --every 5min --for 30d --workers 4x2 --seeds 100 --store seeds.jsonl

    Exit code 1 if no strategy lives in the memory, or the budget of events ends it; 2 for input that cannot be used, 130 for
    Ctrl-C, after what there is.
    """
    from attune_sim.api.simulation.simulating import simulate

    given = {**(parameters or {}), **pairs} or None
    begin = partial(
        simulate, workload, parameters=given, workflows=workflows or (), strategies=strategies or None,
        latency=latency or None, **settings,
    )  # fmt: skip
    try:
        simulation, whole = begin(), True
    except Interrupted as halt:
        if halt.result is None:
            raise
        simulation, whole = cast("Simulation", halt.result), False
    troubles: list[InputError] = []
    path = attempted(partial(simulation.report, report, force=force), troubles) if report else None
    _show(simulation, path, as_json=as_json)
    for trouble in troubles:
        raise trouble
    click.get_current_context().exit((0 if simulation.ok else 1) if whole else INTERRUPTED)


def _show(simulation: Simulation, path: str | None, *, as_json: bool) -> None:
    if as_json:
        print_json(_as_json(simulation, path))
        return
    findings = simulation.findings()
    print_findings(findings.lead, findings.tables, findings.remarks)
    if path:
        click.echo(f"\nreport: {path}")


def _as_json(simulation: Simulation, path: str | None) -> dict[str, Any]:
    """What a program may want: all but the rows of items and of time."""
    return {
        "workload": simulation.name,
        "asked": dict(simulation.asked.surroundings),
        "seeds": list(simulation.seeds),
        "whole": simulation.whole,
        "ok": simulation.ok,
        "source": "estimated",
        "strategies": records(simulation.summary()),
        "figures": records(simulation.distributions()),
        "cycles": records(simulation.cycles),
        "deaths": records(simulation.deaths),
        "workers": records(simulation.workers),
        "checks": records(simulation.checks),
        "warnings": list(simulation.warnings),
        "assumed": list(simulation.asked.assumed),
        "report": path,
    }
