from __future__ import annotations

import pickle

import matplotlib as mpl
from matplotlib.figure import Figure

import attune_sim as at
from attune_sim.simulation.fates import ModelledFates
from attune_sim.simulation.hashing import generator
from attune_sim.simulation.latency.lognormal import Lognormal
from attune_sim.simulation.latency.model import Latency
from attune_sim.simulation.latency.reading import read_latencies, read_latency
from attune_sim.simulation.setting import Setting
from attune_sim.simulation.simulate import simulate

FANNED = """
version: 1.0.0
tasks:
  - {name: check, action: demo.check, with_items: "{{ range(40) }}", input: {n: "{{ item }}"}}
"""


def fitted():
    return at.fit_latency(Lognormal(0.08, 0.8).draws(generator(1), 1000))


def test_a_fitted_latency_says_what_it_is_and_what_comes_next() -> None:
    latency = fitted()

    assert repr(latency).startswith("<FittedLatency lognormal(")
    assert "from 1,000 durations, mean 1" in repr(latency)
    assert "KS distance 0.0" in repr(latency)
    assert latency.fit.why.startswith("of 4 models it has the least AICc")
    assert list(latency.frame.columns) == ["model", "latency", "log_likelihood", "aicc", "ks", "chosen"]
    assert str(latency) == latency.text == read_latency(latency.text).text


def test_a_fitted_latency_is_a_latency_and_can_be_sent() -> None:
    latency = fitted()

    assert isinstance(latency, Latency)
    assert read_latency(latency) is latency
    sent = pickle.loads(pickle.dumps(latency))
    assert sent == latency
    assert sent.draws(generator(0), 3).tolist() == latency.draws(generator(0), 3).tolist()


def test_a_latency_fitted_to_a_run_is_simulated() -> None:
    run = at.run(FANNED, actions={"demo.check": lambda n: sum(range(100 * n + 1000))})
    latency = at.fit_latency(run.items, task="check")
    fates = ModelledFates(read_latencies({"check": latency}))

    outcome = simulate(Setting(spec=at.workload_of(at.load(FANNED)).spec(), fates=fates))
    assert outcome.cycles[0].succeeded == 40
    assert latency.fit.n == 40
    assert 0 < outcome.ended_s < 1


def test_it_is_plotted_on_the_axes_that_are_given() -> None:
    with mpl.rc_context({"backend": "agg"}):
        axes = Figure().subplots()

        assert fitted().plot(ax=axes) is axes
