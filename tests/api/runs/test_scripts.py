"""Scripts made from recorded runs: rehearsing one gives what the run gave."""

import json
import time
from collections import Counter

import pytest
import yaml

import attune_sim as at


class Died(MemoryError):
    """Ends a run as the death of its process would: nothing more is told or written."""


WORKFLOW = """\
version: 1.0.0
parameters: {token: {type: string, secret: true}, pin: {type: integer, secret: true, minimum: 1000}}
vars: {rounds: 0}
tasks:
  - name: start
    action: t.start
    input: {token: "{{ parameters.token }}", key: "{{ keystore.key }}"}
    next: [{do: [each, slow]}]
  - name: each
    action: t.flaky
    with_items: "{{ range(7) }}"
    concurrency: 3
    retry: {count: 2, delay: 0}
    input: {n: "{{ item }}", round: "{{ rounds }}"}
    next:
      - publish: [{rounds: "{{ rounds + 1 }}"}, {got: "{{ result().results }}"}]
      - {when: "rounds < 2", do: [each]}
      - {when: "rounds >= 2", do: [calls]}
  - {name: slow, action: t.slow, timeout: 1, next: [{when: "{{ timed_out() }}", do: [calls]}]}
  - name: calls
    join: all
    action: demo.child
    with_items: "{{ [1, 2] }}"
    input: {n: "{{ item }}"}
output_map:
  got: "{{ got }}"
  said: "{{ task.start }}"
  calls: "{{ task.calls.results }}"
  when: "{{ system.workflow_start }}"
"""
CHILD = """\
version: 1.0.0
ref: demo.child
tasks:
  - {name: start, action: t.flaky, with_items: "{{ range(2) }}", input: {n: "{{ item + 100 * parameters.n }}", round: 0}}
output_map: {sum: "{{ sum(task.start.results) }}"}
"""


class Work:
    """Actions of which item 3 fails once a round; `dies_at` ends the process as far as the run can tell."""

    def __init__(self, dies_at=None):
        self.calls, self.dies_at = Counter(), dies_at

    def table(self):
        return {"t.start": self.start, "t.flaky": self.flaky, "t.slow": self.slow}

    def start(self, token, key):
        return f"{token} and {key}"

    def flaky(self, n, round):
        self.calls[n, round] += 1
        if n == self.dies_at and self.calls[n, round] == 1 and round == 1:
            raise Died
        time.sleep((7 - n % 7) / 10_000)
        if n == 3 and self.calls[n, round] == 1:
            raise at.ActionError("odd", {"tried": n})
        return n * 2

    def slow(self, **parameters):
        time.sleep(1.2)

    def quick(self, **parameters):
        """For runs in which nothing has to be late."""


GIVEN = {
    "parameters": {"token": "tok-123456", "pin": 4321},
    "keystore": {"key": "key-123456"},
    "workflows": [at.load(CHILD)],
}


def recorded(path, **more):
    return at.run(WORKFLOW, actions=Work().table(), journal=path, **{**GIVEN, **more})


@pytest.fixture(scope="module")
def recorded_runs(together, tmp_path_factory):
    """A run under each executor, with its journal."""
    folder = tmp_path_factory.mktemp("recorded")
    return together(lambda executor: recorded(folder / f"{executor}.jsonl", executor=executor))


@pytest.mark.parametrize("executor", ["inline", "threads", "asyncio"])
def test_rehearsing_the_script_of_a_run_starts_and_gives_the_same(recorded_runs, executor):
    run = recorded_runs[executor]

    script = at.script_of(run)
    rehearsal = at.rehearse(WORKFLOW, script)

    assert rehearsal.differences == ()
    assert rehearsal.actual["starts"] == list(run.task_starts)
    assert rehearsal.actual["output"] == {**run.output, "said": "*** and ***"}
    assert rehearsal.actual["task_status"] == {
        "start": "succeeded", "slow": "timed_out", "each": "succeeded", "calls": "succeeded"
    }  # fmt: skip


def test_a_script_shows_no_secret_and_goes_through_yaml(recorded_runs):
    script = at.script_of(recorded_runs["inline"])
    text = yaml.safe_dump(script)

    assert not [secret for secret in ("tok-123456", "key-123456", "4321") if secret in text]
    assert script["parameters"] == {"token": "***", "pin": 1000}
    assert at.rehearse(WORKFLOW, text).ok
    assert json.loads(json.dumps(script)) == script


def test_attempts_that_were_lost_with_a_process_are_not_in_the_script(tmp_path):
    path = tmp_path / "run.jsonl"
    with pytest.raises(Died):
        at.run(WORKFLOW, actions=Work(dies_at=3).table(), journal=path, **GIVEN)
    with pytest.raises(at.JournalError, match="has not come to its end; resume it first"):
        at.script_of(path)

    at.resume(path, actions=Work().table(), parameters=GIVEN["parameters"], keystore=GIVEN["keystore"])

    assert at.rehearse(WORKFLOW, at.script_of(path)).differences == ()


def test_a_run_without_a_journal_has_no_script():
    work = Work()
    run = at.run(WORKFLOW, actions={**work.table(), "t.slow": work.quick}, **GIVEN)

    with pytest.raises(at.InputError, match="run it with journal=PATH"):
        at.script_of(run)


PAUSED = """\
version: 1.0.0
tasks:
  - name: each
    action: t.odd
    with_items: "{{ range(4) }}"
    concurrency: 2
    retry: {count: 1, delay: 1}
    input: {n: "{{ item }}"}
"""


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["inline", "threads"])
def test_pauses_before_retries_are_kept(tmp_path, executor):
    calls = Counter()

    def odd(n):
        calls[n] += 1
        time.sleep(0.15 * n)
        if n % 2 and calls[n] == 1:
            raise at.ActionError("once")
        return n

    run = at.run(PAUSED, actions={"t.odd": odd}, executor=executor, journal=tmp_path / "run.jsonl")
    rehearsal = at.rehearse(PAUSED, at.script_of(run))

    assert rehearsal.differences == ()
    assert [round(retry["delay"], 3) >= 1 for retry in rehearsal.actual["retries"]] == [True, True]


def test_an_item_may_be_called_item_or_index():
    text = "version: '1'\ntasks:\n  - {name: a, action: t.a, with_items: '{{ range(2) }}'}\n"
    answers = [{"item": 1, "result": "one"}, {"result": "other"}]

    assert at.rehearse(text, {"actions": {"a": answers}}).run.task_results["a"]["results"] == ["other", "one"]


def test_numbers_that_are_secret_are_numbers_in_the_script_too(tmp_path):
    child = at.load(
        "version: 1.0.0\nref: demo.child\nparameters: {n: {type: integer, secret: true}}\n"
        "tasks: [{name: inner, action: t.a, input: {x: 1}}]\n"
    )
    text = """\
version: 1.0.0
parameters: {n: {type: integer}}
vars: {v: 98765}
tasks:
  - {name: a, action: demo.child, input: {n: "{{ parameters.n }}"}}
  - {name: b, action: demo.child, input: {n: "{{ v }}"}}
  - {name: c, action: demo.child, input: {n: 55}}
  - {name: d, action: demo.child, input: {n: "{{ keystore.n }}"}}
"""
    at.run(
        text, {"n": 123456}, keystore={"n": 777777}, workflows=[child], journal=tmp_path / "run.jsonl",
        actions={"t.a": lambda x: x},
    )  # fmt: skip

    script = at.script_of(tmp_path / "run.jsonl")

    assert script["parameters"] == {"n": 0}
    assert script["expect"]["task_status"] == dict.fromkeys("abcd", "succeeded")


def test_what_becomes_secret_on_the_way_is_masked_in_all_of_the_script(tmp_path):
    child = at.load(
        "version: 1.0.0\nref: demo.child\n"
        "parameters: {token: {type: string, secret: true}, n: {type: integer, secret: true}}\n"
        "tasks: [{name: inner, action: t.inner, input: {x: 1}}]\n"
    )
    text = """\
version: 1.0.0
tasks:
  - {name: fetch, action: t.fetch, input: {x: 1}, next: [{publish: [{kept: "{{ result() }}"}], do: [call]}]}
  - {name: call, action: demo.child, input: {token: "{{ kept.token }}", n: "{{ kept.n }}"}}
output_map: {all: "{{ kept }}"}
"""
    fetched = {"token": "made-up-token", "n": 987654, "url": "/?t=made-up-token", "plain": "shown"}
    run = at.run(
        text, workflows=[child], journal=tmp_path / "run.jsonl",
        actions={"t.fetch": lambda x: fetched, "t.inner": lambda x: x},
    )  # fmt: skip

    script = at.script_of(run)

    masked = {"token": "***", "n": 0, "url": "/?t=***", "plain": "shown"}
    assert script["actions"]["fetch"][0]["result"] == masked
    assert script["expect"]["output"]["all"] == masked
    assert at.rehearse(text, script).differences == ()
