"""Which paths of the context a value's templates read: what a fork must hold for them, and nothing else.

A path is exact where the templates name it exactly (`parameters.region.name`, `vars['x']`, a bare name). Elsewhere it is
the smallest subtree that surely holds what is read: a subscript that is no fixed text, a called attribute
(`parameters.get('x')`), a key named like a method, `task.X.result` (a key or an alias), a whole value given to a function.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from jinja2 import nodes

from attune_sim.errors import ExpressionError
from attune_sim.expressions import methods
from attune_sim.expressions.lookup import is_namespace, is_task_part
from attune_sim.expressions.template import pure_expression, templates_in
from attune_sim.expressions.trees import Trees
from attune_sim.scope import ALIASES, ContextPath
from attune_sim.workflow import stripped


def reads(
    value: Any, conditions: Iterable[str] = (), trees: Trees | None = None, *, spelled_out: bool = False
) -> frozenset[ContextPath] | None:
    """The paths that rendering `value` reads, root first; None (everything) if a template of it does not compile.

    `conditions` are further expressions, with or without braces, that are evaluated against the same fork. What is in
    `trees` is not read a second time.

    The root is a namespace, `item`, `index`, or `result` for what `result()` gives. No path lies inside another.
    `spelled_out` gives the keys as they stand there, those too that are named like a method or like an alias: a path
    `("task", "a", "result", "rows")` may then mean either the key `result` or the whole result.

    >>> sorted(reads({"a": "{{ vars.x.y }} {{ item.id }}", "b": "{{ length(task.fetch.result.rows) }}", "c": "{{ n }}"}))
    [('item', 'id'), ('task', 'fetch'), ('workflow', 'n'), ('workflow', 'x', 'y')]
    """
    trees = trees or Trees()
    try:
        texts = {*(text for _, text in templates_in(value)), *map(stripped, conditions)}
        paths = {path for text in texts for path in _paths(trees.of(text), spelled_out)}
    except ExpressionError:
        return None
    return frozenset(path for path in paths if not any(path[:n] in paths for n in range(1, len(path))))


def path_of(text: str, *, results: bool = False) -> tuple[str | int, ...] | None:
    """The path that a text hands on as it is, root first; None if it is anything but one expression that is one path.

    With `results`, what stands below `result()` is a path too, with the root `result`.

    >>> path_of("{{ vars.hosts[0].token }}"), path_of("{{ x }}"), path_of("Bearer {{ x }}"), path_of("{{ length(x) }}")
    (('workflow', 'hosts', 0, 'token'), ('workflow', 'x'), None, None)
    """
    try:
        node: nodes.Node = Trees().of(pure_expression(text) or "")
    except ExpressionError:
        return None
    steps: list[str | int] = []
    while isinstance(node, (nodes.Getattr, nodes.Getitem)):
        key = _key(node)
        if isinstance(key, bool) or not isinstance(key, (str, int)):
            return None
        steps.append(key)
        node = node.node
    if results and _is_result(node):
        return ("result", *reversed(steps))
    root = _root(node.name)[0] if isinstance(node, nodes.Name) else None
    return None if root is None else (*root, *reversed(steps))


def range_bounds(text: str) -> str | None:
    """A template of the list of bounds, for a text that is wholly one call of `range()`; None for any other.

    >>> range_bounds("{{ range(parameters.n) }}"), range_bounds("{{ range(3) + [7] }}")
    ('{{ [parameters.n] }}', None)
    """
    expression = pure_expression(text) if isinstance(text, str) else None
    if expression is None or not expression.startswith("range(") or not expression.endswith(")"):
        return None
    try:
        node: nodes.Node = Trees().of(expression)
    except ExpressionError:
        return None
    if (
        not isinstance(node, nodes.Call)
        or not isinstance(node.node, nodes.Name)
        or len(node.args) not in (1, 2)
    ):
        return None
    if node.kwargs or node.dyn_args or node.dyn_kwargs:
        return None
    return "{{ [" + expression[len("range(") : -1] + "] }}"


def _key(node: nodes.Getattr | nodes.Getitem) -> Any:
    """The key or index of a step that spells it out, else None."""
    if isinstance(node, nodes.Getattr):
        return node.attr
    return node.arg.value if isinstance(node.arg, nodes.Const) else None


def _paths(tree: nodes.Node, spelled_out: bool) -> Iterator[ContextPath]:
    pending = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, nodes.Call):
            pending.extend(_called(node))
            if _is_result(node):
                yield ("result",)
        elif isinstance(node, (nodes.Name, nodes.Getattr, nodes.Getitem)):
            path, _, aside = _path(node, spelled_out)
            pending.extend(aside)
            if path is not None:
                yield path
        else:
            pending.extend(node.iter_child_nodes())


def _is_result(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name == "result"


def _called(node: nodes.Call) -> Iterator[nodes.Node]:
    """What a call reads: its arguments, and the value that a method belongs to, whole; a function's name is no variable."""
    yield from node.iter_child_nodes(exclude=("node",))
    if isinstance(node.node, nodes.Getattr):
        yield node.node.node
    elif not isinstance(node.node, nodes.Name):
        yield node.node


def _path(node: nodes.Node, spelled_out: bool) -> tuple[ContextPath | None, bool, list[nodes.Node]]:
    """The path that a chain of names and keys reads, whether it may be longer, and what its subscripts read."""
    if isinstance(node, nodes.Name):
        return _root(node.name)
    if isinstance(node, nodes.Call) and _is_result(node):
        return ("result",), True, list(_called(node))
    if not isinstance(node, (nodes.Getattr, nodes.Getitem)):
        return None, False, [node]
    path, exact, aside = _path(node.node, spelled_out)
    key = _key(node)
    if isinstance(node, nodes.Getitem) and not isinstance(key, str):
        aside = [*aside, node.arg]
    if path is None or not exact or not isinstance(key, str) or not (spelled_out or _plain(path, key)):
        return path, False, aside
    return (*path, key), True, aside


def _root(name: str) -> tuple[ContextPath | None, bool, list[nodes.Node]]:
    if name == "null":
        return None, False, []
    return (ALIASES.get(name, name),) if is_namespace(name) else ("workflow", name), True, []


def _plain(path: ContextPath, key: str) -> bool:
    """Whether a key can only be a key: no method's name, no alias after `task.NAME`."""
    return key not in methods.NAMES and not (len(path) == 2 and path[0] == "task" and is_task_part(key))
