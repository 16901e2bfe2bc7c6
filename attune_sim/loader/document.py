"""A tree of nodes -> plain data, and the way back from a path in the data to its node.

Here duplicate and unknown keys are found, texts keep their spelling (`version: 1.10`), and the seed form is read as if it
had been written in full.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from yaml.events import ScalarEvent

from attune_sim.loader.fields import KINDS, LEGACY_CONDITIONS, OWNERS
from attune_sim.loader.findings import Findings, place_of
from attune_sim.loader.scalars import fits_collection, resolve, shown, tagged
from attune_sim.loader.tree import Branch, Node

MAX_ENTRIES: Final = 50_000
"""Tasks, transitions, branches and targets together: more than a text of 1 MiB can spell out in earnest."""

NO_ACTION: Final = "core.noop"
"""The action of a seed-form task that has only a name."""


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
            found = _child(node, step)
            if found is None:
                break
            key, node = found
        return key, node

    def value_node(self, path: Sequence[str | int]) -> Node:
        return self.find(path)[1]

    def key_node(self, path: Sequence[str | int]) -> Node:
        key, node = self.find(path)
        return node if key is None else key


def read_document(root: Node, findings: Findings, *, lenient: bool) -> Document:
    """Turn the tree into data; problems with keys, tags and numbers go to `findings`."""
    inner = _seed_form(root)
    reader = _Reader(findings, lenient=lenient, seed=inner is not None)
    if inner is None or not isinstance(root, Branch):
        return Document(reader.structure(root, "workflow"), root, False)
    for key, value in root.pairs():
        if value is not inner and not lenient:
            findings.add("unknown_key", "unknown key beside 'workflow:'", key, text=_text_of(key))
    return Document(_completed(reader.structure(inner, "workflow")), inner, True)


def _seed_form(root: Node) -> Node | None:
    """What stands under `workflow:`, if that is how the text is written."""
    if not isinstance(root, Branch) or not root.is_map or root.entry("tasks") is not None:
        return None
    found = root.entry("workflow")
    return None if found is None else found[1]


class _Reader:
    def __init__(self, findings: Findings, *, lenient: bool, seed: bool) -> None:
        self._findings = findings
        self._lenient = lenient
        self._seed = seed
        self._entries = 0

    def structure(self, node: Node, name: str) -> Any:
        """A workflow, task, transition ... : only its known fields, those that hold null left out."""
        if not isinstance(node, Branch) or not node.is_map:
            return self.value(node)
        kinds, seen, data = KINDS[name], dict[str, Node](), dict[str, Any]()
        for key, value in node.pairs():
            if self._findings.full:
                break
            field = self._key(key)
            field = field.replace("-", "_") if self._seed and field not in kinds else field
            if field in kinds and field in seen:
                line, _ = place_of(seen[field])
                self._findings.add(
                    "duplicate_key",
                    f"{OWNERS[name]} has this key twice, first in line {line}:",
                    key,
                    text=field,
                )
            seen[field] = key
            self._field(name, field, key, value, data)
        return data

    def _field(self, name: str, field: str, key: Node, value: Node, data: dict[str, Any]) -> None:
        match KINDS[name].get(field):
            case None:
                self._unknown(name, field, key)
            case "ignored":
                pass
            case "platform":
                if not self._lenient:
                    message = "needs the platform and has no meaning here:"
                    self._findings.add(
                        "unsupported", message, key, text=field, hint="remove it, or load leniently"
                    )
            case kind:
                read = self._kind(value, kind)
                if read is not None:
                    data[field] = read

    def _kind(self, node: Node, kind: str) -> Any:
        match kind.split(" of "):
            case ["any"]:
                return self.value(node)
            case ["text"]:
                return self._text(node)
            case ["list", entry]:
                return self._list(node, entry)
            case ["map", _]:
                return self._texts(node)
            case _:
                return self.structure(node, kind)

    def _list(self, node: Node, kind: str) -> Any:
        if not isinstance(node, Branch) or node.is_map:
            return self.value(node)
        self._entries += len(node.nodes)
        if self._entries > MAX_ENTRIES:
            message = f"the workflow has more than {MAX_ENTRIES:,} tasks, transitions and targets"
            self._findings.add("limit", message, node)
            self._findings.raise_if_any()
        return [self._kind(entry, kind) for entry in node.nodes if not self._findings.full]

    def _texts(self, node: Node) -> Any:
        if not isinstance(node, Branch) or not node.is_map:
            return self.value(node)
        entries = ((self._key(key), self._text(value)) for key, value in node.pairs())
        return {key: "" if value is None else value for key, value in entries}

    def _text(self, node: Node) -> Any:
        value = self.value(node)
        return value if value is None or isinstance(node, Branch) else node.value

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
            return resolve(node.value) if node.implicit[0] else node.value
        except ValueError as error:
            kind = "limit" if node.tag is None else "yaml"
            self._findings.add(kind, f"{error} cannot be used", node)
            return node.value

    def _key(self, node: Node) -> str:
        if isinstance(node, ScalarEvent):
            return str(node.value)
        raw = self._raw(node)
        if raw.startswith("{"):
            self._unquoted(node, raw)
        else:
            self._findings.add("yaml", "a key must be text, not a list or a map", node)
        return f"?{node.start_mark.index}"

    def _unquoted(self, node: Branch, raw: str) -> None:
        line, column = self._findings.source.place(node.start_mark.index)
        short = len(raw) <= 60 and '"' not in raw and "\n" not in raw
        hint = f'write "{{{raw}}}"' if short else "put the whole value in quotes"
        # YAML reads the outer brace as a map of its own, so this is the place of the inner one
        self._findings.add_at(
            "unquoted", "an expression in braces must stand in quotes", line, max(column - 1, 1), hint=hint
        )

    def _raw(self, node: Branch) -> str:
        end = node.end_mark.index if node.end_mark else node.start_mark.index
        return self._findings.source.text[node.start_mark.index : end]

    def _unknown(self, name: str, field: str, key: Node) -> None:
        if self._lenient or not isinstance(key, ScalarEvent):
            return
        known = [other for other, kind in KINDS[name].items() if kind != "ignored"]
        hint = _OWN_HINTS.get((name, field)) or self._findings.suggest(field, known)
        self._findings.add("unknown_key", f"unknown key in {OWNERS[name]}:", key, text=field, hint=hint)


_OWN_HINTS: Final = {
    ("task", "delay"): "a pause belongs to retry: {count, delay}",
    ("task", "do"): "targets belong to next: [{do: [name]}]",
    ("workflow", "name"): "did you mean 'ref' or 'label'?",
}


def _child(node: Node, step: str | int) -> tuple[Node | None, Node] | None:
    if not isinstance(node, Branch):
        return None
    if isinstance(step, str):
        return node.entry(step) if node.is_map else None
    return (None, node.nodes[step]) if not node.is_map and step < len(node.nodes) else None


def _text_of(node: Node) -> str | None:
    return node.value if isinstance(node, ScalarEvent) else None


def _completed(data: Any) -> Any:
    """What the seed form leaves out: a version, actions, and the order in which the tasks are listed."""
    if not isinstance(data, dict):
        return data
    tasks = _maps(data.get("tasks"))
    for task, following in zip(tasks, [*tasks[1:], {}], strict=False):
        _complete_action(task)
        if "name" in following and not any(
            task.get(field) for field in ("next", "decision", *LEGACY_CONDITIONS)
        ):
            task["on_success"] = following["name"]
    return {"version": "1", **data}


def _complete_action(task: dict[str, Any]) -> None:
    if task.get("type", "action") == "action":
        task.setdefault("action", NO_ACTION)
    for sub_task in _maps(task.get("tasks")):
        _complete_action(sub_task)


def _maps(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
