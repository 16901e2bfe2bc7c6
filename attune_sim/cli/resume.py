"""`attune-sim resume`"""

from __future__ import annotations

import click

from attune_sim.cli.options import (
    config_option,
    executor_option,
    json_option,
    keystore_option,
    map_file,
    parameter_option,
    parameter_pairs,
    parameters_file,
    report_option,
    workflows_option,
)
from attune_sim.cli.run import show


@click.command("resume", short_help="Take up a run whose process has died.")
@click.argument("journal", metavar="JOURNAL")
@click.option("--actions", metavar="FILE.py", help="The file whose functions are your workflow's actions.")
@workflows_option
@parameter_option
@click.option("--params", metavar="FILE", help="Parameters (YAML or JSON); --param wins.")
@config_option
@keystore_option
@executor_option
@report_option()
@json_option
def resume_command(
    journal: str,
    actions: str | None,
    workflows: str | None,
    pairs: tuple[str, ...],
    params: str | None,
    config: str | None,
    keystore: str | None,
    executor: str | None,
    report: str | None,
    as_json: bool,
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
    from attune_sim.api.resuming import resume

    found = resume(
        journal,
        actions=actions,
        workflows=workflows or (),
        config=map_file(config, "config") if config else None,
        keystore=map_file(keystore, "keystore"),
        parameters={**(parameters_file(params) if params else {}), **parameter_pairs(pairs)},
        executor=executor or "inline",
    )
    show(found, report, as_json=as_json)
