from __future__ import annotations

import pickle
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune_sim.errors import InputError, UnknownNameError
from attune_sim.simulation.fates import ModelledFates
from attune_sim.simulation.faults.failing import Failing
from attune_sim.simulation.faults.outages import Outages
from attune_sim.simulation.faults.rate_limit import RateLimit
from attune_sim.simulation.faults.reading import FAULTS, read_fault, read_faults
from attune_sim.simulation.latency.reading import read_latencies


def model(*faults, latency="1s"):
    return ModelledFates(latency=read_latencies(latency), faults=read_faults(list(faults)))


@pytest.fixture(scope="session")
def hit(fates_at):
    """The slots at which attempts fail."""

    def asked(fates, offer, slots, **options):
        ended = zip(slots, fates_at(fates, offer, slots, **options), strict=True)
        return [slot for slot, fate in ended if fate[0] == "failed"]

    return asked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("failing(2%)", Failing(0.02)),
        ("failing(0.02, then=hang, per=target, key=item.id)", Failing(0.02, "hang", "target", "item.id")),
        ("outages(mtbf=2h, duration=5min)", Outages(7200, 300)),
        ("outages(2h, 5min, share=20%, then=hang)", Outages(7200, 300, 0.2, "hang")),
        ("rate_limit(50/s)", RateLimit(50)),
        ("rate-limit(600/min, above=fail, burst=20)", RateLimit(10, "fail", 20)),
    ],
)
def test_a_fault_is_read_from_what_is_typed_and_can_be_typed_again(text, expected) -> None:
    assert read_fault(text) == expected == read_fault(expected.text) == pickle.loads(pickle.dumps(expected))


@pytest.mark.parametrize("kind", FAULTS)
def test_every_example_can_be_read(kind) -> None:
    assert isinstance(read_fault(kind.example), kind)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("failing(0%)", "share must be above 0 and at most 1 (100%), not 0.0"),
        ("failing(120%)", "share '120%' is no share; write for example 20%, or 0.2"),
        ("failing", "fault failing: share is missing; write for example failing(2%"),
        ("failing(2%, then=explode)", "then is fail or hang, not 'explode'"),
        ("failing(2%, key=id)", "key is item, item.FIELD or index, not 'id'"),
        ("outages(0s, 5min)", "mtbf '0s' is no time above 0"),
        ("rate_limit(0/s)", "rate '0/s' is no rate"),
        ("rate_limit(5/s, burst=0)", "burst must be a whole number of 1 or more, not 0.0"),
        ("meteor(1)", "fault: unknown model 'meteor'; choose from: failing(2%"),
        (3, "fault is a text or a model, not int 3"),
    ],
)
def test_what_is_no_fault_is_refused_with_what_to_write(text, message) -> None:
    with pytest.raises(InputError) as refused:
        read_fault(text)

    assert message in str(refused.value)


def test_faults_of_tasks_meet_only_them(offer_of, hit) -> None:
    faults = read_faults({"check": "failing(100%)", "": [RateLimit(50)]})
    fates = ModelledFates(latency=read_latencies("1s"), faults=faults).seeded(0)

    assert faults.text == "check=failing(100%); rate_limit(50/s)"
    assert hit(fates, offer_of(), range(5)) == [0, 1, 2, 3, 4]
    assert hit(fates, offer_of(task="list"), range(5)) == []
    with pytest.raises(UnknownNameError, match="unknown task 'check'"):
        faults.require_tasks(["list"])


def test_failing_attempts_are_a_share_and_each_attempt_is_for_itself(offer_of, hit) -> None:
    fates, offer = model("failing(10%)").seeded(3), offer_of(20_000)
    first, second = (set(hit(fates, offer, range(20_000), attempt=attempt)) for attempt in (0, 1))

    assert len(first) / 20_000 == pytest.approx(0.1, abs=0.01)
    assert len(first & second) / 20_000 == pytest.approx(0.01, abs=0.004)


def test_failing_targets_fail_whenever_they_are_asked(offer_of, hit) -> None:
    fates, offer = model("failing(10%, per=target)").seeded(3), offer_of(5000)
    first = hit(fates, offer, range(5000))

    assert len(first) / 5000 == pytest.approx(0.1, abs=0.02)
    assert first == hit(fates, offer, range(5000), attempt=2) == hit(fates, offer, range(5000), cycle=9)


@given(st.floats(0.01, 0.5), st.floats(0.01, 0.5), st.sampled_from(["attempt", "target"]), st.integers(0, 99))
@settings(max_examples=30)
def test_what_fails_at_a_smaller_share_fails_at_a_larger_one(offer_of, hit, one, other, per, seed) -> None:
    small, large = (
        set(hit(model(Failing(share, per=per)).seeded(seed), offer_of(300), range(300)))
        for share in sorted((one, other))
    )

    assert small <= large


def test_an_attempt_that_fails_takes_what_it_would_have_taken_and_says_why(offer_of, fates_at) -> None:
    assert fates_at(model("failing(100%)").seeded(0), offer_of(), [0]) == [
        ("failed", None, "simulated: failing(100%)", 1.0)
    ]


def test_an_attempt_that_hangs_needs_a_timeout(offer_of, fates_at) -> None:
    fates = model("failing(100%, then=hang)").seeded(0)

    assert fates_at(fates, offer_of(timeout=5.0), [0])[0][3] == inf
    with pytest.raises(
        InputError, match="attempts of task 'check' would hang for ever; give the task a timeout"
    ):
        fates.open(offer_of(), 0)


def test_an_outage_hits_its_share_of_the_targets_all_at_once_and_then_is_over(offer_of, hit) -> None:
    fates, offer = model("outages(1000s, 100s, share=20%)").seeded(1), offer_of(100)
    hits = [len(hit(fates, offer, range(100), now=float(now))) for now in range(0, 100_000, 50)]

    share = [count for count in hits if count]
    assert sum(share) / len(share) / 100 == pytest.approx(0.2, abs=0.03)
    assert min(share) > 5
    assert len(share) / len(hits) == pytest.approx(100 / 1100, abs=0.04)


def test_each_outage_hits_other_targets_and_one_outage_the_same(offer_of, hit) -> None:
    fates, offer = model("outages(100s, 100s, share=50%)").seeded(1), offer_of(100)
    seen = []
    for now in range(0, 5000, 5):
        found = tuple(hit(fates, offer, range(100), now=float(now)))
        if found and (not seen or found != seen[-1]):
            seen.append(found)

    assert len(seen) > 5
    assert len(set(seen)) == len(seen)


def test_a_rate_limit_lets_wait_what_is_above(offer_of, fates_at) -> None:
    fates = model("rate_limit(2/s, burst=2)").seeded(0)

    at_once = [fate[3] for fate in fates_at(fates, offer_of(), range(5))]
    assert at_once == pytest.approx([1.0, 1.0, 1.5, 2.0, 2.5])
    assert [fate[3] for fate in fates_at(fates, offer_of(), range(2), now=10.0)] == [1.0, 1.0]


def test_a_rate_limit_turns_away_what_is_above(offer_of, fates_at, hit) -> None:
    fates = model("rate_limit(2/s, above=fail, burst=2)").seeded(0)

    assert [fate[0] for fate in fates_at(fates, offer_of(), range(3))] == ["succeeded", "succeeded", "failed"]
    assert [fate[0] for fate in fates_at(fates, offer_of(), range(2), now=0.5)] == ["succeeded", "failed"]
    in_step = [now / 2 for now in range(10, 60)]
    assert hit(fates, offer_of(), range(50), now=in_step) == []


@given(st.lists(st.floats(0, 5), min_size=1, max_size=60), st.integers(1, 5))
@settings(max_examples=40)
def test_a_rate_limit_is_never_passed(offer_of, fates_at, moments, burst) -> None:
    fates = model(RateLimit(2.0, "fail", burst)).seeded(0)
    moments = sorted(moments)
    taken = [
        now
        for now, fate in zip(
            moments, fates_at(fates, offer_of(), range(len(moments)), now=moments), strict=True
        )
        if fate[0] == "succeeded"
    ]

    assert all(len([now for now in taken if begin <= now < begin + 1.0]) <= burst + 2 for begin in taken)


def test_cycles_and_tasks_share_the_limit_of_an_action(offer_of, fates_at) -> None:
    fates = model("rate_limit(2/s)").seeded(0)
    fates_at(fates, offer_of(), [0])

    assert fates_at(fates, offer_of(task="other"), [0], cycle=1)[0][3] == 1.5
    assert fates_at(fates, offer_of(action="demo.list"), [0])[0][3] == 1.0
