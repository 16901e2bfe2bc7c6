"""When cycles are due: every so often, as cron says, by chance, or as they were recorded."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, takewhile
from math import ceil, inf, isfinite
from typing import Any, ClassVar, Final

from croniter import CroniterBadDateError, CroniterError, croniter

from attune_sim.amounts import second_count
from attune_sim.errors import InputError, counted
from attune_sim.runspec import EPOCH
from attune_sim.simulation.hashing import generator
from attune_sim.simulation.models import Model, read_model

_FIELDS: Final = re.compile(r"@[a-z]+|\S+(\s+\S+){4}")
_BY_CHANCE: Final = re.compile(r"(?<![a-z])[hr](?![a-z])", re.IGNORECASE)
_JUST_BEFORE_S: Final = 1e-3  # what is due at the very begin is due


class ScheduleModel(Model):
    """The base of schedules: frozen, picklable, with a text that can be typed. Moments are seconds from the begin of a simulation."""

    what: ClassVar[str] = "schedule"

    def moments(self, duration_s: float, seed: int) -> Iterator[float]:
        """The moments from 0 on and before `duration_s`, in order."""
        raise NotImplementedError

    def count(self, duration_s: float) -> float:
        """How many there are; where they come by chance, in the mean."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<Schedule {self.text}>"


@dataclass(frozen=True, repr=False)
class Every(ScheduleModel):
    """At 0, and then every `period_s` seconds.

    >>> list(Every(300).moments(1000, seed=0)), Every(300).count(86400)
    ([0.0, 300.0, 600.0, 900.0], 288)
    """

    name = "every"
    example = "every(5min)"

    period_s: float

    def check(self) -> None:
        _require_above_0(self, "period", self.period_s, "seconds")

    def moments(self, duration_s: float, seed: int) -> Iterator[float]:
        return (number * float(self.period_s) for number in range(self.count(duration_s)))

    def count(self, duration_s: float) -> int:
        return ceil(round(duration_s / self.period_s, 9))


@dataclass(frozen=True, repr=False)
class Poisson(ScheduleModel):
    """By chance, `rate` times a second in the mean, one independent of the other.

    >>> Poisson(12 / 3600)
    <Schedule poisson(12/h)>
    """

    name = "poisson"
    example = "poisson(12/h)"

    rate: float

    def check(self) -> None:
        _require_above_0(self, "rate", self.rate, "times a second")

    def moments(self, duration_s: float, seed: int) -> Iterator[float]:
        rng, moment = generator(seed, "arrivals"), 0.0
        while True:
            for gap in rng.exponential(1 / self.rate, 256).tolist():
                moment += gap
                if moment >= duration_s:
                    return
                yield moment

    def count(self, duration_s: float) -> float:
        return self.rate * duration_s


@dataclass(frozen=True, repr=False)
class Recorded(ScheduleModel):
    """At the moments `at_s`, which are seconds and in order.

    >>> Recorded.of([60, 0, 90]).count(90)
    2
    """

    name = "recorded"
    example = "recorded(0s, 90s, 4min)"

    at_s: tuple[float, ...]

    @classmethod
    def of(cls, moments: Iterable[float]) -> Recorded:
        """From moments in any order. Raises InputError for one that is no number, or below 0."""
        try:
            return cls(tuple(sorted(float(moment) for moment in moments)))
        except (TypeError, ValueError) as error:
            raise InputError(f"schedule recorded: moments are numbers of seconds: {error}") from None

    def check(self) -> None:
        if not self.at_s:
            self.refuse("there are no moments: it never fires")
        if not all(isfinite(moment) and moment >= 0 for moment in self.at_s):
            self.refuse(f"moments are seconds from 0 on, not {self.at_s[0]!r} to {self.at_s[-1]!r}")

    def moments(self, duration_s: float, seed: int) -> Iterator[float]:
        return iter(self.at_s[: self.count(duration_s)])

    def count(self, duration_s: float) -> int:
        return bisect_left(self.at_s, duration_s)

    @property
    def text(self) -> str:
        """As it can be typed, if there are few; else what they are."""
        return super().text if len(self.at_s) <= 12 else f"recorded({counted(len(self.at_s), 'moment')})"


@dataclass(frozen=True, repr=False)
class Cron(ScheduleModel):
    """As five fields of cron say, in UTC; the simulation begins at `started_at`.

    >>> list(Cron("*/20 * * * *").moments(3600, seed=0))
    [0.0, 1200.0, 2400.0]
    >>> Cron("0 0 31 2 *")
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: schedule cron: '0 0 31 2 *' never fires; write for example */5 * * * *
    """

    name = "cron"
    example = "*/5 * * * *"

    fields: str
    started_at: str = EPOCH

    def check(self) -> None:
        if not isinstance(self.fields, str) or not _FIELDS.fullmatch(self.fields.strip()):
            self.refuse(f"{self.fields!r} is not minute, hour, day, month and weekday")
        if _BY_CHANCE.search(self.fields):
            self.refuse(f"{self.fields!r} leaves a field to chance")
        try:
            next(self._firing())
        except CroniterBadDateError:
            self.refuse(f"{self.fields!r} never fires")
        except (CroniterError, ValueError) as error:
            self.refuse(f"{self.fields!r} cannot be read: {error}")

    @property
    def text(self) -> str:
        """The fields."""
        return self.fields

    def moments(self, duration_s: float, seed: int) -> Iterator[float]:
        return takewhile(lambda moment: moment < duration_s, self._firing())

    def _firing(self) -> Iterator[float]:
        begin = datetime.fromisoformat(self.started_at).astimezone(UTC).timestamp()
        firing = croniter(self.fields, begin - _JUST_BEFORE_S, ret_type=float)
        return (firing.get_next() - begin for _ in count())

    def count(self, duration_s: float) -> int:
        return sum(1 for _ in self.moments(duration_s, seed=0))


ARRIVALS: Final[tuple[type[ScheduleModel], ...]] = (Poisson, Recorded, Every)
"""The schedules that can be typed by name; a rate alone is one of Poisson."""


def read_schedule(
    *,
    every: float | str | None = None,
    cron: str | None = None,
    arrivals: str | Iterable[float] | ScheduleModel | None = None,
    started_at: str = EPOCH,
) -> ScheduleModel | None:
    """A schedule from one of the three; None if there is none of them.

    `every` is a time, `cron` five fields, for which the simulation begins at `started_at`; `arrivals` is a text (`poisson(12/h)`), a list of moments
    in seconds, or a schedule.

    Raises:
        InputError: more than one is given, or no schedule can be made of it, or it never fires.

    >>> read_schedule(every="5min"), read_schedule(cron="@hourly"), read_schedule(arrivals="12/h")
    (<Schedule every(5min)>, <Schedule @hourly>, <Schedule poisson(12/h)>)
    >>> read_schedule(every="5min", cron="@hourly")
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: every and cron both say when cycles are due; give one of them
    """
    given = {"every": every, "cron": cron, "arrivals": arrivals}
    names = [name for name, source in given.items() if source is not None]
    if len(names) > 1:
        raise InputError(f"{names[0]} and {names[1]} both say when cycles are due; give one of them")
    if every is not None:
        return Every(second_count(every, "every"))
    if cron is not None:
        return Cron(cron, started_at)
    if arrivals is None or isinstance(arrivals, ScheduleModel):
        return arrivals
    return (
        read_model(arrivals, ARRIVALS, "arrivals", bare=Poisson)
        if isinstance(arrivals, str)
        else Recorded.of(arrivals)
    )


def _require_above_0(model: ScheduleModel, name: str, value: Any, unit: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < inf:
        model.refuse(f"{name} must be a number of {unit} above 0, not {value!r}")
