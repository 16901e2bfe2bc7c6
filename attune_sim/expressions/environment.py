"""Jinja2's side of the language: its immutable sandbox, its lexer and parser, narrowed to one expression.

Jinja2 reads the text; what it read is compiled by `compiler`, node by node, from an allow-list. Jinja2's own code
generator is not used: it evaluates constants while it compiles, copies the context for every rendering, and can reach
whatever Python can.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from jinja2 import TemplateSyntaxError, nodes
from jinja2.lexer import Lexer, Token
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from attune_sim.errors import ExpressionError
from attune_sim.expressions.filters import FILTERS, TESTS
from attune_sim.expressions.limits import Limits, over_limit, too_deep

_LONGEST: Final = 16_384  # characters of one expression: read in a fraction of a second
_BRACKETS: Final = 30  # open at once: Jinja2's parser takes about 14 Python frames for each
_PATH: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*){0,20}")
_WORDS: Final = frozenset(
    ["true", "false", "none", "True", "False", "None", "and", "or", "not", "in", "is", "if", "else"]
)  # names that Jinja2's parser takes for something else at the beginning of an expression
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_CURLY: Final = frozenset("“”„‟‘’‚‛")
_KNOWN: Final = frozenset("ntr\\'\"")
_BRACES: Final = {"{": 1, "[": 1, "(": 1, "}": -1, "]": -1, ")": -1}


class ExpressionLexer(Lexer):
    """Jinja2's lexer, except that a backslash that means nothing in the language stays in the string."""

    def wrap(
        self, stream: Iterable[tuple[int, str, str]], name: str | None = None, filename: str | None = None
    ) -> Iterator[Token]:
        return super().wrap(_checked(stream), name, filename)


def _checked(stream: Iterable[tuple[int, str, str]]) -> Iterator[tuple[int, str, str]]:
    depth = 0
    for line, kind, text in stream:
        if kind == "operator":
            depth += _BRACES.get(text, 0)
            if depth > _BRACKETS:
                raise over_limit(f"an expression with more than {_BRACKETS} brackets open at once")
        elif kind == "string":
            text = _ESCAPE.sub(_kept, text)
        yield line, kind, text


def _kept(escape: re.Match[str]) -> str:
    known = len(escape[1]) > 1 or escape[1] in _KNOWN
    return escape[0] if known else f"\\\\{escape[1]}"


class ExpressionEnvironment(ImmutableSandboxedEnvironment):
    """The sandbox that expressions are read in: no globals, an allow-list of filters and tests."""

    def __init__(self) -> None:
        super().__init__(autoescape=False, optimized=False, keep_trailing_newline=True)
        self.globals.clear()
        self.filters, self.tests = dict(FILTERS), dict(TESTS)
        self._lexer = ExpressionLexer(self)

    @property
    def lexer(self) -> Lexer:
        return self._lexer

    def parse_expression(self, text: str, limits: Limits) -> nodes.Expr:
        """The tree of one expression. Raises an `ExpressionError` of kind `parse_error` or `limit`."""
        if len(text) > _LONGEST:
            raise over_limit(f"an expression of more than {_LONGEST:,} characters")
        if not text.strip():
            raise ExpressionError("parse_error", "there is nothing between the braces")
        if is_path(text):
            return _path(text.split("."), limits)
        try:
            return self._parsed(text, limits)
        except TemplateSyntaxError as error:
            raise ExpressionError("parse_error", _reason(error, text)) from None
        except RecursionError:
            raise over_limit("an expression nested too deeply") from None
        except UnicodeError:
            raise ExpressionError("parse_error", "a string here cannot be read") from None
        except ValueError:  # CPython refuses to read integers of more than 4,300 digits
            raise over_limit("a number with too many digits") from None

    def _parsed(self, text: str, limits: Limits) -> nodes.Expr:
        parser = Parser(self, text, state="variable")
        tree = parser.parse_expression()
        if not parser.stream.eos:
            token = str(parser.stream.current.value)[:40]
            raise TemplateSyntaxError(f"{token!r} stands where the expression should end", 1)
        if len(text) > limits.nesting:  # a level takes a character at least
            _check_depth(tree, limits)
        return tree


def is_path(text: str) -> bool:
    """Whether an expression is names and dots only, `a.b.c`: read without Jinja2's lexer and parser."""
    return _PATH.fullmatch(text) is not None and text.partition(".")[0] not in _WORDS


def _path(steps: list[str], limits: Limits) -> nodes.Expr:
    """The tree of `a.b.c`, which is most of what templates say: made without reading it token by token."""
    if len(steps) > limits.nesting:
        raise too_deep("an expression", limits.nesting)
    tree: nodes.Expr = nodes.Name(steps[0], "load", lineno=1)
    for step in steps[1:]:
        tree = nodes.Getattr(tree, step, "load", lineno=1)
    return tree


def _check_depth(tree: nodes.Node, limits: Limits) -> None:
    level: list[nodes.Node] = [tree]
    for _ in range(limits.nesting):
        level = [child for node in level for child in node.iter_child_nodes()]
        if not level:
            return
    raise too_deep("an expression", limits.nesting)


def _reason(error: TemplateSyntaxError, text: str) -> str:
    if not _CURLY.isdisjoint(text):
        return "not an expression: it has curly quotes, where straight ones belong"
    if "{{" in text or "}}" in text:
        return "not an expression: it has braces inside, where one pair around the whole is enough"
    reason = (error.message or "this cannot be read").strip()
    return f"not an expression: {reason[:1].lower()}{reason[1:]}"
