"""`at.fit_latency`: a latency for a simulation from durations that were recorded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from attune_sim.api.choices import LatencyName
from attune_sim.api.showing.frames import readable, show
from attune_sim.errors import counted
from attune_sim.metrics import format_s
from attune_sim.simulation.latency.model import Latency

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes

    from attune_sim.analysis.latency import LatencyFit
    from attune_sim.simulation.latency.model import Draws


@dataclass(frozen=True, repr=False)
class FittedLatency:
    """A latency that was fitted to durations; a simulation takes it as any other. `.fit` says how it came about.

    >>> import attune_sim as at
    >>> fitted = at.fit_latency([0.05, 0.06, 0.07, 0.08, 0.09, 0.1, 0.12, 0.15, 0.2, 0.4])
    >>> fitted.text.partition("(")[0], round(fitted.mean_s, 2)
    ('lognormal', 0.13)
    """

    latency: Latency
    fit: LatencyFit = field(compare=False)

    @property
    def mean_s(self) -> float:
        """The mean of what is drawn, in seconds."""
        return self.latency.mean_s

    @property
    def text(self) -> str:
        """As it can be typed: `--latency "lognormal(80ms, 0.8)"`."""
        return self.latency.text

    def draws(self, rng: np.random.Generator, n: int) -> Draws:
        """`n` latencies in seconds."""
        return self.latency.draws(rng, n)

    @property
    @readable
    def frame(self) -> pd.DataFrame:
        """One row a model that was compared: model, latency, log_likelihood, aicc (less is better), ks, chosen."""
        return self.fit.frame

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """A QQ plot: the durations beside what the latency draws."""
        from attune_sim.plot import plot_latency

        return plot_latency(self.fit.quantiles, ax=ax)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from attune_sim.reports import Section, Summary, fragment

        lead = f"{repr(self).strip('<>').partition(';')[0]}."
        models = Section("", (show(self.frame).table(),))
        return {"text/plain": repr(self), "text/html": fragment(Summary("Fitted latency", lead, (models,)))}

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        of = f"{counted(self.fit.n, 'duration')}, mean {format_s(self.mean_s)}, KS distance {self.fit.ks:.3f}"
        return f"<FittedLatency {self.text} from {of}; see .fit .frame .plot()>"


def fit_latency(
    durations: pd.DataFrame | Iterable[float], *, task: str | None = None, model: LatencyName | None = None
) -> FittedLatency:
    """A latency for `at.simulate(..., latency=...)` from an `items` frame of a real run, or from seconds.

    Items that succeeded at their first attempt are taken. Exponential, lognormal, Pareto and uniform latencies are fitted by maximum
    likelihood, and the one with the least AICc is chosen; if even that one lies off the durations (KS distance), they are drawn
    themselves. `task` chooses one of several fan-outs; `model` is the one to take in any case: constant, uniform, exponential,
    lognormal, pareto or empirical.

    Raises:
        InputError: several fan-outs and no `task`, no durations, or no frame of items.
        UnknownNameError: there is no such task or model.

    >>> fitted = fit_latency([0.05, 0.06, 0.07, 0.08, 0.09, 0.1, 0.12, 0.15, 0.2, 0.4])
    >>> fitted.fit.frame["model"].tolist()[0], len(fitted.frame)
    ('lognormal', 4)
    """
    from attune_sim.analysis.latency import latency_fit

    fit = latency_fit(durations, task=task, model=model)
    return FittedLatency(fit.latency, fit)
