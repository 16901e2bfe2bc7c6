"""`attune-sim plan`"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

import click

from attune_sim.cli import options
from attune_sim.cli.output import attempted, print_findings, print_json, records
from attune_sim.errors import InputError, Interrupted

if TYPE_CHECKING:
    from attune_sim.api.simulation.plan import Plan

INTERRUPTED: Final = 130

_goals = options.together(
    click.option(
        "--goal",
        "goals",
        multiple=True,
        metavar="TEXT",
        help="What has to hold, as 'cycle_p99 < 60s', 'memory < 2GiB', 'cost < 3/day'; repeatable (default: 'late <= 0').",
    ),
    click.option(
        "--rate",
        "rates",
        multiple=True,
        metavar="NAME=PRICE",
        help="A price: worker_hour, slot_hour, gb_hour, gb_shipped; repeatable.",
    ),
)
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
_searched = options.together(
    click.option("--concurrency", metavar="RANGE", help="Items under way at once, as 5..500 (default: all)."),
    click.option("--workers", metavar="TEXT", help="So many workers at most, as 16x4(mtbf=1h)."),
    click.option("--slots", type=int, multiple=True, metavar="N", help="Slots of a worker; repeatable."),
    click.option(
        "--batch-size", "batch_sizes", type=int, multiple=True, metavar="N", help="Items of a batch; repeatable."
    ),
    options.strategies,
)  # fmt: skip
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
    click.option(
        "--dispatch",
        type=click.Choice(["eager", "windowed"]),
        default="windowed",
        show_default=True,
        help="eager: all forks exist at once; windowed: only those of items under way.",
    ),
)


@click.command("plan", short_help="The cheapest window, workers and strategy that meet goals.")
@click.argument("workload", metavar="WORKLOAD")
@click.option(
    "--items", "--servers", "items", type=int, metavar="N", help="Size of the main fan-out of a cycle."
)
@click.option(
    "--context-bytes", metavar="SIZE", help="JSON bytes of the context before the first task, as 10MB."
)
@_goals
@_when
@_searched
@_attempts
@options.actions
@options.script
@options.workflows
@options.parameters
@options.namespaces
@options.seed
@click.option(
    "--seeds",
    type=int,
    metavar="N",
    default=5,
    show_default=True,
    help="Seeds, from --seed on, that confirm the pick.",
)
@click.option("--store", metavar="FILE", help="Keep what memory costs there, so that it is weighed once.")
@click.option(
    "--max-events", type=int, metavar="N", default=50_000_000, show_default=True, help="Of a simulation."
)
@options.report("Write the page of the plan there, as .html or .md.")
@options.as_json
def plan_command(
    workload: str,
    goals: tuple[str, ...],
    rates: tuple[str, ...],
    pairs: dict[str, Any],
    parameters: dict[str, Any] | None,
    workflows: str | None,
    report: str | None,
    force: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Search the cheapest setting of WORKLOAD (a scenario, or a workflow FILE.yaml) that meets the goals, by simulating settings.

    \b
      attune-sim plan health_check --servers 1000 --every 5min --for 2h --goal 'late <= 0' --goal 'memory < 2GiB'
      attune-sim plan mine.yaml --script results.yaml --latency 2s --workers 32x4 --goal 'cycle_p99 < 60s'

    Exit code 1 if nothing meets the goals; 2 for input that cannot be used, 130 for Ctrl-C, after what there is.
    """
    from attune_sim.api.simulation.planning import GOALS, plan

    # What was not given is None, as in Python.
    chosen: dict[str, Any] = {name: value if value != () else None for name, value in settings.items()}
    given = {**(parameters or {}), **pairs} or None
    begin = partial(
        plan, workload, goals or GOALS, rates=_rates(rates), parameters=given, workflows=workflows or (), **chosen
    )  # fmt: skip
    try:
        found, whole = begin(), True
    except Interrupted as halt:
        if halt.result is None:
            raise
        found, whole = cast("Plan", halt.result), False
    troubles: list[InputError] = []
    path = attempted(partial(found.report, report, force=force), troubles) if report else None
    _show(found, path, as_json=as_json)
    for trouble in troubles:
        raise trouble
    click.get_current_context().exit((0 if found.ok else 1) if whole else INTERRUPTED)


def _rates(pairs: tuple[str, ...]) -> dict[str, float]:
    from attune_sim.amounts import number_of

    rates: dict[str, float] = {}
    for pair in pairs:
        name, equals, price = pair.partition("=")
        if not equals:
            raise InputError(f"--rate {pair!r} has no form NAME=PRICE; write for example worker_hour=0.04")
        rates[name.strip()] = number_of(price.strip(), f"--rate {name.strip()}")
    return rates


def _show(found: Plan, path: str | None, *, as_json: bool) -> None:
    if as_json:
        print_json(_as_json(found, path))
        return
    findings = found.findings()
    print_findings(findings.lead, findings.tables, findings.remarks)
    if path:
        click.echo(f"\nreport: {path}")


def _as_json(found: Plan, path: str | None) -> dict[str, Any]:
    trials = records(found.trials)
    return {
        "workload": found.name,
        "goals": [goal.text for goal in found.goals],
        "ok": found.ok,
        "whole": found.whole,
        "source": "estimated",
        "finding": found.finding,
        "bound": found.bound,
        "pick": next((row for row in trials if row["pick"]), None),
        "strategies": records(found.summary()),
        "binds": records(found.binds),
        "frontier": records(found.frontier),
        "trials": len(trials),
        "seeds": list(found.seeds),
        "assumed": list(found.question.assumed),
        "report": path,
    }
