"""A workflow as JSON and back, and its fingerprint."""

import json

from attune_sim.definition import definition, fingerprint, workflow_of
from attune_sim.loader import load

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


def test_a_workflow_comes_back_from_its_definition():
    back = workflow_of(json.loads(json.dumps(definition(WORKFLOW))))

    assert back == WORKFLOW
    assert fingerprint(back) == fingerprint(WORKFLOW)


def test_comments_do_not_change_the_fingerprint_and_a_new_delay_does():
    text = "version: '1'\ntasks:\n  - {name: a, action: t.a, retry: {count: 1, delay: 1}}\n"

    assert fingerprint(load(text)) == fingerprint(load("# a comment\n" + text))
    assert fingerprint(load(text)) != fingerprint(load(text.replace("delay: 1", "delay: 2")))
