"""From Jinja2's tree of an expression to a Python function, node by node, from an allow-list.

The function is `(scope, ended, budget) -> value`. It is built as a Python syntax tree, so no text of a template is ever
pasted into code, and everything but constants, branches and displays is a call of a checked operation of this package:
CPython has nothing to fold, and nothing is evaluated before the first rendering.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, Final

from jinja2 import nodes

from attune_sim.errors import ExpressionError, did_you_mean
from attune_sim.expressions import lookup
from attune_sim.expressions.filters import COMPILED_FILTERS, COMPILED_TESTS, FILTERS, TESTS
from attune_sim.expressions.filters.sequences import MAY_GIVE_NOTHING
from attune_sim.expressions.functions import ENDINGS, FUNCTIONS
from attune_sim.expressions.limits import Limits, over_limit
from attune_sim.expressions.runtime import fits
from attune_sim.expressions.syntax import call, is_not_missing, name, read
from attune_sim.scope import ALIASES

_RESERVED: Final = frozenset({"and", "or", "not", "in", "is", "if", "else"})
_BOOLEAN: Final = (nodes.Compare, nodes.Not, nodes.And, nodes.Or, nodes.Test)


class Compiler:
    """Compiles the expressions of one template; `counts` says whether any of them needs an account."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._names = 0
        self.counts = False

    def strict(self, node: nodes.Node) -> ast.expr:
        """The value of a node; what is missing raises."""
        return self._visitor(node, "_")(node)

    def maybe(self, node: nodes.Node) -> ast.expr:
        """The value of a node, MISSING if its own last step finds nothing (rule 16)."""
        visitor: Callable[[Any], ast.expr] | None = getattr(self, f"_maybe_{type(node).__name__}", None)
        return self.strict(node) if visitor is None else visitor(node)

    def truth(self, node: nodes.Node) -> ast.expr:
        value = self.strict(node)
        return value if isinstance(node, _BOOLEAN) else call("bool", value)

    def _visitor(self, node: nodes.Node, prefix: str) -> Callable[[Any], ast.expr]:
        visitor: Callable[[Any], ast.expr] | None = getattr(self, f"{prefix}{type(node).__name__}", None)
        if visitor is None:
            raise ExpressionError("parse_error", f"{type(node).__name__} has no place in an expression")
        return visitor

    @property
    def _budget(self) -> ast.expr:
        self.counts = True
        return name("budget")

    def _kept(self, value: ast.expr) -> tuple[ast.expr, ast.expr]:
        """An expression that keeps a value under a new name, and one that reads it again."""
        self._names += 1
        kept = f"t{self._names}"
        return ast.NamedExpr(target=ast.Name(id=kept, ctx=ast.Store()), value=value), name(kept)

    def _or_else(self, value: ast.expr, otherwise: ast.expr) -> ast.expr:
        """The value, unless it is MISSING."""
        keep, again = self._kept(value)
        return ast.IfExp(test=is_not_missing(keep), body=again, orelse=otherwise)

    # -- constants, names, paths ------------------------------------------------------------------------------------

    def _Const(self, node: nodes.Const) -> ast.expr:
        if isinstance(node.value, int) and node.value.bit_length() > self._limits.integer_bits:
            raise over_limit(f"an integer of more than {self._limits.integer_bits:,} bits")
        if isinstance(node.value, float) and not isfinite(node.value):
            raise over_limit("a number that is too large")
        return ast.Constant(node.value)

    def _Name(self, node: nodes.Name) -> ast.expr:
        if node.name == "null":
            return ast.Constant(None)
        if not lookup.is_namespace(_plain(node.name)):
            return call("variable", name("scope"), ast.Constant(node.name))
        return self._or_else(_resolved(node.name), call("no_name", name("scope"), ast.Constant(node.name)))

    def _maybe_Name(self, node: nodes.Name) -> ast.expr:
        if node.name == "null" or node.name in _RESERVED:
            return self._Name(node)
        if lookup.is_namespace(node.name):
            return _resolved(node.name)
        return call("maybe_variable", name("scope"), ast.Constant(node.name))

    def _Getattr(self, node: nodes.Getattr, prefix: str = "") -> ast.expr:
        if _is_task(node.node) and lookup.is_task_part(node.attr):
            return self._task_part(node.node, node.attr, prefix)
        return call(f"{prefix}attribute", self.strict(node.node), ast.Constant(node.attr))

    def _maybe_Getattr(self, node: nodes.Getattr) -> ast.expr:
        return self._Getattr(node, "maybe_")

    def _Getitem(self, node: nodes.Getitem, prefix: str = "") -> ast.expr:
        key = node.arg
        if isinstance(key, nodes.Slice):
            bounds = [
                ast.Constant(None) if one is None else self.strict(one)
                for one in (key.start, key.stop, key.step)
            ]
            return call("part", self.strict(node.node), *bounds, self._budget)
        if _is_task(node.node) and isinstance(key, nodes.Const) and lookup.is_task_part(key.value):
            return self._task_part(node.node, key.value, prefix)
        computed = "" if prefix or isinstance(key, (nodes.Const, nodes.Neg)) else "computed_"
        return call(f"{prefix}{computed}item", self.strict(node.node), self.strict(key))

    def _maybe_Getitem(self, node: nodes.Getitem) -> ast.expr:
        return self._Getitem(node, "maybe_")

    def _task_part(self, task: Any, key: str, prefix: str) -> ast.expr:
        of = ast.Constant(task.attr) if isinstance(task, nodes.Getattr) else self.strict(task.arg)
        return call(f"{prefix}task_part", name("scope"), of, ast.Constant(key), name("ended"))

    # -- displays and operators -------------------------------------------------------------------------------------

    def _List(self, node: nodes.List | nodes.Tuple) -> ast.expr:
        made = ast.List(elts=[self.strict(one) for one in node.items], ctx=ast.Load())
        if all(isinstance(one, nodes.Const) for one in node.items):
            return made
        return call("array", made, self._budget)

    _Tuple = _List

    def _Dict(self, node: nodes.Dict) -> ast.expr:
        keys: list[ast.expr | None] = [self.strict(pair.key) for pair in node.items]
        made = ast.Dict(keys=keys, values=[self.strict(pair.value) for pair in node.items])
        return call("object_of", made, self._budget) if keys else made

    def _Concat(self, node: nodes.Concat) -> ast.expr:
        return self.text([self.strict(one) for one in node.nodes])

    def text(self, parts: list[ast.expr]) -> ast.expr:
        """The texts of some values, one after the other."""
        return call("concatenate", ast.Tuple(elts=parts, ctx=ast.Load()), self._budget)

    def _binary(self, node: nodes.BinExpr) -> ast.expr:
        left, right = self.strict(node.left), self.strict(node.right)
        return call(f"op_{type(node).__name__}", left, right, self._budget)

    _Add = _Sub = _Mul = _Div = _FloorDiv = _Mod = _Pow = _binary

    def _Neg(self, node: nodes.Neg) -> ast.expr:
        value = node.node.value if isinstance(node.node, nodes.Const) else None
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            self.strict(node.node)
            return ast.Constant(-value)
        return call("negate", self.strict(node.node))

    def _Pos(self, node: nodes.Pos) -> ast.expr:
        return call("positive", self.strict(node.node))

    def _Not(self, node: nodes.Not) -> ast.expr:
        return ast.UnaryOp(op=ast.Not(), operand=self.strict(node.node))

    def _And(self, node: nodes.And) -> ast.expr:
        return ast.BoolOp(op=ast.And(), values=[self.truth(node.left), self.truth(node.right)])

    def _Or(self, node: nodes.Or) -> ast.expr:
        return ast.BoolOp(op=ast.Or(), values=[self.truth(node.left), self.truth(node.right)])

    def _Compare(self, node: nodes.Compare) -> ast.expr:
        """From left to right, never chained: `1 == 1 == true` compares a boolean with true."""
        result = self.strict(node.expr)
        for operand in node.ops:
            result = call(f"cmp_{operand.op}", result, self.strict(operand.expr), self._budget)
        return result

    def _CondExpr(self, node: nodes.CondExpr) -> ast.expr:
        otherwise = (
            call("need", name("MISSING"), ast.Constant("an `if` without `else`"))
            if node.expr2 is None
            else self.strict(node.expr2)
        )
        return ast.IfExp(test=self.strict(node.test), body=self.strict(node.expr1), orelse=otherwise)

    def _maybe_CondExpr(self, node: nodes.CondExpr) -> ast.expr:
        otherwise = name("MISSING") if node.expr2 is None else self.maybe(node.expr2)
        return ast.IfExp(test=self.strict(node.test), body=self.maybe(node.expr1), orelse=otherwise)

    # -- calls ------------------------------------------------------------------------------------------------------

    def _Call(self, node: nodes.Call) -> ast.expr:
        arguments, keywords = self._arguments(node)
        if isinstance(node.node, nodes.Name):
            return self._function(node.node.name, arguments, keywords)
        if isinstance(node.node, nodes.Getattr):
            value = self.strict(node.node.node)
            named = ast.Dict(
                keys=[ast.Constant(one.arg) for one in keywords], values=[one.value for one in keywords]
            )
            listed = ast.List(elts=arguments, ctx=ast.Load())
            return call("call_method", value, ast.Constant(node.node.attr), self._budget, listed, named)
        raise ExpressionError("parse_error", "only a function or a method can be called")

    def _function(self, called: str, arguments: list[ast.expr], keywords: list[ast.keyword]) -> ast.expr:
        if called in ENDINGS:
            value = _ending(called)
            return (
                call("last_of", *arguments, *[one.value for one in keywords], value)
                if arguments or keywords
                else value
            )
        function = FUNCTIONS.get(called)
        if function is None:
            values = [*arguments, *[one.value for one in keywords]]
            return call("no_function", ast.Constant(_plain(called)), *values)
        if keywords or not fits(function, len(arguments), (), before=1):
            return call("wrong_count", ast.Constant(called), *arguments, keywords=keywords)
        return call(f"fn_{called}", self._budget, *arguments)

    def _arguments(self, node: Any) -> tuple[list[ast.expr], list[ast.keyword]]:
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            raise ExpressionError("parse_error", "* and ** have no place in a call")
        arguments = [self.strict(one) for one in node.args or ()]
        keywords = [ast.keyword(arg=one.key, value=self.strict(one.value)) for one in node.kwargs or ()]
        return arguments, keywords

    def _Filter(self, node: nodes.Filter) -> ast.expr:
        if node.name in COMPILED_FILTERS:
            return self._default(node, self.strict)
        value = self._filtered(node)
        if node.name not in MAY_GIVE_NOTHING:
            return value
        return call("need", value, ast.Constant(f"{node.name} of an empty array"))

    def _maybe_Filter(self, node: nodes.Filter) -> ast.expr:
        return self._default(node, self.maybe) if node.name in COMPILED_FILTERS else self._filtered(node)

    def _filtered(self, node: nodes.Filter) -> ast.expr:
        if node.node is None:
            raise ExpressionError("parse_error", "a filter needs a value before it")
        function = _known(FILTERS, node.name, "filter", COMPILED_FILTERS)
        return self._applied(f"filter_{node.name}", function, node, node.node)

    def _applied(
        self, name: str, function: Callable[..., Any], node: nodes.Filter | nodes.Test, to: nodes.Node
    ) -> ast.expr:
        """The call of a filter or a test, which the code knows by `name`."""
        value = self.strict(to)
        arguments, keywords = self._arguments(node)
        if not fits(function, len(arguments), tuple(one.arg or "" for one in keywords)):
            return call("wrong_count", ast.Constant(node.name), *arguments, keywords=keywords)
        return call(name, self._budget, value, *arguments, keywords=keywords)

    def _default(self, node: nodes.Filter, visit: Callable[[nodes.Node], ast.expr]) -> ast.expr:
        """`x | default(value, boolean)`; the default is evaluated only if it is needed."""
        given: dict[str, Any] = dict(zip(("default_value", "boolean"), node.args, strict=False))
        given |= {str(one.key): one.value for one in node.kwargs}
        if (
            len(node.args) > 2
            or set(given) - {"default_value", "boolean"}
            or node.dyn_args
            or node.dyn_kwargs
        ):
            raise ExpressionError("parse_error", "default takes a value and, if you like, boolean=true")
        if node.node is None:
            raise ExpressionError("parse_error", "a filter needs a value before it")
        otherwise = visit(given["default_value"]) if "default_value" in given else ast.Constant("")
        keep, again = self._kept(self.maybe(node.node))
        test: ast.expr = is_not_missing(keep)
        if "boolean" in given:
            unless = ast.UnaryOp(op=ast.Not(), operand=self.strict(given["boolean"]))
            test = ast.BoolOp(op=ast.And(), values=[test, ast.BoolOp(op=ast.Or(), values=[again, unless])])
        return ast.IfExp(test=test, body=again, orelse=otherwise)

    def _Test(self, node: nodes.Test) -> ast.expr:
        if node.name in COMPILED_TESTS:
            found = is_not_missing(self._kept(self.maybe(node.node))[0])  # CPython warns of `5 is not ...`
            return found if node.name == "defined" else ast.UnaryOp(op=ast.Not(), operand=found)
        function = _known(TESTS, node.name, "test", COMPILED_TESTS)
        return self._applied(f"test_{node.name}", function, node, node.node)


def _plain(name: str) -> str:
    if name in _RESERVED:
        raise ExpressionError("parse_error", f"{name!r} needs a value on each side")
    return name


def _known(table: Mapping[str, Any], name: str, kind: str, more: tuple[str, ...]) -> Callable[..., Any]:
    found = table.get(name)
    if found is None:
        hint = did_you_mean(name, [*table, *more])
        raise ExpressionError("parse_error", f"there is no {kind} {name!r}{f' ({hint})' if hint else ''}")
    return found  # type: ignore[no-any-return]


def _is_task(node: nodes.Node) -> bool:
    """Whether this is `task.NAME` or `task[expr]`, after which rule 10 knows more names."""
    return (
        isinstance(node, (nodes.Getattr, nodes.Getitem))
        and isinstance(node.node, nodes.Name)
        and node.node.name in ("task", "tasks")
        and not (isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Slice))
    )


def _ending(name: str) -> ast.expr:
    if name == "result":
        return read("ended", "result")
    return ast.Compare(left=read("ended", "outcome"), ops=[ast.Eq()], comparators=[ast.Constant(name)])


def _resolved(name: str) -> ast.expr:
    canonical = ALIASES.get(name, name)
    return ast.Call(func=read("scope", "resolve"), args=[ast.Constant(canonical)], keywords=[])
