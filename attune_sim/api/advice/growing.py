"""How what a run holds grows with its items: two runs, unmeasured, in two small sizes, and the line through them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

from attune_sim.contexts.projected import Projected
from attune_sim.experiment.composition import HISTORY, WHOLE, Composition, Part, composition_of
from attune_sim.experiment.recordings import Recordings
from attune_sim.experiment.spec import CellSpec
from attune_sim.loader.source import read_source
from attune_sim.paths import spelled
from attune_sim.scenarios.data import data_path
from attune_sim.scenarios.workload import Workload
from attune_sim.slimming.dataflow import read_paths

if TYPE_CHECKING:
    import pandas as pd

    from attune_sim.analysis.limits import Growth, Run

SMALL: Final = 32
LARGE: Final = 128
"""Items of the two runs: apart from each other whatever is asked for, since one size says nothing of growth."""

CONTEXT_COLUMNS: Final = ("task", "bytes", "heap_bytes", "unread_bytes", "read", "source")

_EVERYTHING: Final = "everything"
_NOTHING: Final = "nothing"


@dataclass(frozen=True, slots=True)
class Grown:
    """Compositions of two sizes (or of one, twice), and the size that they are told at."""

    workload: Workload
    sizes: tuple[int, int]
    found: tuple[Composition, Composition]
    items: int

    @property
    def status(self) -> str:
        """How the larger run ended."""
        return self.found[1].status

    @property
    def error(self) -> str | None:
        return self.found[1].error

    def context(self) -> pd.DataFrame:
        """What the main fan-out is handed, a row a part, the largest first (`CONTEXT_COLUMNS`).

        `bytes` are those of JSON, `heap_bytes` of what it takes alive, `unread_bytes` of JSON that nothing reads later on.
        """
        import pandas as pd

        source = "measured" if self.items in self.sizes else "estimated"
        rows = [self._row(part, source) for part in self._handed]
        frame = pd.DataFrame(rows, columns=list(CONTEXT_COLUMNS))
        typed = frame.astype({"bytes": "Int64", "heap_bytes": "Int64", "unread_bytes": "Int64"})
        return typed.sort_values("bytes", ascending=False, kind="stable", ignore_index=True)

    @property
    def unread(self) -> tuple[str, ...]:
        """Paths of what the main fan-out is handed that nothing reads, the largest first."""
        sized = [(size, path) for part in self._handed for path, size in self._unread(part).items()]
        return tuple(path for _, path in sorted(sized, key=lambda one: -one[0]))

    def limits(self) -> pd.DataFrame:
        """At how many items the limits of other platforms are broken."""
        from attune_sim.analysis.limits import Limit, limits_frame

        entries = yaml.safe_load(read_source(data_path("limits.yaml")).text)["limits"]
        return limits_frame(self._run(), [Limit(**entry) for entry in entries], self.items)

    @property
    def _handed(self) -> list[Part]:
        return [part for part in self.found[1].parts if part.handed]

    def _row(self, part: Part, source: str) -> tuple[Any, ...]:
        heap = None if part.heap_bytes is None else self._line(part.task, "heap_bytes").at(self.items)
        unread = sum(self._unread(part).values())
        share = unread / part.bytes if part.bytes else 0.0
        size = self._line(part.task, "bytes").at(self.items)
        whole = None if heap is None else round(heap)
        return part.task, round(size), whole, round(share * size), self._told_reads(part.task), source

    def _told_reads(self, task: str) -> str:
        paths = self._reads.get(task, None)
        if task in (*WHOLE, HISTORY):
            return ""
        if paths is None or () in paths:
            return _EVERYTHING
        return ", ".join(sorted(map(spelled, paths))) or _NOTHING

    @property
    def _reads(self) -> Mapping[str, Any]:
        workload = self.workload
        definition = workload.workflow if workload.user is None else workload.user.definition
        return read_paths(definition, workload.workflows)

    def _unread(self, part: Part) -> dict[str, int]:
        """Path -> bytes of JSON, of what nothing reads of a task's result."""
        paths = self._reads.get(part.task)
        if part.task in (*WHOLE, HISTORY) or paths is None or () in paths:
            return {}
        if not paths:
            return {f"task.{part.task}": part.bytes}
        read = {path[0] for path in paths}
        return {f"task.{part.task}.{key}": size for key, size in part.keys.items() if key not in read}

    def _line(self, task: str, name: str) -> Growth:
        """How a figure of a part grows with the items."""
        from attune_sim.analysis.limits import Growth

        small, large = (_figure(found, task, name) for found in self.found)
        apart = self.sizes[1] - self.sizes[0]
        each = (large - small) / apart if apart else 0.0
        return Growth(large - each * self.sizes[1], each)

    def _run(self) -> Run:
        from attune_sim.analysis.limits import Run, TaskGrowth

        tasks = [
            TaskGrowth(
                task=part.task,
                calls=self._line(part.task, "calls"),
                result=self._line(part.task, "bytes"),
                call=self._line(part.task, "call_bytes"),
                fan_out=part.fan_out,
            )
            for part in self.found[1].parts
            if part.task not in (*WHOLE, HISTORY)
        ]
        return Run(tasks, self._line("parameters", "bytes"))


def _figure(found: Composition, task: str, name: str) -> float:
    return next((float(getattr(part, name) or 0) for part in found.parts if part.task == task), 0.0)


def grown(own: Workload, items: int | None, recordings: Recordings) -> Grown:
    """How what a run holds grows, told at so many items (None: at the workload's own size)."""
    target = own if items is None else own.sized(items=items)
    if not target.items:  # nobody knows before it runs, and so nobody can change it
        found = _composed(own, recordings)
        count = max((part.calls for part in found.parts if part.fan_out), default=0)
        return Grown(own, (count, count), (found, found), count)
    small, large = (_composed(_sized(own, size), recordings) for size in (SMALL, LARGE))
    return Grown(own, (SMALL, LARGE), (small, large), target.items)


def _sized(own: Workload, items: int) -> Workload:
    return own if items == own.items else own.sized(items=items)


def _composed(workload: Workload, recordings: Recordings) -> Composition:
    cell = CellSpec(workload=workload, strategy=Projected)
    if cell.is_recorded:
        taken = recordings.of(cell)
        cell = cell.replaying(taken.recording, taken.estimated)
    return composition_of(cell)
