"""Forks and inputs, made by whoever performs: when, how often, under which hooks, and what happens where they cannot be made."""

from collections import Counter
from contextlib import nullcontext
from dataclasses import replace
from itertools import accumulate

import pytest

from attune_sim.contexts.registry import strategies
from attune_sim.engine.events import CloseFanOut, OpenFanOut, StartAction
from attune_sim.engine.observe import Watch
from attune_sim.errors import ResultError
from attune_sim.executors import executor_named
from attune_sim.executors.attempts import Attempts
from attune_sim.executors.fates import Fate
from attune_sim.executors.preparing import Unprepared
from attune_sim.executors.timeline import VirtualTimeline
from attune_sim.loader import load
from attune_sim.runspec import RunSpec
from attune_sim.scope import MISSING
from attune_sim.session import session_of

DISPATCHES = ["eager", "windowed"]


def spec_of(text, **options):
    return RunSpec(workflow=load("version: '1'\n" + text), **options)


# -- what cannot be prepared -------------------------------------------------------------------------------------------

BROKEN = """
tasks:
  - name: each
    action: t.each
    with_items: "{{ parameters.items }}"
    concurrency: %d
    retry: {count: 3, delay: 0, on_error: "true"}
    input: {x: "{{ item.n }}", of: "{{ parameters.region }}"}
"""


class Life:
    """Notes what it hears of attempts and items."""

    def __init__(self):
        self.heard, self.events, self.items = Counter(), [], {}

    def preparing(self, task, index):
        self.heard["preparing", index] += 1

    def forked(self, task, index, fork, fork_us):
        self.heard["forked", index] += 1

    def prepared(self, task, index, fork, input):
        self.heard["prepared", index] += 1

    def calling(self, command):
        self.heard["calling", command.index] += 1

    def action_ended(self, event):
        self.heard["action_ended", event.index] += 1

    def item_ended(self, task, visit, index, outcome, attempts, error):
        self.items[index] = (outcome, attempts, error)


class Picky(strategies["shared"]):
    """`shared`, but it cannot hand on an item that says no."""

    def fan_out(self, context, reads):
        return _PickyForker(super().fan_out(context, reads))


class _PickyForker:
    def __init__(self, forker):
        self._forker = forker

    def fork(self, item, index):
        if item is not MISSING and "no" in item:
            raise ResultError("it says no")
        return self._forker.fork(item, index)


ITEMS = [{"n": 1}, {"no": 2}, {"n": 3}, {"no": 4}]
REASONS = {
    "fork": ["task 'each', item 1: it says no", "task 'each', item 3: it says no"],
    "render": ["task 'each', input.x: key 'n' not found (did you mean 'no'?) in {{ item.n }}"] * 2,
}


@pytest.mark.parametrize("window", [1, 4])
@pytest.mark.parametrize("dispatch", DISPATCHES)
@pytest.mark.parametrize("stage", REASONS)
def test_an_attempt_that_cannot_be_prepared_fails_its_item_alone_and_for_good(
    driven, dispatch, window, stage
):
    calls, life = [], Life()
    spec = spec_of(BROKEN % window, dispatch=dispatch, parameters={"items": ITEMS, "region": "eu"})
    session = session_of(
        spec,
        {"t.each": lambda x, of: calls.append(x)},
        observers=[life],
        strategy=Picky() if stage == "fork" else None,
    )

    ending = driven(session, lambda command: calls.append(command.slot + 1) or Fate())

    assert ending.status == "failed"
    assert sorted(calls) == [1, 3], "no action is called for it"
    assert sorted(session.state.task_starts) == ["each[0]", "each[2]"], "it is no start"
    assert life.items == {
        0: ("succeeded", 1, None),
        1: ("failed", 1, REASONS[stage][0]),
        2: ("succeeded", 1, None),
        3: ("failed", 1, REASONS[stage][1]),
    }
    for hook in ("prepared", "calling", "action_ended"):
        assert {index for name, index in life.heard if name == hook} == {0, 2}
    assert all(life.heard["preparing", index] == 1 for index in range(4)), "it is never tried again"


@pytest.mark.parametrize("strategy", strategies)
def test_why_an_input_cannot_be_rendered_is_told_alike_under_every_strategy(driven, strategy):
    text = "tasks: [{name: a, action: t.a, input: {x: '{{ parameters.regoin }}'}}]"
    session = session_of(spec_of(text, strategy=strategy, parameters={"region": "eu"}), {"t.a": lambda x: x})

    driven(session)

    assert session.state.task_results["a"]["error"] == (
        "task 'a', input.x: key 'regoin' not found (did you mean 'region'?) in {{ parameters.regoin }}"
    )


def test_a_call_of_a_sub_workflow_that_cannot_be_prepared_fails_its_task_and_is_no_start(driven):
    text = """
tasks:
  - name: call
    action: demo.child
    with_items: "{{ [1, 0, 2] }}"
    retry: {count: 2, delay: 0}
    input: {n: "{{ 6 / item }}"}
"""
    child = load(
        "version: '1'\nref: demo.child\ntasks: [{name: a, action: t.a}]\noutput_map: {n: '{{ parameters.n }}'}"
    )
    life = Life()
    session = session_of(spec_of(text, workflows=(child,)), {"t.a": lambda n: n}, observers=[life])

    driven(session)

    assert session.state.task_starts == ["call[0]", "call[2]"]
    result = session.state.task_results["call"]
    assert [one and one["n"] for one in result["results"]] == [6, None, 3]
    assert "task 'call', input.n" in result["failed_items"][0]["error"]
    assert {index: attempts for index, (_, attempts, _) in life.items.items()} == {0: 1, 1: 1, 2: 1}


def test_a_failed_preparation_can_be_handled_as_any_failure(driven):
    text = """
tasks:
  - {name: a, action: t.a, input: {x: "{{ nothing }}"}, next: [{when: "{{ failed() }}", do: [b]}]}
  - {name: b, action: t.a, input: {x: "{{ task.a.error }}"}}
"""
    session = session_of(spec_of(text), {"t.a": lambda x: x})

    ending = driven(session)

    assert ending.status == "succeeded"
    assert session.state.task_starts == ["b"]


# -- when forks are made -----------------------------------------------------------------------------------------------

FAN = """
tasks:
  - name: each
    action: t.each
    with_items: "{{ parameters.names }}"
    concurrency: 2
    retry: {count: 1, delay: 0}
    input: {name: "{{ item }}", at: "{{ index }}"}
"""


class Order:
    """Notes forks and calls in the order in which they are made."""

    def __init__(self):
        self.seen = []

    def forked(self, task, index, fork, fork_us):
        self.seen.append(("fork", index))

    def calling(self, command):
        self.seen.append(("call", command.index))


def forks_and_calls(driven, dispatch):
    order = Order()
    spec = spec_of(FAN, parameters={"names": ["a", "b", "c", "d"]}, dispatch=dispatch)
    driven(session_of(spec, {"t.each": lambda name, at: name}, observers=[order]))
    return order.seen


def test_with_eager_dispatch_every_item_is_forked_before_the_first_is_called_and_none_again(driven):
    seen = forks_and_calls(driven, "eager")

    assert seen[:4] == [("fork", n) for n in range(4)]
    assert sorted(seen[4:]) == [("call", n) for n in range(4)]


def test_with_windowed_dispatch_only_what_is_in_flight_is_forked(driven):
    seen = forks_and_calls(driven, "windowed")

    assert sorted(seen) == [(kind, n) for kind in ("call", "fork") for n in range(4)]
    for n in range(4):
        assert seen.index(("fork", n)) < seen.index(("call", n))
    waiting = [kind == "fork" or -1 for kind, _ in seen]
    assert max(accumulate(waiting)) <= 2, "more than the window is forked and not called yet"


SNAPSHOT = """
vars: {n: 1}
tasks:
  - {name: slow, action: t.slow, with_items: "{{ [1, 2] }}", input: {seen: "{{ workflow.n }}"}}
  - {name: quick, action: t.quick, next: [{publish: [{n: 2}]}]}
"""


class Inputs:
    """Keeps the inputs of a task."""

    def __init__(self, task):
        self.task, self.inputs = task, []

    def prepared(self, task, index, fork, input):
        if task == self.task:
            self.inputs.append(dict(input))


@pytest.mark.parametrize("dispatch", DISPATCHES)
@pytest.mark.parametrize("strategy", strategies)
def test_what_is_published_later_never_reaches_the_items(strategy, dispatch):
    inputs = Inputs("slow")
    session = session_of(
        spec_of(SNAPSHOT, strategy=strategy, dispatch=dispatch),
        {"t.slow": lambda seen: seen, "t.quick": lambda: None},
        observers=[inputs],
    )

    # Inline, item 1 is performed, then `quick`, then item 2: one after the other, in the order in which they began.
    executor_named("inline").run(session.job)

    assert session.state.task_starts == ["slow[0]", "quick", "slow[1]"]
    assert inputs.inputs == [{"seen": 1}, {"seen": 1}]
    assert session.state.variables == {"n": 2}


class Held(strategies["shared"]):
    """`shared`, and the items that were forked."""

    def __init__(self):
        self.forks = []

    def fan_out(self, context, reads):
        return _HeldForker(super().fan_out(context, reads), self.forks)


class _HeldForker:
    def __init__(self, forker, forks):
        self._forker, self._forks = forker, forks

    def fork(self, item, index):
        self._forks.append(index)
        return self._forker.fork(item, index)


def opened(strategy, **options):
    spec = spec_of(FAN, parameters={"names": ["a", "b", "c", "d"]}, **options)
    [command, *_] = session_of(spec, {"t.each": None}, strategy=strategy).steps.start()
    return command.offer


def test_an_eager_fan_out_that_is_taken_up_forks_what_is_left_and_a_retry_is_forked_anew():
    strategy = Held()
    offer = opened(strategy)
    attempts = Attempts(Watch(), VirtualTimeline(), eager=True)

    attempts.open(OpenFanOut(offer, left=(1, 3)))
    assert strategy.forks == [1, 3]
    first = attempts.prepare(StartAction(offer, 1))
    second = attempts.prepare(StartAction(offer, 1, 1))

    assert strategy.forks == [1, 3, 1]
    assert first[0] is not second[0]
    assert first[1] == second[1] == {"name": "b", "at": 1}


def test_forks_that_were_kept_are_let_go_when_the_fan_out_closes():
    strategy = Held()
    offer = opened(strategy)
    attempts = Attempts(Watch(), VirtualTimeline(), eager=True)

    attempts.open(OpenFanOut(offer))
    attempts.close(CloseFanOut(offer).offer)
    attempts.prepare(StartAction(offer, 0))

    assert strategy.forks == [0, 1, 2, 3, 0]


# -- what it costs, and who hears of it --------------------------------------------------------------------------------


class Ticks:
    """A clock that goes by a second at every look."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


class Timed:
    """A timeline as attempts see it: a clock, what it reads at run time 0, and a lock."""

    def __init__(self, clock, origin=0.0, lock=None):
        self.clock, self.origin, self.lock = clock, origin, lock or nullcontext()

    def now(self):
        return self.clock() - self.origin


def test_what_fork_rendering_and_action_took_is_in_the_event_and_told_apart_from_run_time():
    offer = opened(Held())
    attempts = Attempts(Watch(), Timed(Ticks(), origin=-6.5))

    event = attempts.performing(offer, lambda **input: input)(StartAction(offer, 2))

    assert event.result == {"name": "c", "at": 2}
    assert (event.started, event.ended) == (7.5, 10.5)
    assert (event.fork_us, event.render_us, event.action_us) == (1e6, 1e6, 1e6)  # nothing is between them


class Waiting:
    """A clock that goes by a second whenever an item is looked up, a fork looked at, or an attempt paused for, and not else."""

    def __init__(self):
        self.now, self.paused = 0.0, []

    def __call__(self):
        return self.now

    def items(self, items):
        waiting = self

        class Items(list):
            def __getitem__(self, index):
                waiting.now += 1.0
                return super().__getitem__(index)

        return Items(items)

    def fork_sampled(self, task, slot, fork):
        self.now += 1.0
        return slot + 1

    def attempt_sampled(self, task, slot):
        self.now += 1.0
        self.paused.append(slot)
        return slot + 2


@pytest.mark.parametrize("eager", [True, False])
def test_to_look_an_item_up_and_to_look_at_its_fork_are_no_part_of_what_the_item_takes(eager):
    waiting, offer = Waiting(), opened(Held())
    offer = replace(offer, items=waiting.items(offer.items))
    attempts = Attempts(Watch([waiting]), Timed(waiting), eager=eager)
    attempts.open(OpenFanOut(offer))

    perform = attempts.performing(offer, lambda **input: input)
    events = [perform(StartAction(offer, slot)) for slot in (0, 1, 2)]

    assert [event.result["at"] for event in events] == [0, 1, 2]
    assert waiting.paused == [0, 2]
    assert {(one.fork_us, one.render_us, one.action_us, one.drop_us) for one in events} == {(0, 0, 0, 0)}
    assert waiting.now >= 6.0


@pytest.mark.parametrize("eager", [True, False])
def test_a_fork_that_fails_says_so_when_its_turn_comes_and_what_it_took(eager):
    spec = spec_of(BROKEN % 1, parameters={"items": ITEMS, "region": "eu"})
    [command, *_] = session_of(spec, {"t.each": None}, strategy=Picky()).steps.start()
    attempts = Attempts(Watch(), Timed(Ticks()), eager=eager)
    attempts.open(command)

    with pytest.raises(Unprepared, match="item 1") as caught:
        attempts.prepare(StartAction(command.offer, 1))

    event = attempts.unprepared(StartAction(command.offer, 1), caught.value, started=3.0)
    assert (event.stage, event.outcome, event.started, event.fork_us) == ("fork", "failed", 3.0, 1e6)
    assert attempts.prepare(StartAction(command.offer, 0))[1]["x"] == 1


class Locked:
    """Hears the hooks of attempts, and whether the lock is held then."""

    def __init__(self):
        self.inside, self.heard = 0, []

    def __enter__(self):
        self.inside += 1

    def __exit__(self, *raised):
        self.inside -= 1

    def preparing(self, task, index):
        self.heard.append(("preparing", self.inside))

    def forked(self, task, index, fork, fork_us):
        self.heard.append(("forked", self.inside))

    def prepared(self, task, index, fork, input):
        self.heard.append(("prepared", self.inside))

    def calling(self, command):
        self.heard.append(("calling", self.inside))


def test_hooks_of_attempts_are_called_in_the_order_of_life_and_under_the_lock():
    lock = Locked()
    attempts = Attempts(Watch([lock]), Timed(float, lock=lock))

    offer = opened(Held())
    attempts.performing(offer, lambda **input: lock.heard.append(("action", lock.inside)))(
        StartAction(offer, 0)
    )

    hooks = ["preparing", "forked", "prepared", "calling"]
    assert lock.heard == [*((hook, 1) for hook in hooks), ("action", 0)]


def test_of_attempts_in_sub_workflows_only_the_call_is_told(driven):
    child = load("version: '1'\nref: demo.child\ntasks: [{name: inner, action: t.a, input: {x: 1}}]")
    heard = []

    class All:
        def preparing(self, task, index):
            heard.append(("preparing", task))

        def prepared(self, task, index, fork, input):
            heard.append(("prepared", task))

        def calling(self, command):
            heard.append(("calling", command.task))

    text = "tasks: [{name: call, action: demo.child, input: {y: 1}}]"
    driven(session_of(spec_of(text, workflows=(child,)), {"t.a": lambda x: x}, observers=[All()]))

    assert heard == [("preparing", "call"), ("prepared", "call"), ("calling", "inner")]
