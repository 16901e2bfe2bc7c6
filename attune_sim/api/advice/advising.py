"""The operator's one question: will it run out of memory at so many items, and what should be changed?"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any, Final

import psutil

from attune_sim.amounts import byte_count, second_count
from attune_sim.api.advice.advice import Advice
from attune_sim.api.advice.growing import Grown, grown
from attune_sim.api.advice.safety import ISOLATIONS, Safety, safety_of
from attune_sim.api.advice.scouting import Scout
from attune_sim.api.advice.weighing import LargeForks
from attune_sim.api.choices import Dispatch, IsolationLevel
from attune_sim.api.runs.given import ActionSource, ScriptSource, Source
from attune_sim.api.runs.performed import performed_workload
from attune_sim.api.runs.running import DISPATCHES, one_of, positive
from attune_sim.api.runs.workflows import SubWorkflows
from attune_sim.api.showing.frames import readable
from attune_sim.api.showing.telling import Telling
from attune_sim.api.stopped import stoppable, stopped
from attune_sim.contexts.registry import strategies
from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.errors import Interrupted
from attune_sim.experiment.recordings import Recordings
from attune_sim.record import CellRecord
from attune_sim.scenarios.workload import Workload
from attune_sim.store import Store

if TYPE_CHECKING:
    import pandas as pd

BUDGET_S: Final = "45s"

REFERENCE: Final = "deepcopy"
"""What the others are held against: it is always among those that are measured first."""


def advise(
    workload: Source,
    *,
    items: int | None = None,
    memory: int | str | None = None,
    isolation: IsolationLevel | None = None,
    parameters: Mapping[str, Any] | None = None,
    actions: ActionSource | None = None,
    workflows: SubWorkflows = (),
    script: ScriptSource | None = None,
    config: Mapping[str, Any] | None = None,
    keystore: Mapping[str, Any] | None = None,
    dispatch: Dispatch | None = None,
    budget: float | str = BUDGET_S,
    store: str | PathLike[str] | None = None,
    seed: int = 0,
    progress: bool = True,
) -> Advice:
    """Say whether a workload runs out of memory at so many items, and under which strategy it should run.

    The workload is run in a few small sizes under every strategy, each cell in a process of its own, for as long as `budget`
    says (seconds, or "60s"); what it would take at `items` (None: its own size) is foretold from them, or measured where there is
    time for it. `memory` is what the process may take, in bytes or as "2GiB" (None: what is available now): the limit on address space
    that a cell has, or `ulimit -v` sets. `dispatch` None means `eager`: all forks exist at once.

    With `actions` one real run is made, at its natural size, and everything after it replays what they gave. A `script` gives
    results in place of code; with neither, sizes are assumed, and `.assumed` says which. `isolation` is what you demand:
    `none`, `items` (what one item writes at the top no other sees) or `nested` (anywhere). Without it, it is as much as the actions
    were seen to need; where that cannot be seen, only strategies that isolate everything are called safe.

    Raises:
        InputError: something that was given cannot be used, or the workload cannot have so many items.
        ExperimentError: the actions could not be recorded.
        Interrupted: Ctrl-C. What the cells so far say is its `result`, and `at.last()`; its `.resume()` goes on.

    >>> advise("baseline", items=100_000, memory="lots")
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: memory 'lots' is no number of bytes; write for example 2GiB (...)
    """
    own = performed_workload(
        workload, parameters=parameters, actions=actions, workflows=workflows, script=script, config=config,
        keystore=keystore, seed=seed,
    )  # fmt: skip
    room = psutil.virtual_memory().available if memory is None else byte_count(memory, "memory")
    demanded = None if isolation is None else one_of("isolation", isolation, ISOLATIONS)
    asked = _Asked(
        own=own,
        items=None if items is None else positive("items", items),
        memory=float(room),
        dispatch=one_of("dispatch", dispatch or "eager", DISPATCHES),
        isolation=demanded,
        budget_s=second_count(budget, "budget"),
        given_memory=memory is not None,
    )
    try:
        return asked.answered(None if store is None else Store(store), progress)
    except Interrupted:
        raise
    except KeyboardInterrupt:
        raise stopped("the advice was stopped before anything was measured", None) from None


@readable
@stoppable("the look at limits")
def limits(
    workload: Source,
    *,
    items: int | None = None,
    parameters: Mapping[str, Any] | None = None,
    actions: ActionSource | None = None,
    workflows: SubWorkflows = (),
    script: ScriptSource | None = None,
    config: Mapping[str, Any] | None = None,
    keystore: Mapping[str, Any] | None = None,
    seed: int = 0,
    progress: bool = True,
) -> pd.DataFrame:
    """At how many items, and by which task, a workload would break the limits of other platforms, one row a limit.

    Columns: platform, limit, task, item (the least number of items; missing where none breaks it), breaks (whether `items` do),
    source. What is given with the workload means what it means in `at.advise`.

    Raises:
        InputError: something that was given cannot be used, or the workload cannot have so many items.
        WorkflowError: the workload is a file that is no workflow.

    >>> limits("baseline", items=-1)
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: items must be ... of 1 or more, not -1
    """
    own = performed_workload(
        workload, parameters=parameters, actions=actions, workflows=workflows, script=script, config=config,
        keystore=keystore, seed=seed,
    )  # fmt: skip
    with Recordings(Telling(progress).note, natural=True) as recordings:
        found = grown(own, None if items is None else positive("items", items), recordings)
    return found.limits()


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What was asked, checked, and how it is answered."""

    own: Workload
    items: int | None
    memory: float
    dispatch: str
    isolation: str | None
    budget_s: float
    given_memory: bool

    def answered(self, store: Store | None, progress: bool, known: Sequence[CellRecord] = ()) -> Advice:
        """The advice; cells that are `known` from before it was stopped are not run again."""
        telling = Telling(progress)
        with Recordings(telling.note, natural=True) as recordings, telling.watching() as watcher:
            began = time.monotonic()
            found = grown(self.own, self.items, recordings)
            safety = safety_of(self.own, self.isolation, next(iter(recordings.all), None))
            scout = Scout(
                self._sized,
                found.items,
                _in_order(safety),
                dispatch=self.dispatch,
                budget_s=self.budget_s - (time.monotonic() - began),
                recordings=recordings,
                store=store,
                watcher=watcher,
                known=known,
            )
            forks = LargeForks(self._sized(found.items), recordings)
            return self._scouted(
                scout, found, safety, forks, rest=lambda: self.answered(store, progress, scout.records)
            )

    def _sized(self, items: int) -> Workload:
        return self.own if items == self.own.items else self.own.sized(items=items)

    def _scouted(
        self, scout: Scout, found: Grown, safety: Safety, forks: LargeForks, rest: Callable[[], Advice]
    ) -> Advice:
        try:
            asked = [name for name in strategies if name == REFERENCE or name not in safety.unsafe]
            scout.pairs(asked)
            forks.weigh(scout.records)
            scout.third(self._leading(scout, found, safety, forks))
            scout.pairs([name for name in strategies if name not in asked])
            forks.weigh(scout.records)
        except KeyboardInterrupt as halt:
            advice = self._advice(scout, found, safety, forks, stopped_early=True) if scout.records else None
            raise stopped(f"{halt}" or "the advice was stopped", advice, rest) from None
        return self._advice(scout, found, safety, forks)

    def _leading(self, scout: Scout, found: Grown, safety: Safety, forks: LargeForks) -> list[str]:
        """The strategies that come into question, the best first: measured again, as large as there is time for."""
        known = self._advice(scout, found, safety, forks)
        return [name for name in (known.pick, known.runner_up) if name is not None]

    def _advice(
        self, scout: Scout, found: Grown, safety: Safety, forks: LargeForks, *, stopped_early: bool = False
    ) -> Advice:
        return Advice.of(
            scout.records,
            grown=found,
            safety=safety.with_answers(scout.records),
            memory=self.memory,
            given_memory=self.given_memory,
            dispatch=self.dispatch,
            weighed=forks.found,
            left_out=scout.unmeasured,
            stopped=stopped_early,
        )


def _in_order(safety: Safety) -> list[type[ContextStrategy]]:
    """Those that may be picked first, and of these the cheap ones; the reference comes second. If the time is up, the others are
    missing."""
    others = [strategies[name] for name in reversed(list(strategies)) if name != REFERENCE]
    first, *rest = sorted(others, key=lambda kind: kind.name in safety.unsafe)
    return [first, strategies[REFERENCE], *rest]
