from __future__ import annotations

import pickle
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune_sim.errors import InputError, UnknownNameError
from attune_sim.simulation.hashing import generator
from attune_sim.simulation.latency.cold_start import ColdStart, Instances
from attune_sim.simulation.latency.constant import Constant
from attune_sim.simulation.latency.empirical import MOST, Empirical
from attune_sim.simulation.latency.exponential import Exponential
from attune_sim.simulation.latency.lognormal import Lognormal
from attune_sim.simulation.latency.model import Latency
from attune_sim.simulation.latency.pareto import Pareto
from attune_sim.simulation.latency.per_target import PerTarget
from attune_sim.simulation.latency.reading import MODELS, read_latencies, read_latency
from attune_sim.simulation.latency.uniform import Uniform

seconds = st.floats(1e-6, 1e4)
plain = st.one_of(
    st.builds(Constant, seconds),
    st.builds(lambda ends: Uniform(*sorted(ends)), st.tuples(seconds, seconds)),
    st.builds(Exponential, seconds),
    st.builds(Lognormal, seconds, st.floats(0, 1.5)),
    st.builds(Pareto, seconds, st.floats(2.5, 50)),
    st.builds(Empirical.of, st.lists(seconds, min_size=1, max_size=12)),
)
latencies = st.one_of(
    plain,
    st.builds(PerTarget, plain, st.floats(0.01, 0.8), st.sampled_from(["item", "item.id", "index"])),
    st.builds(ColdStart, plain, seconds, seconds),
)


@given(latencies, st.integers(0, 2**32))
@settings(max_examples=60)
def test_every_draw_is_above_0_and_the_same_for_the_same_seed(latency, seed) -> None:
    draws = latency.draws(generator(seed), 200)

    assert (draws > 0).all()
    assert draws.tolist() == latency.draws(generator(seed), 200).tolist()


@given(latencies, st.integers(1, 300))
@settings(max_examples=60)
def test_the_first_draws_are_the_same_however_many_are_drawn(latency, n) -> None:
    assert isinstance(latency, PerTarget) or (
        latency.draws(generator(7), n).tolist() == latency.draws(generator(7), 300)[:n].tolist()
    )


@pytest.mark.parametrize(
    "latency",
    [Constant(2.0), Uniform(1.0, 3.0), Exponential(0.5), Lognormal(0.1, 0.6), Pareto(0.1, 6.0), Empirical.of([1, 2, 6])],
    ids=lambda one: one.text,
)  # fmt: skip
def test_the_variation_is_the_standard_deviation_over_the_mean(latency) -> None:
    draws = latency.draws(generator(1, "variation"), 200_000)

    assert latency.variation == pytest.approx(draws.std() / draws.mean(), abs=0.02)


def test_where_there_is_no_standard_deviation_it_is_endless_and_unknown_around_another_latency() -> None:
    assert Pareto(0.1, 2.0).variation == inf
    assert PerTarget(Exponential(1.0), 0.5).variation is None


@given(plain)
@settings(max_examples=60)
def test_the_mean_of_many_draws_is_near_the_mean(latency) -> None:
    draws = latency.draws(generator(1, "mean"), 20_000)

    allowed = 6 * draws.std() / np.sqrt(len(draws)) + 1e-9 * latency.mean_s
    # The tail of a Pareto latency may hold more than the spread of its draws tells.
    assert abs(draws.mean() - latency.mean_s) <= (3 * allowed if isinstance(latency, Pareto) else allowed)


@given(latencies)
@settings(max_examples=100)
def test_a_latency_can_be_typed_and_sent_elsewhere(latency) -> None:
    typed = read_latency(latency.text)

    assert typed.text == latency.text
    assert typed.mean_s == pytest.approx(latency.mean_s, rel=1e-9)
    assert pickle.loads(pickle.dumps(latency)) == latency
    assert isinstance(latency, Latency)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("80ms", Constant(0.08)),
        ("constant(80 ms)", Constant(0.08)),
        ("uniform(10ms, 2s)", Uniform(0.01, 2)),
        ("uniform(high=2s, low=10ms)", Uniform(0.01, 2)),
        ("exponential(mean=80ms)", Exponential(0.08)),
        ("lognormal(80ms, 0.8)", Lognormal(0.08, 0.8)),
        (" Lognormal( median = 80ms , sigma = 0.8 ) ", Lognormal(0.08, 0.8)),
        ("pareto(20ms, alpha=2.1)", Pareto(0.02, 2.1)),
        ("empirical(1s, 2s, 1.5min)", Empirical((1.0, 2.0, 90.0))),
        ("per_target(lognormal(80ms, 0.8), spread=0.5, key=item.id)", PerTarget(Lognormal(0.08, 0.8), 0.5, "item.id")),
        ("per-target(80ms, 0.5)", PerTarget(Constant(0.08), 0.5)),
        ("cold_start(80ms, 2s)", ColdStart(Constant(0.08), 2)),
        ("cold_start(per_target(80ms, 0.5), extra=2s, idle=1h)", ColdStart(PerTarget(Constant(0.08), 0.5), 2, 3600)),
        (0.08, Constant(0.08)),
    ],
)  # fmt: skip
def test_a_latency_is_read_from_what_is_typed(text, expected) -> None:
    assert read_latency(text) == expected


@pytest.mark.parametrize("kind", MODELS)
def test_every_example_can_be_read(kind) -> None:
    assert isinstance(read_latency(kind.example), kind)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0ms", "value '0ms' is no time above 0"),
        ("-5ms", "value '-5ms' is no time above 0"),
        (0, "latency 0 is no time above 0"),
        (-1.5, "latency -1.5 is no time above 0"),
        (True, "latency True is no time"),
        (None, "latency None is no time"),
        ("constant(0s)", "latency constant: value '0s' is no time above 0"),
        ("80 parsecs", "value '80 parsecs' is no time; write for example 60s (us ms s min h d)"),
        ("exponential(0)", "latency exponential: mean '0' is no time above 0"),
        ("lognormal(80ms)", "latency lognormal: sigma is missing; write for example lognormal(median=80ms, sigma=0.8)"),
        ("lognormal", "latency lognormal: median and sigma are missing"),
        ("lognormal(80ms, wide)", "sigma 'wide' is no number"),
        ("lognormal(80ms, -1)", "sigma must be a number from 0 to 5, not -1.0"),
        ("lognormal(80ms, 0.8, 3)", "3 values, where it takes median, sigma"),
        ("lognormal(80ms, median=80ms)", "median is given twice"),
        ("lognormal(80ms, sigmma=0.8)", "unknown argument of latency lognormal 'sigmma' (did you mean 'sigma'?)"),
        ("lognormal(80ms, 0.8", "a ')' is missing"),
        ("lognormal(80ms, 0.8))", "nothing is expected at ')'"),
        ("lognormal(,0.8)", "a value is missing before ','"),
        ("lognormal(median=80ms, 0.8)", "a value without a name comes after one with a name"),
        ("lognormal(constant(80ms), 0.8)", "median is a value, not constant(...)"),
        ("", "a value is missing"),
        ("uniform(2s, 10ms)", "low (2 s) is above high (0.01 s)"),
        ("pareto(20ms, 0)", "alpha must be a number from 0.1 to 1e+06, not 0.0"),
        ("empirical()", "there are no durations"),
        ("per_target(80ms, 0.5, key=id)", "key is item, item.FIELD or index, not 'id'"),
        ("cold_start(80ms, 0s)", "extra '0s' is no time above 0"),
    ],
)  # fmt: skip
def test_what_is_no_latency_is_refused_with_what_to_write(text, message) -> None:
    with pytest.raises(InputError) as refused:
        read_latency(text)

    assert message in str(refused.value)


def test_an_unknown_model_lists_the_choices() -> None:
    with pytest.raises(InputError) as refused:
        read_latency("gamma(2, 3)")

    assert "latency: unknown model 'gamma'" in str(refused.value)
    assert all(kind.example in str(refused.value) for kind in MODELS)


@pytest.mark.parametrize("value", [0, -1, inf, "80ms", None, True])
def test_a_model_refuses_what_is_no_time(value) -> None:
    with pytest.raises(InputError, match="mean must be a number of seconds above 0"):
        Exponential(value)


def test_latencies_of_tasks_are_read_from_one_from_pairs_and_from_mappings() -> None:
    assert read_latencies(None).of("check") is None
    assert read_latencies("80ms").of("check") == Constant(0.08)
    assert read_latencies(["80ms", "check=lognormal(1s, sigma=1)"]).of("check") == Lognormal(1, 1)
    assert read_latencies({"check": 2, "": "80ms"}).of("list") == Constant(0.08)
    assert read_latencies(Lognormal(1, 1)).of("list") == Lognormal(1, 1)


def test_latencies_of_tasks_name_the_task_that_is_wrong() -> None:
    with pytest.raises(InputError, match="latency of task 'check' constant: value '0s' is no time above 0"):
        read_latencies({"check": "0s"})
    with pytest.raises(InputError, match="latency is given twice"):
        read_latencies(["80ms", "90ms"])
    with pytest.raises(UnknownNameError, match=r"unknown task 'chek' \(did you mean 'check'\?\)"):
        read_latencies("chek=80ms").require_tasks(["check", "list"])


def test_a_slow_target_is_slow_in_every_cycle_and_the_factors_are_1_in_the_mean() -> None:
    slow = PerTarget(Constant(1.0), 0.5)
    factors = slow.factors(3, range(20_000))

    assert factors.mean() == pytest.approx(1.0, rel=0.02)
    assert np.log(factors).std() == pytest.approx(0.5, rel=0.02)
    assert slow.factors(3, range(500, 510)).tolist() == factors[500:510].tolist()
    assert slow.factors(4, range(10)).tolist() != factors[:10].tolist()
    assert slow.factors(3, ["a", {"id": 1}]).tolist() == slow.factors(3, ["a", {"id": 1}]).tolist()


def test_the_first_attempts_at_a_time_are_cold_and_those_after_a_pause() -> None:
    instances = Instances(ColdStart(Constant(1.0), extra_s=2.0, idle_s=10.0))

    assert [instances.taken(0.0, 1.0, -1) for _ in range(3)] == [3.0, 3.0, 3.0]
    assert [instances.taken(3.0, 1.0, -1) for _ in range(4)] == [1.0, 1.0, 1.0, 3.0]
    assert instances.taken(17.0, 1.0, -1) == 3.0


def test_a_worker_is_cold_at_its_first_attempt_and_after_a_pause() -> None:
    instances = Instances(ColdStart(Constant(1.0), extra_s=2.0, idle_s=10.0))

    taken = [instances.taken(now, 1.0, worker) for now, worker in [(0.0, 0), (0.0, 1), (3.0, 0), (15.0, 0)]]
    assert taken == [3.0, 3.0, 1.0, 3.0]


def test_of_many_durations_as_many_are_kept_as_are_needed() -> None:
    kept = Empirical.of(np.linspace(1.0, 2.0, 5 * MOST))

    assert len(kept.durations_s) == MOST
    assert kept.mean_s == pytest.approx(1.5, rel=1e-3)
    assert kept.text == "empirical(10,000 durations from 1.0 s to 2.0 s)"


@pytest.mark.parametrize("durations", [[], [0.0, 1.0], [float("nan")], ["a"], 3])
def test_durations_that_are_none_are_refused(durations) -> None:
    with pytest.raises(InputError, match="duration"):
        Empirical.of(durations)
