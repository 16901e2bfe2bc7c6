"""What attempts take along to their workers, by the sizes of the workload and the prices of a strategy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from attune_sim.api.simulation.asked import Asked
from attune_sim.simulation.prices import Prices, StrategyPrices
from attune_sim.simulation.workers.cargo import Cargo
from attune_sim.simulation.workers.crew import Crew


@dataclass(frozen=True)
class ContextFreight:
    """The context of a fan-out, as `sent_bytes` of JSON; on a worker it takes what `prices` say of a run before its first task, and
    each attempt a fork."""

    sent_bytes: float
    prices: StrategyPrices | None = None

    def __call__(self, request: Any) -> Cargo:
        if self.prices is None:
            return Cargo(self.sent_bytes)
        command = request.command
        price = self.prices.tasks.get(command.task)
        held = 0.0 if price is None else price.fork.at(len(command.offer.items))
        return Cargo(self.sent_bytes, kept_bytes=self.prices.begin, held_bytes=held)


def with_freight(asked: Asked, prices: Prices | None) -> Asked:
    """The same, with what travels to workers and what they hold, where they were given a bandwidth or a memory."""
    workers, crew = asked.workers, asked.setting.stations
    if workers is None or not isinstance(crew, Crew):
        return asked
    if workers.bandwidth_bytes_s is None and workers.memory_bytes is None:
        return asked
    only = asked.strategies[0] if len(asked.strategies) == 1 else "shared"
    freight = ContextFreight(
        float(asked.workload.context_bytes), None if prices is None else prices.get(only)
    )
    return replace(asked, setting=replace(asked.setting, stations=replace(crew, freight=freight)))
