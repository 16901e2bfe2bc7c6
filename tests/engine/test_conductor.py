"""The conductor, told events by hand: no executor, no clock."""

import pytest

from attune_sim.contexts.registry import strategies
from attune_sim.engine.conductor import Conductor
from attune_sim.engine.events import (
    ActionEnded,
    AttemptLost,
    CancelRequested,
    CloseFanOut,
    EndRun,
    OpenFanOut,
    RetryDue,
    StartAction,
    StartTimer,
    StopAction,
)
from attune_sim.engine.observe import Watch
from attune_sim.errors import EventError, ExpressionError
from attune_sim.loader import load


class Told:
    """A conductor over a workflow's text, and short words for what it is told.

    What it asks for is given without the openings and closings of offers, which are checked at every step: nothing is asked
    for but over an open offer, and none is open at the end.
    """

    def __init__(self, text, strategy="shared", parameters=None, observers=(), lenient=False, **options):
        workflow = load("version: '1'\n" + text, lenient=lenient)
        plug = strategies[strategy]()
        spaces = {"parameters": parameters or {}, "workflow": dict(workflow.vars), "task": {}, "system": {}}
        context = plug.begin({**spaces, "config": None, "keystore": None})
        self.conductor = Conductor(
            workflow, context, plug, watch=Watch(observers), parameters=parameters, **options
        )
        self.state = self.conductor.state
        self.open = []

    def start(self):
        return self._checked(self.conductor.start())

    def handle(self, event):
        return self._checked(self.conductor.handle(event))

    def end(self, task, index=None, outcome="succeeded", result=None, *, visit=0, attempt=0, error=None):
        event = ActionEnded(task, visit, index, attempt, outcome, result, error)
        if outcome != "succeeded":
            [offer] = [one for one in self.open if (one.task, one.visit) == (task, visit)]
            event = offer.completed(event)
        return self.handle(event)

    def unprepared(self, command):
        """What follows where the input of an attempt cannot be rendered."""
        with pytest.raises(ExpressionError) as caught:
            command.offer.prepare(command.slot)
        event = ActionEnded(
            command.task, command.visit, command.index, command.attempt, "failed", error=str(caught.value),
            stage="render",
        )  # fmt: skip
        return self.handle(command.offer.completed(event))

    def _checked(self, commands):
        left = []
        for command in commands:
            if isinstance(command, OpenFanOut):
                assert command.offer not in self.open
                assert command.left is None
                self.open.append(command.offer)
            elif isinstance(command, CloseFanOut):
                self.open.remove(command.offer)
            else:
                assert not isinstance(command, StartAction) or command.offer in self.open
                assert not isinstance(command, EndRun) or self.open == []
                left.append(command)
        return left


def _input(command):
    return command.offer.prepare(command.slot).input


def _names(commands):
    return [(c.task, c.index) if isinstance(c, StartAction) else type(c).__name__ for c in commands]


FAN = """
tasks:
  - name: each
    action: demo.each
    with_items: "{{ parameters.names }}"
    concurrency: 2
    input: {name: "{{ item }}", at: "{{ index }}"}
    next:
      - when: "{{ succeeded() }}"
        publish: [{got: "{{ result().results }}"}]
      - when: "{{ failed() }}"
        do: [alarm]
  - {name: alarm, action: demo.alarm, input: {reason: "{{ task.each.error }}"}}
"""


def test_a_window_of_two_starts_two_items_and_one_more_for_each_end():
    told = Told(FAN, parameters={"names": ["a", "b", "c"]})

    assert _names(told.start()) == [("each", 0), ("each", 1)]
    assert _names(told.end("each", 1)) == [("each", 2)]
    assert _names(told.end("each", 0)) == []


def test_the_aggregate_is_in_item_order_whatever_the_order_of_the_ends():
    told = Told(FAN, parameters={"names": ["a", "b", "c"]})
    told.start()
    told.end("each", 1, result="B")
    told.end("each", 2, result="C")
    told.end("each", 0, result="A")

    assert told.state.variables["got"] == ["A", "B", "C"]
    assert told.state.output == {"succeeded": True}


def test_every_item_runs_whatever_the_others_did_and_the_first_error_in_item_order_is_told():
    told = Told(FAN, parameters={"names": ["a", "b", "c"]})
    told.start()
    told.end("each", 1, "failed", error="second")
    told.end("each", 0, "failed", error="first")
    [alarm] = told.end("each", 2)

    assert _input(alarm) == {"reason": "first"}
    assert told.state.task_results["each"]["failed_items"] == [
        {"index": 0, "item": "a", "error": "first"},
        {"index": 1, "item": "b", "error": "second"},
    ]


def test_an_empty_list_succeeds_at_once_with_an_aggregate_of_nothing():
    told = Told(FAN, parameters={"names": []})

    [ending] = told.start()

    assert ending == EndRun("succeeded", {"succeeded": True}, None)
    assert told.state.task_results["each"] == {
        "results": [], "total": 0, "succeeded": 0, "failed": 0, "failed_items": [], "error": None,
    }  # fmt: skip


@pytest.mark.parametrize("names", [None, {"a": 1}, "text", 5])
def test_what_is_no_list_is_one_item(names):
    [command] = Told(FAN, parameters={"names": names}).start()

    assert _input(command) == {"name": names, "at": 0}


def test_timed_out_items_make_the_task_timed_out_and_failed_ones_weigh_more():
    told = Told(FAN, parameters={"names": ["a", "b"]})
    told.start()
    told.end("each", 0, "timed_out")
    told.end("each", 1)

    assert told.state.task_statuses == {"each": "timed_out"}
    assert told.state.status == "failed"


def test_an_offer_is_opened_before_its_first_attempt_and_closed_after_its_last():
    told = Told(FAN, parameters={"names": ["a", "b", "c"]})

    opened, first, second = told.conductor.start()
    assert opened == OpenFanOut(first.offer)
    assert opened.offer is first.offer is second.offer
    assert told.conductor.unfinished(opened.offer) == (0, 1, 2)
    told.conductor.handle(ActionEnded("each", 0, 1, 0, "succeeded"))
    assert told.conductor.unfinished(opened.offer) == (0, 2)
    told.conductor.handle(ActionEnded("each", 0, 0, 0, "succeeded"))
    closed, ending = told.conductor.handle(ActionEnded("each", 0, 2, 0, "succeeded"))

    assert closed == CloseFanOut(opened.offer)
    assert ending.status == "succeeded"
    assert told.conductor.unfinished(opened.offer) == ()


def test_an_empty_fan_out_opens_no_offer():
    told = Told(FAN, parameters={"names": []})

    assert [type(command) for command in told.conductor.start()] == [EndRun]


UNPREPARED = """
tasks:
  - name: each
    action: demo.each
    with_items: "{{ [1, 0, 2] }}"
    input: {x: "{{ 6 / item }}"}
    retry: {count: 3, delay: 0}
"""


class Ends:
    """Keeps what it hears of calls and items that ended."""

    def __init__(self):
        self.actions, self.items = [], []

    def action_ended(self, event):
        self.actions.append(event.index)

    def item_ended(self, task, visit, index, outcome, attempts, error):
        self.items.append((index, outcome, attempts))


def test_an_attempt_that_cannot_be_prepared_is_no_start_and_no_call_and_fails_its_item_alone_for_good():
    ends = Ends()
    told = Told(UNPREPARED, observers=[ends])
    [first] = told.start()
    [second] = told.end("each", 0, result=_input(first)["x"])
    assert told.state.task_starts == ["each[0]", "each[1]"]

    [third] = told.unprepared(second)
    told.end("each", 2, result=_input(third)["x"])

    assert told.state.task_starts == ["each[0]", "each[2]"]
    assert ends.actions == [0, 2]
    assert ends.items == [(0, "succeeded", 1), (1, "failed", 1), (2, "succeeded", 1)]
    result = told.state.task_results["each"]
    assert result["results"] == [6, None, 3]
    assert [(one["index"], "task 'each', input.x" in one["error"]) for one in result["failed_items"]] == [
        (1, True)
    ]


RETRY = """
tasks:
  - name: each
    action: demo.each
    with_items: "{{ ['a', 'b', 'c'] }}"
    input: {x: "{{ item }}"}
    retry: {count: 2, delay: %d, on_error: "{{ result().code == 503 }}"}
"""


def test_a_retry_without_delay_keeps_its_place_in_the_window():
    told = Told(RETRY % 0)
    told.start()

    [again] = told.end("each", 0, "failed", {"code": 503})

    assert (again.index, again.attempt) == (0, 1)


def test_a_retry_with_a_delay_frees_its_place_and_comes_before_new_items_when_due():
    told = Told(RETRY % 5)
    told.start()

    timer, second = told.end("each", 0, "failed", {"code": 503})
    assert timer == StartTimer("each", 0, 0, 1, 5)
    assert second.index == 1
    assert told.handle(RetryDue("each", 0, 0, 1)) == []
    [again] = told.end("each", 1)

    assert (again.index, again.attempt) == (0, 1)


def test_an_error_that_on_error_does_not_want_is_not_retried():
    told = Told(RETRY % 0)
    told.start()

    [second] = told.end("each", 0, "failed", {"code": 404})

    assert second.index == 1


@pytest.mark.parametrize(("verdict", "attempt"), [(True, (0, 1)), (False, (1, 0)), (None, (0, 1))])
def test_a_verdict_that_comes_with_the_event_is_taken_as_it_is(verdict, attempt):
    told = Told(RETRY % 0)
    told.start()
    result = {"code": 404 if verdict else 503}  # on_error itself would say the opposite

    [command] = told.handle(ActionEnded("each", 0, 0, 0, "failed", result, "no", retry=verdict))

    assert (command.index, command.attempt) == attempt
    assert told.state.warnings == []


def test_a_verdict_that_could_not_be_reached_is_told_and_nothing_is_retried():
    told = Told(RETRY % 0)
    told.start()

    [second] = told.end("each", 0, "failed", {"mode": 503})

    assert second.index == 1
    [warning] = told.state.warnings
    assert "task 'each', retry.on_error" in warning
    assert warning.endswith("; task 'each' visit 0 item 0 attempt 0 was not retried")


def test_after_the_last_retry_the_item_has_failed():
    told = Told(RETRY % 0)
    told.start()
    for attempt in range(2):
        told.end("each", 0, "failed", {"code": 503}, attempt=attempt)

    [second] = told.end("each", 0, "failed", {"code": 503}, attempt=2)

    assert second.index == 1


def test_a_lost_attempt_is_made_again_as_the_next_one_and_uses_up_no_retry():
    told = Told(RETRY % 0)
    told.start()
    [again] = told.handle(AttemptLost("each", 0, 0, 0))
    assert (again.index, again.attempt) == (0, 1)
    for attempt in (1, 2):
        [again] = told.end("each", 0, "failed", {"code": 503}, attempt=attempt)

    assert (again.index, again.attempt) == (0, 3)


DECISION = """
vars: {seen: nothing}
tasks:
  - name: a
    action: demo.a
    decision:
      - {default: true, next: otherwise}
      - {when: "{{ seen == 'late' or result() == 'match' }}", next: branch}
    publish: [{seen: late}]  # that of the first transition
  - {name: otherwise, action: demo.b}
  - {name: branch, action: demo.b}
"""


def test_a_default_branch_publishes_and_asks_after_all_others_wherever_it_stands():
    told = Told(DECISION)
    told.start()

    assert _names(told.end("a")) == [("otherwise", None)]
    assert told.state.variables == {"seen": "late"}


def test_a_default_branch_publishes_nothing_if_another_branch_matched():
    told = Told(DECISION)
    told.start()

    assert _names(told.end("a", result="match")) == [("branch", None)]
    assert told.state.variables == {"seen": "nothing"}


LOOP = """
vars: {n: 0}
tasks:
  - {name: step, action: demo.a, next: [{publish: [{n: "{{ n + 1 }}"}], do: [check]}]}
  - {name: check, action: demo.b, next: [{when: "n < 3", do: [step]}]}
"""


def test_a_cycle_loops_until_its_condition_ends_it():
    told = Told(LOOP.replace("tasks:", "tasks:\n  - {name: start, action: demo.s, next: [{do: [step]}]}"))
    commands = told.start()
    while not isinstance(commands[0], EndRun):
        commands = told.end(commands[0].task, visit=commands[0].visit)

    assert told.state.task_starts == ["start", "step", "check", "step", "check", "step", "check"]
    assert told.state.status == "succeeded"


def test_an_endless_loop_ends_with_the_name_of_its_task():
    text = "tasks:\n  - {name: a, action: x.a, next: [{do: [b]}]}\n  - {name: b, action: x.b, next: [{do: [b]}]}\n"
    told = Told(text, max_task_runs=5)
    commands = told.start()
    while not isinstance(commands[0], EndRun):
        commands = told.end(commands[0].task, visit=commands[0].visit)

    assert told.state.status == "failed"
    assert "task 'b' was started 5 times" in told.state.error


CONVERGE = """
tasks:
  - {name: a, action: x.a, next: [{do: [c]}]}
  - {name: b, action: x.b, next: [{do: [c]}]}
  - {name: c, action: x.c%s}
"""


def test_two_branches_that_meet_without_a_join_run_the_task_once():
    told = Told(CONVERGE % "")
    told.start()

    assert _names(told.end("a")) == [("c", None)]
    told.end("c")
    assert _names(told.end("b")) == ["EndRun"]


def test_a_join_waits_for_all_and_sees_both_published():
    told = Told(CONVERGE % ", join: all")
    told.start()

    assert told.end("a") == []
    assert _names(told.end("b")) == [("c", None)]


MEETING = """tasks:
  - {name: bad, action: a.b, next: [{when: "{{ failed() }}", do: [meet]}]}
  - {name: good, action: a.b, next: [{do: [meet]}]}
  - {name: meet, action: a.b}
"""


@pytest.mark.parametrize("order", [("bad", "good", "meet"), ("good", "bad", "meet"), ("good", "meet", "bad")])
def test_a_failure_is_handled_whatever_has_become_of_the_task_that_its_transition_names(order):
    told = Told(MEETING)
    told.start()

    for task in order:
        commands = told.end(task, outcome="failed" if task == "bad" else "succeeded")

    assert commands == [EndRun("succeeded", {"succeeded": True}, None)]


def test_a_transition_that_only_publishes_handles_nothing():
    told = Told(
        "tasks:\n  - {name: bad, action: a.b, next: [{when: '{{ failed() }}', publish: [{why: none}]}]}\n"
    )
    told.start()

    assert told.end("bad", outcome="failed")[-1].status == "failed"


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_what_is_told_of_several_tasks_is_in_the_order_of_the_file(order):
    told = Told("""tasks:
  - {name: a, action: a.b, next: [{when: "{{ succeeded() }}", do: [c]}]}
  - {name: b, action: a.b, next: [{when: "{{ succeeded() }}", do: [c]}]}
  - {name: c, action: a.b, join: 3}
  - {name: x, action: a.b, next: [{do: [z]}]}
  - {name: y, action: a.b, next: [{do: [z]}]}
  - {name: z, action: a.b, join: 3}
""")
    told.start()
    for task in order:
        told.end({"a": "x", "b": "y"}[task])
        commands = told.end(task, outcome="failed", error=f"no {task}")

    assert commands[-1].error == (
        "Workflow failed: 2 task(s) failed: a, b; "
        "join 'z' can no longer be met: 2 of 3 predecessors arrived (x, y) (a: no a; b: no b)"
    )


def test_an_unmet_join_is_told_with_what_arrived():
    text = """
tasks:
  - {name: a, action: x.a, next: [{do: [c]}]}
  - {name: b, action: x.b, next: [{when: "{{ succeeded() }}", do: [c]}]}
  - {name: c, action: x.c, join: all}
"""
    told = Told(text)
    told.start()
    told.end("a")
    told.end("b", outcome="failed", error="boom")

    assert told.state.error == (
        "Workflow failed: 1 task(s) failed: b; join 'c' can no longer be met: 1 of 2 predecessors arrived (a) (b: boom)"
    )


def test_a_rendering_error_fails_its_task_and_names_task_field_and_expression():
    text = "tasks:\n  - {name: a, action: x.a, input: {url: 'http://{{ parameters.host }}'}}\n"
    told = Told(text)
    [command] = told.start()

    [ending] = told.unprepared(command)

    assert ending.status == told.state.status == "failed"
    assert "task 'a', input.url" in told.state.error
    assert "{{ parameters.host }}" in told.state.error


def test_a_failed_transition_may_handle_a_rendering_error():
    text = """
tasks:
  - {name: a, action: x.a, input: {x: "{{ parameters.none }}"}, next: [{when: "{{ failed() }}", do: [b]}]}
  - {name: b, action: x.b}
"""
    told = Told(text)
    [command] = told.start()

    assert _names(told.unprepared(command)) == [("b", None)]


def test_a_publish_entry_that_cannot_be_rendered_is_left_out_and_told():
    text = """
tasks:
  - name: a
    action: x.a
    next: [{publish: [{bad: "{{ nothing }}"}, {good: 1}], do: [b]}]
  - {name: b, action: x.b}
"""
    told = Told(text)
    told.start()

    assert _names(told.end("a")) == [("b", None)]
    assert told.state.variables == {"good": 1}
    assert "next[0].publish.bad" in told.state.warnings[0]


def test_a_condition_that_is_an_error_fails_the_run_with_its_place():
    told = Told(
        "tasks:\n  - {name: a, action: x.a, next: [{when: 'nothing == 1', do: [b]}]}\n  - {name: b, action: x.b}\n"
    )
    told.start()
    told.end("a")

    assert told.state.status == "failed"
    assert "task 'a', next[0].when" in told.state.error


def test_a_task_without_input_gets_the_raw_parameters():
    [command] = Told("tasks:\n  - {name: a, action: x.a}\n", parameters={"x": 1, "y": None}).start()

    assert _input(command) == {"x": 1, "y": None}


def test_a_skipped_task_fires_its_unconditional_transitions_only():
    text = """
tasks:
  - {name: a, action: x.a, when: "false", next: [{when: "{{ failed() }}", do: [b]}, {do: [c]}]}
  - {name: b, action: x.b}
  - {name: c, action: x.c}
"""
    told = Told(text)

    assert _names(told.start()) == [("c", None)]
    assert told.state.task_statuses == {"a": "skipped"}


def test_cancelling_starts_nothing_new_and_waits_for_what_runs():
    told = Told(FAN, parameters={"names": ["a", "b", "c"]})
    told.start()

    assert told.handle(CancelRequested()) == []
    told.end("each", 0, result="A")
    [ending] = told.end("each", 1)

    assert ending == EndRun("cancelled", None, "Workflow cancelled")


def test_cancel_running_also_asks_to_stop_what_runs():
    told = Told(FAN, parameters={"names": ["a", "b", "c"]})
    told.start()

    stops = told.handle(CancelRequested("cancel_running"))

    assert stops == [StopAction("each", 0, 0, 0), StopAction("each", 0, 1, 0)]


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (ActionEnded("each", 0, 2, 0, "succeeded"), "task 'each' visit 0 item 2 attempt 0 is not running"),
        (ActionEnded("each", 0, 0, 1, "succeeded"), "attempt 1 is not running"),
        (ActionEnded("nobody", 0, None, 0, "succeeded"), "task 'nobody' visit 0 attempt 0 is not under way"),
        (RetryDue("each", 0, 0, 1), "is not waiting for a retry"),
        (AttemptLost("each", 0, 2, 0), "cannot be lost"),
    ],
)
def test_an_event_that_cannot_be_names_task_item_and_attempt(event, message):
    told = Told(FAN, parameters={"names": ["a", "b", "c"]})
    told.start()

    with pytest.raises(EventError, match=message):
        told.handle(event)


def test_the_same_events_give_the_same_commands():
    def commands():
        told = Told(FAN, parameters={"names": ["a", "b", "c"]})
        return [
            told.start(),
            told.end("each", 1),
            told.end("each", 0, "failed", error="x"),
            told.end("each", 2),
        ]

    assert commands() == commands()


PARALLEL = """
tasks:
  - {name: start, action: x.start, next: [{do: [checks]}]}
  - name: checks
    type: parallel
    tasks:
      - {name: db, action: x.db, next: [{when: "{{ succeeded() }}", do: [deep]}]}
      - {name: deep, action: x.deep}
      - {name: cache, action: x.cache}
    next: [{when: "{{ failed() }}", do: [repair]}]
  - {name: repair, action: x.repair, next: [{when: "task.repair.again", do: [checks]}]}
"""


def test_a_parallel_task_ends_when_its_sub_tasks_and_their_successors_have():
    told = Told(PARALLEL)
    told.start()
    assert _names(told.end("start")) == [("db", None), ("cache", None)]
    told.end("cache")
    assert _names(told.end("db")) == [("deep", None)]

    [ending] = told.end("deep")

    assert ending.status == "succeeded"
    assert told.state.task_statuses["checks"] == "succeeded"


def test_a_failed_sub_task_fails_the_parallel_task_and_a_loop_runs_its_sub_tasks_again():
    told = Told(PARALLEL)
    told.start()
    told.end("start")
    told.end("cache", outcome="failed", error="cold")
    told.end("db")
    [repair] = told.end("deep")
    assert repair.task == "repair"

    again = told.end("repair", result={"again": True})

    assert [(command.task, command.visit) for command in again] == [("db", 1), ("cache", 1)]


def test_a_parallel_task_in_a_loop_runs_all_of_its_sub_tasks_again_and_their_joins():
    told = Told("""
vars: {n: 0}
tasks:
  - {name: start, action: x.start, next: [{do: [both]}]}
  - name: both
    type: parallel
    tasks:
      - {name: a, action: x.a, next: [{do: [gate]}]}
      - {name: b, action: x.b, next: [{do: [gate]}]}
      - {name: gate, action: x.gate, join: all, next: [{do: [after]}]}
      - {name: after, action: x.after}
    next:
      - publish: [{n: "{{ n + 1 }}"}]
      - {when: "n < 3", do: [both]}
""")
    told.start()
    commands = told.end("start")
    for visit in range(3):
        assert _names(commands) == [("a", None), ("b", None)]
        told.end("a", visit=visit)
        assert _names(told.end("b", visit=visit)) == [("gate", None)]
        assert _names(told.end("gate", visit=visit)) == [("after", None)]
        commands = told.end("after", visit=visit)

    assert told.state.status == "succeeded"


def test_a_workflow_in_which_nothing_can_start_succeeds_without_rendering_its_output():
    told = Told(
        "tasks:\n  - {name: a, action: x.a, next: [{do: [b]}]}\n  - {name: b, action: x.b, next: [{do: [a]}]}\n"
        "output_map: {x: 'one'}\n",
        lenient=True,
    )

    [ending] = told.start()

    assert (ending.status, ending.output) == ("succeeded", {"succeeded": True})


def test_a_task_that_is_cancelled_on_its_own_fails_the_run_unless_something_follows():
    told = Told("tasks:\n  - {name: a, action: x.a}\n")
    told.start()

    [ending] = told.end("a", outcome="cancelled", error="cancelled")

    assert (ending.status, told.state.task_statuses) == ("failed", {"a": "cancelled"})


@pytest.mark.parametrize("retry", ["", ", retry: {count: 1, delay: 0}"])
def test_a_result_that_the_strategy_refuses_fails_its_task_and_can_be_handled(retry):
    told = Told(
        f"""tasks:
  - {{name: odd, action: a.b{retry}, next: [{{when: "{{{{ failed() }}}}", publish: [why], do: [mend]}}]}}
  - {{name: mend, action: a.b}}
""",
        strategy="frozen",
    )
    told.start()

    [start] = told.end("odd", result=object())

    assert (start.task, told.state.task_statuses) == ("mend", {"odd": "failed"})
    reason = "task 'odd': strategy 'frozen' cannot hand on task.odd: an object is not plain data"
    assert told.state.variables["why"]["error"].startswith(reason)
    assert told.end("mend")[-1].status == "succeeded"


def test_a_failure_whose_own_result_the_strategy_refuses_keeps_its_reason():
    told = Told("tasks: [{name: odd, action: a.b}]\n", strategy="frozen")
    told.start()

    told.end("odd", outcome="timed_out", result={"at": object()}, error="too late")

    assert told.state.task_statuses == {"odd": "timed_out"}
    assert told.state.task_results == {"odd": {"error": "too late"}}
