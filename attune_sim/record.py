"""What is kept of a measurement: frozen, standard library only, with a schema version.

Raw readings and samples are the only truth that is stored; every headline is derived from them (see `frame`, `analysis`).

Schema history
    1   2026-11: first version; every cell ran with the hash seed 0
    2   2026-11: `hash_seed` of the cell's process
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from attune_sim.display import Displayed
from attune_sim.errors import counted

SCHEMA_VERSION: Final = 2

Source = Literal["measured", "estimated"]
CellOutcome = Literal[
    "ok", "memory_limit", "time_limit", "aborted", "killed", "crashed", "interrupted", "skipped"
]
FINAL_OUTCOMES: Final = ("ok", "memory_limit", "time_limit", "aborted", "skipped")
"""Outcomes that a rerun would only repeat. `killed`, `crashed`, `interrupted` came from outside: a rerun tries again."""


MACHINE: Final = ("cpu", "cpus", "kernel")
"""Surroundings that times depend on, and bytes and counts do not."""

SOFTWARE: Final = (
    *("python", "implementation", "gil", "allocator", "platform", "machine", "libc"),
    *("versions", "gc", "heap_source", "commit"),
)
"""Surroundings that every figure depends on: they decide what is made, and how large it is."""

COUNTS: Final = ("items_done", "items_failed", "items_timed_out", "forks")
"""What is counted while a cell runs; see `CellRecord`."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of a probe while a cell runs, `elapsed_s` seconds after the start.

    `item_index` counts items that were done or under way, which is to say forked: a fork is what costs memory.
    """

    item_index: int
    elapsed_s: float
    metric: str
    value: float


@dataclass(frozen=True, slots=True)
class Reading:
    """One figure of a whole cell, in the unit of its metric.

    `basis` says of which items it is, where it stands for more than were looked at. `p50`, `p95` and `max` are those of single items, where the value is a mean over items that were read one by one.
    `n` is how many repetitions it rests on; `label` is a remark that belongs to the value (`opaque`: pympler does not
    see most of the memory; `unavailable: ...`: the platform lacks the counter and `value` is None).
    """

    metric: str
    value: float | None
    source: Source = "measured"
    n: int = 1
    label: str = ""
    basis: str = ""
    p50: float | None = None
    p95: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CellKey:
    """What makes two cells the same cell. All of it is known before the cell runs.

    `items` is 0 where only the run itself finds out; `concurrency` is how many items were asked to be under way at once, None for
    what the workflow says; a `memory_only` cell may have had company, so that nothing of its time is told. `context_bytes` are bytes of JSON of parameters, variables and history before the first task; `digest` is a fingerprint of what runs:
    workflow text, parameters, actions and strategy.
    """

    workload: str
    strategy: str
    dispatch: str
    executor: str
    items: int
    context_bytes: int
    payload: str
    history_tasks: int
    repeat: int
    seed: int
    real: bool
    memory_limit_bytes: int
    time_limit_s: float
    digest: str
    concurrency: int | None = None
    memory_only: bool = False

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits, equal for equal keys."""
        # What is as it always was is left out: cells of older stores are found.
        unusual = {"concurrency", "memory_only"}
        known = {name: value for name, value in asdict(self).items() if name not in unusual or value}
        text = json.dumps(known, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CellRecord(Displayed):
    """One cell: its key, how it ended, and everything that was read.

    `fan_out_items` is the size of the largest fan-out that began, `fan_out_context_bytes` the context that it forked as
    bytes of JSON; None where the cell did not get there.

    `items_done` items ended, of which `items_failed` failed and `items_timed_out` timed out; `forks` contexts had been
    forked (with eager dispatch all of them before the first item ends), which took `forking_us` microseconds together;
    `wall_s` is the time of the run, without sampling where the run came to its end, else by its parent's clock;
    `run_status` and `error` are those of the workflow run (or the reason for the cell's outcome); `answer` is a fingerprint of output and
    variables, by which equal answers are told; `assumed` lists sizes that were assumed rather than given; `hash_seed` is what
    texts hashed by in its process: repeats of different strategies are set beside each other where it is the same; `began` is
    when its process was started, as `2026-11-28T13:05:00Z`, None in what was stored before that was kept; `looks` are the numbers
    of repeats after which somebody looked for a verdict and might have stopped, none where the number was fixed in advance.
    """

    key: CellKey
    outcome: CellOutcome
    items_done: int = 0
    items_failed: int = 0
    items_timed_out: int = 0
    forks: int = 0
    forking_us: float | None = None
    fan_out_items: int | None = None
    fan_out_context_bytes: int | None = None
    run_status: str | None = None
    error: str | None = None
    wall_s: float | None = None
    answer: str | None = None
    readings: tuple[Reading, ...] = ()
    samples: tuple[Sample, ...] = ()
    assumed: tuple[str, ...] = ()
    hash_seed: int = 0
    began: str | None = None
    looks: tuple[int, ...] = ()
    surroundings: Mapping[str, Any] = field(default_factory=dict)
    schema: int = SCHEMA_VERSION

    def __repr__(self) -> str:
        key, read = self.key, counted(len(self.readings), "reading")
        case = f"{key.workload}, {key.strategy}, {key.dispatch}, repeat {key.repeat}"
        return f"<CellRecord {case}: {self.outcome}, {counted(self.items_done, 'item')} done, {read}>"

    @property
    def items(self) -> int | None:
        """The size of the main fan-out: that of the key, else what it really had; None where nobody knows it."""
        return self.key.items or self.fan_out_items

    @property
    def is_foretold(self) -> bool:
        """Whether it was left out because smaller cells told how it would end; its readings are what they foretold."""
        return self.outcome == "skipped" and bool(self.readings)

    @property
    def machine(self) -> str:
        """What `machine_of` says of its surroundings."""
        return machine_of(self.surroundings)

    @property
    def software(self) -> str:
        """Eight hexadecimal digits, equal for equal software as far as `SOFTWARE` tells; empty where nothing is known of it."""
        return _digest(self.surroundings, SOFTWARE)


def machine_of(surroundings: Mapping[str, Any]) -> str:
    """Eight hexadecimal digits, equal for equal machines as far as `MACHINE` tells; empty where nothing is known of it."""
    return _digest(surroundings, MACHINE)


def facts_of(surroundings: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Those of the surroundings that have these names, as far as they are known."""
    return {name: surroundings[name] for name in names if surroundings.get(name) is not None}


def _digest(surroundings: Mapping[str, Any], names: Iterable[str]) -> str:
    if not surroundings:
        return ""  # it ended before its process could say
    text = json.dumps(facts_of(surroundings, names), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:8]
