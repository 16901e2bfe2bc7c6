from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest

import attune_sim as at
from attune_sim.api.stepping import stepper as stepper_module

Made = Callable[..., at.Stepper]

RETRIED = """
version: 1.0.0
tasks:
  - name: call
    action: demo.call
    retry: {count: 2, delay: 3600, backoff: constant}
  - {name: slow, action: demo.slow, timeout: 86400}
"""


def test_each_step_is_one_event_with_what_follows_from_it(stepper: Made) -> None:
    told = [(str(step.event), [str(one) for one in step.commands]) for step in stepper()]

    assert told[0] == (
        "Begin the run starts",
        ["OpenFanOut list a task without items", "StartAction list demo.list"],
    )
    assert told[1][0] == "ActionEnded list succeeded after 1.0 s"
    assert told[1][1][1:3] == ["OpenFanOut check 5 items", "StartAction check[0] demo.check"]
    assert told[2] == ("ActionEnded check[0] succeeded after 1.0 s", ["StartAction check[3] demo.check"])
    assert told[-1][1] == ["CloseFanOut check", "EndRun succeeded"]
    assert len(told) == 7


@pytest.mark.parametrize("strategy", list(at.strategies))
def test_a_run_that_is_stepped_through_comes_to_the_same_as_one_that_is_run(
    stepper: Made, fleet: Any, servers_text: str, strategy: str
) -> None:
    stepped, ran = stepper(strategy).run(), at.run(servers_text, actions=fleet.actions, strategy=strategy)

    assert (stepped.status, stepped.output) == (ran.status, ran.output)
    assert ran.output["checked"] == 5


def test_going_back_and_forth_calls_no_action_again(stepper: Made, fleet: Any) -> None:
    stepping = stepper()
    stepping.goto(4)
    seen = [stepping.goto(number) for number in (1, 3, 0, 4)]
    assert [step.number for step in seen] == [1, 3, 0, 4]
    assert stepping.back() is stepping.steps[3]
    assert next(stepping) is stepping.steps[4]
    stepping.run()
    stepping.goto(0)

    assert fleet.calls == ["list", 1_000, 1_001, 1_002, 1_003, 1_004]
    assert len(stepping.run().steps) == 7


def test_behind_the_last_step_it_is_said_that_there_is_none(stepper: Made) -> None:
    stepping = stepper().run()

    assert list(stepping) == []
    with pytest.raises(StopIteration):
        next(stepping)
    with pytest.raises(at.InputError, match=r"the run has succeeded with step 6; \.back\(\) and \.goto\(n\)"):
        stepping.next()
    with pytest.raises(at.InputError, match="there is no step 7: the run has succeeded with step 6"):
        stepping.goto(7)
    assert stepping.state.number == 6


def test_before_the_first_step_it_is_said_that_there_is_none(stepper: Made) -> None:
    stepping = stepper()

    for look in (lambda: stepping.state, stepping.back):
        with pytest.raises(at.InputError, match=r"next\(stepper\)"):
            look()
    next(stepping)
    with pytest.raises(at.InputError, match="nothing before step 0, the beginning of the run"):
        stepping.back()


@pytest.mark.parametrize("number", [-1, 1.0, True, "2", None])
def test_a_step_is_a_whole_number(stepper: Made, number: Any) -> None:
    with pytest.raises(at.InputError, match="a step is a whole number from 0, not"):
        stepper().goto(number)


def test_going_on_until_a_task_ends_where_it_starts(stepper: Made) -> None:
    stepping = stepper()

    assert stepping.until("check").number == 1
    with pytest.raises(
        at.InputError, match=r"no task 'chek' \(did you mean 'check'\?\); choose from: list, check"
    ):
        stepping.until("chek")
    with pytest.raises(at.InputError, match="task 'list' does not start any more: the run has succeeded"):
        stepping.until("list")


def test_pauses_and_limits_pass_on_a_virtual_timeline() -> None:
    script = {
        "actions": {
            "call": [{"status": "failed", "duration": 5}, {"result": {}, "duration": 7}],
            "slow": [{"duration": 1e6}],
        }
    }
    stepping = at.step(RETRIED, script=script).run()
    told = [(step.at_s, str(step.event)) for step in stepping.steps]

    assert told == [
        (0.0, "Begin the run starts"),
        (5.0, "ActionEnded call failed after 5.0 s: scripted to end failed"),
        (3605.0, "RetryDue call attempt 1 the pause before it is over"),
        (3612.0, "ActionEnded call attempt 1 succeeded after 7.0 s"),
        (86400.0, "ActionEnded slow timed_out after 1 d: timed out after 86400 s"),
    ]
    assert stepping.status == "failed"


def test_what_an_action_raises_is_an_event() -> None:
    def call() -> None:
        raise ValueError("no such server")

    stepping = at.step(RETRIED, actions={"demo.call": call, "demo.slow": dict}).run()

    assert "ValueError: no such server" in str(stepping.steps[1].event)
    assert stepping.status == "failed"


def test_actions_may_be_coroutines() -> None:
    async def call() -> dict[str, int]:
        return {"n": 1}

    assert at.step(RETRIED, actions={"demo.call": call, "demo.slow": call}).run().status == "succeeded"


def test_an_action_that_is_interrupted_is_called_anew_by_the_next_step(stepper: Made, fleet: Any) -> None:
    def interrupted(server: Any, tags: Any) -> Any:
        fleet.calls.append("cut off")
        raise KeyboardInterrupt

    calls = iter([interrupted, fleet.check])
    stepping = at.step(
        "version: 1.0.0\ntasks:\n  - {name: one, action: demo.check, input: {server: {id: 7}, tags: []}}\n",
        actions={"demo.check": lambda **input: next(calls)(**input)},
    )
    next(stepping)
    with pytest.raises(KeyboardInterrupt):
        next(stepping)
    assert stepping.state.number == 0
    assert next(stepping).status == "succeeded"
    assert fleet.calls == ["cut off", 7]


def test_looking_can_be_interrupted_and_the_step_counts_as_passed_by(stepper: Made) -> None:
    class Halting(at.strategies.shared):  # type: ignore[name-defined, misc]
        name = "halting"

        def publish(self, context: Any, values: Any) -> Any:
            return _Halting(super().publish(context, values))

    stepping = stepper(Halting)
    next(stepping)
    with pytest.raises(KeyboardInterrupt):
        next(stepping)
    passed = next(stepping)

    assert (passed.number, passed.is_looked_into) == (1, False)
    assert stepping.run().status == "succeeded"
    assert [step.number for step in stepping.steps] == list(range(7))


class _Halting:
    """A context of which the first look is interrupted."""

    def __init__(self, inner: Any) -> None:
        self.maps = inner.maps
        self._inner = inner
        self._looks = 0

    def with_entries(self, namespace: str, entries: Any) -> Any:
        return self._inner.with_entries(namespace, entries)

    def resolve(self, name: str) -> Any:
        self._looks += name == "keystore"  # which nothing else asks for
        if name == "keystore" and self._looks == 1:
            raise KeyboardInterrupt
        return self._inner.resolve(name)


def test_all_forks_of_an_eager_fan_out_are_alive_until_it_closes(stepper: Made, fleet: Any) -> None:
    fleet.servers = 12
    stepping = stepper(dispatch="eager")
    opened, later = stepping.until("check"), stepping.goto(11)

    assert (opened.alive, len(opened.forks), opened.more_forks) == (12, 8, 4)
    assert [fork.state for fork in opened.forks] == ["under way"] * 3 + ["waiting"] * 5
    assert (later.alive, {fork.state for fork in later.forks}) == (12, {"under way", "ended"})
    assert stepping.run().state.alive == 0


def test_a_window_can_be_asked_for(stepper: Made) -> None:
    assert stepper(concurrency=5).until("check").alive == 5
    with pytest.raises(at.InputError, match="concurrency must be a whole number"):
        stepper(concurrency=0)


def test_a_sub_workflow_is_stepped_through_as_well() -> None:
    child = at.load(
        "version: 1.0.0\nref: demo.child\nparameters: {rows: {type: array}}\ntasks:\n"
        '  - {name: each, action: demo.each, with_items: "{{ parameters.rows }}", concurrency: 2, input: {n: "{{ item }}"}}\n'
    )
    parent = "version: 1.0.0\ntasks:\n  - {name: outer, action: demo.child, input: {rows: [[300], [400]]}}\n"
    stepping = at.step(parent, workflows=[child], actions={"demo.each": lambda n: n})
    step = stepping.until("each")

    assert str(step.event) == "CallPrepared outer its input for demo.child is ready"
    assert step.fork("outer/each[0]").held("outer/parameters.rows") == "shared"
    assert stepping.run().status == "succeeded"


def test_steps_that_are_kept_hold_on_to_no_object_of_the_run() -> None:
    class Rows(list[int]):
        pass

    def make() -> Any:
        rows = Rows([1])
        made.append(weakref.ref(rows))
        return rows

    made: list[Any] = []
    stepping = at.step(
        "version: 1.0.0\ntasks:\n"
        '  - {name: make, action: demo.make, next: [{publish: [{rows: "{{ result() }}"}], do: [use]}]}\n'
        '  - {name: use, action: demo.use, input: {rows: "{{ rows }}"}}\n',
        actions={"demo.make": make, "demo.use": lambda rows: {}},
    )
    steps = stepping.run().steps
    del stepping
    gc.collect()

    assert "workflow.rows" in steps[1].references
    assert made[0]() is None


def test_values_of_the_keystore_are_shown_nowhere() -> None:
    def leak(key: str, n: Any) -> None:
        raise ValueError(f"refused {key}")

    stepping = at.step(
        'version: 1.0.0\nvars: {rows: [{key: "{{ kv.api }}"}]}\ntasks:\n'
        "  - name: leak\n    action: demo.leak\n"
        '    with_items: "{{ [kv.api, [kv.api]] }}"\n    input: {key: "{{ keystore.api }}", n: "{{ item }}"}\n'.replace(
            "kv.api", "keystore.api"
        ),
        actions={"demo.leak": leak},
        keystore={"api": "s3cret-value", "s3cret-value": "other value"},
    )
    stepping.run()
    shown = [str(step) + step._repr_mimebundle_()["text/html"] + repr(step) for step in stepping.steps]
    shown += [repr(stepping), stepping.frame.to_string(), stepping.forks.to_string(), repr(stepping.steps)]

    assert "***" in "".join(shown)
    assert "s3cret" not in "".join(shown)
    assert "keystore.api" in stepping.steps[0].references


def test_a_long_way_is_not_looked_into_at_every_step(stepper: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepper_module, "IN_PASSING", 1)
    stepping = stepper().run()

    assert [step.is_looked_into for step in stepping.steps] == [True, False, False, False, False, False, True]
    assert stepping.steps[1].alive == 3
    assert "passed by without looking" in str(stepping.goto(1))
    assert "passed by without looking" in stepping.goto(1)._repr_mimebundle_()["text/html"]


def test_a_scenario_is_stepped_through_with_its_replayed_actions() -> None:
    with at.step("health_check", items=4, concurrency=2, strategy="hamt") as stepping:
        step = stepping.until("check_health")
        assert step.alive >= 1
        assert stepping.run().status == "succeeded"


def test_a_stepper_that_was_closed_says_so(stepper: Made) -> None:
    with stepper() as stepping:
        stepping.goto(2)

    assert stepping.back().number == 1
    with pytest.raises(at.InputError, match=r"the stepper is closed; at\.step\(\.\.\.\) makes a new one"):
        stepping.goto(3)
    with pytest.raises(StopIteration):
        next(stepping), next(stepping)


def test_what_cannot_be_run_cannot_be_stepped_through(stepper: Made) -> None:
    for options in ({"strategy": "nothing"}, {"dispatch": "lazy"}, {"limits": 3}, {"max_task_runs": 0}):
        with pytest.raises(at.InputError):
            stepper(**options)


def test_the_frames_have_a_row_a_step_and_a_row_a_fork(stepper: Made) -> None:
    stepping = stepper("deepcopy").run()

    assert list(stepping.frame["forks"]) == [1, 3, 3, 3, 2, 1, 0]
    assert list(stepping.frame["step"]) == list(range(7))
    assert stepping.frame["own_bytes"].iloc[1] == stepping.forks.query("step == 1")["own_bytes"].sum()
    assert len(stepping.forks) == 13
    assert set(stepping.forks.query("task == 'check'")["own"]) == {4}


def test_the_repr_tells_where_it_stands_and_what_is_next(stepper: Made) -> None:
    stepping = stepper("hamt")

    assert (
        repr(stepping)
        == "<Stepper of 'workflow', hamt, windowed: not begun; next(stepper) takes the first step>"
    )
    stepping.goto(2)
    assert repr(stepping).endswith("step 2, 3 forks alive; next(stepper) goes on>")
    stepping.back()
    assert "step 1 of 3 taken" in repr(stepping)
    assert repr(stepping.run()).endswith("step 6, 0 forks alive; the run has succeeded>")
