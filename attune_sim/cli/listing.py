"""`attune-sim strategies` and `attune-sim scenarios`"""

from __future__ import annotations

import click

from attune_sim.cli.options import json_option
from attune_sim.cli.output import print_json, print_table


@click.command("strategies", short_help="List the strategies and their promises.")
@json_option
def strategies_command(as_json: bool) -> None:
    """List the context strategies and what each of them promises.

    Those of installed packages are found by their entry point in the group attune_sim.strategies.
    """
    from attune_sim.contexts.registry import strategies

    promises = {name: strategies[name].guarantees.as_dict() for name in strategies}
    if as_json:
        print_json(promises)
        return
    headers = ("strategy", *(name.replace("_", " ") for name in next(iter(promises.values()))))
    rows = [(name, *("yes" if one else "no" for one in given.values())) for name, given in promises.items()]
    print_table("What each strategy promises", headers, rows, texts=frozenset(range(len(headers))))


@click.command("scenarios", short_help="List the workloads that come with attune-sim.")
@json_option
def scenarios_command(as_json: bool) -> None:
    """List the scenarios: workloads that come with attune-sim, with real parts to talk to."""
    from attune_sim.scenarios.registry import scenarios

    described = scenarios.describe()
    if as_json:
        print_json(described)
        return
    print_table("Scenarios", ("scenario", "what it does"), list(described.items()), texts=frozenset({0, 1}))
