"""What `at.explore` gives back: what is known, one setting of it, and how a point of it is measured."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attune_sim.actions.payload import SHAPES
from attune_sim.amounts import byte_count
from attune_sim.api.comparisons.comparison import Comparison
from attune_sim.api.comparisons.measuring import Asked, Measurement
from attune_sim.api.comparisons.sweep import Sweep, is_sweep
from attune_sim.api.exploring.steps import nearest, round_steps
from attune_sim.api.runs.chosen import chosen_strategies, sized_workload
from attune_sim.api.runs.given import Source
from attune_sim.api.runs.running import one_of, positive
from attune_sim.api.showing.text import aligned
from attune_sim.errors import InputError, counted
from attune_sim.metrics import format_bytes, format_limit, format_s
from attune_sim.record import CellRecord

if TYPE_CHECKING:
    import pandas as pd

    from attune_sim.analysis.outlook import Known, Outlook, Setting, Told
    from attune_sim.api.showing.progress import Watcher

KEEP: Any = object()
"""In place of a size: it stays as it is."""


class Explorer:
    """What is known of a workload, at one `setting`: move it with `.at(...)`, or with the sliders that a notebook shows.

    `.outlook` has the curves and where each strategy dies, `.frame` a row a strategy; both `estimated` where no cell of this size
    was measured. `.measure()` measures the shown point for real. `.result` are all cells, as a Sweep or Comparison.

    >>> import attune_sim as at
    >>> explorer = at.explore("baseline", ["shared"])
    >>> explorer.at(items=2000).setting.items, explorer.outlook.missing
    (2000, ('shared',))
    """

    def __init__(
        self,
        records: Iterable[CellRecord],
        *,
        strategies: Sequence[str],
        limit: int,
        workload: Source | None = None,
        store: str | PathLike[str] | None = None,
        asked: Asked | None = None,
        start: tuple[int, int] = (1_000, 10_000),
    ) -> None:
        self._records = {record.key.id: record for record in records}
        self.strategies = tuple(strategies)
        self.workload, self._asked = workload, asked or Asked()
        if store is None:  # the folder goes with the explorer
            self._folder = tempfile.TemporaryDirectory(prefix="attune-explore-")
            store = Path(self._folder.name) / "cells.jsonl"
        self.store = Path(store)
        self._limit = limit
        self.setting = self._first(start)

    # -- what is known -----------------------------------------------------------------------------------------------------

    @property
    def records(self) -> tuple[CellRecord, ...]:
        """All cells, those that were measured here included."""
        return tuple(self._records.values())

    @property
    def result(self) -> Comparison:
        """All cells, as a Sweep or a Comparison. Raises InputError as long as there is none."""
        return (Sweep if is_sweep(self.records) else Comparison)(self.records)

    @cached_property
    def known(self) -> Known:
        """The laws of what was measured so far."""
        from attune_sim.analysis.outlook import Known
        from attune_sim.frame import metrics_frame

        return Known(metrics_frame(self.records), self.strategies)

    @property
    def outlook(self) -> Outlook:
        """What is known at the present setting."""
        return self.known.outlook(self.setting)

    @property
    def frame(self) -> pd.DataFrame:
        """One row a strategy at the shown point: live heap in bytes, seconds of the run, the items at which it dies, source, basis."""
        import pandas as pd

        rows = [
            (
                one.strategy,
                one.bytes,
                one.s,
                None if one.dies_at is None else one.dies_at.items,
                one.source,
                one.basis,
            )
            for one in self.outlook.told
        ]
        columns = ["strategy", "live_heap_bytes", "wall_s", "dies_at", "source", "basis"]
        numbers = dict.fromkeys(columns[1:4], "float64")
        return pd.DataFrame(rows, columns=columns).astype(numbers)

    # -- another setting ---------------------------------------------------------------------------------------------------

    def at(
        self,
        *,
        items: int = KEEP,
        context_bytes: int | str = KEEP,
        payload: str = KEEP,
        window: int | None = KEEP,
        memory: int | str = KEEP,
    ) -> Explorer:
        """Move to another setting, as the sliders do, and give the explorer back. `window` None: all items at once (`eager`).

        Raises InputError for what is no such size.
        """
        setting = self.setting
        if items is not KEEP:
            setting = replace(setting, items=positive("items", items))
        if context_bytes is not KEEP:
            setting = replace(setting, context_bytes=byte_count(context_bytes, "context_bytes"))
        if payload is not KEEP:
            setting = replace(setting, payload=one_of("payload", payload, SHAPES))
        if window is not KEEP:
            setting = replace(setting, window=None if window is None else positive("window", window))
        if memory is not KEEP:
            setting = replace(setting, memory_bytes=byte_count(memory, "memory"))
        self.setting = setting
        return self

    def _first(self, start: tuple[int, int]) -> Setting:
        """The largest size that was measured, or that of the workload."""
        from attune_sim.analysis.outlook import Setting

        ran = [one for one in self.records if one.items and one.outcome != "skipped"]
        if not ran:
            return Setting(start[0], start[1], "records", None, self._limit)
        eager = any(one.key.dispatch == "eager" for one in ran)
        most = max(ran, key=lambda one: (one.key.context_bytes, one.items or 0)).key
        contexts = round_steps(1, 1, (one.key.context_bytes for one in ran))
        context = nearest(contexts, most.context_bytes)
        items = max(one.items or 0 for one in ran)
        return Setting(items, context, most.payload, None if eager else 1, self._limit)

    # -- measuring ---------------------------------------------------------------------------------------------------------

    def measure(self, *strategies: str, told: Watcher | None = None) -> tuple[CellRecord, ...]:
        """Measure the shown point for real, once more, each strategy in a process of its own with the memory limit; the cells are kept in
        the store. Gives back the new ones.

        Without names: all of them. `told` hears of progress. A window above 1 is performed in threads.

        Raises:
            InputError: the workload is not known, or cannot have this size.
            ExperimentError: the strategies do not give the same answers.
            Interrupted: Ctrl-C, or a notebook's stop button; what was measured is kept.
        """
        setting = self.setting
        return self._measured([(setting.items, setting.context_bytes)], strategies, told)

    def scout(self, *strategies: str, told: Watcher | None = None) -> tuple[CellRecord, ...]:
        """Measure four sizes up to the shown one, from which there are laws; else as `measure`."""
        items, context = self.setting.items, self.setting.context_bytes
        sizes = [
            (each, bytes_)
            for bytes_ in (max(context // 4, 1_000), context)
            for each in (max(items // 8, 8), items)
        ]
        return self._measured(sizes, strategies, told)

    def _measured(
        self, sizes: Sequence[tuple[int, int]], strategies: Sequence[str], told: Watcher | None
    ) -> tuple[CellRecord, ...]:
        if self.workload is None:
            names = ", ".join(sorted({one.key.workload for one in self.records}))
            raise InputError(
                f"to measure a point of {names!r} its workflow has to be known; write at.explore(..., workload=...)"
            )
        setting, before = self.setting, set(self._records)
        inline = setting.window in (None, 1)
        asked = replace(
            self._asked, memory_limit=setting.memory_bytes, executor="inline" if inline else "threads"
        )
        own = asked.workload(self.workload)
        payload = None if setting.payload == own.history.payload else setting.payload
        grid = asked.experiment(
            [sized_workload(own, items=items, context_bytes=size, payload=payload) for items, size in sizes],
            chosen_strategies(strategies or self.strategies),
            repeats=1,
            dispatches=[setting.dispatch],
            concurrencies=[setting.window],
        )
        grid = replace(grid, repeats=1 + self._repeats(sizes) if len(sizes) == 1 else 1)
        measurement = Measurement(grid, store=self.store, progress=False, natural=True)
        try:
            records = measurement.of(
                lambda watcher: [measurement.run(grid, watcher)], Comparison, told
            ).records
        except KeyboardInterrupt as halt:
            result = getattr(halt, "result", None)
            self._keep([] if result is None else result.records)
            raise
        self._keep(records)
        return tuple(one for one in records if one.key.id not in before)

    def _repeats(self, sizes: Sequence[tuple[int, int]]) -> int:
        """How often the store has the point already: it is measured once more, and none of what it has is."""
        [(items, context)] = sizes
        setting = self.setting
        same = (
            one.key
            for one in self.records
            if (one.key.items, one.key.payload, one.key.dispatch)
            == (items, setting.payload, setting.dispatch)
            and abs(one.key.context_bytes - context) <= 0.01 * context
            and one.key.memory_limit_bytes == setting.memory_bytes
        )
        return max((key.repeat + 1 for key in same), default=0)

    def _keep(self, records: Iterable[CellRecord]) -> None:
        self._records |= {record.key.id: record for record in records}
        self.__dict__.pop("known", None)

    # -- shown -------------------------------------------------------------------------------------------------------------

    @cached_property
    def widget(self) -> Any:
        """The sliders, curves and buttons, as an ipywidgets box. Raises InputError where ipywidgets is not installed."""
        from attune_sim.api.exploring.widget import View

        return View(self).box

    @property
    def title(self) -> str:
        """`baseline: 1,000 items over 10.0 KB of records, all at once, in 1 GiB`"""
        names = dict.fromkeys(one.key.workload for one in self.records)
        setting = self.setting
        window = "all at once" if setting.window is None else f"{setting.window:,} at once"
        return (
            f"{', '.join(names) or 'nothing measured'}: {counted(setting.items, 'item')} over {format_bytes(setting.context_bytes)} of "
            f"{setting.payload}, {window}, in {format_limit(setting.memory_bytes)}"
        )

    def rows(self) -> list[tuple[str, ...]]:
        """What each strategy comes to at the shown point, in words: strategy, memory, time, dies at, source."""
        return [_row(one) for one in self.outlook.told]

    def __repr__(self) -> str:
        all_told, items = self.outlook.told, self.setting.items
        lives = [one for one in all_told if one.lives(items)]
        dies = [one.strategy for one in all_told if one.lives(items) is False]
        told = f"{', '.join(one.strategy for one in lives) or 'none'} live" + (
            f", {', '.join(dies)} die" if dies else ""
        )
        return f"<Explorer of {self.title}: {told}; see .at(items=) .frame .measure() .widget>"

    def __str__(self) -> str:
        headers = ("strategy", "live heap", "time", "dies at", "source")
        return "\n".join((self.title, "", *aligned(headers, self.rows(), frozenset({0, 4}))))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from attune_sim.api.exploring.drawing import page

        shown: dict[str, Any] = dict(self.widget._repr_mimebundle_() or {})
        return {**shown, "text/plain": str(self), "text/html": page(self.outlook, self.title)}


def _row(one: Told) -> tuple[str, ...]:
    if one.bytes is None:
        return one.strategy, "-", "-", "-", "no law: cells of four sizes are needed"
    death = one.dies_at
    dies = "lives" if death is None else counted(round(death.items), "item")
    return one.strategy, format_bytes(one.bytes), "-" if one.s is None else format_s(one.s), dies, one.source
