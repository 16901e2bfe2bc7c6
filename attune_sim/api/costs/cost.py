"""What a call keeps alive and takes, as a notebook holds it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from attune_sim.errors import counted
from attune_sim.metrics import format_bytes, format_us

if TYPE_CHECKING:
    import pandas as pd

    from attune_sim.probes.calls import CallCost


class ContextCost:
    """What one call of something keeps alive and takes; all of it was measured.

    `bytes` of live heap and `blocks` of Python's allocator as long as its result is held (`blocks` None where nobody counts
    them), `left_bytes` even when it is not; `us` microseconds, of which the `floor_us` of an empty call are taken off; `first_bytes` and
    `first_us` of the first of all `runs`. `doubts` are reasons not to believe it. `frame` has them in rows.
    """

    def __init__(self, title: str, cost: CallCost, label: str = "") -> None:
        self.title, self.cost, self.label = title, cost, label
        self.bytes, self.blocks, self.left_bytes = cost.bytes, cost.blocks, cost.left_bytes
        self.us, self.floor_us, self.runs = cost.us, cost.floor_us, cost.calls
        self.first_bytes, self.first_us = cost.first_bytes, cost.first_us

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why a figure may be off."""
        once = self.runs == 1
        unsettled = not once and not self.cost.is_settled
        return tuple(
            reason
            for applies, reason in (
                (bool(self.label), self.label),
                (once, "what it filled for later ones is in it"),
                (unsettled, "its runs did not agree within 0.5 %"),
            )
            if applies
        )

    @property
    def frame(self) -> pd.DataFrame:
        """One row a figure: metric, unit, value, source (`measured`), n: how often it ran."""
        import pandas as pd

        rows = [
            ("live_heap_bytes", "bytes", self.bytes), ("allocated_blocks", "count", self.blocks), ("left_bytes", "bytes", self.left_bytes),
            ("call_us", "us", self.us), ("floor_us", "us", self.floor_us), ("first_bytes", "bytes", self.first_bytes),
            ("first_us", "us", self.first_us),
        ]  # fmt: skip
        columns = ["metric", "unit", "value"]
        return (
            pd.DataFrame(rows, columns=columns)
            .astype({"value": "float64"})
            .assign(source="measured", n=self.runs)
        )

    def rows(self) -> list[tuple[str, str]]:
        """What it says, in words and figures."""
        blocks = "" if self.blocks is None else f" in {counted(round(self.blocks), 'block')}"
        ran = f"ran {'once' if self.runs == 1 else f'{self.runs:,} times'}"
        first = (
            ()
            if self.runs == 1
            else (("the first run", f"{format_bytes(self.first_bytes)}, {format_us(self.first_us)}"),)
        )
        return [
            ("keeps alive", f"{format_bytes(self.bytes)}{blocks}"),
            ("stays when its result is let go", format_bytes(self.left_bytes)),
            ("takes", f"{format_us(self.us)} (less {format_us(self.floor_us)} of an empty call)"),
            *first,
            ("measured", ": ".join((ran, "; ".join(self.doubts))) if self.doubts else ran),
        ]

    def __repr__(self) -> str:
        keeps, _, takes, *_, ran = (text for _, text in self.rows())
        return (
            f"<ContextCost of {self.title!r}: keeps {keeps} alive, takes {takes.partition(' (')[0]}; {ran}>"
        )

    def __str__(self) -> str:
        rows = self.rows()
        width = max(len(name) for name, _ in rows)
        return "\n".join((self.title, *(f"  {name:<{width}}  {text}" for name, text in rows)))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        cells = "".join(
            f'<tr><th style="text-align: left; font-weight: normal; opacity: .75">{escape(name)}</th>'
            f'<td style="text-align: left">{escape(text)}</td></tr>'
            for name, text in self.rows()
        )
        table = f"<table><caption><code>{escape(self.title)}</code></caption>{cells}</table>"
        return {"text/plain": str(self), "text/html": table}
