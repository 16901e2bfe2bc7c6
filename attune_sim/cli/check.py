"""`attune-sim check`"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from attune_sim.cli import options
from attune_sim.cli.output import print_json, print_lines, print_table

FINDING: Final = 1


@click.command("check", short_help="Hold the thresholds of a FILE.toml, without pytest.")
@click.argument("file", metavar="FILE.toml")
@click.option(
    "--group", "groups", multiple=True, metavar="NAME", help="One of its groups; repeatable (default: all)."
)
@click.option(
    "--rule", "rules", multiple=True, metavar="RULE", help="In place of the rules of the file; repeatable."
)
@click.option("--in", "folder", metavar="DIR", help="Where its files lie (default: beside it).")
@click.option("--save", is_flag=True, help="Write what is measured to the baseline.")
@click.option("--compare", is_flag=True, help="Hold all counts against the baseline as well, to 1 %.")
@click.option(
    "--baseline", metavar="FILE", help="The baseline (default: that of the file, else attune-baseline.json)."
)
@click.option("--times", is_flag=True, help="Let times break a rule; otherwise they are told only.")
@click.option("--history", metavar="FILE.jsonl", help="Add a line of this commit there: counts and ratios.")
@click.option(
    "--export",
    "exports",
    multiple=True,
    metavar="FORM=FILE",
    help="pytest-benchmark or github-action-benchmark.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show every rule, also where all is well.")
@options.as_json
def check_command(
    file: str,
    groups: tuple[str, ...],
    rules: tuple[str, ...],
    folder: str | None,
    save: bool,
    compare: bool,
    baseline: str | None,
    times: bool,
    history: str | None,
    exports: tuple[str, ...],
    verbose: bool,
    as_json: bool,
) -> None:
    """Measure the groups of the table [tool.attune_sim.thresholds] of FILE.toml, and hold its rules against what is measured.

    \b
      attune-sim check pyproject.toml
      attune-sim check pyproject.toml --group sharing --rule "fork_bytes < 100"
      attune-sim check pyproject.toml --save
      attune-sim check pyproject.toml --compare
      attune-sim check pyproject.toml --history data/history.jsonl

    Nothing is printed where all is well. Exit code 1 if a rule is broken; 2 for input that cannot be used.
    """
    from attune_sim.api.alarms import telling
    from attune_sim.api.alarms.checking import Checking
    from attune_sim.api.alarms.exports import export, export_asked
    from attune_sim.api.history.lines import append_line, line_of

    for asked in exports:
        export_asked(asked)
    checking = Checking.of(
        Path(file),
        groups=groups,
        rules=rules,
        folder=None if folder is None else Path(folder),
        baseline=baseline,
        times=times,
        compare=compare,
        saving=save,
    )
    commit = checking.clean_commit(Path(history)) if history else None
    held = checking.held()
    told = [outcome.as_dict() for _, outcome in held]
    written = [checking.save(held)] if save else []
    if history and commit:
        line = line_of(commit, ((gate, outcome.records) for gate, outcome in held))
        written.append(append_line(history, line))
    written += [export(asked, told) for asked in exports]
    if as_json:
        print_json({**telling.document(told), "written": written})
    else:
        _print(told, written, verbose)
    click.get_current_context().exit(FINDING if any(outcome.broken for _, outcome in held) else 0)


def _print(told: Sequence[Mapping[str, Any]], written: Sequence[str], verbose: bool) -> None:
    from attune_sim.api.alarms import telling

    if verbose:
        texts = frozenset(range(len(telling.HEADERS)))
        print_table("Thresholds", telling.HEADERS, telling.table(told), texts=texts)
    print_lines("Broken", list(dict.fromkeys(line for one in told for line in one["broken"])))
    print_lines("Not broken", list(dict.fromkeys(line for one in told for line in one["advice"])))
    for path in written:
        click.echo(f"written: {path}")
