"""The frame of a workflow's graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd

GRAPH_COLUMNS: Final = ("task", "to", "kind", "when", "with_items", "join")


def graph_frame(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row a transition, in the order of the file; a task that leads nowhere has one without `to`.

    `kind` is `always`, the outcome that the transition waits for (`succeeded`, `failed` ...), `custom` or `part` (of a parallel task);
    `when` its condition, empty where there is none; `with_items` says whether the task is a fan-out, `join` whether it waits for several.
    """
    frame = pd.DataFrame(list(rows), columns=list(GRAPH_COLUMNS))
    return frame.astype({"with_items": "bool", "join": "bool"})
