"""Values with templates, compiled once and rendered many times.

A whole value, `{"url": "{{ item.url }}", "retries": 3}`, becomes one Python function that builds it anew at each
rendering. Each template in it has a line number of its own, so that an error can be located without any cost for
renderings that succeed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import islice
from types import CodeType, FunctionType
from typing import Any, Final, NamedTuple

from attune_sim.errors import ExpressionError
from attune_sim.expressions.compiler import Compiler
from attune_sim.expressions.environment import is_path
from attune_sim.expressions.kinds import LEAVES
from attune_sim.expressions.limits import DEFAULT_LIMITS, Budget, Limits, over_limit, too_deep
from attune_sim.expressions.runtime import HELPERS
from attune_sim.expressions.survey import check_definition
from attune_sim.expressions.syntax import call, is_deeper, name, placed
from attune_sim.expressions.trees import Trees
from attune_sim.paths import Path, spelled
from attune_sim.scope import Ended, Scope
from attune_sim.workflow import stripped

_NOT_ENDED: Final = Ended()
_CONTAINERS: Final = (Mapping, list, tuple)
_FIRST_LINE: Final = 2  # line 1 is the function itself
_MOST_MISTAKES: Final = 100
_SHORT_PATH: Final = 5
_BUILT: Final = 3  # levels of a Python tree that one level of an expression comes to, at most


class _Slot(NamedTuple):
    """One expression of a template: where it stands, and its text."""

    path: Path
    expression: str


class TemplateSource(NamedTuple):
    """What a template is compiled from: a value with templates in it, or the text of one expression."""

    value: Any
    where: str
    limits: Limits
    growing: bool = False
    is_expression: bool = False


class Template:
    """A compiled value. Rendering it is safe from any thread, and changes nothing.

    It is pickled as what it was compiled from, and compiled anew, with the sandbox, where it arrives.

    >>> from attune_sim.scope import Namespaces
    >>> template = compile_value({"url": "http://{{ item }}/health", "tries": "{{ index + 1 }}"})
    >>> template.render(Namespaces({"item": "web-1", "index": 0}))
    {'url': 'http://web-1/health', 'tries': 1}
    """

    __slots__ = ("_counts", "_function", "_limits", "_slots", "_source")

    def __init__(
        self, source: TemplateSource, function: Callable[..., Any], slots: tuple[_Slot, ...], counts: bool
    ) -> None:
        self._source, self._limits = source, source.limits
        self._function, self._slots, self._counts = function, slots, counts

    def at(self, where: str) -> Template:
        """The same template, whose errors name another place."""
        return Template(self._source._replace(where=where), self._function, self._slots, self._counts)

    def shares_code_with(self, other: Template) -> bool:
        """Whether both were compiled together."""
        return self._function is other._function

    def render(self, scope: Scope, ended: Ended = _NOT_ENDED) -> Any:
        """The value. Raises an `ExpressionError` that says which field of the value, and which expression."""
        function = self._function  # called below as what it is, not looked up as a method
        try:
            return function(scope, ended, Budget(self._limits) if self._counts else None)
        except MemoryError:
            raise
        except ExpressionError as error:
            raise self._located(error, error) from None
        except Exception as error:
            raise self._located(error, _unforeseen(error)) from error

    def _located(self, raised: Exception, error: ExpressionError) -> ExpressionError:
        step = raised.__traceback__ and raised.__traceback__.tb_next
        if step is None or not 0 <= step.tb_lineno - _FIRST_LINE < len(self._slots):
            return error.located(self._source.where)
        slot = self._slots[step.tb_lineno - _FIRST_LINE]
        return located(error, spelled(slot.path, self._source.where), slot.expression)

    def __reduce__(self) -> tuple[Callable[[TemplateSource], Template], tuple[TemplateSource]]:
        return compile_source, (self._source,)

    @property
    def limits(self) -> Limits:
        """What a rendering may make and do."""
        return self._limits

    @property
    def expressions(self) -> tuple[str, ...]:
        """The texts of its expressions, in the order of the value."""
        return tuple(slot.expression for slot in self._slots)

    def __repr__(self) -> str:
        where = self._source.where
        return f"<Template of {len(self._slots)} expressions{f' for {where}' if where else ''}>"


class Condition:
    """A compiled condition: `when` of a transition or task, `on_error` of a retry.

    >>> from attune_sim.scope import Namespaces
    >>> compile_condition("{{ count > 2 }}").holds(Namespaces({"workflow": {"count": 3}}))
    True
    """

    __slots__ = ("_template",)

    def __init__(self, template: Template) -> None:
        self._template = template

    def holds(self, scope: Scope, ended: Ended = _NOT_ENDED) -> bool:
        """Whether it is true, by the truth of the language (null, false, 0, "", [] and {} are not)."""
        return bool(self._template.render(scope, ended))

    def __reduce__(self) -> tuple[type[Condition], tuple[Template]]:
        return Condition, (self._template,)

    def __repr__(self) -> str:
        return f"<Condition {self._template.expressions[0]!r}>"


def compile_value(
    value: Any,
    *,
    where: str = "",
    limits: Limits = DEFAULT_LIMITS,
    growing: bool = False,
    trees: Trees | None = None,
) -> Template:
    """Compile any JSON value with templates in it; nothing is evaluated.

    `where` names the place for messages (`task 'check', input`). With `growing` each rendering also refuses maps and
    lists that show far more than they hold: for what is published, and may be wrapped again in a cycle. What is in
    `trees` is not read a second time.

    Raises the first `ExpressionError` that there is (`check_value` gives all of them).
    """
    return compile_source(TemplateSource(value, where, limits, growing), trees)


def compile_source(source: TemplateSource, trees: Trees | None = None) -> Template:
    """The template of a source. Raises the first `ExpressionError` that there is."""
    builder = _Builder(trees or Trees(source.limits))
    body = builder.expression(source.value, ()) if source.is_expression else builder.gather(source.value)
    for path, error in builder.errors:
        raise error.located(spelled(path, source.where))
    if source.growing and isinstance(source.value, _CONTAINERS) and builder.slots:
        builder.compiler.counts = True
        body = call("check_size", body, name("budget"))
    function = _function(body, builder.constants, source.where)
    return Template(source, function, tuple(builder.slots), builder.compiler.counts)


def compile_condition(
    when: str, *, where: str = "", limits: Limits = DEFAULT_LIMITS, trees: Trees | None = None
) -> Condition:
    """Compile a condition: one expression, with or without one pair of braces around it."""
    return Condition(compile_expression(stripped(when), where=where, limits=limits, trees=trees))


def compile_expression(
    text: str, *, where: str = "", limits: Limits = DEFAULT_LIMITS, trees: Trees | None = None
) -> Template:
    """Compile the text inside the braces."""
    return compile_source(TemplateSource(text, where, limits, is_expression=True), trees)


def check_value(value: Any, trees: Trees | None = None) -> list[tuple[Path, ExpressionError]]:
    """The templates in the value that do not compile, with their paths (keys and indexes); nothing is evaluated.

    The first 100 of them; a mistake that stands in one text several times is one.
    """
    trees = trees or Trees()
    try:
        check_definition(value, trees.limits)
    except ExpressionError as error:
        return [((), error)]
    mistake = cache(lambda text: _mistake(text, trees))
    mistakes = ((path, found) for path, text in templates_in(value) if (found := mistake(text)) is not None)
    return list(islice(mistakes, _MOST_MISTAKES))


def check_condition(text: str, trees: Trees | None = None) -> ExpressionError | None:
    """What is wrong with a condition, None if it compiles."""
    return _mistake(stripped(text), trees or Trees())


def _mistake(text: str, trees: Trees) -> ExpressionError | None:
    if _is_short_path(text) and trees.limits.nesting >= _SHORT_PATH:
        return None  # most of what templates say, and always right
    builder = _Builder(trees)
    builder.expression(text, ())
    return builder.errors[0][1] if builder.errors else None


def expressions_in(text: str) -> Iterator[str | tuple[str]]:
    """The pieces of a string: text as `str`, the text inside braces as a tuple of one.

    >>> list(expressions_in("a {{ b }}{% c %} {{ d"))
    ['a ', ('b',), '{% c %} {{ d']
    """
    place = 0
    while (start := text.find("{{", place)) >= 0 and (end := text.find("}}", start + 2)) >= 0:
        if start > place:
            yield text[place:start]
        yield (text[start + 2 : end].strip(),)
        place = end + 2
    if place < len(text):
        yield text[place:]


def templates_in(value: Any) -> Iterator[tuple[Path, str]]:
    """The expressions in a value, in its order, each with the path of the text that it stands in, once a text."""
    pending: list[tuple[Path, Any]] = [((), value)]
    while pending:
        path, part = pending.pop()
        if isinstance(part, str):
            if "{{" in part:
                yield from ((path, text) for text in dict.fromkeys(_expressions(part)))
        elif isinstance(part, _CONTAINERS):
            inside = part.items() if isinstance(part, Mapping) else enumerate(part)
            pending += reversed([((*path, key), inner) for key, inner in inside])


def characters_to_parse(text: str, *, condition: bool = False) -> int:
    """How much of a template, or of a condition, the parser has to read: the bulk of what compiling it costs.

    Plain paths of up to five names cost nearly nothing.

    >>> characters_to_parse("http://{{ item.host }}:{{ port + 1 }}/"), characters_to_parse("x > 1", condition=True)
    (8, 5)
    """
    expressions = {stripped(text)} if condition else {expression for _, expression in templates_in(text)}
    return sum(len(expression) for expression in expressions if not _is_short_path(expression))


def _is_short_path(expression: str) -> bool:
    return expression.count(".") < _SHORT_PATH and is_path(expression)


def _expressions(text: str) -> list[str]:
    pure = pure_expression(text)
    if pure is not None:
        return [pure]
    return [piece[0] for piece in expressions_in(text) if isinstance(piece, tuple)]


def pure_expression(text: str) -> str | None:
    """The text inside the braces if the string is wholly one expression, whose value then keeps its type."""
    bare = text.strip()
    if bare.startswith("{{") and bare.endswith("}}") and bare.count("{{") == 1 and len(bare) >= 4:
        return bare[2:-2].strip() or None
    return None


class _Builder:
    """Builds the body of a template's function; gathers errors instead of raising them."""

    def __init__(self, trees: Trees) -> None:
        self.compiler = Compiler(trees.limits)
        self.slots: list[_Slot] = []
        self.errors: list[tuple[Path, ExpressionError]] = []
        self.constants: dict[str, Any] = {}
        self._limits = trees.limits
        self._templated: set[Path] = set()
        self._trees = trees

    def gather(self, value: Any) -> ast.expr:
        """The body for a whole value."""
        try:
            check_definition(value, self._limits)
        except ExpressionError as error:
            self.errors.append(((), error))
            return ast.Constant(None)
        self._templated = {path[:end] for path, _ in templates_in(value) for end in range(len(path))}
        return self._build(value, ())

    def _build(self, value: Any, path: Path) -> ast.expr:
        if isinstance(value, str):
            return self._string(value, path)
        if isinstance(value, _CONTAINERS) and path not in self._templated:
            return call("fresh", self._kept(value))
        if isinstance(value, Mapping):
            keys: list[ast.expr | None] = [self._constant(key) for key in value]
            return ast.Dict(keys, [self._build(inner, (*path, key)) for key, inner in value.items()])
        if isinstance(value, (list, tuple)):
            elements = [self._build(inner, (*path, index)) for index, inner in enumerate(value)]
            kind = ast.List if isinstance(value, list) else ast.Tuple
            return kind(elements, ctx=ast.Load())
        return self._constant(value)

    def _constant(self, value: Any) -> ast.expr:
        return ast.Constant(value) if type(value) in LEAVES else self._kept(value)

    def _kept(self, value: Any) -> ast.expr:
        key = f"constant_{len(self.constants)}"
        self.constants[key] = value
        return name(key)

    def _string(self, text: str, path: Path) -> ast.expr:
        if "{{" not in text:
            return ast.Constant(text)
        pure = pure_expression(text)
        if pure is not None:
            return self.expression(pure, path)
        pieces = [
            ast.Constant(piece) if isinstance(piece, str) else self.expression(piece[0], path)
            for piece in expressions_in(text)
        ]
        has_slot = bool(self.slots) and self.slots[-1].path == path
        return self._on_line(self.compiler.text(pieces)) if has_slot else ast.Constant(text)

    def expression(self, text: str, path: Path) -> ast.expr:
        self.slots.append(_Slot(path, text))
        try:
            return self._on_line(self._built(text))
        except ExpressionError as error:
            self.errors.append((path, located(error, "", text)))
        except RecursionError:
            self.errors.append((path, located(over_limit("an expression nested too deeply"), "", text)))
        return ast.Constant(None)

    def _built(self, text: str) -> ast.expr:
        tree, most = self.compiler.strict(self._trees.of(text)), self._limits.nesting
        # many comparisons in a row are one level to whoever reads them, and one inside the other when they are built
        if len(text) > most and is_deeper(tree, _BUILT * most):
            raise too_deep("an expression", most)
        return tree

    def _on_line(self, tree: ast.expr) -> ast.expr:
        """The tree on the line of its slot; what is in it inherits the line, except a tree that has one of its own."""
        tree.lineno = tree.end_lineno = len(self.slots) + _FIRST_LINE - 1
        tree.col_offset = tree.end_col_offset = 0
        return tree


def _function(body: ast.expr, constants: Mapping[str, Any], where: str) -> Callable[..., Any]:
    parameters = ast.arguments(
        posonlyargs=[],
        args=[ast.arg(parameter) for parameter in ("scope", "ended", "budget", *constants)],
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )
    tree = ast.Expression(placed(ast.Lambda(args=parameters, body=body)))
    try:
        code = compile(tree, "<template>", "eval")
    except RecursionError:
        raise over_limit("a template nested too deeply").located(where) from None
    lambda_code = next(constant for constant in code.co_consts if isinstance(constant, CodeType))
    return FunctionType(lambda_code, HELPERS, "render", tuple(constants.values()))


def located(error: ExpressionError, where: str, expression: str) -> ExpressionError:
    """The error with its expression and place, where it has none yet."""
    return ExpressionError(
        error.kind, error.message, expression=error.expression or expression, where=error.where or where
    )


def _unforeseen(error: Exception) -> ExpressionError:
    """An error that no operation raised on purpose. Its own text may show values, so only its type is told."""
    if isinstance(error, (RecursionError, OverflowError)):
        return over_limit(f"this goes beyond what can be computed ({type(error).__name__})")
    return ExpressionError("type_error", f"this cannot be evaluated ({type(error).__name__})")
