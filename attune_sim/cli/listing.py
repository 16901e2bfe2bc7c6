"""`attune-sim strategies` and `attune-sim scenarios`"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from attune_sim.cli.options import json_option
from attune_sim.cli.output import print_json, print_lines, print_table

if TYPE_CHECKING:
    from attune_sim.contexts.laws import Verdict
    from attune_sim.contexts.strategy import ContextStrategy


@click.command("strategies", short_help="List the strategies and their promises, or check one.")
@click.option(
    "--check", "checked", metavar="NAME", help="Run every law over this strategy; code 1 if one is broken."
)
@click.option("--price/--no-price", default=True, help="Measure what a fork costs here (some three seconds).")
@json_option
def strategies_command(checked: str | None, price: bool, as_json: bool) -> None:
    """List the context strategies: what each of them promises, and what a fork costs.

    The price is that of a fork over 100 KB of records, for templates that read the item and two scalar values. Those of installed packages are found by their entry point in the group attune_sim.strategies. With --check, hold
    one of them to its promises:

    \b
      attune-sim strategies --check shared
    """
    if checked:
        from attune_sim.contexts.registry import strategies

        click.get_current_context().exit(_check(strategies[checked], as_json=as_json))

    from attune_sim.api.strategies import strategy_rows

    rows = list(strategy_rows(price=price))
    if as_json:
        print_json({row.pop("strategy"): row for row in rows})
    else:
        _print_matrix(rows, price=price)


def _print_matrix(rows: Sequence[dict[str, Any]], *, price: bool) -> None:
    """What tells the strategies apart; what all of them keep is said once, below."""
    from attune_sim.contexts.strategy import ALWAYS
    from attune_sim.metrics import METRICS

    prices = ("fork_us", "fork_bytes") if price else ()
    promises = [name for name, value in rows[0].items() if isinstance(value, bool) and name not in ALWAYS]
    cells = [
        (
            row["strategy"],
            *("yes" if row[name] else "no" for name in promises),
            *(METRICS[name].format(row[name]) if name in row else "unknown" for name in prices),
        )
        for row in rows
    ]
    headers = (
        "strategy",
        *(name.replace("_", " ") for name in promises),
        *("a fork", "its memory")[: len(prices)],
    )
    print_table("What each strategy promises", headers, cells, texts=frozenset(range(len(promises) + 1)))
    print_lines("Every strategy has to keep", list(ALWAYS.values()))
    print_lines(
        "Types that do not arrive as they were",
        [f"{row['strategy']}: {row['lost_types']}" for row in rows if row["lost_types"]],
    )


def _check(strategy: type[ContextStrategy], *, as_json: bool) -> int:
    """Print what each law says of a strategy; the exit code."""
    from attune_sim.contexts.laws import check_laws

    verdicts = check_laws(strategy)
    broken = [verdict for verdict in verdicts if verdict.broken]
    if as_json:
        print_json([_as_dict(verdict) for verdict in verdicts])
    else:
        rows = [_row(verdict) for verdict in verdicts]
        marked = frozenset(place for place, verdict in enumerate(verdicts) if verdict.broken)
        headers = ("law", "promised", "verdict")
        print_table(
            f"The laws over {strategy.name}", headers, rows, failed=marked, texts=frozenset({0, 1, 2})
        )
        click.echo(f"\n{strategy.name} {_conclusion(verdicts, broken)}")
    return 1 if broken else 0


def _row(verdict: Verdict) -> tuple[str, str, str]:
    from attune_sim.contexts.strategy import ALWAYS

    promised = (
        "by all"
        if verdict.guarantee is None or verdict.guarantee in ALWAYS
        else "yes"
        if verdict.promised
        else "no"
    )
    kept = f"holds ({verdict.note})" if verdict.note else "holds"
    state = kept if verdict.held else f"{'BROKEN' if verdict.broken else 'does not hold'}: {verdict.seen}"
    return verdict.law, promised, state


def _conclusion(verdicts: Sequence[Verdict], broken: Sequence[Verdict]) -> str:
    promised = sum(verdict.promised for verdict in verdicts)
    if broken:
        return f"breaks {len(broken)} of the {promised} laws that it must keep"
    return f"keeps all {promised} laws that it must keep"


def _as_dict(verdict: Verdict) -> dict[str, Any]:
    return {**asdict(verdict), "held": verdict.held, "broken": verdict.broken}


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
