"""A statement of Python as a function that can be called again and again, and that gives what the statement made."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType
from typing import Any, Final

from attune_sim.errors import InputError

FILE: Final = "<statement>"
"""What tracebacks call the text of a statement."""


@dataclass(frozen=True, slots=True)
class Statement:
    """`run` gives what is alive when the statement is over: its value, and all that it bound to names. `nothing` gives as
    much room for results, and does nothing: what it takes and keeps is no cost of the statement.
    """

    title: str
    run: Callable[[], object]
    nothing: Callable[[], object]

    @classmethod
    def of(cls, text: str, namespace: dict[str, Any]) -> Statement:
        """The statement of this text, as the body of a function whose globals are `namespace`; names that it binds are its own.

        Raises InputError where there is none, SyntaxError for what is no Python.

        >>> Statement.of("twice = [n, n]", {"n": 3}).run()
        ([3, 3],)
        >>> Statement.of("n + 1", {"n": 3}).run()
        4
        """
        body = ast.parse(text, FILE).body
        if not body:
            raise InputError("there is no statement to measure; write one behind %context_cost")
        linecache.cache[FILE] = (len(text), None, text.splitlines(keepends=True), FILE)
        lines = text.strip().splitlines()
        names = _locals_of(_function(body, namespace, gives_names=False).__code__)
        run = _function(body, namespace, gives_names=bool(names))
        empty = ast.parse(" = ".join([*names, "None"])).body if names else []
        nothing = _function(empty, {}, gives_names=bool(names))
        return cls(lines[0] + (" ..." if len(lines) > 1 else ""), run, nothing)


_VALUE: Final = "value_"
_MAKE: Final = "make_"
_INNER: Final = "statement_"


def _alive(names: dict[str, Any]) -> tuple[Any, ...]:
    """The values of a function's names, those of `_ALIVE` left out, which it is handed."""
    for name in _ALIVE:
        del names[name]
    return tuple(names.values())


_ALIVE: Final = {"alive_": _alive, "names_": locals}


def _function(body: list[ast.stmt], namespace: dict[str, Any], *, gives_names: bool) -> Any:
    """A function of this body that returns its last value, or a tuple of that and of all values that have names."""
    *before, last = body or [ast.Pass()]
    if isinstance(last, ast.Expr):
        last = (
            ast.Assign([ast.Name(_VALUE, ast.Store())], last.value) if gives_names else ast.Return(last.value)
        )
    end = ast.parse("return alive_(names_())").body if gives_names else []
    inner = ast.parse(f"def {_INNER}(): pass").body[0]
    outer = ast.parse(f"def {_MAKE}({', '.join(_ALIVE)}): pass").body[0]
    assert isinstance(inner, ast.FunctionDef)
    assert isinstance(outer, ast.FunctionDef)
    inner.body = [*before, last, *end]
    outer.body = [inner, ast.Return(ast.Name(_INNER, ast.Load()))]
    module = ast.fix_missing_locations(ast.Module([outer], []))
    made: dict[str, Any] = {}
    exec(compile(module, FILE, "exec"), namespace, made)
    return made[_MAKE](**_ALIVE)


def _locals_of(code: CodeType) -> list[str]:
    return [*code.co_varnames, *code.co_cellvars]


def own_part(error: BaseException, file: str = FILE) -> BaseException:
    """The error, with the part of its way that lies in the statement and behind it."""
    way = error.__traceback__
    while way is not None and way.tb_frame.f_code.co_filename != file:
        way = way.tb_next
    return error.with_traceback(way or error.__traceback__)
