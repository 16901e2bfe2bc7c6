from __future__ import annotations

from collections.abc import Iterator

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from attune_sim.analysis.latency import latency_fit
from attune_sim.errors import InputError
from attune_sim.plot import plot_latency
from attune_sim.simulation.hashing import generator
from attune_sim.simulation.latency.lognormal import Lognormal


@pytest.fixture(autouse=True)
def _no_window() -> Iterator[None]:
    with mpl.rc_context({"backend": "agg"}):
        plt.switch_backend("agg")
        yield
        plt.close("all")


@pytest.fixture(scope="module")
def fit():
    return latency_fit(Lognormal(0.08, 0.8).draws(generator(1), 700))


def test_quantiles_are_drawn_on_the_axes_that_are_given(fit) -> None:
    axes, before = Figure().subplots(), dict(mpl.rcParams)

    assert plot_latency(fit.quantiles, ax=axes) is axes
    points, line = axes.get_lines()
    assert len(points.get_xdata()) == 500
    assert list(line.get_xdata()) == list(line.get_ydata())
    assert dict(mpl.rcParams) == before


def test_it_says_what_was_fitted_to_how_many_durations(fit) -> None:
    axes = plot_latency(fit.quantiles)

    assert axes.get_title(loc="left").startswith("700 durations, KS distance 0.0")
    assert fit.latency.text in axes.get_xlabel()


@pytest.mark.parametrize("model", ["constant", "empirical", "uniform"])
def test_every_kind_of_latency_has_quantiles(model: str) -> None:
    assert plot_latency(latency_fit([0.1, 0.2, 0.4], model=model).quantiles).has_data()


def test_axes_that_are_none_are_refused(fit) -> None:
    with pytest.raises(InputError, match="ax must be the Axes of one plot"):
        plot_latency(fit.quantiles, ax=3)  # type: ignore[arg-type]
