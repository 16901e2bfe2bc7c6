"""Where the noise of a machine is kept, and found again by whoever compares figures of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attune_sim.api.noise.noise import Noise
from attune_sim.errors import InputError
from attune_sim.record import CellRecord, machine_of
from attune_sim.store import Store

if TYPE_CHECKING:
    from attune_sim.analysis.noise import NoiseFloor

STATE: Final = "ATTUNE_SIM_STATE"
"""The variable of the environment that names the folder in place of the user's own for what programs keep."""


def kept_noise(records: Iterable[CellRecord]) -> NoiseFloor | None:
    """What is kept of the machine and Python that these cells ran on; None where nothing is, or they ran in several places."""
    known = {_identity(record.surroundings): record.surroundings for record in records if record.surroundings}
    if len(known) != 1:
        return None
    [where] = known.values()
    with suppress(InputError):  # whoever measures again is told what is wrong with the file
        path = noise_file(where)
        if path.is_file() and (found := Store(path).records()):
            return Noise(found, path).floor
    return None


def noise_file(where: Mapping[str, Any], place: str | PathLike[str] | None = None) -> Path:
    """Where the cells of a machine and Python are kept, of which `where` are the surroundings."""
    folder = place or os.environ.get(STATE)
    return (_user_state() if folder is None else Path(folder)) / "noise-{}-{}.jsonl".format(*_identity(where))


def _identity(where: Mapping[str, Any]) -> tuple[str, str]:
    return machine_of(where), str(where.get("python", "unknown"))


def _user_state() -> Path:
    from platformdirs import user_state_path

    return user_state_path("attune-sim", appauthor=False)
