"""Which names a template counts on: what it cannot do without, where it can be told from the text alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from jinja2 import nodes

from attune_sim.expressions.filters import COMPILED_FILTERS, COMPILED_TESTS
from attune_sim.expressions.lookup import is_namespace
from attune_sim.expressions.template import templates_in
from attune_sim.expressions.trees import Trees
from attune_sim.scope import ALIASES, LOCALS
from attune_sim.workflow import stripped

_MEMBERSHIP: Final = frozenset({"in", "notin"})


class Name(NamedTuple):
    """A name that is read: of a namespace (`parameters.region`), or a local one (`item`), whose `root` is empty."""

    root: str
    key: str


def names_in(text: str, trees: Trees, *, condition: bool = False) -> list[Name]:
    """The names that a template, or a condition, reads and does not itself make sure of, each once.

    Sure of a name makes, anywhere in the same text, `default` after it, a test whether it `is defined`, or one whether
    it is `in` its namespace. The text must be one that compiles.

    >>> names_in("{{ parameters.a ~ b.c ~ task['x'].y ~ (vars.d | default(1)) ~ item }}", Trees())
    [Name(root='parameters', key='a'), Name(root='workflow', key='b'), Name(root='task', key='x'), Name(root='', key='item')]
    """
    expressions = [stripped(text)] if condition else [expression for _, expression in templates_in(text)]
    reading = _Reading()
    for expression in expressions:
        reading.look_through(trees.of(expression))
    return [name for name in reading.needed if name not in reading.sure]


class _Reading:
    def __init__(self) -> None:
        self.needed: dict[Name, None] = {}
        self.sure: set[Name] = set()

    def look_through(self, tree: nodes.Node) -> None:
        pending = [tree]
        while pending:
            node = pending.pop()
            if (name := _name(node)) is not None:
                self.needed[name] = None
            else:
                pending.extend(reversed(list(self._inside(node))))

    def _inside(self, node: nodes.Node) -> Iterable[nodes.Node]:
        if isinstance(node, nodes.Call):
            return _called(node)
        asked = self._made_sure(node)
        return [child for child in node.iter_child_nodes() if child is not asked]

    def _made_sure(self, node: nodes.Node) -> nodes.Node | None:
        """What a node looks at and is content to find missing; that name is sure from now on."""
        if isinstance(node, nodes.Compare):
            self.sure.update(_members(node))
            return None
        content = COMPILED_FILTERS if isinstance(node, nodes.Filter) else COMPILED_TESTS
        if not isinstance(node, nodes.Filter | nodes.Test) or node.name not in content or node.node is None:
            return None
        if (name := _name(node.node)) is None:
            return None
        self.sure.add(name)
        return node.node


def _called(node: nodes.Call) -> Iterator[nodes.Node]:
    """What a call reads: its arguments, and what a method belongs to; neither a function nor a method is a name."""
    if isinstance(node.node, nodes.Getattr):
        yield node.node.node
    yield from node.iter_child_nodes(exclude=("node",))


def _members(node: nodes.Compare) -> Iterator[Name]:
    """The names that a comparison asks for: `'x' in parameters`."""
    key, hay = node.expr, node.ops[0].expr
    if not isinstance(key, nodes.Const) or not isinstance(hay, nodes.Name):
        return
    if node.ops[0].op in _MEMBERSHIP and is_namespace(hay.name):
        yield Name(_root(hay.name), str(key.value))


def _name(node: nodes.Node) -> Name | None:
    if isinstance(node, nodes.Name):
        return _bare(node.name)
    if not isinstance(node, (nodes.Getattr, nodes.Getitem)) or not isinstance(node.node, nodes.Name):
        return None
    space = node.node.name
    key = node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", None)
    if space in LOCALS or not is_namespace(space) or not isinstance(key, str):
        return None
    return Name(_root(space), key)


def _bare(name: str) -> Name | None:
    if name in LOCALS:
        return Name("", name)
    return None if name == "null" or is_namespace(name) else Name("workflow", name)


def _root(space: str) -> str:
    return ALIASES.get(space, space)
