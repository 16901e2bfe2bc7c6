"""What is known to be secret before anything runs."""

import json

import pytest

import attune_sim as at
from attune_sim.secrecy.hidden import SecretPaths
from attune_sim.secrecy.secrets import Secrets
from attune_sim.workflow import Task, Workflow

PARENT = """\
version: 1.0.0
ref: demo.parent
parameters:
  deploy: {type: string, default: default-of-deploy}
  plain: {type: string}
  login: {type: object}
vars: {bare: first-of-bare, named: first-of-named, pin: 77, other: shown-as-it-is}
tasks:
  - name: tell
    action: t.tell
    input: {deploy: "{{ parameters.deploy }}", login: "{{ parameters.login }}", vars: "{{ vars }}", city: "{{ config.city }}"}
    next: [{do: [call, again, third, odd]}]
  - {name: call, action: demo.child, input: {one: "{{ parameters.deploy }}", o: "{{ parameters.login }}", list: ["{{ bare }}"]}}
  - {name: again, action: demo.child, input: {one: "{{ vars['named'] }}", list: ["{{ pin }}"], plain: "{{ other }}"}}
  - {name: third, action: demo.child, input: {one: "{{ config.keys[1] }}", list: [written-down]}}
  - {name: odd, action: demo.child, input: {one: "{{ length(parameters.plain) }}", plain: "{{ parameters.plain }}"}}
"""
CHILD = """\
version: 1.0.0
ref: demo.child
parameters:
  one: {}
  o: {type: object}
  list: {type: array, secret: true}
  plain: {}
vars: {deep: first-of-deep}
tasks:
  - {name: raw, action: demo.grandchild}
  - {name: other, action: demo.grandchild, input: {one: "{{ deep }}", o: {k: "{{ parameters.o.key }}"}}}
"""
GRANDCHILD = """\
version: 1.0.0
ref: demo.grandchild
parameters: {one: {type: string, secret: true}, o: {type: object, properties: {k: {type: string, secret: true}}}}
tasks:
  - {name: end, action: t.end, input: {all: "{{ parameters }}"}}
"""
GIVEN = {
    "deploy": "tok-deploy",
    "plain": "shown-as-it-is",
    "login": {"key": "tok-login", "user": "shown-user"},
}
CONFIG = {"keys": ["shown-key", "tok-config"], "city": "Bern"}
KNOWN = {
    "parameters.deploy": "tok-deploy",
    "parameters.login.key": "tok-login",
    "config.keys[1]": "tok-config",
    "definitions.demo.parent.vars.bare": "first-of-bare",
    "definitions.demo.parent.vars.named": "first-of-named",
    "definitions.demo.parent.vars.pin": 77,
    "definitions.demo.parent.parameters.deploy.default": "default-of-deploy",
    "definitions.demo.parent.tasks[3].input.list[0]": "written-down",
    "definitions.demo.child.vars.deep": "first-of-deep",
}


@pytest.fixture
def workflows():
    return [at.load(text) for text in (PARENT, CHILD, GRANDCHILD)]


def test_what_is_handed_to_a_secret_parameter_is_secret_in_every_caller(workflows):
    known = SecretPaths.of(workflows[0], workflows[1:])
    secrets = Secrets({**known.values(workflows[0], GIVEN, None, CONFIG), **known.written})

    assert set(known.paths["demo.child"]) == {
        ("parameters", "one"), ("parameters", "list"), ("parameters", "o", "key"), ("parameters", "o", "k"), ("workflow", "deep"),
    }  # fmt: skip
    assert secrets.restored({path: {"$secret": path} for path in KNOWN}) == KNOWN
    assert [path for path in KNOWN if path not in secrets] == []
    assert "shown" not in repr([secrets.restored({"$secret": path}) for path in KNOWN])


class Died(MemoryError):
    """Ends a run as the death of its process would."""


def test_it_is_in_no_line_that_is_written_before_it_is_handed_on(workflows, tmp_path):
    calls, path = [], tmp_path / "run.jsonl"

    def tell(**all):
        return {"said": f"with {json.dumps(all)}"}

    def dies(all):
        calls.append(all)
        raise Died

    with pytest.raises(Died):
        at.run(
            workflows[0], GIVEN, config=CONFIG, workflows=workflows[1:], journal=path,
            actions={"t.tell": tell, "t.end": dies},
        )  # fmt: skip

    written = path.read_text()
    assert [value for value in KNOWN.values() if value != 77 and value in written] == []  # 77 is too short
    assert '"named":{"$secret":"definitions.demo.parent.vars.named"},"pin":{"$secret"' in written
    assert "shown-as-it-is" in written
    assert "shown-user" in written

    run = at.resume(
        path, workflows=workflows, config=CONFIG, parameters={"deploy": "tok-deploy", "login": GIVEN["login"]},
        actions={"t.tell": tell, "t.end": lambda all: calls.append(all)},
    )  # fmt: skip
    undisturbed = at.run(
        workflows[0], GIVEN, config=CONFIG, workflows=workflows[1:],
        actions={"t.tell": tell, "t.end": lambda all: None},
    )  # fmt: skip
    assert run.task_results == undisturbed.task_results
    assert "tok-login" in run.task_results["tell"]["said"]
    assert calls[0] in calls[1:]


def test_a_run_that_is_taken_up_without_them_names_each_and_says_where_it_goes(workflows, tmp_path):
    path = tmp_path / "run.jsonl"
    actions = {"t.tell": lambda **all: None, "t.end": lambda all: None}
    at.run(workflows[0], GIVEN, config=CONFIG, workflows=workflows[1:], journal=path, actions=actions)

    with pytest.raises(at.JournalError) as caught:
        at.resume(path, actions=actions)
    told = str(caught.value)
    assert [place for place in KNOWN if place not in told and not place.endswith("default")] == []
    assert told.endswith(
        "give them again with the workflows in which they stand, workflows= (--workflows), "
        "parameters= (--param NAME=VALUE), config= (--config FILE)"
    )


def test_what_is_computed_is_masked_from_the_moment_at_which_it_is_handed_on(tmp_path):
    text = """\
version: 1.0.0
tasks:
  - {name: fetch, action: t.fetch, input: {x: 1}, next: [{do: [call]}]}
  - {name: call, action: demo.grandchild, input: {one: "{{ task.fetch }}"}}
"""
    path = tmp_path / "run.jsonl"
    at.run(
        text, workflows=[at.load(GRANDCHILD)], journal=path,
        actions={"t.fetch": lambda x: "made-up-token", "t.end": lambda all: all},
    )  # fmt: skip

    fetched, *_, ended = [line for line in path.read_text().splitlines() if line.startswith('["e"')]
    assert "made-up-token" in fetched
    assert '{"$secret":"call-1.parameters.one"}' in ended


def test_workflows_that_call_each_other_without_end_have_an_end_here():
    grow = at.load("""\
version: 1.0.0
ref: demo.grow
parameters: {o: {type: object, properties: {k: {secret: true}}}}
tasks:
  - {name: a, action: demo.grow, input: {o: "{{ parameters.o.a }}"}}
  - {name: b, action: demo.grow, input: {o: "{{ parameters.o.b }}"}}
""")

    paths = SecretPaths.of(grow, [grow]).paths["demo.grow"]

    assert ("parameters", "o", "a", "b", "b", "a", "k") in paths
    assert max(map(len, paths)) < 100


def test_values_that_hold_themselves_end_too():
    loop = {}
    loop["again"] = loop
    child = Workflow((), ref="demo.child", parameters={"o": {"secret": True}})
    parent = Workflow((Task("call", action="demo.child", input={"o": loop}),))

    assert SecretPaths.of(parent, [child]).written == {}


LISTS = """\
version: 1.0.0
ref: demo.lists
parameters: {given: {type: array}}
vars: {list: [{k: secret-1, n: shown-1}, {k: secret-2, n: shown-2}]}
tasks:
  - name: variable
    action: demo.login
    with_items: "{{ workflow.list }}"
    input: {password: "{{ item.k }}"}
    next: [{do: [pairs]}]
  - name: pairs
    action: demo.login
    with_items: "{{ parameters.given }}"
    batch_size: 2
    input: {password: "{{ item[0] }}"}
    next: [{do: [keys]}]
  - {name: keys, action: demo.login, with_items: "{{ config.keys }}", input: {password: "{{ item }}"}, next: [{do: [literal]}]}
  - {name: literal, action: demo.login, with_items: "{{ [{'k': 'secret-6'}] }}", input: {password: "{{ item.k }}"}}
"""
LOGIN = """\
version: 1.0.0
ref: demo.login
parameters: {password: {type: string, secret: true}}
tasks: [{name: end, action: t.end, input: {all: "{{ parameters }}"}}]
"""


def test_items_that_are_handed_to_a_secret_parameter_are_masked_from_the_first_line_of_the_journal(tmp_path):
    path, calls = tmp_path / "run.jsonl", []

    def end(all):
        calls.append(all["password"])
        if len(calls) == 2:
            raise Died

    given = {"given": ["secret-3", "secret-4", "secret-5"]}
    workflows = [at.load(LISTS), at.load(LOGIN)]
    rest = {"config": {"keys": ["secret-7"]}, "workflows": workflows, "actions": {"t.end": end}}
    with pytest.raises(Died):
        at.run(workflows[0], given, journal=path, **{**rest, "workflows": workflows[1:]})

    written = path.read_text()
    assert "secret-" not in written
    assert "shown-1" in written
    assert '{"k":{"$secret":"definitions.demo.lists.vars.list[1].k"},"n":"shown-2"}' in written
    run = at.resume(path, parameters=given, **rest)
    assert run.status == "succeeded", run.error
    assert sorted(set(calls)) == [f"secret-{n}" for n in (1, 2, 3, 5, 6, 7)]
    assert "secret-" not in path.read_text()


def test_a_list_of_items_is_followed_from_caller_to_caller_and_one_that_is_computed_is_not():
    child = at.load(LOGIN)
    middle = at.load("""\
version: 1.0.0
ref: demo.middle
parameters: {hosts: {type: array, default: [{k: by-default}]}}
tasks:
  - {name: a, action: demo.login, with_items: "{{ parameters.hosts }}", input: {password: "{{ item.k }}"}}
  - {name: b, action: demo.login, with_items: "{{ range(3) }}", input: {password: "{{ item }}"}}
""")
    top = at.load("""\
version: 1.0.0
ref: demo.top
vars: {first: one-more}
tasks:
  - {name: c, action: demo.middle, input: {hosts: [{k: in-place, n: shown}, {k: "{{ first }}"}]}}
""")

    assert SecretPaths.of(top, [middle, child]).written == {
        "definitions.demo.top.tasks[0].input.hosts[0].k": "in-place",
        "definitions.demo.top.vars.first": "one-more",
        "definitions.demo.middle.parameters.hosts.default[0].k": "by-default",
    }
