"""Frames as people read them: with units, sorted where they are long, without columns that say the same in every row.

A frame stays a plain DataFrame of plain numbers. What is shown with units in a notebook is only the very object that a result handed
out: nothing of that is passed on to what pandas makes of it, since `count()` of a column of microseconds is a column of counts under the
same name. Whoever wants units for that says so: `at.show(frame)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, ParamSpec
from weakref import ref

from attune_sim.api.showing.text import fitted
from attune_sim.errors import InputError, UnknownNameError, counted
from attune_sim.metrics import FORMATS, METRICS, UNITS, Unit

if TYPE_CHECKING:
    import pandas as pd

    from attune_sim.reports import Table

ROWS: Final = 20

WIDTH: Final = 100

LETTERS: Final = 60
"""Of a text in a cell."""

WORST_FIRST: Final = ("count", "action_us", "fork_us", "duration_s", "peak_bytes", "value", "bytes")
"""What a long frame is sorted by, the largest first: the first of these columns that it has."""

OF_METRIC: Final = ("value", "p50", "p95", "max")
"""Columns whose unit is that of the row's metric."""

_P = ParamSpec("_P")


def readable(give: Callable[_P, pd.DataFrame]) -> Callable[_P, pd.DataFrame]:
    """Decorates what hands out a frame: the frame is shown with units in a notebook, and is a plain DataFrame all the same."""

    @wraps(give)
    def given(*args: _P.args, **options: _P.kwargs) -> pd.DataFrame:
        return with_units(give(*args, **options))

    return given


def with_units(frame: pd.DataFrame) -> pd.DataFrame:
    """The same frame, which a notebook shows with units. Copies of it, and what is computed of it, are shown as ever."""
    weakly = ref(frame)  # a frame in a cycle with itself would stay until the next full collection

    def _repr_html_() -> str | None:
        shown = weakly()
        return None if shown is None else show(shown)._repr_mimebundle_()["text/html"]

    object.__setattr__(frame, "_repr_html_", _repr_html_)
    return frame


def show(
    frame: pd.DataFrame, *, by: str | Sequence[str] | None = None, ascending: bool = False, rows: int = ROWS
) -> ShownFrame:
    """A frame for people: units behind the figures, sorted, without columns that say the same in every row.

    `by` are columns to sort by (None: one that matters, if there are more than `rows`), `rows` how many are shown at most. Units are told
    by the names of columns (`fork_us`, `fork_bytes`, `time_s` ...), or by the metric of a row. The frame itself stays as it is.

    Raises:
        InputError: no frame, one with two columns of one name, or rows that are no number of 1 or more.
        UnknownNameError: the frame has no such column.

    >>> import pandas as pd
    >>> print(show(pd.DataFrame({"strategy": ["deepcopy", "shared"], "fork_us": [36074.944464, 0.111]})))
    2 rows
    <BLANKLINE>
       strategy   fork_us
    0  deepcopy   36.1 ms
    1  shared    0.111 µs
    """
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"show: a pandas DataFrame is shown, not a {type(frame).__name__}")
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
        raise InputError(f"show: rows is how many are shown at most, 1 or more, not {rows!r}")
    if not frame.columns.is_unique:
        raise InputError("show: the frame has several columns of one name; rename them first")
    asked = [by] if isinstance(by, str) else list(by or ())
    for name in asked:
        if name not in frame.columns:
            raise UnknownNameError("column", str(name), [str(one) for one in frame.columns])
    return ShownFrame(frame, tuple(asked), ascending, rows)


@dataclass(frozen=True, eq=False, repr=False)
class ShownFrame:
    """What `at.show` gives: a table in a notebook and on a terminal. `frame` is the frame itself."""

    frame: pd.DataFrame
    by: tuple[str, ...]
    ascending: bool
    rows: int

    @property
    def order(self) -> tuple[str, ...]:
        """What it is sorted by; nothing where all of it is shown, and nobody asked."""
        if self.by or len(self.frame) <= self.rows:
            return self.by
        numbers = self.frame.select_dtypes("number").columns
        found = next((name for name in WORST_FIRST if name in numbers), None)
        if found is None:
            return ()
        return ("metric", found) if found == "value" and "metric" in self.frame else (found,)

    @property
    def part(self) -> pd.DataFrame:
        """The rows that are shown, as they are."""
        frame = self.frame
        if self.order:
            upwards = [self.ascending or name == "metric" for name in self.order]
            frame = frame.sort_values(list(self.order), ascending=upwards, kind="stable")
        return frame.head(self.rows)

    @property
    def same(self) -> dict[str, str]:
        """Columns that say the same in all rows of a frame of several, with what they say."""
        frame, others = self.frame, {*self.order, *OF_METRIC}
        if len(frame) < 3:
            return {}
        # The first rows say of most columns that they differ, before a hundred thousand have been looked at.
        alike = [
            name
            for name in frame.columns
            if name not in others
            and all(column.map(str).nunique() == 1 for column in (frame[name].head(3), frame[name]))
        ]
        return {str(name): self.text(name, frame[name].iloc[0]) for name in alike}

    def unit(self, name: Any) -> Unit | None:
        """The unit of a column; None for words, counts and flags, and where each row has its own."""
        if name in OF_METRIC and "metric" in self.frame:
            return None
        told = UNITS.get(str(name)) or next(
            (unit for end, unit in _ENDS.items() if str(name).endswith(end)), None
        )
        return told if told in ("us", "s", "bytes") and self._is_number(name) else None

    def _is_number(self, name: Any) -> bool:
        from pandas.api.types import is_bool_dtype, is_numeric_dtype

        dtype = self.frame[name].dtype
        return bool(is_numeric_dtype(dtype) and not is_bool_dtype(dtype))

    def text(self, name: Any, value: Any, metric: Any = None) -> str:
        """A value as a person reads it."""
        import pandas as pd

        if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):
            return "yes" if value else "no"
        if pd.api.types.is_number(value):
            unit = self.unit(name) or (
                METRICS[metric].unit if metric in METRICS and name in OF_METRIC else None
            )
            return "–" if value != value else _number(value, unit)
        if value is None or value is pd.NA or value is pd.NaT:
            return "–"
        line = " ".join(str(value)[: 4 * LETTERS].split())
        return line if len(line) <= LETTERS else f"{line[: LETTERS - 1]}…"

    def table(self) -> Table:
        """What is shown, as texts."""
        from attune_sim.reports import Table

        same, part = self.same, self.part
        names = [name for name in part.columns if str(name) not in same]
        metrics = part["metric"] if "metric" in part else [None] * len(part)
        rows = tuple(
            (str(label), *(self.text(name, value, metric) for name, value in zip(names, values, strict=True)))
            for label, metric, values in zip(part.index, metrics, part[names].itertuples(index=False, name=None), strict=True)
        )  # fmt: skip
        notes = tuple(f"in {_SIGNS[unit]}" if (unit := self.unit(name)) else "" for name in names)
        words = (place for place, name in enumerate(names, 1) if not self._is_number(name))
        return Table(
            ". ".join(self._captions(same)),
            (str(part.index.name or ""), *map(str, names)),
            rows,
            texts=frozenset({0, *words}),
            notes=("", *notes) if any(notes) else (),
        )

    def _captions(self, same: dict[str, str]) -> Iterator[str]:
        count, shown = len(self.frame), min(self.rows, len(self.frame))
        first = f", the first {shown:,}" if shown < count else ""
        largest = "" if self.ascending else ", the largest first"
        order = f" by {' and '.join(self.order)}{largest}" if self.order else ""
        yield f"{counted(count, 'row')}{first}{order}"
        told = [f"{name} {text}" for name, text in same.items() if text not in ("", "–")]
        if told:
            yield f"In all rows: {', '.join(told)}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from attune_sim.reports import table_fragment

        return {"text/plain": str(self), "text/html": table_fragment(self.table())}

    def __str__(self) -> str:
        table = self.table()
        lines = fitted(table.headers, table.rows, table.texts, WIDTH)
        return "\n".join((table.caption, "", *(line.text for line in lines)))

    def __repr__(self) -> str:
        return f"<{counted(len(self.frame), 'row')} of {counted(len(self.frame.columns), 'column')}, shown with units; .frame holds the numbers>"


_ENDS: Final[dict[str, Unit]] = {"_us": "us", "_bytes": "bytes", "_s": "s"}
"""End of a column's name -> its unit, where the column is not declared."""

_SIGNS: Final[dict[Unit, str]] = {"us": "µs", "s": "s", "bytes": "bytes", "count": "", "ratio": ""}


def _number(value: Any, unit: Unit | None) -> str:
    if unit is None:
        return f"{int(value):,}" if float(value).is_integer() else FORMATS["ratio"](value)
    return FORMATS[unit](value)
