"""A latency for a simulation from durations that were recorded: models are fitted, and the best one is chosen by a stated rule.

Each model is fitted by maximum likelihood; the one with the least AICc is the best (Akaike's criterion, corrected for few values: what
it explains less what it has parameters). If even that one lies off the durations (their largest distance, Kolmogorov and Smirnov's,
is above `OFF` and more than chance gives in one of a hundred), the durations themselves are drawn: `empirical`. A tail without a mean
(Pareto's with an alpha of 1 or less) is never chosen: no durations show one, and a single draw could outlast a simulation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from math import inf, isfinite, sqrt
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from attune_sim.errors import InputError, UnknownNameError, counted
from attune_sim.simulation.latency.constant import Constant
from attune_sim.simulation.latency.empirical import Empirical
from attune_sim.simulation.latency.exponential import Exponential
from attune_sim.simulation.latency.lognormal import Lognormal
from attune_sim.simulation.latency.model import Latency
from attune_sim.simulation.latency.pareto import Pareto
from attune_sim.simulation.latency.uniform import Uniform

Seconds: TypeAlias = NDArray[np.float64]

OFF: Final = 0.05
"""A distance that does not matter: the share of attempts for which model and durations differ."""

LEAST: Final = 8
"""Durations from which on models are compared; of fewer any of them fits."""

_ONE_PERCENT: Final = 1.628  # of KS distances of n values times sqrt(n) one in a hundred is larger
_POINTS: Final = 500


@dataclass(frozen=True)
class Model:
    """How one model is fitted, and the distribution that it is then.

    `parameters` counts what the fit may choose, an end of its range twice: the fit puts it at the outermost duration, which gains twice
    as much as a parameter that is free.
    """

    fit: Callable[[Seconds], Latency]
    distribution: Callable[[Any], Any]
    parameters: int


def _shortened(value: float, rounding: str = ROUND_HALF_EVEN) -> float:
    """To four digits, so that it can be typed: no fit is that exact."""
    exact = Decimal(float(value))
    return float(exact.quantize(Decimal(1).scaleb(exact.adjusted() - 3), rounding))


def _fitted_uniform(values: Seconds) -> Uniform:
    return Uniform(_shortened(values[0], ROUND_FLOOR), _shortened(values[-1], ROUND_CEILING))


def _fitted_lognormal(values: Seconds) -> Lognormal:
    logs = np.log(values)
    return Lognormal(_shortened(np.exp(logs.mean())), _shortened(logs.std()))


def _fitted_pareto(values: Seconds) -> Pareto:
    least = _shortened(values[0], ROUND_FLOOR)
    return Pareto(least, _shortened(1 / np.log(values / least).mean()))


MODELS: Final[Mapping[str, Model]] = {
    "uniform": Model(_fitted_uniform, lambda one: stats.uniform(one.low_s, one.high_s - one.low_s), 4),
    "exponential": Model(
        lambda values: Exponential(_shortened(values.mean())), lambda one: stats.expon(scale=one.mean_s), 1
    ),
    "lognormal": Model(_fitted_lognormal, lambda one: stats.lognorm(one.sigma, scale=one.median_s), 2),
    "pareto": Model(_fitted_pareto, lambda one: stats.pareto(one.alpha, scale=one.minimum_s), 3),
}
"""The models that are compared."""

CHOICES: Final = ("constant", *MODELS, "empirical")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One model, fitted. `aicc` is smaller for a better one; `ks` is its largest distance to the durations, from 0 to 1."""

    latency: Latency
    log_likelihood: float
    aicc: float
    ks: float

    @property
    def model(self) -> str:
        """Its name."""
        return self.latency.text.partition("(")[0]


@dataclass(frozen=True)
class LatencyFit:
    """What was fitted to how many durations, and why this `latency` was chosen.

    `durations_s` are in order, `candidates` from the best to the worst; `left_out` says which rows were not taken.
    """

    latency: Latency
    candidates: tuple[Candidate, ...]
    durations_s: Seconds = field(repr=False)
    why: str
    left_out: str = ""

    @property
    def n(self) -> int:
        """Durations that it rests on."""
        return len(self.durations_s)

    @property
    def ks(self) -> float:
        """The largest distance of the latency to the durations: 0 where it draws them themselves."""
        return next((one.ks for one in self.candidates if one.latency == self.latency), 0.0)

    @property
    def frame(self) -> pd.DataFrame:
        """One row a model: model, latency (as it can be typed), log_likelihood, aicc, ks, chosen."""
        columns = ["model", "latency", "log_likelihood", "aicc", "ks", "chosen"]
        rows = [
            (one.model, one.latency.text, one.log_likelihood, one.aicc, one.ks, one.latency == self.latency)
            for one in self.candidates
        ]
        return pd.DataFrame(rows, columns=columns)

    @property
    def quantiles(self) -> pd.DataFrame:
        """Durations beside those of the latency: probability, observed_s, fitted_s; what a QQ plot shows."""
        points = min(self.n, _POINTS)
        probability = (np.arange(points) + 0.5) / points
        observed = np.quantile(self.durations_s, probability)
        frame = pd.DataFrame(
            {"probability": probability, "observed_s": observed, "fitted_s": self._quantile(probability)}
        )
        frame.attrs.update(latency=self.latency.text, n=self.n, ks=self.ks)
        return frame

    def _quantile(self, probability: Seconds) -> Seconds:
        latency = self.latency
        model = MODELS.get(latency.text.partition("(")[0])
        if model is not None:
            return np.asarray(model.distribution(latency).ppf(probability))
        known = self.durations_s if isinstance(latency, Empirical) else np.array([latency.mean_s])
        return np.asarray(np.quantile(known, probability))


def latency_fit(
    source: pd.DataFrame | Iterable[float], *, task: str | None = None, model: str | None = None
) -> LatencyFit:
    """Fit the models to durations: an `items` frame of a run, or seconds.

    Of a frame, items that succeeded at their first attempt are taken: others tell of pauses and timeouts. `task` chooses one of several fan-outs,
    `model` the model.

    Raises:
        InputError: no frame with durations; several fan-outs and no `task`; no durations, or one that is not above 0.
        UnknownNameError: no such task or model.

    >>> latency_fit([0.1, 0.2, 0.4]).why
    '3 durations are too few to compare models'
    """
    if model is not None and model not in CHOICES:
        raise UnknownNameError("latency model", model, CHOICES)
    durations, left_out = _of_frame(source, task) if isinstance(source, pd.DataFrame) else (source, "")
    values = _checked(durations, left_out)
    latency, candidates, why = _chosen(values, model)
    return LatencyFit(latency, candidates, values, why, left_out)


def _of_frame(frame: pd.DataFrame, task: str | None) -> tuple[Any, str]:
    """The durations of a frame of items, and what was left out."""
    missing = [name for name in ("task", "outcome", "attempts", "duration_s") if name not in frame]
    if missing:
        raise InputError(
            f"a frame of items has the columns task, outcome, attempts, duration_s; this one has no {', '.join(missing)}: "
            "give run.items, or seconds"
        )
    tasks = list(dict.fromkeys(map(str, frame["task"])))
    if task is not None and task not in tasks:
        raise UnknownNameError("task", task, tasks)
    if task is None and len(tasks) > 1:
        raise InputError(
            f"the items are of several fan-outs; choose one: task={' or task='.join(map(repr, tasks))}"
        )
    own = frame if task is None else frame[frame["task"] == task]
    taken = own[(own["outcome"] == "succeeded") & (own["attempts"] == 1) & own["duration_s"].notna()]
    out = len(own) - len(taken)
    return taken["duration_s"], f"{counted(out, 'item')} that did not succeed at once" if out else ""


def _checked(durations: Any, left_out: str) -> Seconds:
    try:
        values = np.sort(np.asarray(list(durations), dtype=np.float64))
    except (TypeError, ValueError):
        raise InputError("durations are a frame of items, as run.items, or numbers of seconds") from None
    if not len(values):
        raise InputError(f"there are no durations{f': {left_out}' if left_out else ''}")
    if not (values[0] > 0 and isfinite(values[-1])):
        raise InputError(f"durations are seconds above 0, not {values[0]:g} to {values[-1]:g}")
    return values


def _chosen(values: Seconds, model: str | None) -> tuple[Latency, tuple[Candidate, ...], str]:
    if values[0] == values[-1] or model == "constant":
        return Constant(_shortened(values.mean())), (), "all are the same" if model is None else "asked for"
    candidates = tuple(sorted(_candidates(values), key=lambda one: one.aicc))
    if model in MODELS:
        found = [one.latency for one in candidates if one.model == model]
        if not found:
            raise InputError(
                f"{model} cannot be fitted to these durations; choose from: {', '.join(CHOICES)}"
            )
        return found[0], candidates, "asked for"
    drawn = Empirical.of(values)
    if model == "empirical":
        return drawn, candidates, "asked for"
    if len(values) < LEAST:
        return drawn, candidates, f"{counted(len(values), 'duration')} are too few to compare models"
    return _best(candidates, drawn, len(values))


def _candidates(values: Seconds) -> Iterable[Candidate]:
    """The models that can be fitted."""
    for model in MODELS.values():
        try:
            latency = model.fit(values)
        except InputError:  # as a tail that is heavier than any that can be drawn
            continue
        distribution = model.distribution(latency)
        likelihood = float(np.sum(distribution.logpdf(values)))
        if isfinite(likelihood):
            ks = float(stats.ks_1samp(values, distribution.cdf).statistic)
            yield Candidate(latency, likelihood, _aicc(likelihood, model.parameters, len(values)), ks)


def _aicc(likelihood: float, parameters: int, n: int) -> float:
    left = n - parameters - 1
    correction = 2 * parameters * (parameters + 1) / left if left > 0 else inf
    return 2 * parameters - 2 * likelihood + correction


def _best(
    candidates: Sequence[Candidate], drawn: Empirical, n: int
) -> tuple[Latency, tuple[Candidate, ...], str]:
    best = next(one for one in candidates if isfinite(one.latency.mean_s))
    bound = max(OFF, _ONE_PERCENT / sqrt(n))
    if best.ks > bound:
        why = f"the best model, {best.latency.text}, is {best.ks:.2f} off (KS), more than {bound:.2f}: the durations themselves are drawn"
        return drawn, tuple(candidates), why
    return (
        best.latency,
        tuple(candidates),
        f"of {len(candidates)} models it has the least AICc, and is {best.ks:.2f} off (KS)",
    )
