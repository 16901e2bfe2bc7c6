"""The result of measuring claims, as a notebook holds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from attune_sim.api.showing.frames import readable
from attune_sim.api.showing.told import Told
from attune_sim.api.stopped import Resumable
from attune_sim.errors import counted
from attune_sim.record import CellRecord

if TYPE_CHECKING:
    import pandas as pd

    from attune_sim.analysis.claims import Claim
    from attune_sim.reports import Summary


class Claims(Told, Resumable):
    """Claims with their verdicts. `frame` is a row a line of a claim and shape, `cells` what was run, `summary()` a row a claim.

    `warnings` say what is missing where it was stopped. `print` shows the table and every reason, `report(path)` writes them with
    all lines and the surroundings.

    >>> import attune_sim as at
    >>> claims = at.claims("freed", payloads="text", progress=False)
    >>> claims.summary()["verdict"].tolist()
    ['confirmed']
    """

    def __init__(
        self,
        claims: Sequence[Claim],
        readings: pd.DataFrame,
        records: Iterable[CellRecord],
        warnings: Iterable[str] = (),
    ) -> None:
        self._claims, self._readings = claims, readings
        self.records: Sequence[CellRecord] = tuple(records)
        self.warnings: Sequence[str] = tuple(warnings)

    @cached_property
    @readable
    def frame(self) -> pd.DataFrame:
        """One row a line of a claim and shape; columns in `attune_sim.analysis.claims.CLAIM_COLUMNS`."""
        from attune_sim.analysis.claims import judged

        frame = judged(self._claims, self._readings)
        frame.attrs.update(self.cells.attrs)
        return frame

    @cached_property
    @readable
    def cells(self) -> pd.DataFrame:
        """One row a cell: how it ended, and how far it got."""
        from attune_sim.frame import cells_frame

        return cells_frame(self.records)

    @readable
    def summary(self) -> pd.DataFrame:
        """One row a claim: claimed, measured, ratio, verdict and why, in texts."""
        from attune_sim.analysis.claims import summarised

        return summarised(self.frame, {claim.id: claim.note for claim in self._claims})

    def frames(self) -> Mapping[str, pd.DataFrame]:
        """Name -> frame of all that was found."""
        return {"claims": self.summary(), "lines": self.frame}

    @property
    def is_answered(self) -> bool:
        """Whether no cell broke down, and every line has a figure."""
        return _all_well(self.records) and "not measured" not in set(self.frame["verdict"])

    @property
    def verdicts(self) -> Mapping[str, str]:
        """Claim -> verdict: `confirmed`, `exceeded`, `refuted`, `depends`, or `not measured`."""
        summary = self.summary()
        return dict(zip(summary["claim"], summary["verdict"], strict=True))

    def findings(self) -> Summary:
        """What the report says, before it has a form."""
        from attune_sim.reports import claims_summary

        return claims_summary(self.frame, self.summary(), attrs_of(self.cells), self.warnings)

    def __repr__(self) -> str:
        told = ", ".join(f"{count} {verdict}" for verdict, count in Counter(self.verdicts.values()).items())
        return f"<Claims: {told}; {counted(len(self.records), 'cell')}; see .summary() .frame .cells .report('claims.html')>"


class OriginalBenchmarks(Told, Resumable):
    """The original's benchmark groups: `frame` is a row a group, size and series, ours beside what its authors published.

    >>> import attune_sim as at
    >>> at.original_benchmarks()  # doctest: +SKIP
    <OriginalBenchmarks: ...>
    """

    def __init__(
        self, frame: pd.DataFrame, records: Iterable[CellRecord], author: str, warnings: Iterable[str] = ()
    ) -> None:
        self.frame, self._author = frame, author
        self.warnings: Sequence[str] = tuple(warnings)
        self.records: Sequence[CellRecord] = tuple(records)

    @cached_property
    @readable
    def cells(self) -> pd.DataFrame:
        """One row a cell: how it ended, and how far it got."""
        from attune_sim.frame import cells_frame

        return cells_frame(self.records)

    def frames(self) -> Mapping[str, pd.DataFrame]:
        """Name -> frame of all that was found."""
        return {"groups": self.frame}

    @property
    def is_answered(self) -> bool:
        """Whether no cell broke down."""
        return _all_well(self.records)

    def findings(self) -> Summary:
        """What the report says, before it has a form."""
        from attune_sim.reports import original_summary

        return original_summary(self.frame, attrs_of(self.cells), self._author, self.warnings)

    def __repr__(self) -> str:
        groups = ", ".join(dict.fromkeys(self.frame["group"]))
        return f"<OriginalBenchmarks: {groups}; {counted(len(self.records), 'cell')}; see .frame .cells .report('original.html')>"


def attrs_of(frame: pd.DataFrame) -> Mapping[str, Any]:
    """What a frame says of itself: versions, machine, units."""
    return cast("Mapping[str, Any]", frame.attrs)


def _all_well(records: Iterable[CellRecord]) -> bool:
    """A limit that was met is an answer; a cell that broke down, or was ended from outside, is none."""
    return all(record.outcome in ("ok", "memory_limit", "time_limit") for record in records)
