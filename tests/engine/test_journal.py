"""The journal, and runs that are taken up again from any prefix of it."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import attune_sim as at
from attune_sim.contexts.registry import strategies
from attune_sim.engine.definition import definition, fingerprint, workflow_of
from attune_sim.engine.journal import Journal, Recorded
from attune_sim.engine.runner import Runner
from attune_sim.engine.secrets import Secrets
from attune_sim.errors import ActionError, InputError, JournalError
from attune_sim.executors import executor_named
from attune_sim.loader import load

CHILD = """
version: '1'
ref: demo.child
tasks:
  - {name: inner, action: t.work, with_items: "{{ range(3) }}", concurrency: 2, input: {n: "{{ item + parameters.n }}"}}
output_map: {got: "{{ task.inner.results }}"}
"""

WORKFLOW = load("""
version: '1'
vars: {rounds: 0}
tasks:
  - name: start
    action: t.work
    input: {n: 1}
    next: [{do: [each]}]
  - name: each
    action: t.flaky
    with_items: "{{ range(8) }}"
    concurrency: 3
    retry: {count: 2, delay: 0}
    input: {n: "{{ item }}"}
    next:
      - publish: [{rounds: "{{ rounds + 1 }}"}, {got: "{{ result().results }}"}]
      - {when: "rounds < 2", do: [each]}
      - {when: "rounds >= 2", do: [call]}
  - name: call
    action: demo.child
    input: {n: 10}
    next: [{publish: [{child: "{{ result().got }}"}]}]
output_map: {got: "{{ got }}", child: "{{ child }}"}
""")


class Actions:
    """Counts how often each call was made; item 3 fails at its first call of each round."""

    def __init__(self):
        self.calls = Counter()

    def table(self):
        return {"t.work": self.work, "t.flaky": self.flaky}

    def work(self, n):
        self.calls["work", n] += 1
        return n * 2

    def flaky(self, n):
        self.calls["flaky", n] += 1
        if n == 3 and self.calls["flaky", n] % 2:
            raise ActionError("odd call")
        return {"n": n}


def _run(path, *, recorded=None, executor="inline", actions=None, workflow=WORKFLOW, **options):
    journal = Journal(path)
    runner = Runner(
        workflow, strategy=strategies["shared"](), actions=(actions or Actions()).table(), workflows=[load(CHILD)],
        journal=journal, recorded=recorded, **options,
    )  # fmt: skip
    if recorded is None:
        journal.begin({"workflow": definition(workflow)})
    try:
        executor_named(executor).run(runner)
    finally:
        journal.close()
    return runner.state


def _lines(path):
    return [json.loads(line) for line in Path(path).read_bytes().splitlines()]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The journal of an undisturbed run, as lines, and its result."""
    path = tmp_path_factory.mktemp("journal") / "whole.jsonl"
    state = _run(path)
    return path.read_bytes().splitlines(keepends=True), state


def test_every_event_of_a_run_is_in_its_journal(whole):
    lines, state = whole
    kinds = Counter(json.loads(line)[0] for line in lines[1:])

    assert state.status == "succeeded"
    assert kinds == {"s": 1 + 2 * 9 + 3, "e": 1 + 2 * 9 + 3}


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_run_taken_up_from_any_prefix_has_the_result_of_an_undisturbed_one(whole, tmp_path_factory, data):
    lines, undisturbed = whole
    cut = data.draw(st.integers(1, len(lines)))
    torn = data.draw(st.integers(0, len(lines[cut]) - 1)) if cut < len(lines) else 0
    path = tmp_path_factory.mktemp("prefix") / "cut.jsonl"
    path.write_bytes(b"".join(lines[:cut]) + (lines[cut][:torn] if torn else b""))
    ended = Counter(json.dumps(line[1:6]) for line in _lines_of(lines[1:cut]) if line[0] == "e")

    state = _run(
        path,
        recorded=Recorded.open(path),
        executor=data.draw(st.sampled_from(["inline", "threads", "asyncio"])),
    )

    assert (state.status, state.output, state.variables) == (
        undisturbed.status,
        undisturbed.output,
        undisturbed.variables,
    )
    ends = Counter(json.dumps(line[1:6]) for line in _lines(path)[1:] if line[0] == "e")
    assert all(count == 1 for count in ends.values()), "an attempt whose end was written ended twice"
    assert ended.keys() <= ends.keys()


def _lines_of(lines):
    return [json.loads(line) for line in lines]


def test_what_began_without_an_end_runs_again_as_its_second_attempt(whole, tmp_path):
    lines, _ = whole
    began = next(n for n, line in enumerate(lines) if b'"each",0,0,0]' in line and line.startswith(b'["s"'))
    path = tmp_path / "cut.jsonl"
    path.write_bytes(b"".join(lines[: began + 1]))

    _run(path, recorded=Recorded.open(path))

    rows = _lines(path)[began + 1 :]
    assert rows[0] == ["l", 0, "each", 0, 0, 0]
    assert ["s", 0, "each", 0, 0, 1] in rows


def test_a_run_that_is_over_is_only_told_again(whole, tmp_path):
    lines, undisturbed = whole
    path = tmp_path / "over.jsonl"
    path.write_bytes(b"".join(lines))
    actions = Actions()

    state = _run(path, recorded=Recorded.open(path), actions=actions)

    assert state.output == undisturbed.output
    assert not actions.calls


def test_a_journal_of_other_events_does_not_fit_and_says_so(whole, tmp_path):
    lines, _ = whole
    path = tmp_path / "wrong.jsonl"
    path.write_bytes(lines[0] + b'["e",0,"nobody",0,null,0,"succeeded",1,null,0,1]\n')

    with pytest.raises(JournalError, match="does not fit this workflow"):
        _run(path, recorded=Recorded.open(path))


def test_a_journal_cannot_be_begun_twice(whole, tmp_path):
    path = tmp_path / "twice.jsonl"
    path.write_bytes(b"".join(whole[0]))

    with pytest.raises(JournalError, match="holds a run already"):
        _run(path)


def test_a_file_that_is_no_journal_is_refused(tmp_path):
    path = tmp_path / "other.jsonl"
    path.write_text('{"cells": 1}\n')

    with pytest.raises(JournalError, match="is no journal"):
        Recorded.open(path)
    with pytest.raises(InputError):
        Recorded.open(tmp_path / "none.jsonl")


def test_a_result_that_is_not_json_fails_its_task_by_name(tmp_path):
    actions = Actions()
    actions.work = lambda n: (n, n)

    state = _run(tmp_path / "tuple.jsonl", actions=actions)

    assert (
        "task 'inner': its result cannot be written to the journal: the value: tuple is not JSON"
        in state.error
    )


def test_a_workflow_comes_back_from_its_definition():
    back = workflow_of(json.loads(json.dumps(definition(WORKFLOW))))

    assert back == WORKFLOW
    assert fingerprint(back) == fingerprint(WORKFLOW)


def test_comments_do_not_change_the_fingerprint_and_a_new_delay_does():
    text = "version: '1'\ntasks:\n  - {name: a, action: t.a, retry: {count: 1, delay: 1}}\n"

    assert fingerprint(load(text)) == fingerprint(load("# a comment\n" + text))
    assert fingerprint(load(text)) != fingerprint(load(text.replace("delay: 1", "delay: 2")))


SECRET = load("""
version: '1'
parameters: {token: {type: string, secret: true}, plain: {type: string}}
tasks:
  - name: call
    action: t.echo
    input: {auth: "Bearer {{ keystore.api }}", token: "{{ parameters.token }}", plain: "{{ parameters.plain }}"}
    next: [{do: [again]}]
  - name: again
    action: t.echo
    input: {auth: "{{ task.call.auth }}", token: "{{ task.call.token }}", plain: x}
output_map: {auth: "{{ result().auth }}", token: "{{ result().token }}"}
""")
GIVEN = {"parameters": {"token": "tok-12345", "plain": "shown"}, "keystore": {"api": "s3cr3t-key"}}


class Echo:
    """Gives its input back, or dies as a process does."""

    def __init__(self, dies=False):
        self.dies = dies

    def table(self):
        return {"t.echo": self}

    def __call__(self, **input):
        if self.dies:
            raise SystemExit
        return dict(input)


def test_no_secret_is_in_the_journal_and_a_resumed_run_has_them_again(tmp_path):
    path = tmp_path / "secret.jsonl"
    state = _run(path, workflow=SECRET, actions=Echo(), **GIVEN)
    written = path.read_text()
    assert "s3cr3t" not in written
    assert "tok-12345" not in written
    assert "shown" in written
    assert '{"$text":["Bearer ",{"$secret":"keystore.api"}]}' in written
    head = written.splitlines(keepends=True)
    path.write_text("".join(head[:3]))

    resumed = _run(path, workflow=SECRET, recorded=Recorded.open(path), actions=Echo(), **GIVEN)

    assert (
        resumed.output
        == state.output
        == {"auth": "Bearer s3cr3t-key", "token": "tok-12345", "succeeded": True}
    )


def test_resuming_without_the_secrets_names_the_one_that_is_missing(tmp_path):
    path = tmp_path / "secret.jsonl"
    _run(path, workflow=SECRET, actions=Echo(), **GIVEN)

    with pytest.raises(JournalError, match=r"needs the secret 'keystore\.api'"):
        _run(
            path,
            workflow=SECRET,
            recorded=Recorded.open(path),
            actions=Echo(),
            parameters=GIVEN["parameters"],
        )


def test_an_action_that_tells_a_secret_in_its_error_is_masked(tmp_path):
    def leak(**input):
        raise ActionError(f"401 for {input['auth']}")

    actions = Echo()
    actions.table = lambda: {"t.echo": leak}
    state = _run(tmp_path / "leak.jsonl", workflow=SECRET, actions=actions, **GIVEN)

    assert state.task_results["call"] == {"error": "401 for Bearer ***"}
    assert "s3cr3t" not in (tmp_path / "leak.jsonl").read_text()


CALLS = load("""
version: '1'
tasks:
  - {name: fetch, action: t.fetch, input: {x: 1}, next: [{do: [call]}]}
  - {name: call, action: demo.login, input: {token: "{{ task.fetch }}"}}
output_map: {said: "{{ task.call.said }}"}
""")
LOGIN = load("""
version: '1'
ref: demo.login
parameters: {token: {type: string, secret: true}}
tasks:
  - {name: login, action: t.login, input: {token: "{{ parameters.token }}"}}
output_map: {said: "{{ task.login }}"}
""")


def test_a_secret_parameter_of_a_sub_workflow_is_masked_and_restored(tmp_path):
    path = tmp_path / "child.jsonl"

    def run(recorded=None):
        journal = Journal(path)
        runner = Runner(
            CALLS, strategy=strategies["shared"](), workflows=[LOGIN], journal=journal, recorded=recorded,
            actions={"t.fetch": lambda x: "made-up-token", "t.login": lambda token: f"hello {token}"},
        )  # fmt: skip
        if recorded is None:
            journal.begin({"workflow": definition(CALLS)})
        executor_named("inline").run(runner)
        journal.close()
        return runner.state.output

    output = run()
    assert output["said"] == "hello made-up-token"
    assert "hello made-up-token" not in path.read_text()
    assert run(Recorded.open(path)) == output


def test_short_secrets_are_masked_at_their_own_path_only():
    secrets = Secrets({"parameters.pin": "12"})

    assert secrets.text("12 items") == "12 items"
    assert secrets.masked({"pin": "12", "other": "12"}, "parameters") == {
        "pin": {"$secret": "parameters.pin"},
        "other": "12",
    }


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["s3cret", "a s3cret b", "s3"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["$secret", "$text", "$plain", "form", "k"]), inner, max_size=2)
    ),
    max_leaves=8,
)


@given(value=JSON)
def test_masking_and_restoring_is_the_identity_and_hides_every_secret(value):
    secrets = Secrets({"keystore.a": "s3cret", "keystore.b": "s3"})
    masked = secrets.masked(value)

    assert secrets.restored(json.loads(json.dumps(masked))) == value
    assert "s3cret" not in json.dumps(masked)


NAMED = """\
version: 1.0.0
ref: demo.orders
parameters: {token: {type: string, secret: true}}
tasks: [{name: a, action: t.die}]
"""


def test_a_secret_that_stands_in_the_name_of_its_workflow_is_no_hindrance(tmp_path):
    for source in (tmp_path / "orders.yaml", NAMED):
        path = tmp_path / "run.jsonl"
        (tmp_path / "orders.yaml").write_text(NAMED)
        at.run(source, {"token": "demo"}, journal=path, actions={"t.die": lambda token: token})

        assert "demo" not in path.read_text().replace(str(tmp_path), "").replace('"demo.orders":"', "")
        assert at.resume(path, parameters={"token": "demo"}).task_results == {"a": "demo"}
        path.unlink()
