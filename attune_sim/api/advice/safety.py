"""Which strategies are safe for a workload: what its actions were seen to do, what is demanded, and equal answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from attune_sim.api.runs.isolating import check_isolation
from attune_sim.contexts.registry import strategies
from attune_sim.contexts.strategy import Guarantees
from attune_sim.experiment.recordings import Taken
from attune_sim.record import CellRecord
from attune_sim.scenarios.workload import Workload

ISOLATIONS: Final = ("none", "items", "nested")
"""What one can demand; each keeps what those before it keep."""

WATCHED: Final = 20
"""Items of a scenario that are run for real to see whether its actions write into what they are handed."""


@dataclass(frozen=True, slots=True)
class Safety:
    """Why strategies are not safe, by name, and what that rests on, in a sentence."""

    seen: str
    unsafe: Mapping[str, str] = field(default_factory=dict)

    def with_answers(self, records: Iterable[CellRecord]) -> Safety:
        """What cells of one size answered is taken into account: of those that differ from `deepcopy` nothing is safe."""
        return Safety(self.seen, {**_other_answers(list(records)), **self.unsafe})


def safety_of(workload: Workload, demanded: str | None, taken: Taken | None) -> Safety:
    """What is safe for a workload; `taken` is the recording of its own actions, None if there are none."""
    seen, leaking = _seen(workload, taken, demanded)
    kept = {name: why for name, kind in _guarantees().items() if (why := _lacks(kind, demanded))}
    return Safety(seen, {**leaking, **kept})


def _guarantees() -> dict[str, Guarantees]:
    return {name: strategies[name].guarantees for name in strategies}


def _lacks(kind: Guarantees, demanded: str | None) -> str:
    if demanded == "items" and not (kind.isolated_items or kind.immutable):
        return "does not isolate items, which you demand"
    if demanded == "nested" and not (kind.isolated_nested or kind.immutable):
        return "does not isolate nested values, which you demand"
    return ""


def _seen(workload: Workload, taken: Taken | None, demanded: str | None) -> tuple[str, dict[str, str]]:
    """What is known of the actions, and the strategies that are not safe for that reason."""
    if taken is not None:
        if not taken.wrote:
            return "no action wrote into what it was handed, in the one real run", {}
        names = ", ".join(f"{task!r}" for task in taken.wrote)
        why = f"the action of task {names} writes into what it is handed"
        return f"{why} (attune-sim check-isolation shows where)", _exposed(f"shares values, and {why}")
    if workload.scenario is not None and workload.script is None:
        items = min(workload.items, WATCHED)
        found = check_isolation(workload.sized(items=items), items=items)
        told = "shares what an action writes into"
        return found.seen, dict.fromkeys(found.unsafe, told)
    if demanded is not None:
        return f"no action was called; isolation={demanded!r} is what you demand", {}
    unknown = "no action was called, so nobody knows whether one writes into what it is handed"
    return unknown, _exposed("does not isolate everything, and no action was watched")


def _exposed(why: str) -> dict[str, str]:
    """The strategies under which others may see a write, or under which it fails."""
    return {name: why for name, kind in _guarantees().items() if not kind.isolated_nested or kind.immutable}


def _other_answers(records: list[CellRecord]) -> dict[str, str]:
    smallest = min((record.key.items for record in records), default=0)
    same = {one.key.strategy: one for one in records if one.key.items == smallest and one.outcome == "ok"}
    reference = same.get("deepcopy") or next(iter(same.values()), None)
    if reference is None:
        return {}
    return {
        name: _how_it_differs(one, reference) for name, one in same.items() if one.answer != reference.answer
    }


def _how_it_differs(one: CellRecord, reference: CellRecord) -> str:
    if one.run_status != reference.run_status:
        return f"the run {one.run_status}: {one.error}"
    return f"gives another answer than {reference.key.strategy}"
