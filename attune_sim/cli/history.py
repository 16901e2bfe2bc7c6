"""`attune-sim history`"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from attune_sim.cli import options
from attune_sim.cli.output import print_json, print_lines, print_table
from attune_sim.errors import InputError

if TYPE_CHECKING:
    from attune_sim.analysis.steps import Series
    from attune_sim.api.history.searching import Search

CHANGED: Final = "Where they changed, the latest first"


@click.command("history", short_help="Show what contexts cost over commits, and find what changed it.")
@click.argument("source", metavar="FILE|DIR")
@click.option(
    "--series",
    "only",
    metavar="TEXT",
    help="Only series whose name or case has this text; each commit is a row.",
)
@click.option("--markdown", metavar="FILE.md", help="Write it as a page of documentation.")
@click.option(
    "--bisect", is_flag=True, help="Name the commit of the latest change, of --rule or of what --run tells."
)
@click.option("--good", metavar="REV", help="A commit before it (default: the last one of the history).")
@click.option("--bad", metavar="REV", help="A commit behind it (default: the first one of the history).")
@click.option(
    "--thresholds",
    "file",
    metavar="FILE.toml",
    default="pyproject.toml",
    show_default=True,
    help="The groups that are measured.",
)
@click.option("--group", metavar="NAME", help="One of its groups, for --rule.")
@click.option(
    "--rule", metavar="RULE", help="What became broken, in place of the middle of the latest change."
)
@click.option(
    "--run",
    metavar="COMMAND",
    help="Run this in each commit: 0 is good, 1 is bad, all else cannot be tested.",
)
@options.as_json
def history_command(
    source: str,
    only: str | None,
    markdown: str | None,
    bisect: bool,
    good: str | None,
    bad: str | None,
    file: str,
    group: str | None,
    rule: str | None,
    run: str | None,
    as_json: bool,
) -> None:
    """Show what was measured over commits: a history FILE.jsonl, a store, or a folder of baselines and stores.

    \b
      attune-sim history data/history.jsonl
      attune-sim history data/history.jsonl --series shared.fork_bytes
      attune-sim history data/history.jsonl --bisect
      attune-sim history . --bisect --good v1.0 --bad HEAD --group sharing --rule "fork_bytes < 128"

    A bisection measures in a worktree of its own, with the thresholds of today; your checkout stays as it is. Exit code 0 whatever
    changed; 1 if a bisection cannot be brought to an end, 2 for input that cannot be used.
    """
    from attune_sim.api.history.searching import Search

    if bisect:
        search = Search(Path(file), group=group, rule=rule, run=run, good=good, bad=bad)
        _bisect(search, source, only, as_json)
    else:
        _show(_chosen(source, only), markdown, as_json, each=only is not None)


def _chosen(source: str, only: str | None) -> list[Series]:
    from attune_sim.api.history.lines import history_of

    known = history_of(source)
    found = [one for one in known if only is None or only in one.name or only in one.case]
    if not found:
        names = ", ".join(dict.fromkeys(one.name for one in known))
        raise InputError(f"--series {only!r}: there is no such series; choose from: {names}")
    return found


def _show(history: Sequence[Series], path: str | None, as_json: bool, *, each: bool) -> None:
    from attune_sim.api.history import shown
    from attune_sim.api.history.lines import what_there_is
    from attune_sim.api.history.page import markdown as page
    from attune_sim.files import write

    changes = [shown.told(one, step) for one, step in shown.changes(history)]
    if path is not None:
        write(path, page(history, "What contexts cost, commit by commit"))
    if as_json:
        return print_json(shown.as_json(history))
    if each:
        for one in history:
            heading = f"{one.name}: {one.case}"
            print_table(
                heading, ("date", "commit", "median", ""), shown.points(one), texts=frozenset({0, 1, 3})
            )
    else:
        heading = f"{what_there_is(history)}, counts and ratios"
        print_table(heading, shown.HEADERS, shown.table(history), texts=frozenset({0, 1, 5}))
    print_lines(CHANGED, changes)
    return None


def _bisect(search: Search, source: str, only: str | None, as_json: bool) -> None:
    told = partial(click.echo, err=True)
    found = search.found(lambda: _chosen(source, only), told)
    if as_json:
        looked = [{"commit": commit, "word": word} for commit, word in found.looked]
        print_json(
            {
                "commit": found.commit.digits,
                "date": found.commit.date,
                "subject": found.subject,
                "looked": looked,
            }
        )
    else:
        click.echo(f"changed by {found}")
