"""Likely mistakes that do not keep a workflow from being used."""

from __future__ import annotations

import attune_sim as at
from attune_sim.engine.definition import fingerprint
from attune_sim.loader import load

TEXT = """\
version: 1.0.0
tasks:
  - name: each
    action: core.echo
    with_items: "{{ rnge(3) }}"
    when: "{{ lowr('a') == 'a' }}"
    input:
      message: >-
        a text of two lines,
        {{ item.uper() }}
    next:
      - when: succeded()
        publish: [{a: "{{ lowr(result()) }}"}]
    retry: {count: 1, delay: 0, on_error: "{{ wanted() }}"}
output_map: {a: "{{ strng(1) }}"}
"""


def test_every_call_of_a_function_that_does_not_exist_is_warned_of_with_its_place():
    assert [str(one) for one in load(TEXT).warnings] == [
        "<text>:5:21: with_items: there is no function 'rnge' (did you mean 'range'?)",
        "<text>:6:15: when: there is no function 'lowr' (did you mean 'lower'?)",
        "<text>:10:17: input.message: there is no method 'uper' (did you mean 'upper'?)",
        "<text>:12:15: next[0].when: there is no function 'succeded' (did you mean 'succeeded'?)",
        "<text>:13:27: next[0].publish[0].a: there is no function 'lowr' (did you mean 'lower'?)",
        "<text>:14:47: retry.on_error: there is no function 'wanted'",
        "<text>:15:21: output_map.a: there is no function 'strng' (did you mean 'string'?)",
    ]


def test_a_workflow_with_warnings_says_so_and_is_the_same_workflow():
    workflow = load("version: 1\ntasks: [{name: a, action: core.echo, input: {m: '{{ f(1) }}'}}]")

    assert "1 warning (.warnings)" in repr(workflow)
    assert "warning" not in repr(load("version: 1\ntasks: [{name: a, action: core.noop}]"))
    assert "warnings" not in workflow.as_dict()
    assert fingerprint(workflow) == fingerprint(at.Workflow(workflow.tasks, digest=workflow.digest))


def test_warnings_are_bounded_in_number():
    entries = ", ".join(f"a{n}: '{{{{ f{n}() }}}}'" for n in range(300))

    assert (
        len(load(f"version: 1\ntasks: [{{name: a, action: core.echo, input: {{{entries}}}}}]").warnings)
        == 100
    )


def test_filters_and_tests_that_do_not_exist_are_problems():
    for template in ("{{ 'a' | lowr }}", "{{ 'a' is lowr }}"):
        try:
            load(f'version: 1\ntasks: [{{name: a, action: core.echo, input: {{m: "{template}"}}}}]')
        except at.WorkflowError as error:
            (problem,) = error.problems
            assert "there is no" in problem.message
            assert problem.line == 2
        else:
            raise AssertionError(template)
