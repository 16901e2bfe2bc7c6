"""Pieces of Python syntax trees, for the compiler."""

from __future__ import annotations

import ast
from collections.abc import Sequence


def read(variable: str, attribute: str) -> ast.expr:
    return ast.Attribute(value=name(variable), attr=attribute, ctx=ast.Load())


def name(text: str) -> ast.expr:
    return ast.Name(id=text, ctx=ast.Load())


def call(function: str, *arguments: ast.expr, keywords: Sequence[ast.keyword] = ()) -> ast.expr:
    return ast.Call(func=name(function), args=list(arguments), keywords=list(keywords))


def is_not_missing(value: ast.expr) -> ast.expr:
    return ast.Compare(left=value, ops=[ast.IsNot()], comparators=[name("MISSING")])
