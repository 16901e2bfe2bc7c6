"""The program `attune-sim`: its commands, and what an error looks like.

Exit codes: 0 good; 1 a finding (a run that failed, unequal answers, a regression); 2 bad input or usage, or an output
that cannot be written; 130 interrupted; 141 the reader of the output went away.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, TextIO

import click

from attune_sim import __version__
from attune_sim.cli.advise import advise_command
from attune_sim.cli.check import check_command
from attune_sim.cli.claims import claims_command
from attune_sim.cli.compare import compare_command
from attune_sim.cli.history import history_command
from attune_sim.cli.isolation import check_isolation_command
from attune_sim.cli.listing import scenarios_command, strategies_command
from attune_sim.cli.notebooks import notebooks_command
from attune_sim.cli.plan import plan_command
from attune_sim.cli.rehearse import rehearse_command
from attune_sim.cli.report import report_command
from attune_sim.cli.resume import resume_command
from attune_sim.cli.run import run_command
from attune_sim.cli.simulate import simulate_command
from attune_sim.cli.slim import slim_command
from attune_sim.cli.sweep import sweep_command
from attune_sim.cli.validate import validate_command
from attune_sim.errors import AttuneError, InputError

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})

FINDING, BAD_INPUT, BROKEN, INTERRUPTED, NO_READER = 1, 2, 70, 130, 141


class Grouped(click.Group):
    """Shows its commands in the groups of what they are for."""

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        room = formatter.width - 6 - max(map(len, self.commands))
        for heading, commands in GROUPS.items():
            with formatter.section(heading):
                formatter.write_dl(
                    [(command.name or "", command.get_short_help_str(room)) for command in commands]
                )


GROUPS: Final[dict[str, tuple[click.Command, ...]]] = {
    "Workflows": (run_command, resume_command, rehearse_command, validate_command),
    "Measure": (
        compare_command,
        sweep_command,
        check_isolation_command,
        strategies_command,
        scenarios_command,
    ),
    "Decide": (advise_command, slim_command, simulate_command, plan_command, claims_command),
    "Keep": (check_command, history_command, report_command),
    "Learn": (notebooks_command,),
}
"""What commands are for -> the commands."""


@click.group(
    cls=Grouped,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Begin with:  attune-sim compare health_check  |  attune-sim run FILE.yaml --actions FILE.py",
)
@click.version_option(__version__, prog_name="attune-sim")
def program() -> None:
    """A laboratory for one decision: how a workflow engine hands its context to the items of a fan-out.

    Copying the context for each of N items costs memory and time N times; sharing it costs them once, and gives away
    isolation. attune-sim runs your workflow, or one of its scenarios, under every strategy and says what each costs.
    """


for group in GROUPS.values():
    for command in group:
        program.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and exit; every error is one clear message, never a traceback."""
    # Python has no stream at all where the caller has closed standard output.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.exit(exit_code(arguments))


def exit_code(arguments: Sequence[str] | None = None) -> int:
    """Run the program and give back its exit code."""
    try:
        code = program.main(arguments, prog_name="attune-sim", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        return _shown(error.show, BAD_INPUT)
    except (BrokenPipeError, SystemExit):
        # click turns a broken pipe into SystemExit(1), which would read as a finding.
        _drop(sys.stdout)
        return NO_READER
    except MemoryError:
        return _said("there is not enough memory for what was asked; ask for less", FINDING)
    except (KeyboardInterrupt, click.Abort):
        return _said("interrupted", INTERRUPTED)
    except InputError as error:
        return _said(str(error), BAD_INPUT)
    except AttuneError as error:
        return _said(str(error), FINDING)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            return _no_room(error)
        if os.environ.get("ATTUNE_SIM_DEBUG"):
            raise
        return _said(
            f"this is a fault of attune-sim: {type(error).__name__}: {error} "
            "(set ATTUNE_SIM_DEBUG=1 to see where, and report it)",
            BROKEN,
        )


def _said(message: str, code: int) -> int:
    lines = "\n".join(f"attune-sim: {line}" for line in message.splitlines() or [""])
    return _shown(lambda: click.echo(lines, err=True), code)


def _shown(show: Callable[[], None], code: int) -> int:
    try:
        show()
    except OSError:  # nobody can be told, and the exit code still says it
        _drop(sys.stderr)
    return code


def _no_room(error: OSError) -> int:
    """Standard output, or a file that no command has a word of its own for, lies on a full disk."""
    with suppress(OSError):
        sys.stdout.flush()
    _drop(sys.stdout)
    return _said(f"cannot write {error.filename or 'output'}: {error.strerror}", BAD_INPUT)


def _drop(stream: TextIO) -> None:
    # What is still buffered would be written at exit, and fail again with a traceback.
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
