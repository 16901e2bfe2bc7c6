"""`attune-sim report`"""

from __future__ import annotations

import click

from attune_sim.cli import options


@click.command("report", short_help="Write a report from rows on disk.")
@click.argument("stores", nargs=-1, required=True, metavar="FILE.jsonl...")
@click.option(
    "-o",
    "--out",
    "out",
    required=True,
    metavar="PATH",
    help="FILE.html, .md or .json; of several results an index .html or a folder: a page each.",
)
@click.option(
    "--template", metavar="DIR", help="A folder with Jinja2 templates that replace ours, or extend them."
)
@options.force
def report_command(stores: tuple[str, ...], out: str, template: str | None, force: bool) -> None:
    """Write a report of what stores of cells hold (--store FILE.jsonl of compare, sweep, claims). Nothing is measured again.

    \b
      attune-sim report cells.jsonl -o out.html
      attune-sim report cells.jsonl -o comment.md
      attune-sim report monday.jsonl claims.jsonl -o site/
      attune-sim report cells.jsonl -o out.html --template our-templates

    A store of several workloads has a page for each. HTML opens offline and needs no script; Markdown fits a comment on a pull
    request. Exit code 2 for a file that is no store of cells, or cannot be written.
    """
    from attune_sim.api.reports.reporting import report

    click.echo(f"report: {report(stores, out, template=template, force=force)}")
