"""Secrets and their masks, and what of them stands in a journal."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import attune_sim as at
from attune_sim.errors import ActionError, JournalError
from attune_sim.loader import load
from attune_sim.runspec import RunSpec
from attune_sim.secrecy.secrets import Secrets

WORKFLOW = load("""
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
SECRET = RunSpec(
    workflow=WORKFLOW,
    parameters={"token": "tok-12345", "plain": "shown"},
    keystore={"api": "s3cr3t-key"},
)
ECHO = {"t.echo": lambda **input: dict(input)}


def test_no_secret_is_in_the_journal_and_a_resumed_run_has_them_again(journaled, tmp_path):
    path = tmp_path / "secret.jsonl"
    state = journaled(path, SECRET, ECHO)
    written = path.read_text()
    assert "s3cr3t" not in written
    assert "tok-12345" not in written
    assert "shown" in written
    assert '{"$text":["Bearer ",{"$secret":"keystore.api"}]}' in written
    head = written.splitlines(keepends=True)
    path.write_text("".join(head[:3]))

    resumed = journaled(path, SECRET, ECHO, resume=True)

    assert (
        resumed.output
        == state.output
        == {"auth": "Bearer s3cr3t-key", "token": "tok-12345", "succeeded": True}
    )


def test_resuming_without_the_secrets_names_the_one_that_is_missing(journaled, tmp_path):
    path = tmp_path / "secret.jsonl"
    journaled(path, SECRET, ECHO)

    with pytest.raises(JournalError, match=r"needs the secret 'keystore\.api'"):
        journaled(path, replace(SECRET, keystore=None), ECHO, resume=True)


def test_an_action_that_tells_a_secret_in_its_error_is_masked(journaled, tmp_path):
    def leak(**input):
        raise ActionError(f"401 for {input['auth']}")

    state = journaled(tmp_path / "leak.jsonl", SECRET, {"t.echo": leak})

    assert state.task_results["call"] == {"error": "401 for Bearer ***"}
    assert "s3cr3t" not in (tmp_path / "leak.jsonl").read_text()


UNPREPARED = RunSpec(
    workflow=load("""
version: '1'
tasks:
  - name: call
    action: t.echo
    with_items: "{{ [keystore.api] }}"
    input: {auth: "{{ item + 1 }}"}
"""),
    keystore={"api": "s3cr3t-key"},
)
ASKED = RunSpec(
    workflow=load("""
version: '1'
tasks:
  - name: call
    action: t.echo
    input: {auth: 1}
    retry: {count: 1, delay: 0, on_error: "{{ {}[keystore.api] }}"}
"""),
    keystore={"api": "s3cr3t-key"},
)


@pytest.mark.parametrize("spec", [UNPREPARED, ASKED], ids=["unprepared", "on_error"])
def test_what_goes_wrong_before_and_after_an_action_is_told_without_secrets_too(journaled, tmp_path, spec):
    def refuse(auth):
        raise ActionError("no")

    path = tmp_path / "leak.jsonl"
    state = journaled(path, spec, {"t.echo": refuse})

    said = json.dumps([state.error, state.warnings, state.task_results["call"]["error"]])
    assert "s3cr3t" not in path.read_text()
    assert "s3cr3t" not in said
    again = journaled(path, spec, {"t.echo": refuse}, resume=True)
    assert (again.error, again.warnings) == (state.error, state.warnings)


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
CHILD = RunSpec(workflow=CALLS, workflows=(LOGIN,))


def test_a_secret_parameter_of_a_sub_workflow_is_masked_and_restored(journaled, tmp_path):
    path = tmp_path / "child.jsonl"
    actions = {"t.fetch": lambda x: "made-up-token", "t.login": lambda token: f"hello {token}"}

    output = journaled(path, CHILD, actions).output

    assert output["said"] == "hello made-up-token"
    assert "hello made-up-token" not in path.read_text()
    assert journaled(path, CHILD, actions, resume=True).output == output


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


def test_neither_is_one_that_stands_in_the_path_of_its_file(tmp_path):
    (tmp_path / "in-demonstration").mkdir()
    file, path = tmp_path / "in-demonstration" / "orders.yaml", tmp_path / "run.jsonl"
    file.write_text(NAMED)
    at.run(file, {"token": "in-demonstration"}, journal=path, actions={"t.die": lambda token: token})

    assert "in-demonstration" not in path.read_text()
    again = at.resume(path, parameters={"token": "in-demonstration"})
    assert again.task_results == {"a": "in-demonstration"}
