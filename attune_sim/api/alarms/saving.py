"""Making a baseline of what was measured today."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attune_sim.api.alarms.baseline import merged, save_baseline
from attune_sim.api.alarms.repository import Commit, Repository
from attune_sim.errors import InputError


def save_measured(path: Path, cells: Iterable[Mapping[str, Any]]) -> str:
    """Write cells to a baseline, in place of what it has of them, with the commit that is checked out where it lies.

    Raises:
        FileError: it cannot be written, or is a file that attune-sim did not write.
    """
    all_of_them = merged(path, cells)
    at = _commit(path.resolve().parent)
    commit = None if at is None else at.digits + ("+" if at.is_dirty else "")
    date = datetime.now(UTC).isoformat(timespec="seconds") if at is None else at.date
    return save_baseline(path, all_of_them, commit=commit, date=date)


def _commit(folder: Path) -> Commit | None:
    with suppress(InputError):  # a folder outside of any repository is a place like another
        return Repository(folder).commit()
    return None
