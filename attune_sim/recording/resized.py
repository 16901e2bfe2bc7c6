"""A recording that is asked for another number of items than it has: what was recorded is repeated, in order."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Self

from attune_sim.errors import ExperimentError
from attune_sim.paths import Path, below, spelled
from attune_sim.recording.file import Ending, Place, Recording
from attune_sim.results import changed_result, read_at


@dataclass(frozen=True, slots=True)
class Repeat:
    """The list at `path` in the result of `task`, which is to have so many items."""

    task: str
    path: Path
    items: int

    def __str__(self) -> str:
        return spelled(self.path, below("task", self.task))

    def done(self, result: Any) -> Any:
        """The result with the list cut or repeated.

        Raises:
            ExperimentError: there is no list, or it is empty.
        """
        rows = read_at(result, self.path)
        if not isinstance(rows, list | tuple) or not rows:
            raise ExperimentError(
                f"items: {self} is no list with an element to repeat, in what the action of task {self.task!r} gave"
            )
        return changed_result(result, self.path, lambda rows: repeated(rows, self.items))


def repeated(rows: Sequence[Any], count: int) -> list[Any]:
    """So many elements, those of `rows` in order again and again, nothing shared among them.

    >>> repeated([1, 2, 3], 5), repeated([1, 2, 3], 2)
    ([1, 2, 3, 1, 2], [1, 2])
    """
    return [copy.deepcopy(rows[n % len(rows)]) for n in range(count)]


_Visit = tuple[str, str, int]
"""Within which calls, which task, for which time."""


class _Call(NamedTuple):
    """A call of a sub-workflow, as the engine spells it (`StartAction.place`): `check[3]:0:0/`."""

    task: str
    index: int | None  # type: ignore[assignment]  # a tuple's method of this name is no use here
    visit: int
    attempt: int

    @classmethod
    def of(cls, text: str) -> Self:
        name, visit, attempt = text.rsplit(":", 2)
        task, bracket, index = name.removesuffix("]").rpartition("[")
        return (
            cls(task, int(index), int(visit), int(attempt))
            if bracket
            else cls(name, None, int(visit), int(attempt))
        )

    def __str__(self) -> str:
        index = "" if self.index is None else f"[{self.index}]"
        return f"{self.task}{index}:{self.visit}:{self.attempt}/"


def _calls(within: str) -> list[str]:
    return within.split("/")[:-1]


class Resized(Recording):
    """Item i of a fan-out that had n items is answered as item i % n was; so are calls within the sub-workflows of items.

    `repeat` says which list of which result is cut or repeated; None where the items come from elsewhere.
    """

    def __init__(self, path: str, repeat: Repeat | None) -> None:
        super().__init__(path)
        self._repeat = repeat

    def at(self, place: Place) -> Ending | None:
        ending, repeat = super().at(self._recorded(place)), self._repeat
        if (
            ending is None
            or repeat is None
            or place[:2] != ("", repeat.task)
            or ending.outcome != "succeeded"
        ):
            return ending
        return ending._replace(result=repeat.done(ending.result))

    def items_of(self, task: str) -> int:
        """How many items a fan-out had when it was recorded; 0 if it was not reached."""
        return self._widths.get(("", task, 0), 0)

    def _recorded(self, place: Place) -> Place:
        """The place that answers for another one."""
        within = ""
        for call in map(_Call.of, _calls(place.within)):
            within += str(call._replace(index=self._slot((within, call.task, call.visit), call.index)))
        return place._replace(within=within, index=self._slot((within, *place[1:3]), place.index))

    def _slot(self, visit: _Visit, index: int | None) -> int | None:
        return None if index is None else index % self._widths.get(visit, index + 1)

    @cached_property
    def _widths(self) -> dict[_Visit, int]:
        """How many items every visit of a fan-out had, those of which nothing but calls within is recorded too."""
        widths: dict[_Visit, int] = {}
        for visit, index in self._slots():
            widths[visit] = max(widths.get(visit, 0), index + 1)
        return widths

    def _slots(self) -> Iterator[tuple[_Visit, int]]:
        around = dict.fromkeys(entry.place.within for entry in self.entries())
        for within in around:
            before = ""
            for call in map(_Call.of, _calls(within)):
                if call.index is not None:
                    yield (before, call.task, call.visit), call.index
                before += str(call)
        for place, *_ in self.entries():
            if place.index is not None:
                yield place[:3], place.index

    def __reduce__(self) -> tuple[Any, ...]:
        return (Resized.arrived, (self.path, self._repeat))
