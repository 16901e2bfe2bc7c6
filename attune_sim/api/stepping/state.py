"""One step, as a cell of a notebook or a terminal shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from attune_sim.api.stepping.text import text_of
from attune_sim.stepping.step import Moment


@dataclass(frozen=True, slots=True, repr=False)
class Step(Moment):
    """What one event led to: a frozen value of numbers and texts.

    `number` counts from 0, the beginning of the run; `at_s` is virtual run time, in seconds. `event` is what the conductor was told, `commands`
    what it asked for. `forks` are those alive that were looked into (eight at most; `more_forks` counts the others), each with `own_bytes`,
    `shared_bytes`, and how it has each value of the context: `step.fork("check[2]").held("workflow.rows")` is `own`, `shared`, `partly`,
    `absent` or `constant`. `heap` is what is shared, `references` its reference counts by path. `status` is that of the run at its last step.

    `print(step)` draws it in 80 columns, a notebook as a picture.

    >>> import attune_sim as at
    >>> with at.step("baseline", items=2, strategy="deepcopy") as stepper:
    ...     step = next(stepper)
    >>> step, len(step.forks)
    (<Step 0 at 0 s: Begin the run starts; 2 forks alive>, 2)
    """

    @classmethod
    def of(cls, moment: Moment) -> Step:
        """The same moment, as something that can be shown."""
        return cls(**{field.name: getattr(moment, field.name) for field in fields(moment)})

    def __str__(self) -> str:
        return text_of(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Mapping[str, str]:
        from attune_sim.api.stepping.page import html_of

        return {"text/plain": text_of(self), "text/html": html_of(self)}
