"""What one cell is told, and the limits that hold where nobody gave any."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

import psutil

from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.errors import counted
from attune_sim.experiment.crew import Line
from attune_sim.experiment.fingerprint import fingerprint
from attune_sim.record import CellKey
from attune_sim.recording.file import Recording
from attune_sim.scenarios.workload import Workload

TIME_LIMIT_S: Final = 120.0
LEAST_MEMORY_LIMIT: Final = 512 * 1024 * 1024


def default_memory_limit() -> int:
    """A quarter of the available memory, at least 512 MiB, rounded down to a power of two.

    Rounded, because the limit is part of a cell's key: a rerun must find the cells that it had.
    """
    quarter = int(psutil.virtual_memory().available / 4)
    return max(LEAST_MEMORY_LIMIT, 1 << (quarter.bit_length() - 1))


def moment() -> str:
    """Now, as it is kept of a cell: `2026-11-28T13:05:00Z`."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def context_bytes_of(workload: Workload) -> int:
    """Bytes of JSON of parameters, variables and finished results, as they are before the first task."""
    return workload.context_bytes


def hash_seed_of(seed: int, repeat: int) -> int:
    """The `PYTHONHASHSEED` of a repeat, from 0 to 2**32 - 1: the same for every strategy, and on every rerun.

    One seed for all would measure one layout of every dict and trie; one a process would let strategies draw
    different lots. `seed` is the workload's, so that another seed is another set of layouts.

    >>> hash_seed_of(0, 0), hash_seed_of(0, 1)
    (2893166218, 4011020074)
    """
    return int.from_bytes(hashlib.sha256(f"{seed}:{repeat}".encode()).digest()[:4], "big")


@dataclass(frozen=True, kw_only=True)
class CellSpec:
    """One cell to run. `actions` are added to the workload's own and win; `strategy` is a class.

    `context_bytes` is what `context_bytes_of` says (None: compute it when the key is asked for). `answer_only` runs
    without measuring and hands the whole answer back, for comparing. From a `recording` answers what can only be called for
    real; the key is that of the actions themselves, whatever they gave this time. `estimated` says what of it was repeated.
    `concurrency` is what was asked of the workload, which has it already; a `memory_only` cell reads no clock, because others
    may run beside it. `looks` are kept with the cell, and are no part of its key, nor is whether pympler's sizes are read too
    (`by_pympler`). Where attempts are made on a cluster, `line` says where that is; its number of workers is a part of the digest.
    """

    workload: Workload
    strategy: type[ContextStrategy]
    dispatch: str = "windowed"
    executor: str = "inline"
    repeat: int = 0
    real: bool = False
    actions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    memory_limit_bytes: int = field(default_factory=default_memory_limit)
    time_limit_s: float = TIME_LIMIT_S
    context_bytes: int | None = None
    answer_only: bool = False
    recording: Recording | None = None
    concurrency: int | None = None
    memory_only: bool = False
    looks: tuple[int, ...] = ()
    by_pympler: bool = True
    estimated: tuple[str, ...] = ()
    line: Line | None = None

    @cached_property
    def key(self) -> CellKey:
        """What makes two cells the same."""
        workload, known = self.workload, self.context_bytes
        return CellKey(
            workload=workload.name,
            strategy=self.strategy.name,
            dispatch=self.dispatch,
            executor=self.executor,
            items=workload.items,
            context_bytes=context_bytes_of(workload) if known is None else known,
            payload=workload.history.payload,
            history_tasks=workload.history.tasks,
            repeat=self.repeat,
            seed=workload.seed,
            real=self.real,
            memory_limit_bytes=self.memory_limit_bytes,
            time_limit_s=self.time_limit_s,
            digest=self.digest,
            concurrency=self.concurrency,
            memory_only=self.memory_only,
        )

    @property
    def hash_seed(self) -> int:
        """What texts hash by in the cell's process; it follows from the key, and is no part of it."""
        return hash_seed_of(self.workload.seed, self.repeat)

    @property
    def all_actions(self) -> dict[str, Callable[..., Any]]:
        """The workload's actions (replayed or real), then those that were given."""
        return {**self.workload.actions(self.real, self.recording), **self.actions}

    @cached_property
    def digest(self) -> str:
        """Fingerprint of workflow, how parameters are made, actions and strategy."""
        workload = self.workload
        recipe = (workload.make_parameters, workload.make_variables, workload.history)
        given = (
            dict(workload.knobs),
            workload.ballast,
            workload.user,
            *([workload.config] if workload.config else ()),
        )
        workflows = [workflow.as_dict() for workflow in (workload.workflow, *workload.workflows)]
        actions = {**workload.actions(self.real), **self.actions}
        crew = () if self.line is None else (f"{self.line.workers} workers",)
        return fingerprint(workflows, recipe, given, actions, self.strategy, *self._recorded, *crew)

    @property
    def executor_here(self) -> str:
        """The executor of a run that is looked at in this process, attempt by attempt, and not measured."""
        return self.executor if self.line is None else "inline"

    @property
    def _recorded(self) -> tuple[str, ...]:
        return () if self.real else tuple(sorted(self.workload.unreplayed - self.actions.keys()))

    @property
    def is_recorded(self) -> bool:
        """Whether actions that can only be called for real are called once, and replayed here."""
        return bool(self._recorded)

    @property
    def is_foretold(self) -> bool:
        """Whether results are known before anything is asked for: from a recording, or from a user's script."""
        return not self.real and (self.is_recorded or self.workload.script is not None)

    def replaying(self, recording: Recording, estimated: tuple[str, ...] = ()) -> CellSpec:
        """The same cell, answering from a recording of its actions."""
        return replace(self, recording=recording, estimated=estimated)

    @property
    def assumed(self) -> tuple[str, ...]:
        """What was assumed rather than given, of the workload and of what it answers from."""
        return self.workload.assumed + self.estimated

    @property
    def title(self) -> str:
        """How messages call it: `baseline, shared, 1,000 items, repeat 2`; without items where nobody knows how many."""
        items = f", {counted(self.workload.items, 'item')}" if self.workload.items else ""
        return f"{self.workload.name}, {self.strategy.name}{items}, repeat {self.repeat + 1}"
