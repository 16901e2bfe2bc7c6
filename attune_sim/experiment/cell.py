"""The parent's side of a cell: start its process, watch it to its end, say how it ended.

Real parts (servers, sinks) are started here, beside the cell: their memory is not the cell's, and they are stopped
however the cell ends.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attune_sim.experiment.endings import Departure
from attune_sim.experiment.process import WorkerProcess, started
from attune_sim.experiment.spec import CellSpec, moment
from attune_sim.experiment.watching import PATIENCE, OnRow, Patience, Watch
from attune_sim.record import CellRecord
from attune_sim.store import CellRows, ended_row, started_row


def run_cell(
    spec: CellSpec,
    on_row: OnRow = lambda row: None,
    *,
    patience: Patience = PATIENCE,
    stopped: Callable[[], bool] = lambda: False,
) -> CellRecord:
    """Run one cell in a process of its own and return its record; how it ends is data, never an exception.

    A Ctrl-C ends the cell, or that it is `stopped`: its record has the outcome `interrupted`. Raises ExperimentError if the cell cannot be
    sent to another process, or no process can be started.
    """
    began = moment()
    rows = CellRows(spec.key, spec.assumed, hash_seed=spec.hash_seed, began=began, looks=spec.looks)

    def take(row: Mapping[str, Any]) -> None:
        rows.add(row)
        on_row(row)

    take(started_row(spec.key, spec.assumed, spec.hash_seed, began, spec.looks))
    take(_watched(spec, rows, take, patience, stopped))
    return rows.record()


def run_answer(spec: CellSpec) -> Mapping[str, Any]:
    """Run without measuring: `outcome`, `error`, and `answer` (plain JSON) where the run came to its end."""
    rows = CellRows(spec.key)
    ended = _watched(spec, rows, rows.add, PATIENCE)
    if ended["outcome"] == "interrupted":
        raise KeyboardInterrupt
    ran = rows.ran or {}
    return {**ran, "outcome": ended["outcome"], "error": ended["error"] or ran.get("error")}


def run_beside(spec: CellSpec, command: Sequence[str], order: Mapping[str, Any], on_row: OnRow) -> str | None:
    """Run another program about a cell, as a cell is run: a process of its own, the spec and `order` on stdin, rows out.

    Gives back why it did not come to its end, None if it did. From its row `running` on it has the cell's time limit.
    Raises ExperimentError if the cell cannot be sent, or no process can be started.
    """
    rows = CellRows(spec.key)
    with started(spec, {}, command, order) as program:
        watch = Watch(program, spec.time_limit_s, PATIENCE, on_row)
        try:
            watch.to_the_end()
            program.end()
        finally:
            program.kill()
            watch.lines.close()
        return None if watch.complete else str(_departure(spec, program, watch, rows).ending()["error"])


def _watched(
    spec: CellSpec,
    rows: CellRows,
    on_row: OnRow,
    patience: Patience,
    stopped: Callable[[], bool] = lambda: False,
) -> Mapping[str, Any]:
    workload = spec.workload
    with contextlib.ExitStack() as stack:
        extra = dict(stack.enter_context(workload.parts(workload))) if spec.real else {}
        cell = stack.enter_context(started(spec, extra))
        watch = Watch(cell, spec.time_limit_s, patience, on_row, stopped)
        try:
            watch.to_the_end()
            cell.end()
        except KeyboardInterrupt:
            cell.kill()
            watch.take_rest()
            return ended_row("interrupted", "interrupted by Ctrl-C", watch.wall_s)
        finally:
            cell.kill()
            watch.lines.close()
        return _departure(spec, cell, watch, rows).ending()


def _departure(spec: CellSpec, cell: WorkerProcess, watch: Watch, rows: CellRows) -> Departure:
    return Departure(
        exit_code=cell.popen.returncode,
        memory_limit_bytes=spec.memory_limit_bytes,
        late=watch.late,
        ran=rows.ran,
        complete=watch.complete,
        dying=watch.dying,
        stuck=watch.stuck,
        words=cell.last_words(),
        wall_s=watch.wall_s,
    )
