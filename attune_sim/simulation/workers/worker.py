"""One worker: its slots, whether it is up, the contexts that it keeps, and what it has done so far."""

from __future__ import annotations

from collections.abc import Hashable
from math import inf, nan
from random import Random
from typing import Any, NamedTuple

from attune_sim.executors.agenda import Appointment
from attune_sim.simulation.workers.cargo import Cargo
from attune_sim.simulation.workers.setting import Workers


class WorkerRow(NamedTuple):
    """What a worker has done: seconds of service, and their share of what its slots had; attempts begun, those of them that were
    lost; how often it failed, seconds that it was down or starting up after that; bytes sent to it, the most that it held, and when
    (s) that was first more than its memory (NaN: never)."""

    worker: int
    busy_s: float
    utilisation: float
    attempts: int
    lost: int
    failures: int
    down_s: float
    shipped_bytes: float
    peak_bytes: float
    over_s: float


class Slot:
    """Room for one attempt: the request that has it, since when it is served, and what is to come up for it."""

    __slots__ = ("began_s", "cargo", "entry", "request", "worker")

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.request: Any = None
        self.began_s: float | None = None
        self.cargo: Cargo | None = None
        self.entry: Any = None


class Worker:
    """A worker at run time. It fails after exponential times of being up, by draws of its own: the same whatever it serves.

    `up_s` is from when on it can serve; `fails_s` when it fails next. Of an idle one that is noticed no sooner than it
    matters (`catch_up`), so that nothing is on the agenda for workers that do nothing.
    """

    def __init__(self, number: int, setting: Workers, seed: int, now: float) -> None:
        self.number = number
        self.busy_s = self.down_s = self.shipped_bytes = self.held_bytes = self.peak_bytes = 0.0
        self.attempts = self.lost = self.failures = self.taken = 0
        self.over_s: float | None = None
        self._setting = setting
        self._draw = None if setting.mtbf_s is None else Random(f"{seed} worker {number}").expovariate
        self.doom: Appointment | None = None
        self._contexts: dict[Hashable, float] = {}
        self._repaired_s = now
        self._idle_s = -inf if setting.idle_s is not None else inf
        self.up_s = now if setting.idle_s is not None else now + setting.start_up_s
        self.fails_s = self._next_failure(self.up_s)
        self.slots = [Slot(self) for _ in range(setting.slots)]

    # -- up and down ---------------------------------------------------------------------------------------------------

    def _next_failure(self, up_s: float) -> float:
        mtbf_s = self._setting.mtbf_s
        return inf if self._draw is None or mtbf_s is None else up_s + self._draw(1.0 / mtbf_s)

    def fail(self) -> None:
        """Go down at `fails_s`, to come up after repair and start-up."""
        down_s = self._setting.repair_s + self._setting.start_up_s
        self.up_s = self._repaired_s = self.fails_s + down_s
        self.failures += 1
        self.down_s += down_s
        self.fails_s = self._next_failure(self.up_s)
        self._forget()

    def catch_up(self, now: float) -> None:
        """Fail as often as it did while it was idle."""
        while self.fails_s <= now:
            self.fail()

    def take(self, now: float) -> None:
        """One more of its slots is taken. After too long a rest it has to start up first."""
        idle_s = self._setting.idle_s
        if not self.taken and idle_s is not None and now - self._idle_s > idle_s:
            self._forget()
            self.up_s = now + self._setting.start_up_s
        self.taken += 1

    def leave(self, now: float) -> None:
        """One less of its slots is taken."""
        self.taken -= 1
        self._idle_s = now

    # -- what it has done ----------------------------------------------------------------------------------------------

    def served_s(self, now: float) -> float:
        """Seconds of service of all its slots, with what is being served."""
        return self.busy_s + sum(now - slot.began_s for slot in self.slots if slot.began_s is not None)

    def row(self, now: float, passed_s: float) -> WorkerRow:
        """Its row, so many seconds after the beginning."""
        if not self.taken:
            self.catch_up(now)
        busy_s, down_s = self.served_s(now), self.down_s - max(self._repaired_s - now, 0.0)
        share = busy_s / (passed_s * len(self.slots)) if passed_s else 0.0
        over_s = nan if self.over_s is None else self.over_s
        return WorkerRow(
            self.number, busy_s, share, self.attempts, self.lost, self.failures, down_s,
            self.shipped_bytes, self.peak_bytes, over_s,
        )  # fmt: skip

    # -- what it holds -------------------------------------------------------------------------------------------------

    def load(self, context: Hashable, cargo: Cargo, now: float) -> float:
        """Make room for what an attempt needs; how many bytes of it have to be sent, as they are not here or on their way."""
        keeps = self._setting.ship == "worker"
        lacks_context = not keeps or context not in self._contexts
        if keeps:
            self._contexts.setdefault(context, cargo.kept_bytes)
        size = cargo.item_bytes + lacks_context * cargo.context_bytes
        self._hold(cargo.held_bytes + lacks_context * cargo.kept_bytes, now)
        return size

    def unload(self, cargo: Cargo) -> None:
        """Let go of what an attempt alone had."""
        keeps = self._setting.ship == "worker"
        self.held_bytes -= cargo.held_bytes + (0.0 if keeps else cargo.kept_bytes)

    def drop(self, context: Hashable) -> None:
        """Let go of a context that nobody needs any more."""
        self.held_bytes -= self._contexts.pop(context, 0.0)

    def _forget(self) -> None:
        self._contexts.clear()
        self.held_bytes = 0.0

    def _hold(self, size: float, now: float) -> None:
        self.held_bytes += size
        if self.held_bytes > self.peak_bytes:
            self.peak_bytes = self.held_bytes
            limit = self._setting.memory_bytes
            if limit is not None and self.over_s is None and self.held_bytes > limit:
                self.over_s = now
