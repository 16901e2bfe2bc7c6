"""A tree of nodes -> plain data, and the way back from a path in the data to its node.

Here duplicate and unknown keys are found, texts keep their spelling (`version: 1.10`), and the seed form is read as if it
had been written in full.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from yaml.events import ScalarEvent

from attune_sim.loader.fields import LEGACY_CONDITIONS, Fields, WorkflowFields, fields_of
from attune_sim.loader.findings import Findings, place_of
from attune_sim.loader.scalars import fits_collection, resolve, shown, tagged
from attune_sim.loader.tree import Branch, Node

MAX_ENTRIES: Final = 50_000
"""Tasks, transitions, branches and targets together: more than a text of 1 MiB can spell out in earnest."""

NO_ACTION: Final = "core.noop"
"""The action of a seed-form task that has only a name."""


_CURLY: Final = frozenset("“”„‟‘’‚‛")


@dataclass(frozen=True, slots=True)
class Document:
    """What was read: `data` is plain JSON with null fields left out; `root` is the node of the workflow's map."""

    data: Any
    root: Node
    seed: bool

    def find(self, path: Sequence[str | int]) -> tuple[Node | None, Node]:
        """Key node (None in a list) and value node at `path`, or of the nearest thing around it that was written."""
        key, node = None, self.root
        for step in path:
            if not isinstance(node, Branch) or (found := node.child(step)) is None:
                break
            key, node = found
        return key, node

    def value_node(self, path: Sequence[str | int]) -> Node:
        return self.find(path)[1]

    def key_node(self, path: Sequence[str | int]) -> Node:
        key, node = self.find(path)
        return node if key is None else key


def read_document(root: Branch, findings: Findings, *, lenient: bool) -> Document:
    """Turn the tree into data; problems with keys, tags and numbers go to `findings`."""
    below = None if root.child("tasks") else root.child("workflow")
    reader = _Reader(findings, lenient=lenient, seed=below is not None)
    if below is None:
        return Document(reader.read(root, WorkflowFields), root, False)
    for key, value in root.pairs():
        if value is not below[1] and not lenient:
            text = key.value if isinstance(key, ScalarEvent) else None
            findings.add("unknown_key", "unknown key beside 'workflow:'", key, text=text)
    return Document(_completed(reader.read(below[1], WorkflowFields)), below[1], True)


class _Reader:
    def __init__(self, findings: Findings, *, lenient: bool, seed: bool) -> None:
        self._findings = findings
        self._lenient = lenient
        self._seed = seed
        self._entries = 0

    def read(self, node: Node, of: Any, listed: bool = False) -> Any:
        """The data of a node that holds what is `of` this kind, or a list of it."""
        if listed:
            return self._list(node, of)
        if of is str:
            return self._text(node)
        if of is Any or not isinstance(node, Branch) or not node.is_map:
            return self.value(node)
        return self._texts(node) if of == dict[str, str] else self._structure(node, of)

    def _structure(self, node: Branch, structure: type[Fields]) -> dict[str, Any]:
        """Only the known fields, those that hold null left out."""
        fields, data, seen = fields_of(structure), dict[str, Any](), dict[str, Node]()
        others = structure.ignored + structure.platform
        before: tuple[Node, Node] | None = None
        for key, value in node.pairs():
            if self._findings.full:
                break
            name = self._key(key)
            if self._seed and name not in fields and name not in others:
                name = name.replace("-", "_")
            if name in fields or name in others:
                self._once(structure, name, key, seen)
            if (known := fields.get(name)) is None:
                self._useless(structure, name, key, hint=_split(structure, before, key, value))
            elif (read := self.read(value, known.of, known.listed)) is not None:
                data[name] = read
            before = key, value
        return data

    def _once(self, structure: type[Fields], name: str, key: Node, seen: dict[str, Node]) -> None:
        if name in seen:
            line, _ = place_of(seen[name])
            message = f"{structure.owner} has this key twice, first in line {line}:"
            self._findings.add("duplicate_key", message, key, text=name)
        seen[name] = key

    def _useless(self, structure: type[Fields], name: str, key: Node, hint: str | None = None) -> None:
        if self._lenient or name in structure.ignored or not isinstance(key, ScalarEvent):
            return
        if name in structure.platform:
            message = "needs the platform and has no meaning here:"
            self._findings.add("unsupported", message, key, text=name, hint="remove it, or load leniently")
            return
        known = [*fields_of(structure), *structure.platform]
        hint = hint or structure.elsewhere.get(name) or self._findings.suggest(name, known)
        self._findings.add("unknown_key", f"unknown key in {structure.owner}:", key, text=name, hint=hint)

    def _list(self, node: Node, of: Any) -> Any:
        if not isinstance(node, Branch) or node.is_map:
            return self.value(node)
        self._entries += len(node.nodes)
        if self._entries > MAX_ENTRIES:
            message = f"the workflow has more than {MAX_ENTRIES:,} tasks, transitions and targets"
            self._findings.add("limit", message, node)
            self._findings.raise_if_any()
        return [self.read(entry, of) for entry in node.nodes if not self._findings.full]

    def _texts(self, node: Branch) -> dict[str, Any]:
        return {self._key(key): self._text(value, null="") for key, value in node.pairs()}

    def _text(self, node: Node, null: str | None = None) -> Any:
        value = self.value(node)
        return null if value is None else value if isinstance(node, Branch) else node.value

    def value(self, node: Node) -> Any:
        """Plain JSON: keys are text, the last of equal keys wins, numbers as the core schema has them."""
        if isinstance(node, Branch):
            if not fits_collection(node.tag, node.is_map):
                self._findings.add("yaml", f"the tag {shown(str(node.tag))!r} has no meaning here", node)
            if node.is_map:
                pairs = itertools.takewhile(lambda _: not self._findings.full, node.pairs())
                return {self._key(key): self.value(value) for key, value in pairs}
            return [self.value(entry) for entry in node.nodes]
        return self._scalar(node)

    def _scalar(self, node: ScalarEvent) -> Any:
        try:
            if node.tag is not None:
                return tagged(node.tag, node.value)
            return self._plain(node) if node.implicit[0] else node.value
        except ValueError as error:
            kind = "limit" if node.tag is None else "yaml"
            self._findings.add(kind, f"{error} cannot be used", node)
            return node.value

    def _plain(self, node: ScalarEvent) -> Any:
        if node.value[:1] in _CURLY and node.value[-1:] in _CURLY and len(node.value) > 1:
            # the text itself is not shown: it may be the default of a secret parameter
            message, hint = "curly quotes are a part of the text", "write straight ones"
            self._findings.warn("curly_quotes", message, place_of(node), hint=hint)
        return resolve(node.value)

    def _key(self, node: Node) -> str:
        if isinstance(node, ScalarEvent):
            return str(node.value)
        raw = self._findings.source.text[node.start_mark.index : node.end_mark.index]
        if raw.startswith("{"):
            self._unquoted(node, raw)
        else:
            self._findings.add("yaml", "a key must be text, not a list or a map", node)
        return f"?{node.start_mark.index}"

    def _unquoted(self, node: Branch, raw: str) -> None:
        line, column = self._findings.source.place(node.start_mark.index)
        short = len(raw) <= 60 and '"' not in raw and "\n" not in raw
        hint = f'write "{{{raw}}}"' if short else "put the whole value in quotes"
        # YAML reads the outer brace as a map of its own: this is the place of the inner one
        place = (line, max(column - 1, 1))
        self._findings.add("unquoted", "an expression in braces must stand in quotes", place, hint=hint)


def _split(structure: type[Fields], before: tuple[Node, Node] | None, key: Node, value: Node) -> str | None:
    """What to write where `{do: a, b}` was read as `do: a` and a key `b` without a value."""
    nodes = [node for node in (*(before or ()), key, value) if isinstance(node, ScalarEvent)]
    if len(nodes) != 4 or nodes[-1].value:
        return None
    field, first, second = (str(node.value) for node in nodes[:3])
    known = fields_of(structure).get(field)
    return f"write {field}: [{first}, {second}]" if known is not None and known.listed else None


def _completed(data: Any) -> Any:
    """What the seed form leaves out: a version, actions, and the order in which the tasks are listed."""
    if not isinstance(data, dict):
        return data
    tasks = [task for _, task in maps(data.get("tasks"))]
    for task, following in itertools.pairwise([*tasks, {}]):
        _complete_action(task)
        leads_on = any(task.get(field) for field in ("next", "decision", *LEGACY_CONDITIONS))
        if "name" in following and not leads_on:
            task["on_success"] = following["name"]
    return {"version": "1", **data}


def _complete_action(task: dict[str, Any]) -> None:
    if task.get("type", "action") == "action":
        task.setdefault("action", NO_ACTION)
    for _, sub_task in maps(task.get("tasks")):
        _complete_action(sub_task)


def maps(value: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """The entries of a list that are maps, each with its number; none of anything else."""
    for number, entry in enumerate(value if isinstance(value, list) else ()):
        if isinstance(entry, dict):
            yield number, entry
