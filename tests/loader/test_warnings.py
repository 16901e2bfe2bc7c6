"""Likely mistakes that do not keep a workflow from being used."""

from __future__ import annotations

import pickle

import pytest

import attune_sim as at
from attune_sim.definition import fingerprint
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
    assert [str(warning) for warning in load(TEXT).warnings] == [
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


def _with_inputs(*inputs: str, more: str = "") -> str:
    lines = "".join(f"      a{n}: {template}\n" for n, template in enumerate(inputs))
    return f"version: 1\ntasks:\n  - name: a\n    action: core.echo\n    input:\n{lines}{more}"


def test_warnings_are_bounded_in_number_and_the_last_one_says_that_there_are_more():
    calls = [f"'{{{{ f{n}() }}}}'" for n in range(300)]
    all_of_them, first = load(_with_inputs(*calls[:100])).warnings, load(_with_inputs(*calls)).warnings

    assert [warning.kind for warning in all_of_them] == ["unknown_function"] * 100
    assert first[:100] == all_of_them
    assert [str(warning) for warning in first[100:]] == [
        "<text>:105:16: there are more warnings; the first 100 found are shown"
    ]


def test_an_error_carries_the_warnings_too():
    with pytest.raises(at.WorkflowError) as raised:
        load(_with_inputs("'{{ lowr(1) }}'", "'{{ 1 + }}'"))
    error = raised.value
    again = pickle.loads(pickle.dumps(error))

    assert [problem.kind for problem in error.problems] == ["template"]
    assert [warning.text for warning in error.warnings] == ["lowr"]
    assert "lowr" not in str(error)
    assert (again.problems, again.warnings, str(again)) == (error.problems, error.warnings, str(error))


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("|\n          {{ 'it''s lowr(3)' }} bar lowr(9) {{ lowr(4) }}", (7, 48)),
        ("\"{{ 'it''s lowr(3)' }} bar lowr(9) {{ lowr(4) }}\"", (6, 49)),
        ("'{{ ''it''''s lowr(3)'' }} bar lowr(9) {{ lowr(4) }}'", (6, 53)),
        ('"{{ \\"lowr(3)\\" ~ lowr(4) }}"', (6, 29)),
        ("'{{ (lowr)(4) }}'", (6, 16)),
        ("\"\\\\x {{ '\\\\lowr(3)' ~ lowr(4) }}\"", (6, 33)),
        ('"\\nlowr(3) {{ lowr(4) }}"', (6, 11)),  # the escape hides a name: the field is told
    ],
)
def test_a_warning_points_at_the_call_and_not_at_a_text_that_looks_like_it(written, place):
    (warning,) = load(_with_inputs(written)).warnings

    assert (warning.line, warning.column) == place


def test_a_text_that_stands_in_many_fields_is_warned_of_in_each_with_one_place():
    warnings = load(_with_inputs("&m 'a( {{ lowr(1) }}'", "*m", "*m")).warnings

    assert [warning.message.split(":")[0] for warning in warnings] == ["input.a0", "input.a1", "input.a2"]
    assert {(warning.line, warning.column) for warning in warnings} == {(6, 21)}


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


FLAT = """\
version: 1.0.0
parameters:
  pin: {type: string, secret: true, default: abc}
  port: {type: integer, secret: true, default: 80}
  long: {type: string, secret: true, default: abcd}
  open: {type: string, default: ab}
tasks: [{name: a, action: core.noop}]
"""
NESTED = """\
version: 1.0.0
parameters:
  type: object
  properties:
    api:
      type: object
      properties: {key: {type: string, secret: true, default: xy}}
tasks: [{name: a, action: core.noop}]
"""


@pytest.mark.parametrize(("text", "places"), [(FLAT, ["3:3: pin", "4:3: port"]), (NESTED, ["7:20: api.key"])])
def test_a_secret_that_is_too_short_to_be_masked_is_warned_of_and_not_shown(text, places):
    warnings = load(text).warnings
    assert [f"{warning.line}:{warning.column}: {warning.text}" for warning in warnings] == places
    assert "fewer than 4 characters cannot be masked" in warnings[0].message
    assert not any(secret in str(warnings) for secret in ("abc", "80", "xy"))
