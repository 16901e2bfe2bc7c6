"""`attune-sim check-isolation`"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from attune_sim.cli.options import (
    config_option,
    json_option,
    keystore_option,
    map_file,
    workload_argument,
    workload_from,
    workload_options,
)
from attune_sim.cli.output import print_json, print_table

if TYPE_CHECKING:
    from attune_sim.isolation import Isolation

SHOWN = 20


@click.command("check-isolation", short_help="Find actions that write into what they are handed.")
@workload_argument
@workload_options
@config_option
@keystore_option
@json_option
def check_isolation_command(
    workload: str,
    as_json: bool,
    config: str | None,
    keystore: str | None,
    **options: Any,
) -> None:
    """Run WORKLOAD once, for real, and tell whether an action writes into what it was handed.

    Only then does it matter whether a strategy isolates items: without a leak, `shared` gives the answers of
    `deepcopy` at a small part of its price.

    \b
      attune-sim check-isolation mine.yaml --actions mine.py

    Exit code 1 if there is a leak, if the run did not succeed, or if a value that was handed over cannot be looked into;
    2 if an action does not exist.
    """
    from attune_sim.api.isolating import check_isolation

    found = check_isolation(
        workload_from(workload, **options),
        config=map_file(config, "config") if config else None,
        keystore=map_file(keystore, "keystore") if keystore else None,
        seed=options["seed"],
    )
    if as_json:
        print_json({**asdict(found), "ok": found.ok})
    else:
        _print(found)
    click.get_current_context().exit(0 if found.ok else 1)


def _print(found: Isolation) -> None:
    click.echo(f"{found.seen[:1].upper()}{found.seen[1:]}.")
    if found.leaks:
        _print_leaks(found)
    if found.calls and not found.ok:
        click.echo(f"\nsafe:    {', '.join(found.safe) or 'none'}")
        click.echo(f"unsafe:  {', '.join(found.unsafe) or 'none'}")
    for doubt in found.doubts:
        click.echo(f"\n{doubt[:1].upper()}{doubt[1:]}.")


def _print_leaks(found: Isolation) -> None:
    rows = [
        (
            leak.task if leak.workflow is None else f"{leak.workflow}: {leak.task}",
            leak.action,
            "–" if leak.index is None else f"{leak.index}",
            str(leak.attempt + 1),
            leak.path,
            leak.change,
        )
        for leak in found.leaks[:SHOWN]
    ]
    click.echo()
    print_table(
        f"What was written into (the first {len(rows)} of {len(found.leaks) + found.more:,})",
        ("task", "action", "index", "attempt", "path", "change"),
        rows,
        texts=frozenset({0, 1, 4, 5}),
    )
