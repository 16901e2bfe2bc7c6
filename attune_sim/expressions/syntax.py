"""Python syntax trees: their pieces, their depth, and the lines of their nodes."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any


def read(variable: str, attribute: str) -> ast.expr:
    return ast.Attribute(value=name(variable), attr=attribute, ctx=ast.Load())


def name(text: str) -> ast.expr:
    return ast.Name(id=text, ctx=ast.Load())


def call(function: str, *arguments: Any, keywords: Sequence[ast.keyword] = ()) -> ast.expr:
    """A call of a function with expressions and, for all other arguments, constants."""
    args = [value if isinstance(value, ast.expr) else ast.Constant(value) for value in arguments]
    return ast.Call(func=name(function), args=args, keywords=list(keywords))


def is_not_missing(value: ast.expr) -> ast.expr:
    return ast.Compare(left=value, ops=[ast.IsNot()], comparators=[name("MISSING")])


def negated(value: ast.expr) -> ast.expr:
    return ast.UnaryOp(op=ast.Not(), operand=value)


def placed(tree: ast.expr) -> ast.expr:
    """The tree with a place for every node: the line of the nearest node around it that has one, else line 1.

    `ast.fix_missing_locations` does the same, in three times the time, and not for a tree of any depth.
    """
    pending: list[tuple[Any, int]] = [(tree, 1)]
    while pending:
        node, line = pending.pop()
        fields = vars(node)
        line, parts = fields.get("lineno", line), list(fields.values())
        node.lineno = node.end_lineno = line
        node.col_offset = node.end_col_offset = 0
        for part in parts:
            if isinstance(part, list):
                pending.extend((each, line) for each in part if isinstance(each, ast.AST))
            elif isinstance(part, ast.AST):
                pending.append((part, line))
    return tree


def is_deeper(tree: ast.AST, levels: int) -> bool:
    """Whether a tree has more levels than these.

    >>> is_deeper(negated(negated(name("x"))), 2), is_deeper(negated(negated(name("x"))), 9)
    (True, False)
    """
    level = [tree]
    for _ in range(levels):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return False
    return True
