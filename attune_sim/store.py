"""Where cells are kept: rows appended as they come, each on the disk before the next, and read back as records.

The rows of a cell, one JSON object a line

    started    cell (its id), key, assumed, hash_seed, began (the time, UTC), looks, schema: before its process begins
    running    surroundings: set-up is over
    sample     counts and size of the fan-out so far, and readings of memory: heartbeats of the run
    ran        how the run ended: outcome, counts, run_status, error, wall_s, answer; size and context of the fan-out
    reading    one figure; those of optional probes stand behind `ended`, and of two of one metric the last counts
    ended      the final outcome, its reason, and wall_s: the time of the run by the parent's clock

and of simulations, beside the cells, one row a seed, and one a strategy

    simulation cell (what was simulated, as sixteen digits), seed, and what came of it (`api.simulation.seeded`)
    prices     cell (the workload in its size, and the strategy, as sixteen digits), and what was weighed (`simulation.prices`)

A cell without `ended` was cut off with the program that ran it: it is read back as `killed`, with its samples. When a
cell was run twice, its last run counts.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from attune_sim.display import Displayed
from attune_sim.errors import InputError
from attune_sim.jsonl import Writer, read
from attune_sim.record import (
    COUNTS,
    FINAL_OUTCOMES,
    SCHEMA_VERSION,
    CellKey,
    CellOutcome,
    CellRecord,
    Reading,
    Sample,
)

Row = Mapping[str, Any]

_NO_CELLS: Final = frozenset({"simulation", "prices"})
_SAME: Final = (*COUNTS, "fan_out_items", "fan_out_context_bytes")
_FACTS: Final = {**{name: name for name in _SAME}, "fork_us": "forking_us"}
"""What a row says of the run so far -> the field of the record that it becomes."""


class CellRows:
    """Folds the rows of one run of a cell into its record; they may stop anywhere.

    `ran` is the row that says how the run ended, None until it did.
    """

    def __init__(
        self,
        key: CellKey,
        assumed: tuple[str, ...] = (),
        schema: int = SCHEMA_VERSION,
        hash_seed: int = 0,
        began: str | None = None,
        looks: tuple[int, ...] = (),
    ) -> None:
        self.key, self.assumed, self.schema, self.hash_seed = key, assumed, schema, hash_seed
        self.began, self.looks = began, looks
        self._facts: dict[str, Any] = {}
        self.ran: Row | None = None
        self._ended: Row | None = None
        self._surroundings: Mapping[str, Any] = {}
        self._samples: list[Sample] = []
        self._readings: dict[str, Reading] = {}
        self._elapsed_s: float | None = None

    def add(self, row: Row) -> None:
        """Take up one row; kinds that are not known are left out."""
        match row["row"]:
            case "running":
                self._surroundings = row.get("surroundings", {})
            case "sample":
                self._elapsed_s = row["elapsed_s"]
                self._count(row)
                self._samples += [Sample(index, row["elapsed_s"], *rest) for index, *rest in row["samples"]]
            case "reached":
                self._count(row)
            case "ran":
                self.ran = row
                self._count(row)
            case "reading":
                figures = {name: value for name, value in row.items() if name not in ("row", "cell")}
                self._readings[row["metric"]] = Reading(**figures)
            case "ended":
                self._ended = row

    def record(self) -> CellRecord:
        """All that is known; a cell whose end is missing was `killed`."""
        ran, timed = self.ran or {}, not self.key.memory_only
        if not timed:  # it may have had company
            self._facts["forking_us"] = None
        ended: Row = self._ended or {"outcome": "killed", "error": "its program ended before it did"}
        return CellRecord(
            key=self.key,
            outcome=ended["outcome"],
            **self._facts,
            run_status=ran.get("run_status"),
            error=ended.get("error") or ran.get("error"),
            wall_s=self._wall_s(ran, ended) if timed else None,
            answer=ran.get("answer"),
            readings=tuple(self._readings.values()),
            samples=tuple(self._samples),
            assumed=self.assumed,
            hash_seed=self.hash_seed,
            began=self.began,
            looks=self.looks,
            surroundings=self._surroundings,
            schema=self.schema,
        )

    def _wall_s(self, ran: Row, ended: Row) -> float | None:
        if (told := ran.get("wall_s")) is not None:
            return float(told)
        # Who watches a run reads late that it began, and it ran for as long as its own last sample says, whatever the watch saw.
        seen = [seconds for seconds in (ended.get("wall_s"), self._elapsed_s) if seconds is not None]
        return max(seen, default=None)

    def _count(self, row: Row) -> None:
        self._facts.update({field: row[name] for name, field in _FACTS.items() if name in row})


class Store(Displayed):
    """The cells of a file. One program at a time may write; use it as a context manager to write.

    >>> import tempfile
    >>> with Store(tempfile.mkdtemp() + "/cells.jsonl") as store:
    ...     store.records()
    []
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._writer: Writer | None = None

    def __enter__(self) -> Store:
        self._writer = Writer(self.path, begins=b'{"row":')
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def append(self, cell: str, row: Row) -> None:
        """Write one row of a cell; it is on the disk when this returns."""
        if self._writer is None:
            raise InputError(f"{self.path}: open the store with `with` before writing to it")
        self._writer.write({"row": row["row"], "cell": cell, **row})

    def records(self) -> list[CellRecord]:
        """All cells, in the order in which they first began; the last run of each counts.

        Raises InputError for a file that holds something else, or was written by a newer version.
        """
        return [rows.record() for rows in self._folded().values()]

    def finished(self) -> dict[str, CellRecord]:
        """Cell id -> record of the cells that a rerun need not repeat."""
        return {record.key.id: record for record in self.records() if record.outcome in FINAL_OUTCOMES}

    def simulations(self, of: str) -> list[Row]:
        """The rows of the seeds of one simulation, in the order in which they ended."""
        return self._beside("simulation", of)

    def prices(self, of: str) -> list[Row]:
        """The rows of what was weighed of one workload and strategy, in the order in which it was."""
        return self._beside("prices", of)

    def _beside(self, kind: str, of: str) -> list[Row]:
        rows = read(self.path) if self.path.exists() else ()
        return [row for row in rows if row.get("row") == kind and row.get("cell") == of]

    def memory_limit(self) -> int | None:
        """The memory limit of its first cell: a rerun without a limit of its own goes on with it."""
        return next((record.key.memory_limit_bytes for record in self.records()), None)

    def _folded(self) -> dict[str, CellRows]:
        cells: dict[str, CellRows] = {}
        if not self.path.exists():
            return cells
        for number, row in enumerate(read(self.path), 1):
            try:
                if row["row"] in _NO_CELLS:
                    continue
                if row["row"] == "started":
                    cells[row["cell"]] = _begun(row)
                else:
                    cells[row["cell"]].add(row)
            except (KeyError, TypeError, ValueError) as error:
                place = f"{self.path}:{number}"
                raise InputError(f"{place}: not a row of a store of cells ({error!r})") from error
        return cells

    def __repr__(self) -> str:
        return f"<Store {self.path.name!r}: at.compare(..., store={self.path.name!r}) goes on with it>"


def started_row(
    key: CellKey,
    assumed: tuple[str, ...],
    hash_seed: int,
    began: str | None = None,
    looks: tuple[int, ...] = (),
) -> dict[str, Any]:
    """The first row of a cell."""
    known = {"assumed": list(assumed), "hash_seed": hash_seed, "began": began, "schema": SCHEMA_VERSION}
    return {"row": "started", "key": asdict(key), **known, **({"looks": list(looks)} if looks else {})}


def ended_row(outcome: CellOutcome, error: str | None, wall_s: float | None = None) -> dict[str, Any]:
    """The last row of a cell; `wall_s` is None where its run never began, or nobody watched it."""
    return {"row": "ended", "outcome": outcome, "error": error, "wall_s": wall_s}


def _begun(row: Row) -> CellRows:
    schema = row["schema"]
    if schema > SCHEMA_VERSION:
        raise ValueError(f"schema {schema} is newer than this version of attune-sim knows")
    hash_seed = row.get("hash_seed", 0)  # before schema 2 it was 0 for every cell
    key, looks = CellKey(**row["key"]), tuple(row.get("looks", ()))
    return CellRows(key, tuple(row["assumed"]), schema, hash_seed, row.get("began"), looks)
