"""All strategies side by side: what each of them promises, and what a fork of it costs on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from attune_sim.api.showing.frames import readable
from attune_sim.api.stopped import stoppable
from attune_sim.contexts.laws import ALWAYS_LAWS, check_laws, packed, type_fidelity
from attune_sim.contexts.registry import strategies
from attune_sim.contexts.strategy import ALWAYS, ContextStrategy, Forker, Guarantees
from attune_sim.probes.forks import fork_heap, time_forks
from attune_sim.probes.memory import Memory
from attune_sim.runspec import History
from attune_sim.scenarios.payload import make_history

if TYPE_CHECKING:
    import pandas as pd

HISTORY: Final = History(tasks=10, bytes_each=10_000)
"""What the context holds whose forks are priced: 100 KB of JSON records in the results of ten tasks."""

ITEM: Final[Mapping[str, Any]] = {
    "id": 7,
    "host": "web-7.example",
    "port": 8080,
    "zone": "eu-1",
    "weight": 0.5,
    "active": True,
    "health_endpoint": "http://web-7.example/health",
}
READS: Final = frozenset({("item",), ("parameters", "region"), ("workflow", "limit")})
"""What the templates of the priced fan-out read."""

_SECONDS: Final = 0.05  # for each reading of each strategy: enough for a figure to choose by, not to publish


@readable
@stoppable("the look at strategies")
def strategies_frame(*, price: bool = True) -> pd.DataFrame:
    """One row a strategy, from the most isolated to the least; columns are declared in `attune_sim.frame`.

    A guarantee is what the strategy declares and the laws hold it to (`attune-sim strategies --check NAME`); whether it
    keeps what all of them have to keep is tried here and now. The price is that of a fork over 100 KB of records with an
    item of seven keys, for templates that read the item and two scalar paths; it is measured here and now, within some
    three seconds in all (`at.compare` has figures to rely on), or not at all with `price=False`. Raises nothing.

    >>> frame = strategies_frame(price=False).set_index("strategy")
    >>> frame.loc["projected", ["isolated_nested", "immutable"]].tolist()
    [True, False]
    """
    from attune_sim.frame import strategies_frame as framed

    promises = (*ALWAYS, *(field.name for field in fields(Guarantees)))
    return framed(strategy_rows(price=price), promises)


def strategy_rows(*, price: bool = True) -> Iterator[dict[str, Any]]:
    """The rows of the frame, one by one, as plain values; `fork_us`, `floor_us`, `fork_bytes` and, where it
    travels, `travel_bytes` only with a price, `price_failed` with the reason where there should be one and is none."""
    for name in strategies:
        yield {**_promises(strategies[name]), **(_price(strategies[name]) if price else {})}


def _promises(strategy: type[ContextStrategy]) -> dict[str, Any]:
    lost = [kind for kind, fate in type_fidelity(strategy()).items() if fate != "kept"]
    broken = {verdict.guarantee for verdict in check_laws(strategy, ALWAYS_LAWS) if verdict.broken}
    return {
        "strategy": strategy.name,
        **{name: name not in broken for name in ALWAYS},
        **strategy.guarantees.as_dict(),
        "lost_types": ", ".join(lost),
        "price_failed": "",
    }


def _price(strategy: type[ContextStrategy]) -> dict[str, Any]:
    try:
        forker = _forker(strategy())
        travel = {"travel_bytes": len(packed(forker))} if strategy.guarantees.travels else {}
        return {**_measured(forker), **travel}
    except Exception as error:  # whatever an outsider's strategy raises; `--check` says what is wrong with it
        reason = (str(error).splitlines() or [""])[0]
        return {"price_failed": f"{type(error).__name__}: {reason}"}


def _measured(forker: Forker) -> dict[str, float]:
    times = time_forks(forker, [dict(ITEM)], seconds=_SECONDS)
    with closing(Memory()) as memory:
        heap = fork_heap(forker, [dict(ITEM)], memory, seconds=_SECONDS, room_bytes=64e6)
    return {"fork_us": times.fork_us, "floor_us": times.floor_us, "fork_bytes": heap.bytes_each}


def _forker(strategy: ContextStrategy) -> Forker:
    namespaces = {
        "parameters": {"region": "eu"},
        "workflow": {"limit": 3},
        "task": make_history(HISTORY),
        "config": None,
        "keystore": None,
        "system": {"workflow_start": "2026-01-01T00:00:00Z"},
    }
    return strategy.fan_out(strategy.begin(namespaces), READS)
