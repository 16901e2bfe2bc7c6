"""The seeds of a simulation: in parallel processes, taken up where a store has them, and stopped with what there is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from os import PathLike
from typing import Any

from attune_sim.api.simulation.asked import Asked
from attune_sim.api.simulation.seeded import SCHEMA, Charged, Seeded
from attune_sim.errors import InputError
from attune_sim.experiment.fingerprint import fingerprint
from attune_sim.simulation.prices import Prices
from attune_sim.simulation.processes import beside
from attune_sim.simulation.simulate import Told as Passing
from attune_sim.store import Store

Told = Callable[[Seeded], None]


class Ensemble:
    """One simulation, of all its seeds. `found` is what there is of them, by seed, in the order in which they were asked for."""

    def __init__(
        self,
        asked: Asked,
        prices: Prices | None,
        *,
        processes: int | None,
        store: str | PathLike[str] | None,
    ) -> None:
        self._asked, self._prices = asked, prices
        self._processes = processes or os.cpu_count() or 1
        self._store = None if store is None else Store(store)
        self._known: dict[int, Seeded] = {}

    @property
    def found(self) -> dict[int, Seeded]:
        """What there is, in the order of the seeds that were asked for."""
        return {seed: self._known[seed] for seed in self._asked.seeds if seed in self._known}

    def run(self, told: Told, passing: Passing = lambda cycles, items: None) -> None:
        """Simulate what is missing; the first seed always once, for its course is not kept in a store. `passing` hears how far that one is."""
        first, *others = self._asked.seeds
        self._known = {seed: one for seed, one in self._known.items() if one.ended != "interrupted"}
        with self._writing() as write:
            self._known.update(self._stored(others))
            if first not in self._known:
                own = self._charged(keeps_course=True)(self._asked.settings([first])[0], passing)
                self._take(own, told, lambda seeded: None)
                if self._known[first].ended == "interrupted":
                    return
            missing = [seed for seed in others if seed not in self._known]
            for seeded in self._of(missing):
                self._take(seeded, told, write)
                if seeded.ended == "interrupted":
                    return

    def _take(self, seeded: Seeded, told: Told, write: Told) -> None:
        self._known[seeded.seed] = seeded
        if seeded.ended != "interrupted":
            write(seeded)
        told(seeded)

    def _of(self, seeds: list[int]) -> Iterator[Seeded]:
        charged = self._charged(keeps_course=False)
        with closing(beside(charged, self._asked.settings(seeds), self._processes)) as answers:
            for _, seeded in answers:
                yield seeded

    def _charged(self, *, keeps_course: bool) -> Charged:
        return Charged(self._prices, self._asked.memory_bytes, keeps_course)

    # -- the store -----------------------------------------------------------------------------------------------------

    @property
    def _id(self) -> str:
        """Sixteen digits of all that decides what comes of a seed."""
        setting, charged = self._asked.settings([0])[0], self._charged(keeps_course=False)
        return fingerprint(SCHEMA, setting, charged)

    def _stored(self, seeds: Iterable[int]) -> dict[int, Seeded]:
        if self._store is None or not seeds:
            return {}
        wanted = set(seeds)
        return {
            seeded.seed: seeded
            for row in self._store.simulations(self._id)
            if (seeded := _read(row, self._store)).seed in wanted
        }

    @contextmanager
    def _writing(self) -> Iterator[Told]:
        if self._store is None:
            yield lambda seeded: None
            return
        with self._store as store:
            own = self._id
            yield lambda seeded: store.append(own, {"row": "simulation", **seeded.as_row()})


def _read(row: Any, store: Store) -> Seeded:
    try:
        return Seeded.of_row(row)
    except (KeyError, TypeError) as error:
        raise InputError(f"{store.path}: not a row of a simulation ({error!r})") from error
