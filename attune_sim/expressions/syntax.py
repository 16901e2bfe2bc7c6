"""Pieces of Python syntax trees, for the compiler."""

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
