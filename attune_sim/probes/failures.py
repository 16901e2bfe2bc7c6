"""What did not succeed in a run, grouped by reason: four items with a full disk are one finding, not four."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field
from typing import Final

from attune_sim.engine.events import Raised

_NUMBER: Final = re.compile(r"\d+")
_OTHER: Final = "other reasons"
_Kind = tuple[str, str, str, int, str]
"""Task, outcome, file, line, and the reason without its numbers."""


@dataclass(slots=True)
class Failure:
    """Those of one task that ended alike, for one reason at one place. `reason` is that of the first of them, `alike` is
    false where others differ in their numbers; `indexes` are places in the fan-out, none for a plain task."""

    task: str
    outcome: str
    reason: str
    raised: Raised | None
    count: int = 0
    alike: bool = True
    indexes: array[int] = field(default_factory=lambda: array("q"))


class Failures:
    """The groups, in the order of their first members.

    >>> failures = Failures()
    >>> for index in (7, 12):
    ...     failures.add("save", index, "failed", f"disk full: db-{index:03}", None)
    >>> [(group.reason, group.count, list(group.indexes), group.alike) for group in failures.groups]
    [('disk full: db-007', 2, [7, 12], False)]
    """

    def __init__(self, *, most: int = 1_000) -> None:
        self._by_kind: dict[_Kind, Failure] = {}
        self._most = most

    @property
    def groups(self) -> list[Failure]:
        return list(self._by_kind.values())

    def add(self, task: str, index: int | None, outcome: str, reason: str, raised: Raised | None) -> None:
        """Count one. Beyond so many different reasons all further ones of a task are one group."""
        file, line = ("", 0) if raised is None else raised[:2]
        kind = (task, outcome, file, line, _NUMBER.sub("#", reason))
        if kind not in self._by_kind and len(self._by_kind) >= self._most:
            kind, reason, raised = (task, outcome, "", 0, _OTHER), _OTHER, None
        group = self._by_kind.get(kind) or self._by_kind.setdefault(
            kind, Failure(task, outcome, reason, raised)
        )
        group.count += 1
        group.alike = group.alike and group.reason == reason
        if index is not None:
            group.indexes.append(index)

    def __repr__(self) -> str:
        return f"<Failures: {len(self._by_kind)} reasons>"
