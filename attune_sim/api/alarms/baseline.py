"""A baseline: cells of earlier days in one JSON file, whole, so that they are judged as those of today are.

    {"note": "written by attune-sim", "attune_baseline": 1, "commit": ..., "date": ..., "surroundings": [...], "cells": [...]}

Readings and no aggregates are kept, a line a cell; a cell names its surroundings by their place in the list.

Schema history
    1   2026-11: first version
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from os import PathLike
from pathlib import Path
from typing import Any, Final

from attune_sim.errors import InputError
from attune_sim.files import MARK, content, require_place, write
from attune_sim.record import CellKey, CellRecord, Reading
from attune_sim.store import Store

SCHEMA: Final = 1
NAME: Final = "attune-baseline.json"
"""What the file is called where nobody names it."""

MOST_BYTES: Final = 256 * 2**20
_LEFT_OUT: Final = frozenset(
    {"samples", "answer", "assumed", "began", "schema", "key", "readings", "surroundings"}
)
_STORE: Final = b'{"row":'


def cell_of(record: CellRecord) -> dict[str, Any]:
    """A cell as plain JSON: what differs from what a cell has by default, its samples left out."""
    usual = {one.name: one.default for one in fields(CellRecord) if one.default is not MISSING}
    known = {name: value for name, value in asdict(record).items() if name not in _LEFT_OUT}
    return {
        "key": asdict(record.key),
        **{name: value for name, value in known.items() if value != usual.get(name, MISSING)},
        "surroundings": dict(record.surroundings),
        "readings": [_short(reading) for reading in record.readings if reading.source == "measured"],
    }


def record_of(cell: Mapping[str, Any]) -> CellRecord:
    """The record that `cell_of` made this of.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    known = {name: value for name, value in cell.items() if name not in ("key", "readings")}
    readings = tuple(Reading(**{"metric": name, **rest}) for name, rest in cell["readings"])
    return CellRecord(
        key=CellKey(**cell["key"]), readings=readings, **{**known, "looks": tuple(known.get("looks", ()))}
    )


@dataclass(frozen=True, slots=True)
class Baseline:
    """Cells, and the commit and date of when they were saved; None where nobody knows them."""

    records: tuple[CellRecord, ...]
    commit: str | None = None
    date: str | None = None


def save_baseline(
    path: str | PathLike[str],
    cells: Iterable[Mapping[str, Any]],
    *,
    commit: str | None = None,
    date: str | None = None,
    force: bool = False,
) -> str:
    """Write cells, each as `cell_of` gives it and each once; gives back the path.

    Raises:
        FileError: it cannot be written, or is a file that attune-sim did not write.
    """
    once = {_id(cell): cell for cell in cells}
    places: dict[str, int] = {}
    lines = []
    for cell in once.values():
        where = json.dumps(cell["surroundings"], sort_keys=True)
        lines.append(json.dumps({**cell, "surroundings": places.setdefault(where, len(places))}))
    facts = {"note": MARK, "attune_baseline": SCHEMA, "commit": commit, "date": date}
    head = json.dumps(facts)[:-1] + ',\n"surroundings": [\n'
    return write(
        path, head + ",\n".join(places) + '\n],\n"cells": [\n' + ",\n".join(lines) + "\n]}\n", force=force
    )


def load_baseline(path: str | PathLike[str]) -> Baseline:
    """The cells of a baseline, or of a store of cells.

    Raises:
        InputError: there is no such file, it holds something else, or a newer version wrote it.
    """
    if not Path(path).exists():
        raise InputError(f"{path}: there is no such store or baseline")
    text = content(path, MOST_BYTES)
    if text.startswith(_STORE):
        return Baseline(tuple(Store(path).records()))
    try:
        found = json.loads(text)
        schema = found["attune_baseline"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise InputError(f"{path}: is no baseline of attune-sim, and no store of cells") from None
    if schema != SCHEMA:
        raise InputError(
            f"{path}: is a baseline of schema {schema!r}; this version of attune-sim knows {SCHEMA}"
        )
    try:
        where = found["surroundings"]
        cells = ({**cell, "surroundings": where[cell["surroundings"]]} for cell in found["cells"])
        return Baseline(tuple(map(record_of, cells)), found.get("commit"), found.get("date"))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError(f"{path}: a cell of this baseline cannot be read ({error!r})") from None


def merged(path: str | PathLike[str], cells: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """These cells, and those that a baseline has of what is not among them."""
    new = list(cells)
    known = {_case(cell) for cell in new}
    old = map(cell_of, load_baseline(path).records) if Path(path).is_file() else ()
    return [*(cell for cell in old if _case(cell) not in known), *new]


def require_baseline_place(path: str | PathLike[str]) -> None:
    """Raises FileError where a baseline cannot be written there: asked before anything is measured."""
    require_place(path)


def _case(cell: Mapping[str, Any]) -> tuple[Any, ...]:
    """What all repeats of a cell have in common, whatever runs in them."""
    return tuple(value for name, value in cell["key"].items() if name not in ("repeat", "digest"))


def _id(cell: Mapping[str, Any]) -> str:
    return CellKey(**cell["key"]).id


def _short(reading: Reading) -> tuple[str, dict[str, Any]]:
    usual = {one.name: one.default for one in fields(Reading)}
    known = {
        name: value for name, value in asdict(reading).items() if name != "metric" and value != usual[name]
    }
    return reading.metric, {"value": reading.value, **known}
