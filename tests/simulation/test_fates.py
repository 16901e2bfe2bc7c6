from __future__ import annotations

import asyncio
import pickle
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune_sim.engine.events import StartAction
from attune_sim.errors import ActionError, ActionTimeout, InputError
from attune_sim.loader import load
from attune_sim.runspec import RunSpec
from attune_sim.scenarios.planned import Planned
from attune_sim.scenarios.registry import scenarios, workload_of
from attune_sim.simulation.answers import WAY_S, Answers
from attune_sim.simulation.blocks import SIZE
from attune_sim.simulation.fates import ModelledFates
from attune_sim.simulation.faults.reading import read_faults
from attune_sim.simulation.latency.reading import read_latencies
from attune_sim.simulation.setting import Setting
from attune_sim.simulation.simulate import simulate

FANNED = load("""
version: 1.0.0
parameters:
  n: {type: integer}
tasks:
  - name: check
    action: demo.check
    with_items: "{{ range(parameters.n) }}"
    concurrency: 1
    input: {n: "{{ item }}"}
""")


@pytest.fixture(scope="session")
def seconds_of(offer_of, fates_at):
    """How long attempts at these slots take."""

    def asked(model, slots, *, seed=0, offer=None, **options):
        fates = fates_at(model.seeded(seed), offer or offer_of(), slots, **options)
        return [fate[3] for fate in fates]

    return asked


def drawn(text="lognormal(80ms, 0.8)"):
    return ModelledFates(latency=read_latencies(text))


def test_draws_are_found_by_seed_cycle_task_visit_attempt_and_slot(offer_of, seconds_of) -> None:
    model, slots = drawn(), range(5)
    first = seconds_of(model, slots)

    assert first == seconds_of(model, slots)
    others = [
        seconds_of(model, slots, seed=1),
        seconds_of(model, slots, cycle=1),
        seconds_of(model, slots, offer=offer_of(task="other")),
        seconds_of(model, slots, offer=offer_of(visit=1)),
        seconds_of(model, slots, attempt=1),
        first,
    ]
    assert len({tuple(other) for other in others}) == len(others)


@given(st.permutations(list(range(0, 5 * SIZE, 311))), st.integers(0, 3))
@settings(max_examples=30)
def test_draws_do_not_depend_on_the_order_in_which_they_are_asked_for(
    offer_of, seconds_of, slots, attempt
) -> None:
    model, offer = drawn("per_target(lognormal(80ms, 0.8), 0.3)"), offer_of(5 * SIZE)
    in_order = dict(
        zip(sorted(slots), seconds_of(model, sorted(slots), offer=offer, attempt=attempt), strict=True)
    )

    assert dict(zip(slots, seconds_of(model, slots, offer=offer, attempt=attempt), strict=True)) == in_order


def test_draws_do_not_depend_on_how_many_items_there_are(offer_of, seconds_of) -> None:
    few, many = (seconds_of(drawn(), range(10), offer=offer_of(items)) for items in (10, 3 * SIZE))

    assert few == many


def test_a_block_that_was_let_go_comes_out_the_same(offer_of) -> None:
    fate_of = drawn().seeded(0).open(offer := offer_of(50 * SIZE), 0)
    asked = [fate_of(StartAction(offer, slot), 0.0, {}, -1)[3] for slot in (*range(0, 50 * SIZE, SIZE), 0)]

    assert asked[-1] == asked[0]


@given(st.integers(1, 40), st.sampled_from(["shared", "deepcopy", "hamt"]), st.integers(0, 9))
@settings(max_examples=20, deadline=None)
def test_two_settings_meet_the_same_draws_whatever_window_and_strategy(window, strategy, seed) -> None:
    workflow = FANNED.changed(lambda task: task if window == 1 else _with_window(task, window))
    items = [_durations(FANNED, "shared", seed), _durations(workflow, strategy, seed)]

    assert items[0] == pytest.approx(items[1])


def _with_window(task, window):
    return replace(task, concurrency=window)


def _durations(workflow, strategy, seed):
    spec = RunSpec(workflow=workflow, parameters={"n": 40}, strategy=strategy)
    items = simulate(Setting(spec=spec, fates=drawn(), seed=seed)).items
    spans = zip(items["index"], items["started_s"], items["ended_s"], strict=True)
    return [ended - started for _, started, ended in sorted(spans)]


def test_a_plain_task_has_draws_of_its_own(offer_of, seconds_of) -> None:
    plain = offer_of(plain=True)

    assert seconds_of(drawn(), [0], offer=plain) == seconds_of(drawn(), [0], offer=plain)
    assert seconds_of(drawn("per_target(1s, 0.5, key=item.id)"), [0], offer=plain) != [1.0]


def test_slow_targets_are_those_of_the_items_and_stay_slow(offer_of, seconds_of) -> None:
    model = drawn("per_target(1s, 0.5, key=item.id)")
    servers = offer_of([{"id": f"srv-{n}"} for n in range(20)])
    turned = offer_of([{"id": f"srv-{n}"} for n in reversed(range(20))])

    first = seconds_of(model, range(20), offer=servers)
    assert first == seconds_of(model, range(20), offer=servers, cycle=5)
    assert first == seconds_of(model, range(20), offer=turned)[::-1]


def test_an_item_without_the_field_that_names_its_target_is_named(offer_of, seconds_of) -> None:
    with pytest.raises(
        InputError, match=r"latency per_target: key item\.id: item 1 of task 'check' has no 'id'"
    ):
        seconds_of(drawn("per_target(1s, 0.5, key=item.id)"), [0], offer=offer_of([{"id": 1}, {"name": "b"}]))


# -- what attempts come to ---------------------------------------------------------------------------------------------


def test_what_nobody_answers_succeeds_after_its_latency_or_a_second(offer_of, fates_at) -> None:
    assert fates_at(ModelledFates().seeded(0), offer_of(), [3]) == [("succeeded", {}, None, 1.0)]
    assert fates_at(drawn("80ms").seeded(0), offer_of(), [3]) == [("succeeded", {}, None, 0.08)]


def scripted(script):
    workload = workload_of(FANNED, script={"actions": script}, parameters={"n": 4})
    return Answers.of(workload), "scripted.check"


def test_a_script_says_outcome_result_and_duration(offer_of, fates_at) -> None:
    answers, ref = scripted(
        {
            "check": [
                {"index": 1, "status": "failed", "error": "down", "duration": 3},
                {"result": {"ok": True}},
            ]
        }
    )
    offer = offer_of(4, action=ref)

    assert fates_at(ModelledFates(answers=answers).seeded(0), offer, [0, 1]) == [
        ("succeeded", {"ok": True}, None, 1),
        ("failed", {}, "down", 3),
    ]
    timed = ModelledFates(latency=read_latencies("80ms"), answers=answers)
    assert [fate[3] for fate in fates_at(timed.seeded(0), offer, [0, 1])] == [0.08, 0.08]


def test_a_script_goes_on_from_call_to_call_and_begins_anew_in_each_cycle(offer_of, fates_at) -> None:
    answers, ref = scripted({"check": [{"result": 1}, {"result": 2}, {"result": 3}]})
    fates, offer = ModelledFates(answers=answers).seeded(0), offer_of(4, action=ref)

    assert [fate[1] for fate in fates_at(fates, offer, range(4))] == [1, 2, 3, 3]
    assert [fate[1] for fate in fates_at(fates, offer, range(4), cycle=1)] == [1, 2, 3, 3]


def test_a_million_items_share_the_result_of_a_script(offer_of, fates_at) -> None:
    answers, ref = scripted({"check": [{"result": {"shape": "records", "bytes": 1000}}]})
    first, second = fates_at(ModelledFates(answers=answers).seeded(0), offer_of(4, action=ref), [0, 1])

    assert first[1] is second[1]
    assert len(first[1]) > 1


@pytest.mark.parametrize(
    "said", [[], [{"result": 7, "duration": 2}], [{"result": 7, "duration": 2}, {"attempt": 9}]]
)
def test_a_script_that_says_one_thing_says_it_of_every_call(said, offer_of, fates_at) -> None:
    answers, ref = scripted({"check": said})
    fates = ModelledFates(answers=answers).seeded(0)

    expected = ("succeeded", 7, None, 2) if said else ("succeeded", {}, None, 1)
    assert fates_at(fates, offer_of(4, action=ref), range(4)) == [expected] * 4


def test_an_attempt_that_cannot_be_prepared_ends_as_the_script_says(offer_of) -> None:
    answers, ref = scripted({"check": [{"status": "unprepared", "duration": 2}, {"result": 1}]})
    fates = ModelledFates(answers=answers).seeded(0)

    assert fates.unprepared(StartAction(offer_of(4, action=ref), 0), 0) == 2
    assert fates.unprepared(StartAction(offer_of(4), 0), 0) == 0


def doubled(n):
    if n == 3:
        raise ActionError("no threes", {"n": 3})
    if n == 4:
        raise ActionTimeout("too slow")
    return n * 2


async def doubled_later(n):
    await asyncio.sleep(0)
    return doubled(n)


@pytest.mark.parametrize("action", [doubled, doubled_later])
@pytest.mark.parametrize("timeout", [None, 5.0])
def test_an_action_is_called_and_takes_no_simulated_time_of_its_own(
    offer_of, fates_at, action, timeout
) -> None:
    model = ModelledFates(latency=read_latencies("80ms"), answers=Answers({"demo.check": action}))
    fates, offer = model.seeded(0), offer_of(timeout=timeout)

    ended = [fates_at(fates, offer, [0], input={"n": n})[0] for n in (2, 3, 4, "x")]
    assert ended[:3] == [
        ("succeeded", 4, None, 0.08),
        ("failed", {"n": 3}, "no threes", 0.08),
        ("timed_out", {"error": "too slow"}, "too slow", 0.08),
    ]


def test_a_plan_adds_what_it_knows_to_the_latency_and_says_when_it_knows_all(offer_of, fates_at) -> None:
    planned = {1: Planned(seconds=2.0), 2: Planned("timed_out", None, "late", 5.0, is_whole=True)}
    model = ModelledFates(
        latency=read_latencies("80ms"), answers=Answers(plan={"demo.check": lambda n: planned[n]})
    )

    assert fates_at(model.seeded(0), offer_of(), [0], input={"n": 1}) == [("succeeded", None, None, 2.08)]
    assert fates_at(model.seeded(0), offer_of(), [0], input={"n": 2}) == [("timed_out", None, "late", 5.0)]


def test_a_plan_without_a_latency_takes_a_millisecond_there_and_back(offer_of, fates_at) -> None:
    fates = ModelledFates(answers=Answers(plan={"demo.check": lambda: Planned(seconds=2.0)})).seeded(0)

    assert fates_at(fates, offer_of(), [0]) == [("succeeded", None, None, 2.0 + WAY_S)]


def test_the_calls_of_a_sub_workflow_share_the_instances_that_are_warm(offer_of, fates_at) -> None:
    fates = drawn("cold_start(1s, 2s)").seeded(0)
    first, second = (replace(offer_of(plain=True), within=f"call[{n}]:0:0/") for n in range(2))

    assert fates_at(fates, first, [0])[0][3] == 3.0
    assert fates_at(fates, second, [0], now=5.0)[0][3] == 1.0


def test_a_users_own_action_stands_before_the_plan_of_a_scenario() -> None:
    def own(url, timeout):
        return "own"

    workload = workload_of(scenarios.health_check(servers=3), actions={"monitoring.check_http": own})

    assert set(Answers.of(workload).plan) == {"cloud.list_servers"}
    assert "monitoring.check_http" in Answers.of(scenarios.health_check(servers=3)).plan


def test_fates_can_be_sent_to_another_process() -> None:
    workload = scenarios.health_check(servers=5)
    model = ModelledFates(read_latencies("check_health=lognormal(2ms, 0.3)"), answers=Answers.of(workload))
    sent = pickle.loads(pickle.dumps(model))

    outcomes = [simulate(Setting(spec=workload.spec(), fates=fates)) for fates in (model, sent)]
    assert repr(outcomes[0].items) == repr(outcomes[1].items)


@pytest.mark.parametrize("faults", [(), ("failing(20%)",), ("failing(10%, per=target)", "failing(5%)")])
def test_what_is_made_by_the_block_is_what_is_made_one_by_one(offer_of, fates_at, faults):
    def fates(*more):
        model = ModelledFates(
            latency=read_latencies("per_target(lognormal(80ms, 0.8), 0.5)"),
            faults=read_faults([*faults, *more]),
        )
        slots = [0, 1, SIZE - 1, SIZE, 2 * SIZE + 7, *range(200, 260)]
        return [fates_at(model.seeded(5), offer_of(3 * SIZE), slots, attempt=n, cycle=2) for n in range(2)]

    assert fates() == fates("outages(1000000h, 1s)"), "of which there is none, but it looks at the moment"
