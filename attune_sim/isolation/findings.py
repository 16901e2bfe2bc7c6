"""What the leak detector found, and which strategies keep it from everybody else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from attune_sim.contexts.registry import strategies
from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.display import Displayed
from attune_sim.errors import shortened
from attune_sim.isolation.looks import Kind
from attune_sim.scope import MISSING, NAMESPACES

_REMOVALS: Final = ("removed", "reordered")  # a key moves to the end by being taken out first


@dataclass(frozen=True, slots=True)
class Leak(Displayed):
    """One write into what was handed over.

    `path` is where the changed container lies (`item.tags`, `task.fetch.servers[3]`), `change` says in words what changed
    in it, and `kind` for programs; `index` and `attempt` are those of the attempt, `workflow` is the sub-workflow that
    the task belongs to, if it is one. `late` is true where it was seen only after the action had returned (a thread or a callback that went on).

    >>> import attune_sim as at
    >>> text = '''
    ... version: 1.0.0
    ... vars: {seen: []}
    ... tasks:
    ...   - {name: note, action: my.note, with_items: "{{ range(2) }}", input: {n: "{{ item }}", seen: "{{ workflow.seen }}"}}
    ... '''
    >>> leak = at.check_isolation(text, actions={"my.note": lambda n, seen: seen.append(n)}).leaks[0]
    >>> leak.task, leak.index, leak.path, leak.change
    ('note', 0, 'workflow.seen', '1 entry instead of 0')
    """

    task: str
    action: str
    index: int | None
    attempt: int
    path: str
    change: str
    kind: Kind
    late: bool = False
    workflow: str | None = None

    @property
    def top_level(self) -> bool:
        """Whether a namespace itself was written into, not a value inside of it."""
        return self.path in NAMESPACES

    def __str__(self) -> str:
        of = "" if self.workflow is None else f" of {self.workflow}"
        item = "" if self.index is None else f" item {self.index}"
        attempt = f" attempt {self.attempt + 1}" if self.attempt else ""
        when = " after it had returned" if self.late else ""
        return f"task {self.task!r}{of}{item}{attempt}: {self.action} wrote into {self.path}{when}: {self.change}"


@dataclass(frozen=True)
class Isolation(Displayed):
    """What was found. `calls` were watched; `more` leaks were not listed; `status` and `error` are those of the run.

    `safe` and `unsafe` name the strategies under which what was seen cannot and can be told by others; both are empty if
    nothing was called. `unwatched` tells which values were handed over that cannot be looked into.

    >>> import attune_sim as at
    >>> text = '''
    ... version: 1.0.0
    ... vars: {seen: []}
    ... tasks:
    ...   - {name: note, action: my.note, with_items: "{{ range(2) }}", input: {n: "{{ item }}", seen: "{{ workflow.seen }}"}}
    ... '''
    >>> found = at.check_isolation(text, actions={"my.note": lambda n, seen: seen.append(n)})
    >>> len(found.leaks), "shared" in found.unsafe, "deepcopy" in found.safe
    (2, True, True)
    """

    name: str
    status: str
    calls: int
    leaks: tuple[Leak, ...]
    more: int
    safe: tuple[str, ...]
    unsafe: tuple[str, ...]
    error: str | None = None
    unwatched: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every strategy is safe: the run succeeded, actions were called, all was looked into, and no leak."""
        return self.status == "succeeded" and self.calls > 0 and not self.leaks and not self.unwatched

    @property
    def seen(self) -> str:
        """What was seen, in a sentence."""
        calls = f"{self.calls:,} {'call' if self.calls == 1 else 'calls'}"
        if self.calls == 0:
            return f"no action of {self.name} was called, so nothing can be said"
        if self.leaks:
            count = len(self.leaks) + self.more
            return f"{count:,} {'write' if count == 1 else 'writes'} into what was handed over, in {calls} of {self.name}"
        verdict = ": every strategy is safe" if self.ok else ""
        return f"no action wrote into what it was handed, in {calls} of {self.name}{verdict}"

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why this is not the whole truth, a sentence each."""
        doubts = [f"{value}: a write into it would not be seen" for value in self.unwatched]
        if self.status != "succeeded":
            reason = f": {self.error}" if self.error else ""
            doubts.append(f"the run itself {self.status}{reason}; what did not run was not watched")
        return tuple(doubts)

    def __repr__(self) -> str:
        first = f"; the first: {shortened(str(self.leaks[0]), 70)}" if self.leaks else ""
        doubt = f"; {shortened(self.doubts[0], 40)}" if self.doubts else ""
        return f"<Isolation: {self.seen}{first}{doubt}; see .leaks .safe .doubts>"


def judged(leaks: Iterable[Leak]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which strategies keep these leaks from everybody else; one that refuses the write is no safe choice either."""
    top = [leak for leak in leaks if leak.top_level]
    nested = any(not leak.top_level for leak in leaks)
    removes = any(leak.kind in _REMOVALS for leak in top)

    def holds(kind: type[ContextStrategy]) -> bool:
        promised = kind.guarantees
        if nested and not (promised.isolated_nested and not promised.immutable):
            return False
        return not top or (promised.isolated_items and _takes_writes(kind, removes))

    safe = tuple(name for name in strategies if holds(strategies[name]))
    return safe, tuple(name for name in strategies if name not in safe)


def _takes_writes(kind: type[ContextStrategy], removes: bool) -> bool:
    """Whether the maps that a fork hands out can be written into as a dict can: tried on a small one."""
    strategy = kind()
    context = strategy.begin({name: {"there": 1} for name in NAMESPACES})
    fork = strategy.fan_out(context, None).fork(MISSING, 0)
    try:
        handed = fork.resolve("workflow")
        handed["planted"] = 1
        if removes:
            del handed["there"]
    except Exception:  # whatever a map raises that cannot be written into
        return False
    return True
