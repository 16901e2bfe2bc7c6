"""`attune-sim rehearse`"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from attune_sim.cli import options
from attune_sim.cli.output import print_json, print_table
from attune_sim.differences import ABSENT, windows
from attune_sim.errors import counted

if TYPE_CHECKING:
    from attune_sim.rehearsal import Rehearsal

WIDEST = 60


@click.command("rehearse", short_help="Check a workflow against scripted results.")
@click.argument("workflow", metavar="WORKFLOW")
@click.argument("script", metavar="SCRIPT")
@options.workflows
@options.as_json
def rehearse_command(workflow: str, script: str, workflows: str | None, as_json: bool) -> None:
    """Run WORKFLOW against the results in SCRIPT, in virtual time: nothing real is called, nobody waits.

    What came of it is compared with what the script expects.

    \b
      attune-sim run mine.yaml --actions mine.py --save-script mine.script.yaml
      attune-sim rehearse mine.yaml mine.script.yaml

    Exit code 1 if anything differs.
    """
    from attune_sim.api.runs.workflows import sub_workflows
    from attune_sim.rehearsal import rehearse

    rehearsal = rehearse(Path(workflow), Path(script), workflows=sub_workflows(workflows or ()))
    if as_json:
        print_json(_as_json(rehearsal))
    else:
        _print(rehearsal)
    click.get_current_context().exit(0 if rehearsal.ok else 1)


def _print(rehearsal: Rehearsal) -> None:
    attempts = counted(len(rehearsal.actual["starts"]), "attempt")
    click.echo(f"The rehearsal {rehearsal.run.status}, {attempts}.")
    if rehearsal.ok:
        click.echo("Everything is as expected." if rehearsal.expected else "The script expects nothing.")
        return
    shown = rehearsal.shown
    rows = [(path, *windows(_text(expected), _text(actual), WIDEST)) for path, expected, actual in shown]
    click.echo("")
    print_table("What differs", ("path", "expected", "actual"), rows, texts=frozenset({0, 1, 2}))


def _text(value: Any) -> str:
    return repr(value) if value is ABSENT else json.dumps(value, ensure_ascii=False, default=repr)


def _as_json(rehearsal: Rehearsal) -> dict[str, Any]:
    names = ("path", "expected", "actual")
    return {
        "ok": rehearsal.ok,
        "status": rehearsal.run.status,
        "differences": [dict(zip(names, map(_present, each), strict=True)) for each in rehearsal.shown],
        "actual": rehearsal.secrets.shown(rehearsal.actual),
    }


def _present(value: Any) -> Any:
    return None if value is ABSENT else value
