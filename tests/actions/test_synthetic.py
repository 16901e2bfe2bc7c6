"""Tasks that answer from a script, as callables."""

from __future__ import annotations

import pickle

import pytest

from attune_sim.actions import synthetic
from attune_sim.actions.script import Script
from attune_sim.actions.synthetic import Scripted
from attune_sim.engine.events import StartAction
from attune_sim.engine.offer import Offer
from attune_sim.errors import ActionError, ActionTimeout


def scripted(*answers: dict) -> Scripted:
    return Scripted("t", Script.read({"actions": {"t": list(answers)}}))


def answer(task: Scripted, index: int | None = None):
    """What an attempt gives, of an item or of a plain task."""
    offer = Offer(task="t", visit=0, plain=index is None, forker=None)  # type: ignore[arg-type]
    return task.ready(StartAction(offer, index or 0))(any="input")


def test_calls_are_answered_in_order():
    task = scripted({"result": 1}, {"result": 2})
    assert [answer(task) for _ in range(3)] == [1, 2, 2]


def test_a_failure_and_a_timeout_are_raised_with_reason_and_result():
    task = scripted(
        {"status": "failed", "result": {"error": "refused"}}, {"status": "timed_out", "error": "too slow"}
    )
    with pytest.raises(ActionError, match="refused") as failed:
        answer(task)
    assert failed.value.result == {"error": "refused"}
    with pytest.raises(ActionTimeout, match="too slow"):
        answer(task)


def test_an_item_tells_its_index_and_its_attempts_are_counted_for_it_alone():
    task = scripted({"index": 4, "attempt": 0, "status": "failed"}, {"result": "ok"})
    assert answer(task, 0) == "ok"
    with pytest.raises(ActionError):
        answer(task, 4)
    assert answer(task, 4) == "ok"


def test_a_scripted_task_travels_and_begins_anew():
    task = scripted({"result": 1}, {"result": 2})
    answer(task)
    assert answer(pickle.loads(pickle.dumps(task))) == 1


def test_a_result_of_a_size_and_one_that_cannot_be():
    assert len(synthetic.result("text", 100)) == 98
    with pytest.raises(ActionError, match=r"synthetic\.result: unknown payload shape"):
        synthetic.result("rings")
