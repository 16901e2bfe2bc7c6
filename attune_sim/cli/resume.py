"""`attune-sim resume`"""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from attune_sim.cli import options
from attune_sim.cli.output import attempted
from attune_sim.cli.run import show, stopped_or
from attune_sim.errors import InputError


@click.command("resume", short_help="Take up a run whose process has died.")
@click.argument("journal", metavar="JOURNAL")
@options.actions
@options.workflows
@options.parameters
@options.namespaces
@options.executor
@options.cluster
@options.report()
@options.as_json
def resume_command(
    journal: str,
    workflows: str | None,
    pairs: dict[str, Any],
    parameters: dict[str, Any] | None,
    report: str | None,
    force: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Take up the run that JOURNAL records, and bring it to its end.

    \b
      attune-sim run mine.yaml --actions mine.py --journal run.jsonl
      attune-sim resume run.jsonl --actions mine.py

    What has ended does not run again; what had begun without an end does. A run that is over, also one that Ctrl-C
    cancelled, is only told again: to do what it left undone, begin a new run. Secrets are not in a journal: give those
    that the run needs again, with --keystore and --param. They cannot be compared with those of the first run, and
    may have been renewed since. Exit code 1 if the run does not succeed, 130 if it was cancelled.
    """
    from attune_sim.api.runs.resuming import resume
    from attune_sim.api.showing.following import following

    given = {**(parameters or {}), **pairs}
    with following() as followed:
        again = partial(resume, journal, workflows=workflows or (), parameters=given, observers=[followed])
        ended = stopped_or(partial(again, **settings))
    troubles: list[InputError] = []
    written = attempted(partial(ended.report, report, force=force), troubles) if report else None
    show(ended, followed, written, troubles, as_json=as_json)
