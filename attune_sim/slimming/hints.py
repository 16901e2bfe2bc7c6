"""What else makes a fan-out hand less to its items, without any change of a task: a strategy, a window, fewer fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attune_sim.canonical import as_json
from attune_sim.engine.offer import Offer
from attune_sim.expressions import reads
from attune_sim.scope import MISSING, ContextPath
from attune_sim.workflow import Task


def hints(task: Task, offer: Offer, handed: int, is_equal: Callable[[], bool]) -> Iterator[str]:
    """Lines about a fan-out whose items are `handed` so many bytes each; `is_equal` tells whether `projected` gives equal answers."""
    paths = reads(dict(task.input), [task.retry.on_error] if task.retry and task.retry.on_error else [])
    if paths is None or not task.input or offer.context is None:
        return
    of_context = {path for path in paths if path[0] not in ("item", "index", "result")}
    copied = sum(_bytes(offer.context.resolve(path[0]), path[1:]) for path in of_context)
    if copied * 2 < handed and not any(path[0] == "result" for path in paths) and is_equal():
        yield f"a strategy: 'projected' copies {copied:,} bytes for each item, what its templates read; equal answers"
    window = min(task.concurrency or 1, len(offer.items))
    if window < len(offer.items):
        yield f"a window: 'windowed' keeps {window:,} of {len(offer.items):,} copies at a time, 'eager' all of them"
    yield from _fields(offer, {path[1:] for path in paths if path[0] == "item"})


def _fields(offer: Offer, paths: set[ContextPath]) -> Iterator[str]:
    if () in paths or not all(isinstance(item, Mapping) for item in offer.items):
        return
    whole = sum(len(as_json(item)) for item in offer.items)
    read = sum(_bytes(item, path) for item in offer.items for path in paths)
    if read * 2 < whole:
        names = ", ".join(sorted(".".join(path) for path in paths)) or "nothing"
        yield f"fewer fields: the items are {whole:,} bytes, of which {names} is read, {read:,} bytes"


def _bytes(value: Any, path: ContextPath) -> int:
    for key in path:
        value = value.get(key, MISSING) if isinstance(value, Mapping) else value
        if value is MISSING:
            return 0
    return 0 if value is None or value is MISSING else len(as_json(value))
