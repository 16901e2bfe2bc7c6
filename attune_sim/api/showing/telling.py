"""What one call of a verb tells while it works: in a notebook one output, which holds all of it; elsewhere lines and bars on
standard error."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from typing import Self

from attune_sim.api.showing.counting import Count, counting
from attune_sim.api.showing.following import say
from attune_sim.api.showing.notebook import InPlace, in_notebook
from attune_sim.api.showing.progress import Watcher, watching


class Telling:
    """Hears what a call does; says nothing where that is not `wanted`. A call that goes on later takes a `fresh` one: its
    output is that of another cell."""

    def __init__(self, wanted: bool = True) -> None:
        self._wanted = wanted and sys.stderr is not None
        self._place = InPlace() if self._wanted and in_notebook() else None

    def note(self, text: str) -> None:
        """Something that is to be known before it happens, and afterwards too."""
        if self._place is not None:
            self._place.note(text)
        elif self._wanted:
            say(text)

    def now(self, text: str) -> None:
        """What is done now; in a notebook what is done next takes its place."""
        if self._place is not None:
            self._place.show(text)
        elif self._wanted:
            say(text)

    def watching(self) -> AbstractContextManager[Watcher | None]:
        """The cells of an experiment, as they run."""
        return watching(self._wanted, self._place)

    def counting(self, title: str, total: int | None) -> AbstractContextManager[Count]:
        """How many are done, of a known number or of none."""
        return counting(self._wanted, title, total, self._place)

    def fresh(self) -> Self:
        """One that tells as much, in an output of its own."""
        return type(self)(self._wanted)

    def __repr__(self) -> str:
        return f"<Telling: {'in one output' if self._place else 'on standard error' if self._wanted else 'nothing'}>"
