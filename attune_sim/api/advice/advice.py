"""An advice, as a notebook holds it and a terminal prints it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from attune_sim.api.advice.growing import Grown
from attune_sim.api.advice.safety import Safety
from attune_sim.api.comparisons.comparison import Comparison
from attune_sim.api.showing.frames import readable
from attune_sim.api.showing.text import fitted
from attune_sim.api.showing.told import Told
from attune_sim.api.stopped import Resumable
from attune_sim.contexts.registry import strategies
from attune_sim.errors import counted
from attune_sim.experiment.limits import in_binary
from attune_sim.metrics import format_bytes, format_s, format_us
from attune_sim.record import CellRecord

if TYPE_CHECKING:
    import pandas as pd

    from attune_sim.analysis.advice import Outlook, WeighedFork
    from attune_sim.api.advice.beyond import Beyond
    from attune_sim.reports import Summary, Table

WIDTH: Final = 80
_LISTED: Final = 3


@dataclass(frozen=True, repr=False)
class Advice(Told, Resumable):
    """Whether it runs out of memory, and which strategy to take. `str(advice)` says it in words.

    `pick` is the strategy to take and `runner_up` the next one, safe both of them; None where there is none. `why` gives the
    reasons in a sentence. `frame` has a row a strategy, `context` a row a part of what the fan-out is handed, `limits` a row a
    limit of another platform; `wire` what a cluster would be sent, and `beyond` says from where on one is needed; `unread` are paths that nothing reads downstream. `assumed` are sizes that nobody gave, `doubts`
    reasons not to believe all of it. `comparison` holds the cells that were measured.

    >>> import attune_sim as at
    >>> advice = at.advise("baseline", items=50, budget="1s", progress=False)  # doctest: +SKIP
    >>> advice.pick  # doctest: +SKIP
    'shared'
    """

    outlooks: Sequence[Outlook]
    grown: Grown
    safety: Safety
    memory: float
    dispatch: str
    given_memory: bool
    records: Sequence[CellRecord]
    left_out: Sequence[str] = ()
    stopped: bool = False
    assumed: tuple[str, ...] = field(default=())

    @classmethod
    def of(
        cls,
        records: Sequence[CellRecord],
        *,
        grown: Grown,
        safety: Safety,
        memory: float,
        weighed: Mapping[str, WeighedFork] | None = None,
        **others: Any,
    ) -> Advice:
        """The advice that cells give, and forks that were weighed at the size that was asked for."""
        from attune_sim.analysis.advice import outlooks
        from attune_sim.frame import metrics_frame

        found = outlooks(
            metrics_frame(_telling(records)),
            items=grown.items,
            memory=memory,
            dispatch=others["dispatch"],
            unsafe=safety.unsafe,
            weighed=weighed,
        )
        assumed = tuple(dict.fromkeys(line for record in records for line in record.assumed))
        return cls(
            outlooks=found,
            grown=grown,
            safety=safety,
            memory=memory,
            records=tuple(records),
            assumed=assumed,
            **others,
        )

    # -- what it says --------------------------------------------------------------------------------------------------

    @property
    def items(self) -> int:
        """The size that was asked for."""
        return self.grown.items

    @property
    def name(self) -> str:
        """The workload."""
        return self.grown.workload.name

    @property
    def pick(self) -> str | None:
        """The strategy to take: safe, and if there is one, one that lives."""
        return next((one.strategy for one in self._safe), None)

    @property
    def runner_up(self) -> str | None:
        """What would be picked next."""
        return next((one.strategy for one in self._safe[1:]), None)

    @property
    def ok(self) -> bool:
        """Whether there is a safe strategy under which the memory lasts."""
        return any(one.lives for one in self._safe)

    @property
    def answer(self) -> str:
        """Will it run out of memory at so many items?"""
        size, room = counted(self.items, "item"), self._room
        dead = [one for one in self.outlooks if one.dies_at is not None]
        if not any(one.is_known for one in self.outlooks):
            return f"Unknown: nothing tells what {size} of {self.name} take, because {self._why_unknown}."
        if not dead:
            unknown = [one.strategy for one in self.outlooks if not one.is_known]
            but = f" but {', '.join(unknown)}, of which nothing is known" if unknown else ""
            return f"No: {self.name} has {size} in {room} under every strategy{but}."
        first = "Yes" if not self.ok else "It depends on the strategy"
        told = ", ".join(f"{one.strategy} at item {one.dies_at:,}" for one in self._soonest(dead))
        more = f" and {len(dead) - _LISTED:,} more" if len(dead) > _LISTED else ""
        return f"{first}: of {size}, {self.name} runs out of {room} under {told}{more}."

    @property
    def why(self) -> str:
        """What to change, and the reasons."""
        if not any(one.is_known for one in self.outlooks):
            return "Nothing to take, before that is put right."
        if self.pick is None:
            return "No strategy is safe for it: see why in the column `unsafe` of the frame."
        best = self._safe[0]
        promised = strategies[best.strategy].guarantees.isolates
        if best.dies_at is not None:
            return (
                f"Every safe strategy{' that there was time for' if self.left_out else ''} runs out of memory; "
                f"{best.strategy} comes furthest, to item {best.dies_at:,} "
                f"of {self.items:,}. {self._instead}"
            )
        return (
            f"Take {best.strategy}: {format_bytes(best.bytes)} at the peak and {format_us(best.us)} a fork, and it isolates "
            f"{promised}; {self.safety.seen}."
        )

    @property
    def _why_unknown(self) -> str:
        bad = [record for record in self.records if record.outcome != "ok" or _is_in_vain(record)]
        if not bad and self.grown.status != "succeeded":
            return f"the run itself {self.grown.status}: {self.grown.error}"
        if not bad:
            return "no strategy could be run in two sizes: give a larger budget"
        what = (
            "none of its items succeeds" if _is_in_vain(bad[0]) else f"its cells ended with {bad[0].outcome}"
        )
        return what + (f" ({bad[0].error})" if bad[0].error else "")

    @property
    def _instead(self) -> str:
        if self.dispatch == "eager":
            return "Windowed dispatch keeps only the forks of items under way: ask with dispatch='windowed' (--dispatch)."
        return "Hand on less: attune-sim slim proposes what."

    @property
    def doubts(self) -> tuple[str, ...]:
        """Reasons not to believe all of it."""
        return tuple(self._doubted())

    def _doubted(self) -> Iterator[str]:
        if self.stopped:
            yield "it was stopped before all was measured"
        is_answered = any(one.is_known for one in self.outlooks)
        failed = self.grown.status != "succeeded"
        if self.left_out and (is_answered or not failed):
            yield f"there was no time for two sizes of {', '.join(self.left_out)}: give a larger budget"
        if failed and is_answered:  # otherwise that is the answer
            yield f"the run itself {self.grown.status}: {self.grown.error}"
        if not self.given_memory:
            yield f"no memory was given: {self._room} are available on this machine now"

    # -- frames --------------------------------------------------------------------------------------------------------

    @cached_property
    @readable
    def frame(self) -> pd.DataFrame:
        """One row a strategy, the better first: the pick, the runner-up, those that die, those that are not safe.

        strategy, safe, bytes (the process at its peak), low, high (a margin), us (a fork), seconds (the run without its
        actions), dies_at (the item; missing where it lives), source (`measured` or `estimated`), unsafe (why).
        """
        from attune_sim.analysis.advice import outlooks_frame

        return outlooks_frame(self.outlooks)

    @cached_property
    @readable
    def context(self) -> pd.DataFrame:
        """One row a part of what the main fan-out is handed, the largest first: task, bytes, heap_bytes, unread_bytes, read,
        source."""
        return self.grown.context()

    @cached_property
    def beyond(self) -> Beyond | None:
        """From how many items on one machine is not enough, and what a cluster would change, in words as `str` of it; None where nothing
        is known of a safe strategy."""
        from attune_sim.api.advice.beyond import beyond_of
        from attune_sim.frame import metrics_frame

        best = next((one for one in self._safe if one.is_known), None)
        if best is None:
            return None
        return beyond_of(
            metrics_frame(_telling(self.records)), best, items=self.items, memory=self.memory, dispatch=self.dispatch,
            context=self.context, names=[one.strategy for one in self.outlooks],
        )  # fmt: skip

    @cached_property
    @readable
    def wire(self) -> pd.DataFrame:
        """One row a strategy and number of workers of a cluster: bytes of contexts that the wire would carry, as JSON; all `estimated`.
        Items and answers come on top."""
        import pandas as pd

        from attune_sim.api.advice.beyond import COLUMNS

        return pd.DataFrame(columns=list(COLUMNS)) if self.beyond is None else self.beyond.wire()

    @property
    def unread(self) -> tuple[str, ...]:
        """Paths that nothing reads downstream, the largest first."""
        return self.grown.unread

    @cached_property
    @readable
    def limits(self) -> pd.DataFrame:
        """At how many items the limits of other platforms are broken."""
        return self.grown.limits()

    @cached_property
    def comparison(self) -> Comparison:
        """The cells that it rests on."""
        return Comparison(self.records)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        names = ("name", "items", "memory", "dispatch", "pick", "runner_up", "ok", "answer", "why")
        plain = {name: getattr(self, name) for name in names}
        lists = {name: list(getattr(self, name)) for name in ("unread", "assumed", "doubts")}
        return {**plain, **lists, "beyond": None if self.beyond is None else str(self.beyond)}

    # -- texts ---------------------------------------------------------------------------------------------------------

    def findings(self) -> Summary:
        """What it says as texts, tables and remarks: for a page, and for a terminal."""
        from attune_sim.reports import Summary

        remarks = [
            ("Never read downstream:", self.unread),
            ("Assumed:", self.assumed),
            ("Beyond one machine:", () if self.beyond is None else (str(self.beyond),)),
            ("To be taken with care:", self.doubts),
        ]
        return Summary.plain(
            title=f"Advice for {self.name}",
            lead=f"{self.answer} {self.why}",
            tables=(self._strategies_table(), self._context_table(), self._limits_table()),
            remarks=[(heading, tuple(lines)) for heading, lines in remarks],
            kind="Advice",
        )

    def _strategies_table(self) -> Table:
        from attune_sim.reports import Table

        caption = f"Each strategy at {counted(self.items, 'item')} in {self._room} ({self.dispatch} dispatch)"
        return Table(
            caption,
            ("strategy", "safe", "memory", "give or take", "fork", "run", "dies at item", "source"),
            tuple(map(_row, self.outlooks)),
            failed=frozenset(place for place, one in enumerate(self.outlooks) if not one.lives),
            texts=frozenset({0, 1, 7}),
        )

    def _context_table(self) -> Table:
        from attune_sim.reports import Table

        rows = [
            (
                row["task"],
                *(_sized(row[name]) for name in ("bytes", "heap_bytes", "unread_bytes")),
                row["read"],
            )
            for row in self.context.to_dict("records")
        ]
        caption = f"What each item of {counted(self.items, 'item')} is handed"
        headers = ("part", "JSON", "heap", "never read", "what is read of it")
        return Table(caption, headers, tuple(rows), texts=frozenset({0, 4}))

    def _limits_table(self) -> Table:
        from attune_sim.reports import Table

        rows = [(row["platform"], row["limit"], *_broken(row)) for row in self.limits.to_dict("records")]
        failed = frozenset(place for place, breaks in enumerate(self.limits["breaks"]) if breaks)
        headers = ("platform", "limit", "broken at item", "by task")
        return Table("Elsewhere", headers, tuple(rows), failed=failed, texts=frozenset({0, 1, 3}))

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> Iterator[str]:
        """The whole advice in lines of 80 cells."""
        found = self.findings()
        yield from textwrap.wrap(self.answer, WIDTH)
        yield from textwrap.wrap(self.why, WIDTH)
        for table in found.tables:
            yield from ("", *textwrap.wrap(table.caption, WIDTH))
            yield from (line.text for line in fitted(table.headers, table.rows, table.texts, WIDTH))
        for heading, told in found.remarks:
            yield from ("", heading)
            for text in told:
                yield from textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from attune_sim.reports import fragment

        return {"text/plain": str(self), "text/html": fragment(self.findings())}

    def __repr__(self) -> str:
        best = self._safe[0] if self._safe else None
        told = "no safe strategy" if best is None else f"take {best.strategy}, {format_bytes(best.bytes)}"
        dies = "" if best is None or best.dies_at is None else f", which dies at item {best.dies_at:,}"
        return f"<Advice for {self.name!r}, {counted(self.items, 'item')} in {self._room}: {told}{dies}>"

    @property
    def _safe(self) -> list[Outlook]:
        return [one for one in self.outlooks if one.safe]

    @property
    def _room(self) -> str:
        return in_binary(int(self.memory))

    @staticmethod
    def _soonest(dead: Sequence[Outlook]) -> list[Outlook]:
        return sorted(dead, key=lambda one: one.dies_at or 0)[:_LISTED]


def _telling(records: Sequence[CellRecord]) -> list[CellRecord]:
    """Those whose figures hold."""
    return [record for record in records if not _is_in_vain(record)]


def _is_in_vain(record: CellRecord) -> bool:
    """Whether it came to its end and none of its items succeeded: no figure of it holds."""
    lost = record.items_failed + record.items_timed_out
    return record.outcome == "ok" and 0 < record.items_done <= lost


def _row(one: Outlook) -> tuple[str, ...]:
    known = one.bytes == one.bytes
    spread = f"{format_bytes(one.low)} to {format_bytes(one.high)}" if known and one.low < one.high else "–"
    return (
        one.strategy,
        "yes" if one.safe else "no",
        format_bytes(one.bytes) if known else "–",
        spread,
        format_us(one.us) if one.us == one.us else "–",
        format_s(one.seconds) if one.seconds == one.seconds else "–",
        "–" if one.dies_at is None else f"{one.dies_at:,}",
        one.source,
    )


def _sized(value: Any) -> str:
    import pandas as pd

    return "–" if pd.isna(value) else format_bytes(float(value))


def _broken(row: Any) -> tuple[str, str]:
    import pandas as pd

    return ("–", "") if pd.isna(row["item"]) else (f"{row['item']:,}", str(row["task"]))
