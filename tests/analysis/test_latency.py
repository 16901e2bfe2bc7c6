from __future__ import annotations

import pickle
from math import inf

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune_sim.analysis.latency import LEAST, MODELS, latency_fit
from attune_sim.errors import InputError, UnknownNameError
from attune_sim.simulation.hashing import generator
from attune_sim.simulation.latency.constant import Constant
from attune_sim.simulation.latency.exponential import Exponential
from attune_sim.simulation.latency.lognormal import Lognormal
from attune_sim.simulation.latency.pareto import Pareto
from attune_sim.simulation.latency.reading import read_latency
from attune_sim.simulation.latency.uniform import Uniform

TRUE = {
    "uniform": Uniform(0.02, 0.5),
    "exponential": Exponential(0.08),
    "lognormal": Lognormal(0.08, 0.8),
    "pareto": Pareto(0.02, 2.1),
}


def drawn(latency, n=2000, seed=1):
    return latency.draws(generator(seed, "recorded"), n)


def frame_of(durations, **columns):
    n = len(durations)
    given = {
        "task": ["check"] * n,
        "outcome": ["succeeded"] * n,
        "attempts": [1] * n,
        "duration_s": durations,
    }
    return pd.DataFrame({**given, **columns})


@pytest.mark.parametrize("name", TRUE)
@pytest.mark.parametrize("seed", range(3))
def test_the_model_that_durations_were_drawn_from_is_found_again(name: str, seed: int) -> None:
    fit = latency_fit(drawn(TRUE[name], seed=seed))

    assert type(fit.latency) is type(TRUE[name])
    assert fit.latency.mean_s == pytest.approx(TRUE[name].mean_s, rel=0.1)
    assert fit.ks < 0.04
    assert fit.n == 2000


def test_the_models_are_listed_from_the_best_to_the_worst() -> None:
    frame = latency_fit(drawn(TRUE["lognormal"])).frame

    assert set(frame["model"]) == set(MODELS)
    assert frame["aicc"].is_monotonic_increasing
    assert frame["chosen"].tolist() == [True, False, False, False]
    assert read_latency(frame["latency"][0]) == latency_fit(drawn(TRUE["lognormal"])).latency


def test_durations_that_no_model_describes_are_drawn_themselves() -> None:
    two_kinds = np.concatenate([np.full(300, 0.05), np.linspace(0.5, 0.6, 300)])
    fit = latency_fit(two_kinds)

    assert fit.latency.name == "empirical"
    assert fit.ks == 0
    assert "the durations themselves are drawn" in fit.why
    assert fit.latency.mean_s == pytest.approx(two_kinds.mean())


def test_a_tail_without_a_mean_is_chosen_only_if_it_is_asked_for() -> None:
    durations = drawn(Pareto(0.002, 0.8), 200)

    assert latency_fit(durations).latency.mean_s < inf
    assert latency_fit(durations).candidates[0].model == "pareto"
    assert latency_fit(durations, model="pareto").latency.mean_s == inf


def test_equal_durations_are_constant_and_few_are_drawn_themselves() -> None:
    assert latency_fit([0.08] * 30).latency == Constant(0.08)
    few = latency_fit(np.linspace(0.1, 0.2, LEAST - 1))
    assert (few.latency.name, few.why) == ("empirical", "7 durations are too few to compare models")


@pytest.mark.parametrize("name", [*TRUE, "constant", "empirical"])
def test_the_model_can_be_asked_for(name: str) -> None:
    fit = latency_fit(drawn(TRUE["lognormal"]), model=name)

    assert (fit.latency.name, fit.why) == (name, "asked for")


@given(
    st.lists(st.floats(1e-4, 1e3), min_size=1, max_size=40),
    st.sampled_from([None, *TRUE, "constant", "empirical"]),
)
@settings(max_examples=60, deadline=None)
def test_what_is_fitted_can_be_simulated_typed_and_sent(durations, model) -> None:
    try:
        fit = latency_fit(durations, model=model)
    except InputError as error:
        assert "cannot be fitted" in str(error)  # noqa: PT017
        return

    assert (fit.latency.draws(generator(0), 50) > 0).all()
    assert pickle.loads(pickle.dumps(fit)).latency == fit.latency
    assert len(fit.quantiles) == len(durations)
    if "duration" not in fit.latency.text:
        assert read_latency(fit.latency.text).mean_s == pytest.approx(fit.latency.mean_s)


def test_only_items_that_succeeded_at_once_are_taken() -> None:
    durations = drawn(TRUE["lognormal"], 1000)
    outcome = ["timed_out" if n % 10 == 0 else "succeeded" for n in range(1000)]
    attempts = [2 if n % 10 == 1 else 1 for n in range(1000)]
    fit = latency_fit(frame_of(durations, outcome=outcome, attempts=attempts))

    assert (fit.n, fit.left_out) == (800, "200 items that did not succeed at once")


def test_one_of_several_fan_outs_is_chosen() -> None:
    durations = drawn(TRUE["lognormal"], 1000)
    frame = frame_of(durations, task=["check" if n % 2 else "list" for n in range(1000)])

    assert latency_fit(frame, task="check").n == 500
    with pytest.raises(InputError, match="of several fan-outs; choose one: task='list' or task='check'"):
        latency_fit(frame)
    with pytest.raises(UnknownNameError, match=r"unknown task 'chek' \(did you mean 'check'\?\)"):
        latency_fit(frame, task="chek")


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ([], {}, "there are no durations"),
        ([0.0, 1.0], {}, "durations are seconds above 0, not 0 to 1"),
        ([1.0, float("inf")], {}, "durations are seconds above 0"),
        ([1.0, float("nan")], {}, "durations are seconds above 0"),
        (["a"], {}, "durations are a frame of items, as run.items, or numbers of seconds"),
        (3, {}, "durations are a frame of items"),
        (pd.DataFrame({"a": [1]}), {}, "this one has no task, outcome, attempts, duration_s: give run.items"),
        (
            frame_of([1.0], outcome=["failed"]),
            {},
            "there are no durations: 1 item that did not succeed at once",
        ),
        ([1.0, 2.0], {"model": "gamma"}, "unknown latency model 'gamma'; choose from: constant, uniform"),
    ],
)
def test_what_no_latency_can_be_fitted_to_is_refused(source, options, message) -> None:
    with pytest.raises(InputError) as refused:
        latency_fit(source, **options)

    assert message in str(refused.value)
