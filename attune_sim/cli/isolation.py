"""`attune-sim check-isolation`"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, cast

import click

from attune_sim.cli import options
from attune_sim.cli.output import print_json, print_table
from attune_sim.errors import Interrupted

if TYPE_CHECKING:
    from attune_sim.isolation import Isolation
    from attune_sim.scenarios.workload import Workload

SHOWN = 20
INTERRUPTED: Final = 130


@click.command("check-isolation", short_help="Find actions that write into what they are handed.")
@options.workload
@options.namespaces
@options.as_json
def check_isolation_command(workload: Workload, as_json: bool, **settings: Any) -> None:
    """Run WORKLOAD once, for real, and tell whether an action writes into what it was handed.

    Only then does it matter whether a strategy isolates items: without a leak, `shared` gives the answers of
    `deepcopy` at a small part of its price.

    \b
      attune-sim check-isolation mine.yaml --actions mine.py

    Exit code 1 if there is a leak, if the run did not succeed, or if a value that was handed over cannot be looked into;
    2 if an action does not exist, 130 for Ctrl-C, after what there is.
    """
    from attune_sim.api.runs.isolating import check_isolation

    try:
        isolation, whole = check_isolation(workload, **settings), True
    except Interrupted as halt:
        isolation, whole = cast("Isolation", halt.result), False
    if as_json:
        print_json({**asdict(isolation), "ok": isolation.ok})
    else:
        _print(isolation)
    click.get_current_context().exit((0 if isolation.ok else 1) if whole else INTERRUPTED)


def _print(isolation: Isolation) -> None:
    click.echo(f"{isolation.seen[:1].upper()}{isolation.seen[1:]}.")
    if isolation.leaks:
        _print_leaks(isolation)
    if isolation.calls and not isolation.ok:
        click.echo(f"\nsafe:    {', '.join(isolation.safe) or 'none'}")
        click.echo(f"unsafe:  {', '.join(isolation.unsafe) or 'none'}")
    for doubt in isolation.doubts:
        click.echo(f"\n{doubt[:1].upper()}{doubt[1:]}.")


def _print_leaks(isolation: Isolation) -> None:
    rows = [
        (
            leak.task if leak.workflow is None else f"{leak.workflow}: {leak.task}",
            leak.action,
            "–" if leak.index is None else f"{leak.index}",
            str(leak.attempt + 1),
            leak.path,
            leak.change,
        )
        for leak in isolation.leaks[:SHOWN]
    ]
    click.echo()
    print_table(
        f"What was written into (the first {len(rows)} of {len(isolation.leaks) + isolation.more:,})",
        ("task", "action", "index", "attempt", "path", "change"),
        rows,
        texts=frozenset({0, 1, 4, 5}),
    )
