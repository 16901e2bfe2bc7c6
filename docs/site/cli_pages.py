"""The reference of the command line: a page a command, of what click knows about it."""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Iterator

import click

from attune_sim.cli.app import GROUPS, program

FOLDER = "reference/cli"


def pages() -> dict[str, str]:
    """Address -> text of every page."""
    commands = [command for group in GROUPS.values() for command in group]
    return {f"{FOLDER}/index.md": _overview()} | {
        f"{FOLDER}/{each.name}.md": _page(each) for each in commands
    }


def _overview() -> str:
    lines = ["# Command line", "", *_prose(program.help or ""), ""]
    for heading, commands in GROUPS.items():
        lines += [f"## {heading}", "", "| command | what it does |", "|---|---|"]
        lines += [
            f"| [`{each.name}`]({each.name}.md) | {_cell(each.get_short_help_str(200))} |"
            for each in commands
        ]
        lines.append("")
    return "\n".join(lines)


def _page(command: click.Command) -> str:
    called = f"attune-sim {command.name}"
    context = click.Context(command, info_name=called)
    usage = " ".join([called, *command.collect_usage_pieces(context)])
    lines = [f"# {called}", "", "```text", usage, "```", "", *_prose(command.help or ""), ""]
    options = [
        record
        for each in command.get_params(context)
        if isinstance(each, click.Option) and (record := each.get_help_record(context))
    ]
    lines += ["## Options", "", "| option | meaning |", "|---|---|"]
    lines += [f"| {_names(names)} | {_cell(meaning)} |" for names, meaning in options]
    return "\n".join([*lines, "", *_prose(command.epilog or "")])


def _prose(text: str) -> Iterator[str]:
    """The paragraphs of a help text. One that click must not wrap, marked by a \\b of its own, is shown as it stands."""
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = paragraph.splitlines()
        if lines and lines[0].strip() == "\b":
            yield from ("```text", textwrap.dedent("\n".join(lines[1:])), "```", "")
        else:
            yield from (*(_spelled(line.strip()) for line in lines), "")


def _names(names: str) -> str:
    """`-o, --output FILE` as code that may wrap between its names."""
    return ", ".join(f"`{name}`".replace("|", "\\|") for name in re.split(r", (?=-)|(?<=\w) / (?=-)", names))


def _cell(text: str) -> str:
    return _spelled(" ".join(text.split())).replace("|", "\\|")


def _spelled(text: str) -> str:
    """Help texts are plain: what Markdown would take for markup is meant as it stands."""
    pieces = re.split(r"(`[^`]*`)", text)
    pieces[::2] = [re.sub(r"([*_\[\]])", r"\\\1", html.escape(piece, quote=False)) for piece in pieces[::2]]
    return "".join(pieces)
