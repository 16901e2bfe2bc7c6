"""Secrets on a cluster that is not the run's own: they are there for actions, and nowhere else."""

import pickle

import pytest

from attune_sim.errors import InputError
from attune_sim.secrecy.secrets import Secrets

pytestmark = pytest.mark.slow

SECRET = "correct-horse-battery"
TEXT = """
version: '1'
parameters: {numbers: {type: array}}
tasks:
  - name: first
    action: t.login
    input: {key: "{{ keystore.api }}"}
    next: [{publish: [{token: "{{ result().token }}"}], do: [each]}]
  - name: each
    action: t.each
    with_items: "{{ parameters.numbers }}"
    concurrency: 4
    input: {n: "{{ item }}", key: "{{ keystore.api }}", line: "Bearer {{ keystore.api }}", token: "{{ workflow.token }}"}
    next: [{publish: [{got: "{{ result().results }}"}]}]
"""


def _login(key):
    return {"token": f"<{key}>", "key": key, "padding": ["x" * 40] * 40}


def _each(n, key, line, token):
    """Looks for the secret in what Dask has of the run: its tasks, its data, what it has written to disk."""
    import os

    from distributed import get_worker

    worker = get_worker()
    text = "-".join(["correct", "horse", "battery"])
    held = [pickle.dumps(task.run_spec) for task in worker.state.tasks.values() if task.run_spec is not None]
    held += [pickle.dumps(value) for value in worker.data.values()]
    for folder, _, files in os.walk(worker.local_directory):
        for name in files:
            with open(os.path.join(folder, name), "rb") as file:
                held.append(file.read())
    seen = [data for data in held if text.encode() in data]
    return {
        "right": (key == text, line == f"Bearer {text}", token == f"<{text}>"),
        "seen": len(seen),
        "held": len(held),
        "back": key,
    }


@pytest.mark.parametrize("strategy", ["shared", "projected", "deepcopy", "hamt", "orjson"])
def test_actions_have_secrets_and_dask_does_not(on_dask, strategy):
    session, _ = on_dask(
        TEXT,
        {"t.login": _login, "t.each": _each},
        {"numbers": [1, 2, 3]},
        strategy=strategy,
        keystore={"api": SECRET},
    )

    assert session.state.error is None
    got = session.state.variables["got"]
    assert [tuple(one["right"]) for one in got] == [(True, True, True)] * 3
    assert [one["seen"] for one in got] == [0, 0, 0]
    assert all(one["held"] for one in got)
    assert [one["back"] for one in got] == [SECRET] * 3


def _blob(key):
    return {"token": key, "blob": key.encode()}


def test_what_cannot_be_taken_apart_is_refused_on_a_cluster_of_others(on_dask):
    given = {"keystore": {"api": SECRET}}
    session, _ = on_dask(TEXT, {"t.login": _blob, "t.each": _each}, {"numbers": [1]}, **given)
    assert session.state.task_statuses["first"] == "failed"
    assert (
        "a secret is part of a value that cannot be taken apart"
        in session.state.task_results["first"]["error"]
    )

    variables = {"blob": SECRET.encode()}
    session, _ = on_dask(
        TEXT,
        {"t.login": _login, "t.each": _each},
        {"numbers": [1]},
        variables=variables,
        strategy="deepcopy",
        **given,
    )
    assert "holds the secret keystore.api inside a value" in session.state.error
    assert SECRET not in session.state.error

    held = SECRET.encode()
    with pytest.raises(InputError, match=r"action 't.login' holds the secret keystore.api"):
        on_dask(TEXT, {"t.login": lambda key: held, "t.each": _each}, {"numbers": [1]}, **given)


def test_a_parcel_has_masks_in_the_place_of_secrets():
    from attune_sim.executors.dask.parcels import packed, unpacked

    secrets = Secrets({"keystore.api": SECRET, "keystore.pin": 123456})
    value = {"a": [SECRET, f"Bearer {SECRET}", 123456, 7], SECRET: {"b": (SECRET,)}}
    parcel = packed(value, secrets)

    assert SECRET.encode() not in parcel.data
    assert unpacked(parcel.data, secrets) == value
