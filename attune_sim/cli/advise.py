"""`attune-sim advise`"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

import click

from attune_sim.cli import options
from attune_sim.cli.output import attempted, print_findings, print_json, print_text, records
from attune_sim.errors import InputError, Interrupted

if TYPE_CHECKING:
    from attune_sim.api.advice.advice import Advice

INTERRUPTED: Final = 130


@click.command("advise", short_help="Will it run out of memory, and what should be changed?")
@click.argument("workload", metavar="WORKLOAD")
@click.option(
    "--items", type=int, metavar="N", help="Size of the main fan-out (default: the workload's own)."
)
@click.option(
    "--memory", metavar="SIZE", help="What the process may take, as 2GiB (default: what is available)."
)
@click.option(
    "--isolation",
    type=click.Choice(["none", "items", "nested"]),
    help="What must be kept apart (default: what the actions were seen to need).",
)
@click.option(
    "--dispatch",
    type=click.Choice(["eager", "windowed"]),
    help="eager: all forks exist at once (default); windowed: only those of items under way.",
)
@options.actions
@options.script
@options.workflows
@options.parameters
@options.namespaces
@click.option("--budget", metavar="TIME", default="45s", show_default=True, help="For measuring.")
@click.option("--store", metavar="FILE", help="Keep every row that is measured there.")
@options.seed
@options.report("Write the advice there as a page, .html or .md.")
@options.as_json
def advise_command(
    workload: str,
    pairs: dict[str, Any],
    parameters: dict[str, Any] | None,
    workflows: str | None,
    report: str | None,
    force: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Say whether WORKLOAD (a scenario, or a workflow FILE.yaml) runs out of memory, and which strategy to take.

    \b
      attune-sim advise mine.yaml --actions mine.py --items 100000 --memory 2GiB
      attune-sim advise mine.yaml --script results.yaml --items 100000
      attune-sim advise health_check --items 5000 --memory 512MiB --report advice.html

    It is run in small sizes under every strategy; what it would take at the size you ask for is foretold, or measured
    where there is time. With --actions one real run is made. With neither actions nor a script, sizes are assumed.

    Exit code 1 if no safe strategy lives; 2 for input that cannot be used.
    """
    from attune_sim.api.advice.advising import advise

    given = {**(parameters or {}), **pairs} or None
    try:
        advice, whole = advise(workload, parameters=given, workflows=workflows or (), **settings), True
    except Interrupted as halt:
        if halt.result is None:
            raise
        advice, whole = cast("Advice", halt.result), False
    troubles: list[InputError] = []
    path = attempted(partial(advice.report, report, force=force), troubles) if report else None
    if as_json:
        print_json(_as_json(advice, path))
    else:
        _print(advice, path)
    for trouble in troubles:
        raise trouble
    click.get_current_context().exit((0 if advice.ok else 1) if whole else INTERRUPTED)


def _print(advice: Advice, path: str | None) -> None:
    findings = advice.findings()
    print_text(advice.answer, bold=True)
    print_findings(advice.why, findings.tables, findings.remarks)
    if path:
        click.echo(f"\nreport: {path}")


def _as_json(advice: Advice, path: str | None) -> dict[str, Any]:
    frames = {name: records(getattr(advice, name)) for name in ("frame", "context", "limits", "wire")}
    return {**advice.as_dict(), "strategies": frames.pop("frame"), **frames, "report": path}
