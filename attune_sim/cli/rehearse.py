"""`attune-sim rehearse`"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from attune_sim.cli.options import json_option, workflows_option
from attune_sim.cli.output import print_json, print_table
from attune_sim.differences import ABSENT, windows

if TYPE_CHECKING:
    from attune_sim.rehearsal import Rehearsal

WIDEST = 60


@click.command("rehearse", short_help="Check a workflow against scripted results.")
@click.argument("workflow", metavar="WORKFLOW")
@click.argument("script", metavar="SCRIPT")
@workflows_option
@json_option
def rehearse_command(workflow: str, script: str, workflows: str | None, as_json: bool) -> None:
    """Run WORKFLOW against the results in SCRIPT, in virtual time: nothing real is called, nobody waits.

    What came of it is compared with what the script expects.

    \b
      attune-sim run mine.yaml --actions mine.py --save-script mine.script.yaml
      attune-sim rehearse mine.yaml mine.script.yaml

    Exit code 1 if anything differs.
    """
    from attune_sim.api.workflows import sub_workflows
    from attune_sim.rehearsal import rehearse

    found = rehearse(Path(workflow), Path(script), workflows=sub_workflows(workflows or ()))
    if as_json:
        print_json(_as_json(found))
    else:
        _print(found)
    click.get_current_context().exit(0 if found.ok else 1)


def _print(found: Rehearsal) -> None:
    attempts = len(found.actual["starts"])
    click.echo(
        f"The rehearsal {found.run.status}, {attempts:,} {'attempt' if attempts == 1 else 'attempts'}."
    )
    if found.ok:
        click.echo("Everything is as expected." if found.expected else "The script expects nothing.")
        return
    rows = [
        (path, *windows(_text(expected), _text(actual), WIDEST)) for path, expected, actual in found.shown
    ]
    click.echo("")
    print_table("What differs", ("path", "expected", "actual"), rows, texts=frozenset({0, 1, 2}))


def _text(value: Any) -> str:
    return repr(value) if value is ABSENT else json.dumps(value, ensure_ascii=False, default=repr)


def _as_json(found: Rehearsal) -> dict[str, Any]:
    return {
        "ok": found.ok,
        "status": found.run.status,
        "differences": [
            {"path": path, "expected": _told(expected), "actual": _told(actual)}
            for path, expected, actual in found.shown
        ],
        "actual": found.secrets.shown(found.actual),
    }


def _told(value: Any) -> Any:
    return None if value is ABSENT else value
