"""The mistakes found in one text: gathered with their places, bounded in number, raised once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias

from attune_sim.errors import Problem, WorkflowError, did_you_mean
from attune_sim.loader.source import Source
from attune_sim.loader.tree import Node

Place: TypeAlias = tuple[int, int]
"""A line and a column, both from 1."""

MAX_PROBLEMS: Final = 100
_MAX_COMPARISONS: Final = 5_000


class Findings:
    """Problems of one source. `full` says that enough were found: whoever walks the text may stop."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._problems: dict[Problem, None] = {}
        self._warnings: dict[Problem, None] = {}
        self._comparisons = 0
        self._lines = source.text.count("\n") + (not source.text.endswith("\n"))

    @property
    def full(self) -> bool:
        return len(self._problems) > MAX_PROBLEMS

    def add(
        self, kind: str, message: str, at: Node | Place, *, text: str | None = None, hint: str | None = None
    ) -> None:
        """Note a problem at the beginning of a node, or at a line and column."""
        line, column = at if isinstance(at, tuple) else place_of(at)
        if line > self._lines:  # the parser's mark for the end stands on the line after the last one
            line, column = max(self._lines, 1), 1
        if not self.full:
            self._problems[Problem(kind, message, self.source.file, line, column, text, hint)] = None

    def warn(
        self, kind: str, message: str, at: Place, *, text: str | None = None, hint: str | None = None
    ) -> None:
        """Note what is likely a mistake, and does not keep the text from being used."""
        if not self.warned_enough:
            self._warnings[Problem(kind, message, self.source.file, *at, text, hint)] = None

    @property
    def warned_enough(self) -> bool:
        """Whether further warnings would not be kept, so that nobody need look for them."""
        return len(self._warnings) > MAX_PROBLEMS

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What was warned of, in the order of the text; the last one may say that there are more."""
        return tuple(_shown(self._warnings, "warnings"))

    def suggest(self, name: str, known: Iterable[str]) -> str | None:
        """`did you mean 'x'?`, as long as the text has not asked too often for that to be quick."""
        if self.full or self._comparisons > _MAX_COMPARISONS:
            return None
        near = [other for other in known if abs(len(other) - len(name)) <= 4][:200]
        self._comparisons += len(near)
        return None if self._comparisons > _MAX_COMPARISONS else did_you_mean(name, near)

    def raise_if_full(self) -> None:
        """Raise WorkflowError if so much was found that further checks would only cost time."""
        if self.full:
            self.raise_if_any()

    def raise_if_any(self) -> None:
        """Raise WorkflowError with all problems in the order of the text, if there are any."""
        if self._problems:
            raise WorkflowError(_shown(self._problems, "problems"), self.warnings)


def _shown(problems: Iterable[Problem], what: str) -> list[Problem]:
    """The first of them in the order of the text, with a word about the rest."""
    found = sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0))
    if len(found) <= MAX_PROBLEMS:
        return found
    last = found[MAX_PROBLEMS - 1]
    message = f"there are more {what}; the first {MAX_PROBLEMS} found are shown"
    return [*found[:MAX_PROBLEMS], Problem("limit", message, last.file, last.line, last.column)]


def span_of(node: Node) -> tuple[int, int]:
    """Where in the text a node begins and ends."""
    start: Any = node.start_mark
    end: Any = node.end_mark
    return start.index, end.index


def place_of(node: Node) -> Place:
    """Where a node begins."""
    mark: Any = node.start_mark  # parsers always set it
    return mark.line + 1, mark.column + 1
