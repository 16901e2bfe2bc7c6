"""`attune-sim strategies` and `attune-sim scenarios`"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from attune_sim.cli import options
from attune_sim.cli.output import print_json, print_lines, print_table

if TYPE_CHECKING:
    from attune_sim.contexts.laws import Verdict
    from attune_sim.contexts.strategy import ContextStrategy


@click.command("strategies", short_help="List the strategies and their promises, or check one.")
@click.option(
    "--check", "checked", metavar="NAME", help="Run every law over this strategy; code 1 if one is broken."
)
@click.option("--price/--no-price", default=True, help="Measure what a fork costs here (some three seconds).")
@options.as_json
def strategies_command(checked: str | None, price: bool, as_json: bool) -> None:
    """List the context strategies: what each of them promises, and what a fork costs.

    The price is that of a fork over 100 KB of records, for templates that read the item and two scalar values. Those of
    installed packages are found by their entry point in the group attune_sim.strategies. With --check, hold one of them
    to its promises:

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
    priced = ("a fork", "its memory") if price else ()
    headers = ("strategy", *(name.replace("_", " ") for name in promises), *priced)
    print_table("What each strategy promises", headers, cells, texts=frozenset(range(len(promises) + 1)))
    print_lines("Every strategy has to keep", list(ALWAYS.values()))
    lost = [f"{row['strategy']}: {row['lost_types']}" for row in rows if row["lost_types"]]
    print_lines("Types that do not arrive as they were", lost)


def _check(strategy: type[ContextStrategy], *, as_json: bool) -> int:
    """Print what each law says of a strategy; the exit code."""
    from attune_sim.contexts.laws import check_laws

    verdicts = check_laws(strategy)
    broken = frozenset(place for place, verdict in enumerate(verdicts) if verdict.broken)
    if as_json:
        print_json([{**asdict(each), "held": each.held, "broken": each.broken} for each in verdicts])
    else:
        caption, headers = f"The laws over {strategy.name}", ("law", "promised", "verdict")
        print_table(caption, headers, list(map(_row, verdicts)), failed=broken, texts=frozenset({0, 1, 2}))
        promised = sum(verdict.promised for verdict in verdicts)
        kept = f"breaks {len(broken)} of the" if broken else "keeps all"
        click.echo(f"\n{strategy.name} {kept} {promised} laws that it must keep")
    return 1 if broken else 0


def _row(verdict: Verdict) -> tuple[str, str, str]:
    from attune_sim.contexts.strategy import ALWAYS

    promised = "yes" if verdict.promised else "no"
    if verdict.guarantee is None or verdict.guarantee in ALWAYS:
        promised = "by all"
    kept = f"holds ({verdict.note})" if verdict.note else "holds"
    state = kept if verdict.held else f"{'BROKEN' if verdict.broken else 'does not hold'}: {verdict.seen}"
    return verdict.law, promised, state


@click.command("scenarios", short_help="List the workloads that come with attune-sim.")
@options.as_json
def scenarios_command(as_json: bool) -> None:
    """List the scenarios: workloads that come with attune-sim, with real parts to talk to."""
    from attune_sim.scenarios.registry import scenarios

    described = scenarios.describe()
    if as_json:
        print_json(described)
    else:
        headers = ("scenario", "what it does")
        print_table("Scenarios", headers, list(described.items()), texts=frozenset({0, 1}))
