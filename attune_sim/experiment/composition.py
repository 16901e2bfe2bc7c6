"""The program that looks into a context: `python -m attune_sim.experiment.composition`, a spec and an order on stdin, rows out.

It drives a cell's run, unmeasured, and tells how large the result of each task is, as JSON and as live heap, which of them the
main fan-out was handed, and how often each task called its action.
"""

from __future__ import annotations

import gc
import pickle
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from attune_sim.canonical import as_json
from attune_sim.engine.events import ActionEnded, StartAction
from attune_sim.engine.offer import Offer
from attune_sim.errors import ExperimentError
from attune_sim.experiment.ready import AttendedRun
from attune_sim.experiment.recordings import asked
from attune_sim.experiment.spec import CellSpec
from attune_sim.experiment.worker import begun
from attune_sim.probes.memory import Memory
from attune_sim.recording.attendance import Input
from attune_sim.scenarios.origin import main_fan_out
from attune_sim.scope import MISSING

HISTORY: Final = "history"
"""What stands for results of tasks that had finished before the run, all of them together."""

WHOLE: Final = ("parameters", "workflow")
"""Namespaces that are told as one part each."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of what a run came to hold: the result of a `task`, or a namespace.

    `bytes` are those of its JSON, `heap_bytes` what it takes alive (None: it cannot be copied, and so not be measured),
    `calls` how often the task called its action, `call_bytes` JSON of the largest result of one call; `fan_out` tells that
    these were items. `handed` tells that the main fan-out was handed it; `keys` are the entries of a map, with bytes of JSON.
    """

    task: str
    bytes: int
    heap_bytes: int | None
    calls: int = 0
    call_bytes: int = 0
    fan_out: bool = False
    handed: bool = True
    keys: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Composition:
    """What a run came to hold, and how it ended."""

    parts: tuple[Part, ...]
    status: str
    error: str | None


def composition_of(spec: CellSpec) -> Composition:
    """What a cell's run comes to hold. Raises ExperimentError if it does not come to its end."""
    row, why = asked(spec, "composition", {})
    if row["row"] != "composed":
        raise ExperimentError(f"{spec.workload.name}: its context could not be looked into: {why}")
    return Composition(tuple(Part(**part) for part in row["parts"]), row["status"], row["error"])


class Counting:
    """An attendant that counts calls, and knows the largest result that one of them gave."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.largest: dict[str, int] = {}
        self.fan_outs: set[str] = set()

    def of(self, task: str) -> dict[str, Any]:
        """What a `Part` says of the calls of a task."""
        return {
            "calls": self.calls[task],
            "call_bytes": self.largest.get(task, 0),
            "fan_out": task in self.fan_outs,
        }

    def called(self, command: StartAction, input: Input) -> None:
        """Nothing: what it is handed is not counted."""

    def returned(self, command: StartAction, input: Input) -> None:
        """Nothing: what it gives is known when it has ended."""

    def ended(self, command: StartAction, event: ActionEnded) -> None:
        if command.run == 0:
            self.calls[command.task] += 1
            self.largest[command.task] = max(self.largest.get(command.task, 0), len(as_json(event.result)))
            if command.index is not None:
                self.fan_outs.add(command.task)


class Handed:
    """An observer that keeps what the main fan-out was handed, as it began."""

    def __init__(self, main: str | None) -> None:
        self._main = main
        self.context: Mapping[str, Any] = {}

    def fan_out_opened(self, offer: Offer) -> None:
        if offer.task == self._main and offer.run == 0 and offer.context is not None:
            context = offer.context
            self.context = {name: context.resolve(name) for name in (*WHOLE, "task")}


def main() -> None:
    """Read the order, run, tell what it came to hold."""
    tell, _, spec = begun()
    counting, task = Counting(), main_fan_out(spec.workload.workflow)
    handed = Handed(None if task is None else task.name)
    run = AttendedRun(spec, counting, (handed,))
    run.drive()
    state = run.session.state
    parts = _parts(spec, state.task_results, handed.context, counting)
    tell(
        {
            "row": "composed",
            "parts": [asdict(part) for part in parts],
            "status": str(state.status),
            "error": state.error,
        }
    )
    tell({"row": "end"})


def _parts(
    spec: CellSpec, results: Mapping[str, Any], context: Mapping[str, Any], counting: Counting
) -> Sequence[Part]:
    size = Size(Memory())
    own = [task.name for task in spec.workload.workflow.walk()]
    held = {name: context[name] for name in WHOLE if context.get(name, MISSING) not in (MISSING, None)}
    before = context.get("task") or {}
    past = {name: before[name] for name in before if name not in own}
    parts = [
        Part(name, *size(value)) for name, value in {**held, **({HISTORY: past} if past else {})}.items()
    ]
    for name in own:
        if name in results:
            part = Part(name, *size(results[name]), handed=name in before, keys=_keys(results[name]))
            parts.append(replace(part, **counting.of(name)))
    return parts


def _keys(result: Any) -> dict[str, int]:
    if not isinstance(result, Mapping):
        return {}
    return {key: len(as_json(value)) for key, value in result.items() if isinstance(key, str)}


class Size:
    """The size of a value: bytes of its JSON, and of the live heap that a copy of it takes."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self(0)  # the first reading makes things that stay

    def __call__(self, value: Any) -> tuple[int, int | None]:
        return len(as_json(value)), self._heap(value)

    def _heap(self, value: Any) -> int | None:
        gc.collect()
        before = self._memory.heap()
        try:
            kept = _twin(value)
        except Exception:  # whatever a class raises that cannot be pickled
            return None
        grown = self._memory.heap() - before
        del kept
        return max(0, grown)


def _twin(value: Any) -> Any:
    """A copy that shares nothing with it: a deep copy would share its texts."""
    return pickle.loads(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))


if __name__ == "__main__":
    main()
