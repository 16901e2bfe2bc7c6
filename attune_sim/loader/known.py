"""Which names the templates of one workflow may read, and what to write instead of one that cannot exist.

Variables come from `vars` and `publish` alone, results from tasks: every name that there can be stands in the text.
Parameters may come from elsewhere, so those that the schema does not speak of are likely mistakes and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from attune_sim.expressions import Name
from attune_sim.loader.document import maps
from attune_sim.loader.meaning import RawTask
from attune_sim.parameters import declared_names

_SYSTEM: Final = ("workflow_start",)
_LISTED: Final = 60
_WHAT: Final[Mapping[str, str]] = {
    "parameters": "parameter",
    "workflow": "variable",
    "task": "task",
    "system": "entry of system",
}


@dataclass(frozen=True)
class KnownNames:
    """The names of each namespace; a namespace that is not listed, or is empty, may hold anything."""

    names: Mapping[str, Mapping[str, None]]

    def lacks(self, name: Name, *, in_items: bool) -> str | None:
        """What there is not, if a template cannot read this name: `variable`, `parameter` ..."""
        if not name.root:
            return None if in_items else "item here, hence no"
        known = self.names.get(name.root)
        return _WHAT[name.root] if known is not None and name.key not in known else None

    def hint(self, name: Name, suggest: Callable[[str, Iterable[str]], str | None]) -> str:
        """What to write instead; `suggest` finds a name that is near."""
        if not name.root:
            return "only input and retry.on_error of a task with with_items have it"
        if name.root == "workflow" and name.key in self.names.get("parameters", {}):
            return f"did you mean 'parameters.{name.key}'?"
        known = list(self.names[name.root])
        return suggest(name.key, known) or _listed(name.root, known)


def known_names(data: Mapping[str, Any], tasks: Iterable[RawTask]) -> KnownNames:
    """All names that the workflow gives rise to; `tasks` are those of all levels."""
    listed = list(tasks)
    written = data.get("vars")
    variables = dict.fromkeys(written if isinstance(written, dict) else ())
    variables |= dict.fromkeys(name for task in listed for name in _published(task))
    parameters = dict.fromkeys(declared_names(data.get("parameters")))
    return KnownNames(
        {
            **({"parameters": parameters} if parameters else {}),
            "workflow": variables,
            "task": dict.fromkeys(task.name for task in listed if task.name is not None),
            "system": dict.fromkeys(_SYSTEM),
        }
    )


def _published(task: RawTask) -> Iterator[str]:
    steps = [
        task.fields,
        *(step for field in ("next", "decision") for _, step in maps(task.fields.get(field))),
    ]
    for step in steps:
        entries = step.get("publish")
        for entry in entries if isinstance(entries, list) else ():
            yield from entry if isinstance(entry, dict) else [entry] if isinstance(entry, str) else []


def _listed(root: str, known: list[str]) -> str:
    """All that there is, where nothing is near."""
    text = ", ".join(islice(known, _LISTED))
    shown = text if len(text) <= _LISTED else f"{text[:_LISTED]}..."
    if root == "workflow":
        return f"vars and publish give: {shown}" if known else "neither vars nor publish gives one"
    return f"there are: {shown}"
