"""Where an action raised: the innermost line that is its author's own, and, once for each such line, the way to it."""

from __future__ import annotations

import os
import sysconfig
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Final

from attune_sim.engine.events import Raised

_OURS: Final = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LIBRARIES: Final = tuple(
    path + os.sep for name, path in sysconfig.get_paths().items() if name.endswith(("lib", "stdlib"))
)
_LAST_LINES: Final = -20
_LONGEST: Final = 10_000


class Places:
    """Finds the places of what actions raise. A traceback is made of the first error of a type at a line only: it costs
    a hundred times as much as the place, and a million items may fail at one."""

    def __init__(self, most: int = 100) -> None:
        self._known: set[tuple[str, int, type[BaseException]]] = set()
        self._most = most

    def of(self, error: BaseException) -> Raised | None:
        """The place, None if no line of the author's own was reached: an action that came along says what is wrong."""
        own = [step for step in _steps(error.__traceback__) if _is_own(step.tb_frame.f_code.co_filename)]
        if not own:
            return None
        code, line = own[-1].tb_frame.f_code, own[-1].tb_lineno
        kind = (code.co_filename, line, type(error))
        is_first = kind not in self._known and len(self._known) < self._most
        if is_first:
            self._known.add(kind)
        way = _told(error, own[0]) if is_first else None
        return Raised(code.co_filename, line, code.co_name, way)


def _steps(step: TracebackType | None) -> Iterator[TracebackType]:
    while step is not None:
        yield step
        step = step.tb_next


def _is_own(file: str) -> bool:
    return not file.startswith((_OURS, "<frozen ", *_LIBRARIES))


def _told(error: BaseException, first: TracebackType) -> str:
    """The lines of a traceback from the author's first line on."""
    lines = traceback.format_exception(type(error), error, first, limit=_LAST_LINES)
    return "".join(lines)[-_LONGEST:]
