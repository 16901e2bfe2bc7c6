"""The forks of a run: how many there are, what they took, and what it took to keep them.

An eager fan-out makes all of them when it opens, and a run that dies then leaves no event behind: what it had made
stands in the list that it was filling.
"""

from __future__ import annotations

from attune_sim.engine.observe import ForksMade
from attune_sim.engine.offer import Offer
from attune_sim.probes.recorder import Recorder


class ForkLog:
    """An observer beside a recorder, which hears of the forks that attempts made themselves.

    `drop_us` is what letting go of kept forks took, in microseconds. `nbytes` are bytes of the times of fan-outs that have closed:
    the log alone keeps those, while the run itself, watched or not, has those of an open one.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._made: list[ForksMade] = []
        # By the identity of the offer, which lives as long as it is open.
        self._open: dict[int, ForksMade] = {}
        self.nbytes = 0
        self.drop_us = 0.0

    @property
    def forks(self) -> int:
        """Forks of items, those for retries included."""
        calls = sum(columns.calls for columns in self._recorder.items)
        return max(calls, self.kept)

    @property
    def kept(self) -> int:
        """Forks that were made when their fan-out opened."""
        return sum(made.number for made in self._made)

    @property
    def total_us(self) -> float:
        """What all of them took together."""
        by_attempts = sum(sum(columns.fork_us) for columns in self._recorder.items)
        return max(by_attempts, self.kept_us)

    @property
    def kept_us(self) -> float:
        """What the kept ones took to make."""
        return sum(sum(made.fork_us) for made in self._made)

    @property
    def loop_us(self) -> float:
        """What the loops took in which kept forks were made, without the forks."""
        return sum(made.loop_us for made in self._made)

    def forking(self, offer: Offer, made: ForksMade) -> None:
        self._made.append(made)
        self._open[id(offer)] = made

    def fan_out_closed(self, offer: Offer, drop_us: float) -> None:
        self.drop_us += drop_us
        made = self._open.pop(id(offer), None)
        if made is not None:
            self.nbytes += made.fork_us.itemsize * len(made.fork_us)

    def __repr__(self) -> str:
        return f"<ForkLog: {self.forks} forks, {self.kept} of them kept>"
