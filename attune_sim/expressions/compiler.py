"""From Jinja2's tree of an expression to a Python function, node by node, from an allow-list.

The function is `(scope, ended, budget) -> value`. It is built as a Python syntax tree, so no text of a template is ever
pasted into code, and everything but constants, branches and displays is a call of a checked operation of this package:
CPython has nothing to fold, and nothing is evaluated before the first rendering.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from functools import partialmethod
from math import isfinite
from typing import Any, Final, TypeAlias

from jinja2 import nodes

from attune_sim.errors import ExpressionError, did_you_mean
from attune_sim.expressions import lookup
from attune_sim.expressions.filters import COMPILED_FILTERS, COMPILED_TESTS, FILTERS, TESTS
from attune_sim.expressions.filters.sequences import MAY_GIVE_NOTHING
from attune_sim.expressions.functions import ENDINGS, FUNCTIONS, fits
from attune_sim.expressions.kinds import hinted
from attune_sim.expressions.limits import Limits, over_limit
from attune_sim.expressions.syntax import call, is_not_missing, name, negated, read
from attune_sim.scope import ALIASES

_Visit: TypeAlias = Callable[[nodes.Node], ast.expr]
_RESERVED: Final = frozenset({"and", "or", "not", "in", "is", "if", "else"})
_BOOLEAN: Final = (nodes.Compare, nodes.Not, nodes.And, nodes.Or, nodes.Test)
_APPLIED: Final[Mapping[type[nodes.Node], tuple[str, Mapping[str, Callable[..., Any]], tuple[str, ...]]]] = {
    nodes.Filter: ("filter", FILTERS, COMPILED_FILTERS),
    nodes.Test: ("test", TESTS, COMPILED_TESTS),
}


class Compiler:
    """Compiles the expressions of one template; `counts` says whether any of them needs an account."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._names = 0
        self.counts = False

    def strict(self, node: nodes.Node) -> ast.expr:
        """The value of a node; what is missing raises."""
        visitor: Callable[[Any], ast.expr] | None = getattr(self, f"_{type(node).__name__}", None)
        if visitor is None:
            raise ExpressionError("parse_error", f"{type(node).__name__} has no place in an expression")
        return visitor(node)

    def maybe(self, node: nodes.Node) -> ast.expr:
        """The value of a node, MISSING if its own last step finds nothing (docs/language.md#missing-values)."""
        visitor: Callable[[Any], ast.expr] | None = getattr(self, f"_maybe_{type(node).__name__}", None)
        return (visitor or self.strict)(node)

    def truth(self, node: nodes.Node) -> ast.expr:
        value = self.strict(node)
        return value if isinstance(node, _BOOLEAN) else call("bool", value)

    @property
    def _budget(self) -> ast.expr:
        self.counts = True
        return name("budget")

    def _kept(self, value: ast.expr) -> tuple[ast.expr, ast.expr]:
        """An expression that keeps a value under a new name, and one that reads it again."""
        self._names += 1
        kept = f"t{self._names}"
        return ast.NamedExpr(target=ast.Name(id=kept, ctx=ast.Store()), value=value), name(kept)

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
            return call("variable", name("scope"), node.name)
        keep, again = self._kept(_resolved(node.name))
        return ast.IfExp(is_not_missing(keep), body=again, orelse=call("no_name", name("scope"), node.name))

    def _maybe_Name(self, node: nodes.Name) -> ast.expr:
        if node.name == "null" or node.name in _RESERVED:
            return self._Name(node)
        if lookup.is_namespace(node.name):
            return _resolved(node.name)
        return call("maybe_variable", name("scope"), node.name)

    def _Getattr(self, node: nodes.Getattr, prefix: str = "") -> ast.expr:
        if _is_task(node.node) and lookup.is_task_part(node.attr):
            return self._task_part(node.node, node.attr, prefix)
        return call(f"{prefix}attribute", self.strict(node.node), node.attr)

    _maybe_Getattr = partialmethod(_Getattr, prefix="maybe_")

    def _Getitem(self, node: nodes.Getitem, prefix: str = "") -> ast.expr:
        key = node.arg
        if isinstance(key, nodes.Slice):
            bounds = [
                None if bound is None else self.strict(bound) for bound in (key.start, key.stop, key.step)
            ]
            return call("part", self.strict(node.node), *bounds, self._budget)
        if _is_task(node.node) and isinstance(key, nodes.Const) and lookup.is_task_part(key.value):
            return self._task_part(node.node, key.value, prefix)
        computed = "" if prefix or isinstance(key, (nodes.Const, nodes.Neg)) else "computed_"
        return call(f"{prefix}{computed}item", self.strict(node.node), self.strict(key))

    _maybe_Getitem = partialmethod(_Getitem, prefix="maybe_")

    def _task_part(self, task: Any, key: str, prefix: str) -> ast.expr:
        of = task.attr if isinstance(task, nodes.Getattr) else self.strict(task.arg)
        return call(f"{prefix}task_part", name("scope"), of, key, name("ended"))

    # -- displays and operators -------------------------------------------------------------------------------------

    def _List(self, node: nodes.List | nodes.Tuple) -> ast.expr:
        display = ast.List(elts=self._all(node.items), ctx=ast.Load())
        if all(isinstance(element, nodes.Const) for element in node.items):
            return display
        return call("array", display, self._budget)

    _Tuple = _List

    def _Dict(self, node: nodes.Dict) -> ast.expr:
        keys = self._all(pair.key for pair in node.items)
        display = ast.Dict(keys=[*keys], values=self._all(pair.value for pair in node.items))
        return call("object_of", display, self._budget) if keys else display

    def _all(self, expressions: Iterable[nodes.Node]) -> list[ast.expr]:
        return [self.strict(expression) for expression in expressions]

    def _Concat(self, node: nodes.Concat) -> ast.expr:
        return self.text(self._all(node.nodes))

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
        return negated(self.strict(node.node))

    def _junction(self, node: nodes.BinExpr) -> ast.expr:
        op = ast.And() if isinstance(node, nodes.And) else ast.Or()
        return ast.BoolOp(op, values=[self.truth(node.left), self.truth(node.right)])

    _And = _Or = _junction

    def _Compare(self, node: nodes.Compare) -> ast.expr:
        """From left to right, never chained: `1 == 1 == true` compares a boolean with true."""
        result = self.strict(node.expr)
        for operand in node.ops:
            result = call(f"cmp_{operand.op}", result, self.strict(operand.expr), self._budget)
        return result

    def _CondExpr(self, node: nodes.CondExpr) -> ast.expr:
        return self._choice(node, self.strict, call("need", name("MISSING"), "an `if` without `else`"))

    def _maybe_CondExpr(self, node: nodes.CondExpr) -> ast.expr:
        return self._choice(node, self.maybe, nothing=name("MISSING"))

    def _choice(self, node: nodes.CondExpr, visit: _Visit, nothing: ast.expr) -> ast.expr:
        otherwise = nothing if node.expr2 is None else visit(node.expr2)
        return ast.IfExp(self.strict(node.test), body=visit(node.expr1), orelse=otherwise)

    # -- calls ------------------------------------------------------------------------------------------------------

    def _Call(self, node: nodes.Call) -> ast.expr:
        arguments, keywords = self._arguments(node)
        if isinstance(node.node, nodes.Name):
            return self._function(node.node.name, arguments, keywords)
        if isinstance(node.node, nodes.Getattr):
            value = self.strict(node.node.node)
            names: list[ast.expr | None] = [ast.Constant(keyword.arg) for keyword in keywords]
            named = ast.Dict(keys=names, values=[keyword.value for keyword in keywords])
            listed = ast.List(elts=arguments, ctx=ast.Load())
            return call("call_method", value, node.node.attr, self._budget, listed, named)
        raise ExpressionError("parse_error", "only a function or a method can be called")

    def _function(self, called: str, arguments: list[ast.expr], keywords: list[ast.keyword]) -> ast.expr:
        values = [*arguments, *[keyword.value for keyword in keywords]]
        if called in ENDINGS:
            ending = _ending(called)
            return call("last_of", *values, ending) if values else ending
        function = FUNCTIONS.get(called)
        if function is None:
            return call("no_function", _plain(called), *values)
        if keywords or not fits(function, len(arguments), before=1):
            return call("wrong_count", called, *arguments, keywords=keywords)
        return call(f"fn_{called}", self._budget, *arguments)

    def _arguments(self, node: Any) -> tuple[list[ast.expr], list[ast.keyword]]:
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            raise ExpressionError("parse_error", "* and ** have no place in a call")
        arguments = self._all(node.args)
        return arguments, [ast.keyword(arg=pair.key, value=self.strict(pair.value)) for pair in node.kwargs]

    def _Filter(self, node: nodes.Filter) -> ast.expr:
        if node.name in COMPILED_FILTERS:
            return self._default(node, self.strict)
        value = self._applied(node)
        if node.name not in MAY_GIVE_NOTHING:
            return value
        return call("need", value, f"{node.name} of an empty array")

    def _maybe_Filter(self, node: nodes.Filter) -> ast.expr:
        return self._default(node, self.maybe) if node.name in COMPILED_FILTERS else self._applied(node)

    def _applied(self, node: nodes.Filter | nodes.Test) -> ast.expr:
        to = _value_before(node)
        kind, table, compiled = _APPLIED[type(node)]
        if node.name not in table:
            hint = did_you_mean(node.name, [*table, *compiled])
            raise hinted("parse_error", f"there is no {kind} {node.name!r}", hint)
        value = self.strict(to)
        arguments, keywords = self._arguments(node)
        if not fits(table[node.name], len(arguments), tuple(str(keyword.arg) for keyword in keywords)):
            return call("wrong_count", node.name, *arguments, keywords=keywords)
        return call(f"{kind}_{node.name}", self._budget, value, *arguments, keywords=keywords)

    def _default(self, node: nodes.Filter, visit: _Visit) -> ast.expr:
        """`x | default(value, boolean)`; the default is evaluated only if it is needed."""
        given: dict[str, Any] = dict(zip(("default_value", "boolean"), node.args, strict=False))
        given |= {str(pair.key): pair.value for pair in node.kwargs}
        unknown = len(node.args) > 2 or given.keys() - {"default_value", "boolean"}
        if unknown or node.dyn_args or node.dyn_kwargs:
            raise ExpressionError("parse_error", "default takes a value and, if you like, boolean=true")
        value = _value_before(node)
        otherwise = visit(given["default_value"]) if "default_value" in given else ast.Constant("")
        keep, again = self._kept(self.maybe(value))
        test = is_not_missing(keep)
        if "boolean" in given:
            holds = ast.BoolOp(ast.Or(), values=[again, negated(self.strict(given["boolean"]))])
            test = ast.BoolOp(ast.And(), values=[test, holds])
        return ast.IfExp(test, body=again, orelse=otherwise)

    def _Test(self, node: nodes.Test) -> ast.expr:
        if node.name in COMPILED_TESTS:
            defined = is_not_missing(self._kept(self.maybe(node.node))[0])  # CPython warns of `5 is not ...`
            return defined if node.name == "defined" else negated(defined)
        return self._applied(node)


def _plain(name: str) -> str:
    if name in _RESERVED:
        raise ExpressionError("parse_error", f"{name!r} needs a value on each side")
    return name


def _value_before(node: nodes.Filter | nodes.Test) -> nodes.Expr:
    if node.node is None:
        raise ExpressionError("parse_error", "a filter needs a value before it")
    return node.node


def _is_task(node: nodes.Node) -> bool:
    """Whether this is `task.NAME` or `task[expr]`, after which more names are known: docs/language.md#reading-results."""
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
