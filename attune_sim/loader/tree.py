"""YAML events -> a tree of nodes with positions, never deeper and never larger than the limits allow.

The parser's events are counted before anything is built from them: nesting, and nodes with every alias expanded.
So neither a text nested 100,000 deep nor an alias bomb costs more than the events up to the limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Final, TypeAlias

import yaml
from yaml.events import CollectionStartEvent, Event, ScalarEvent

from attune_sim.errors import WorkflowError
from attune_sim.loader.broken import Quoted, not_yaml
from attune_sim.loader.source import Source, refused

try:
    from yaml._yaml import CParser as Parser
except ImportError:  # a PyYAML that was built without libyaml
    from yaml import SafeLoader as Parser  # type: ignore[assignment]

MAX_DEPTH: Final = 100
MAX_NODES: Final = 1_000_000


class Branch:
    """A list or a map: its nodes (of a map key, value, key, value ...) and where it stands."""

    __slots__ = ("_index", "end_mark", "height", "is_map", "nodes", "size", "start_mark", "tag")

    def __init__(self, event: CollectionStartEvent) -> None:
        self.is_map = isinstance(event, yaml.MappingStartEvent)
        self.tag: str | None = event.tag
        self.start_mark: Any = event.start_mark
        self.end_mark: Any = None
        self.nodes: list[Node] = []
        self.size = 1
        self.height = 1
        self._index: dict[str, tuple[Node | None, Node]] | None = None

    def reach(self, height: int) -> None:
        """Be higher than something of this height that stands inside."""
        self.height = max(self.height, height + 1)

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """Keys and values of a map, in order."""
        return zip(self.nodes[::2], self.nodes[1::2], strict=True)

    def child(self, step: str | int) -> tuple[Node | None, Node] | None:
        """Key (None in a list) and node at one step: the last entry with this key, or else with hyphens for underscores."""
        if isinstance(step, int):
            return None if self.is_map or step >= len(self.nodes) else (None, self.nodes[step])
        if self._index is None:
            pairs = self.pairs() if self.is_map else ()
            self._index = {key.value: (key, node) for key, node in pairs if isinstance(key, ScalarEvent)}
        return self._index.get(step) or self._index.get(step.replace("_", "-"))


Node: TypeAlias = Branch | ScalarEvent


def compose(source: Source) -> Branch:
    """The one document of `source` as a tree; raises WorkflowError with the first thing that keeps it from being one."""
    builder = _Builder(source)
    parser: Any = Parser(source.text)
    try:
        while (event := parser.get_event()) is not None:
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        raise not_yaml(source, error, builder.quoted) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise refused("yaml", f"not valid YAML: {error}", source.file, (1, 1)) from None
    finally:
        parser.dispose()
    if builder.root is None:
        raise refused("yaml", "the text is empty", source.file, (1, 1), "a workflow has 'tasks'")
    return builder.root


class _Builder:
    def __init__(self, source: Source) -> None:
        self.root: Branch | None = None
        self.quoted: Quoted | None = None  # the last text in quotes
        self._source = source
        self._open: list[Branch] = []
        self._anchors: dict[str, Node] = {}
        self._count = 0

    def take(self, event: Event) -> None:
        if (take := self._TAKERS.get(type(event))) is not None:
            take(self, event)

    def _scalar(self, event: Any) -> None:
        if event.style in ("'", '"'):
            self.quoted = Quoted(event.style, event.start_mark, event.end_mark)
        self._add(event, event)

    def _add(self, node: Node, event: Any, size: int = 1, height: int = 0) -> None:
        """Put a node where its event, or an alias of it, stands."""
        self._count += size
        if self._count > MAX_NODES:
            raise self._stop("limit", f"the text has more than {MAX_NODES:,} nodes, aliases expanded", event)
        if len(self._open) + height > MAX_DEPTH:
            raise self._stop("limit", f"nested deeper than {MAX_DEPTH} levels", event)
        if self._open:
            self._open[-1].nodes.append(node)
        elif not isinstance(node, Branch) or not node.is_map:
            hint = "a workflow is a map with 'version' and 'tasks'"
            raise self._stop("type", "the text is not a map", event, hint)
        else:
            self.root = node
        if event.anchor is not None:
            self._anchors[event.anchor] = node

    def _begin(self, event: Any) -> None:
        branch = Branch(event)
        self._add(branch, event, height=1)
        branch.size = self._count
        self._open.append(branch)

    def _end(self, event: Event) -> None:
        branch = self._open.pop()
        branch.end_mark = event.end_mark
        branch.size = self._count - branch.size + 1
        if self._open:
            self._open[-1].reach(branch.height)

    def _alias(self, event: Any) -> None:
        node = self._anchors.get(event.anchor)
        if node is None:
            raise self._stop("yaml", f"there is no anchor '&{event.anchor}' for this alias", event)
        if node.end_mark is None:
            raise self._stop("yaml", f"the alias '*{event.anchor}' stands inside what it names", event)
        size, height = (node.size, node.height) if isinstance(node, Branch) else (1, 0)
        self._add(node, event, size, height)
        self._open[-1].reach(height)

    def _document(self, event: Event) -> None:
        if self.root is not None:
            raise self._stop("yaml", "a second YAML document begins here", event, "a file holds one workflow")

    _TAKERS: ClassVar[Mapping[type[Event], Callable[[_Builder, Any], None]]] = {
        yaml.ScalarEvent: _scalar,
        yaml.MappingStartEvent: _begin,
        yaml.SequenceStartEvent: _begin,
        yaml.MappingEndEvent: _end,
        yaml.SequenceEndEvent: _end,
        yaml.AliasEvent: _alias,
        yaml.DocumentStartEvent: _document,
    }

    def _stop(self, kind: str, message: str, event: Event, hint: str | None = None) -> WorkflowError:
        mark: Any = event.start_mark
        return refused(kind, message, self._source.file, (mark.line + 1, mark.column + 1), hint)
