"""`%%workflow NAME` and `%context_cost STATEMENT`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from attune_sim.api.costs.costing import SECONDS, statement_cost
from attune_sim.api.costs.statement import Statement, own_part
from attune_sim.api.magics.underlined import CellError, in_cell, underlined
from attune_sim.errors import InputError, WorkflowError
from attune_sim.loader import load

if TYPE_CHECKING:
    from attune_sim.api.costs.cost import ContextCost
    from attune_sim.workflow import Workflow

LENIENT: Final = "--lenient"


def register(shell: Any) -> None:
    """Make the magics known to a shell of IPython; names of `Magics` for those of others are left alone."""
    shell.register_magic_function(_with_shell(shell, context_cost), "line_cell", "context_cost")
    shell.register_magic_function(_with_shell(shell, workflow), "cell", "workflow")


def _with_shell(shell: Any, magic: Any) -> Any:
    def call(line: str, cell: str | None = None) -> Any:
        return magic(shell, line, cell)

    call.__doc__, call.__name__ = magic.__doc__, magic.__name__
    return call


def workflow(shell: Any, line: str, cell: str) -> Workflow:
    """Hold a workflow in a cell: `%%workflow NAME` binds NAME to the Workflow of the YAML below it.

    `--lenient` behind the name accepts what the original accepts, as `at.load(text, lenient=True)` does. Mistakes are shown
    under their lines; the name is then not bound, and a run of all cells stops there.
    """
    name, *options = line.split() or [""]
    if not name.isidentifier() or set(options) - {LENIENT}:
        raise InputError(
            f"%%workflow {line}: write %%workflow NAME, where NAME is the variable that the workflow is bound to, and "
            "if it may be as lax as the original, --lenient behind it"
        )
    text, file = f"%%workflow {line}\n{cell}\n", f"Cell In[{shell.execution_count}]"
    try:
        found = load(f"{cell}\n", lenient=bool(options))
    except WorkflowError as error:
        problems, warnings = in_cell(error.problems, file), in_cell(error.warnings, file)
        raise CellError(problems, warnings, text) from None
    for warning in underlined(text, in_cell(found.warnings, file)):
        print(warning)
    named = replace(found, source=f"{name}.yaml")  # one without a ref of its own is called like its file
    shell.user_ns[name] = named
    return named


def context_cost(shell: Any, line: str, cell: str | None = None) -> ContextCost:
    """Measure what a statement keeps alive and takes: `%context_cost [-n RUNS] [-s SECONDS] STATEMENT`, or a cell of them.

    It is run again and again, as often as so many seconds allow (1), and once if it takes longer; the result says how often. A
    statement with effects has them each time: measure it with `-n 1`. It is the body of a function, as in `%timeit`: names
    that it binds are its own, and what they hold is measured. Without the magic: `at.context_cost(function)`.
    """
    options, rest = _options(shell, line)
    text = rest if cell is None else "\n".join((rest, cell)).lstrip("\n")
    statement = Statement.of(shell.input_transformer_manager.transform_cell(text), shell.user_ns)
    try:
        return statement_cost(statement, n=options.get("n"), seconds=options.get("s", SECONDS))
    except InputError:
        raise
    except Exception as error:
        raise own_part(error) from None


def _options(shell: Any, line: str) -> tuple[dict[str, Any], str]:
    """`-n` and `-s` before a statement, and the statement. Raises InputError for a number that is none."""
    options: dict[str, Any] = {}
    rest = line.strip()
    while rest[:2] in ("-n", "-s") and len(rest) > 2:
        name, (value, _, rest) = rest[1], rest[2:].lstrip().partition(" ")
        rest = rest.lstrip()
        try:
            options[name] = int(value) if name == "n" else float(value)
        except ValueError:
            what = "how often a statement runs" if name == "n" else "for how many seconds"
            raise InputError(f"%context_cost -{name} {value}: give a number, {what}") from None
    return options, rest
