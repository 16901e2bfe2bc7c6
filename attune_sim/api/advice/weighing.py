"""Large forks, weighed at the size that an advice is about: how they grow with the context cannot be told from small runs to a few per cent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from attune_sim.api.pricing import LARGEST, weighed_now
from attune_sim.errors import ExperimentError
from attune_sim.experiment.recordings import Recordings
from attune_sim.record import CellRecord
from attune_sim.scenarios.workload import Workload
from attune_sim.simulation.weighing import LARGE

if TYPE_CHECKING:
    from attune_sim.analysis.advice import WeighedFork


class LargeForks:
    """What is `found` of the forks of a workload in the size that was asked for, by strategy: of those that are large, and were not measured there.

    A few are made of each, in a process of their own, which runs the workload once. Where that fails, nothing is found.
    """

    def __init__(self, workload: Workload, recordings: Recordings) -> None:
        self.found: dict[str, WeighedFork] = {}
        self._workload, self._recordings = workload, recordings
        self._tried: set[str] = set()

    def weigh(self, records: Iterable[CellRecord]) -> None:
        """Weigh those that cells show to be large and that were not weighed before."""
        workload, wanted = self._workload, [name for name in self._large(records) if name not in self._tried]
        if not wanted or workload.fan_out is None or workload.items > LARGEST:
            return
        from attune_sim.analysis.advice import WeighedFork

        self._tried.update(wanted)
        try:
            prices = weighed_now(workload, wanted, self._recordings)
        except ExperimentError:
            return
        for name, price in prices.items():
            if (task := price.tasks.get(workload.fan_out)) is not None:
                fork, workspace = task.fork.at(workload.items), task.workspace.at(workload.items)
                self.found[name] = WeighedFork(fork, price.process.space_each, workspace)

    def _large(self, records: Iterable[CellRecord]) -> list[str]:
        """Strategies whose forks were large in some cell, and none of whose cells had the size that was asked for."""
        sizes: dict[str, list[int]] = {}
        large: dict[str, float] = {}
        for record in records:
            name = record.key.strategy
            sizes.setdefault(name, []).append(record.key.items or record.fan_out_items or 0)
            forks = [one.value or 0.0 for one in record.readings if one.metric == "fork_bytes"]
            large[name] = max(large.get(name, 0.0), *forks, 0.0)
        return [name for name in sizes if large[name] >= LARGE and self._workload.items not in sizes[name]]
