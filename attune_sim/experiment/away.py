"""Cells on the workers of a cluster: each is a process of its own there, as it would be here, and its rows come home when it ends.

A worker may do other work beside a cell, so that cells read memory only; unless `resources` name what of its machine there is once, and a
cell takes all of it. Which machine a worker is on is asked, not believed.
"""

from __future__ import annotations

import os
import platform
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, Final, Self
from uuid import uuid4

import psutil
from distributed import get_worker
from distributed.diagnostics.plugin import WorkerPlugin

import attune_sim
from attune_sim.errors import InputError, counted
from attune_sim.executors.dask.desk import Sealed
from attune_sim.experiment.carry import packed, unpacked
from attune_sim.experiment.cell import run_cell
from attune_sim.experiment.crew import Crew
from attune_sim.experiment.limits import in_binary
from attune_sim.experiment.spec import CellSpec, moment
from attune_sim.experiment.watching import OnRow
from attune_sim.record import CellRecord
from attune_sim.recording.file import Recording
from attune_sim.scenarios.workload import Workload
from attune_sim.secrecy.hidden import SecretPaths
from attune_sim.store import CellRows, Row, ended_row, started_row

_LOOK_S: Final = 0.05
_ASK_S: Final = 2.0
_NOBODY_S: Final = 60.0
"""Seconds without the workers that may run a cell after which it is given up."""

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Place:
    """A worker that may run cells. `machine` is the same for all workers of one, containers included; `available` are bytes of memory."""

    machine: str
    available: int
    threads: int
    attune_sim: str
    python: str
    resources: Mapping[str, float]

    def has(self, resources: Mapping[str, float]) -> bool:
        """Whether it has so much of each."""
        return all(self.resources.get(name, 0) >= amount for name, amount in resources.items())


class Host(WorkerPlugin):  # type: ignore[misc]  # which has no types
    """What a worker has of an experiment: it stops the cells there when that ends."""

    def setup(self, worker: Any) -> None:
        self.stopped = threading.Event()

    def teardown(self, worker: Any) -> None:
        self.stopped.set()


class Away:
    """Runs cells on the workers of a crew, inside of the crew's block. `resources` are Dask's, as `{"machine": 1}`: with them cells
    read times too.

    `slots` is how many cells may be begun at once.
    """

    def __init__(self, crew: Crew, resources: Mapping[str, float], memory_limit_bytes: int) -> None:
        """Raises InputError where workers cannot run cells, have no room for them, or are not exclusive as asked."""
        self._client, self._resources = crew.client, dict(resources)
        places = self._places()
        require_alike(places)
        chosen = {at: place for at, place in places.items() if place.has(resources)}
        if resources:
            require_exclusive(places, chosen, resources)
        self.slots = require_room(chosen, memory_limit_bytes, alone=bool(resources))
        self._addresses = sorted(chosen)
        self._token, self._numbers = f"attune-sim-cells-{uuid4().hex}", count(1)

    def _places(self) -> Mapping[str, Place]:
        try:
            places: Mapping[str, Place] = self._client.run(look)
        except Exception as error:
            raise InputError(
                f"the workers of the cluster cannot run cells: {type(error).__name__}: {error}; they need attune-sim of this version, "
                "with the extra `distributed`"
            ) from error
        return places

    def __enter__(self) -> Self:
        self._client.register_plugin(Host(), name=self._token)
        return self

    def __exit__(self, *exc_info: object) -> None:
        with suppress(Exception):  # a cluster that is gone has stopped them
            self._client.unregister_worker_plugin(self._token)

    def run(self, spec: CellSpec, on_row: OnRow, stopped: Callable[[], bool]) -> CellRecord:
        """`run_cell` on a worker. How it ends is data: a worker that dies too often under it has `killed` it."""
        rows = CellRows(spec.key, spec.assumed, hash_seed=spec.hash_seed, began=moment(), looks=spec.looks)
        told: Iterable[Row]
        try:
            told = self._rows(spec, stopped)
        except KeyboardInterrupt:
            told = _only(spec, "interrupted", "interrupted by Ctrl-C")
        for row in told:
            rows.add(row)
            on_row(row)
        return rows.record()

    def _rows(self, spec: CellSpec, stopped: Callable[[], bool]) -> Iterable[Row]:
        future = self._client.submit(
            cell_here, self._token, Sealed(_sent(spec)), key=f"{self._token}-{next(self._numbers)}",
            workers=self._where(spec), resources=self._resources or None, pure=False, retries=0,
        )  # fmt: skip
        try:
            seen = asked = time.monotonic()
            while future.status == "pending":
                if stopped():
                    raise KeyboardInterrupt
                now = time.monotonic()
                if now - asked > _ASK_S:
                    seen, asked = now if self._is_anybody_there(spec) else seen, now
                if now - seen > _NOBODY_S:
                    return _only(spec, "killed", f"none of its workers came back within {_NOBODY_S:g} s")
                time.sleep(_LOOK_S)
            if future.status == "finished":
                found: list[Row] = future.result()
                return found
            why = future.exception() if future.status == "error" else f"its task is {future.status}"
            return _only(spec, "killed", f"lost with its worker: {type(why).__name__}: {why}")
        finally:
            future.cancel()

    def _where(self, spec: CellSpec) -> list[str]:
        """Cells that read times are compared: those of one size and repeat go to one machine, strategy beside strategy."""
        if not self._resources:
            return self._addresses
        place = spec.repeat + (spec.workload.items or 0)
        return [self._addresses[place % len(self._addresses)]]

    def _is_anybody_there(self, spec: CellSpec) -> bool:
        try:
            there = self._client.scheduler_info(n_workers=-1)["workers"]
        except Exception:  # a scheduler that does not answer has no workers
            return False
        return not there.keys().isdisjoint(self._where(spec))

    def __repr__(self) -> str:
        return f"<Away: {counted(len(self._addresses), 'worker')}, {counted(self.slots, 'cell')} at once>"


def _only(spec: CellSpec, outcome: Any, reason: str) -> Iterable[Row]:
    """The rows of a cell of which nothing else is known."""
    started = started_row(spec.key, spec.assumed, spec.hash_seed, moment(), spec.looks)
    return [started, ended_row(outcome, reason)]


def _sent(spec: CellSpec) -> tuple[str, bytes | None]:
    """A cell, and what it answers from, which lies in a file of this machine."""
    recording = spec.recording
    content = None if recording is None else Path(recording.path).read_bytes()
    return packed(replace(spec, recording=None)), content


# -- what is asked before anything starts ----------------------------------------------------------------------------------


def require_nothing_secret(workload: Workload) -> None:
    """Raises InputError for a workload with secrets: a cell takes them along, and a task of Dask's may be written to disk."""
    run = workload.spec({})
    paths = SecretPaths.of(run.workflow, run.workflows)
    if found := paths.values(run.workflow, run.parameters, run.keystore, run.config):
        raise InputError(
            f"{workload.name}: {next(iter(found))} is secret, and a cell on a worker would take it along in plain; leave out cluster="
        )


def require_alike(places: Mapping[str, Place]) -> None:
    """Raises InputError for a worker with another version of attune-sim, or another Python: its figures would be those of other code."""
    here = attune_sim.__version__, platform.python_version()
    for address, place in places.items():
        if (place.attune_sim, place.python) != here:
            raise InputError(
                f"the worker {address} has attune-sim {place.attune_sim} on Python {place.python}, this process {here[0]} on {here[1]}: "
                "cells would not measure the same code; install the same there"
            )


def require_exclusive(
    places: Mapping[str, Place], chosen: Mapping[str, Place], resources: Mapping[str, float]
) -> None:
    """Raises InputError where a worker with the resources would run two cells, or has another worker on its machine."""
    asked = " ".join(f"{name}={amount:g}" for name, amount in resources.items())
    if not chosen:
        raise InputError(
            f"no worker has the resources {asked}; start one a machine with: dask worker ADDRESS --resources '{asked}'"
        )
    on_machine = Counter(place.machine for place in places.values())
    for address, place in chosen.items():
        if all(place.resources[name] >= 2 * amount for name, amount in resources.items()):
            raise InputError(
                f"the worker {address} has the resources {asked} more than once: two cells would run beside each other, and times "
                "with company are none"
            )
        if on_machine[place.machine] > 1:
            raise InputError(
                f"the worker {address} shares its machine with {counted(on_machine[place.machine] - 1, 'other worker')} of the "
                "cluster: times with company are none; leave out resources= for cells that read memory only"
            )


def require_room(places: Mapping[str, Place], limit: int, *, alone: bool) -> int:
    """How many cells run at once. Raises InputError where these may take more memory than there is on a machine."""
    cells: Counter[str] = Counter()
    for place in places.values():
        cells[place.machine] += 1 if alone else place.threads
    for machine, number in cells.items():
        free = min(place.available for place in places.values() if place.machine == machine)
        if number * limit > free:
            raise InputError(
                f"{counted(number, 'cell')} beside each other on one machine of the cluster, each with a memory limit of "
                f"{in_binary(limit)}, may take more than the {in_binary(free)} that are available there; give a smaller memory_limit "
                "(--memory-limit), or workers with fewer threads"
            )
    return sum(cells.values())


# -- at a worker -----------------------------------------------------------------------------------------------------------


def look(dask_worker: Any = None) -> Place:
    """What a worker tells of itself."""
    with suppress(OSError):
        return _place(dask_worker, _BOOT.read_text().strip())
    return _place(dask_worker, platform.node())


def _place(worker: Any, machine: str) -> Place:
    return Place(
        machine,
        int(psutil.virtual_memory().available),
        worker.state.nthreads,
        attune_sim.__version__,
        platform.python_version(),
        dict(worker.state.total_resources),
    )


def cell_here(token: str, sealed: Sealed) -> list[Row]:
    """The task of a cell: its rows, from `started` to `ended`."""
    text, recorded = sealed.content
    host, spec = get_worker().plugins[token], unpacked(text)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="attune-sim-recording-") as folder:
        if recorded is not None:
            path = os.path.join(folder, "recording")
            Path(path).write_bytes(recorded)
            spec = replace(spec, recording=Recording(path))
        run_cell(spec, rows.append, stopped=host.stopped.is_set)
    return rows
