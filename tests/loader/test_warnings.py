"""Likely mistakes that do not keep a workflow from being used."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

import attune_sim as at
from attune_sim.definition import fingerprint
from attune_sim.loader import load

ROOT = Path(__file__).resolve().parents[2]

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


def _warned(text: str) -> list[str]:
    return [str(warning).removeprefix("<text>:") for warning in load(text).warnings]


@pytest.mark.parametrize(
    ("template", "warning"),
    [
        (
            "{{ item.name }",
            "6:12: input.a0: braces that are never closed are plain text: '{{ item.name }' (write {{ item.name }})",
        ),
        (
            "a {{ 1 }} {{ b",
            "6:22: input.a0: braces that are never closed are plain text: '{{ b' (write {{ b }})",
        ),
        (
            "{% if x %}y{% endif %}",
            "6:12: input.a0: {% %} is plain text here: '{% if x %}' "
            "(there are no statements: write {{ a if condition else b }}, a 'when', or with_items)",
        ),
        (
            "a {# b #}",
            "6:14: input.a0: {# #} is plain text here: '{# b #}' "
            "(there are no comments in a text: write one in YAML, behind a #)",
        ),
    ],
)
def test_what_looks_like_a_template_and_is_plain_text_is_warned_of(template, warning):
    assert _warned(_with_inputs(f"'{template}'")) == [warning]


@pytest.mark.parametrize(
    "template", ["${#a[@]} ${b}", "{{ '{% x %}' }}", "{ 'json': {} }", "100 %} {%", "{{ '{{' }}x"]
)
def test_other_braces_are_no_reason_to_warn(template):
    assert _warned(_with_inputs(f'"{template}"')) == []


NAMES = """\
version: 1.0.0
parameters: {region: {type: string}}
vars: {count: 0}
tasks:
  - name: find
    action: core.echo
    input: {a: "%s"}
    next:
      - when: "{{ succeeded() }}"
        publish: [{found: "{{ result() }}"}, all]
        do: [each]
  - name: each
    action: core.echo
    with_items: "{{ found }}"
    input: {host: "{{ item }}", nth: "{{ index }}"}
    retry: {count: 1, delay: 0, on_error: "index > 1"}
"""


@pytest.mark.parametrize(
    ("template", "warning"),
    [
        ("{{ parameters.regoin }}", "7:31: input.a: there is no parameter 'regoin' (did you mean 'region'?)"),
        (
            "{{ region }}",
            "7:20: input.a: there is no variable 'region' (did you mean 'parameters.region'?)",
        ),
        ("x {{ vars.cuont }}", "7:27: input.a: there is no variable 'cuont' (did you mean 'count'?)"),
        ("{{ workflow['fuond'] }}", "7:30: input.a: there is no variable 'fuond' (did you mean 'found'?)"),
        ("{{ task.fnd.x }}", "7:25: input.a: there is no task 'fnd' (did you mean 'find'?)"),
        ("{{ task['other'] }}", "7:26: input.a: there is no task 'other' (there are: find, each)"),
        ("{{ zzz }}", "7:20: input.a: there is no variable 'zzz' (vars and publish give: count, found, all)"),
        (
            "{{ system.timestamp }}",
            "7:27: input.a: there is no entry of system 'timestamp' (there are: workflow_start)",
        ),
        (
            "{{ item }}",
            "7:20: input.a: there is no item here, hence no 'item' "
            "(only input and retry.on_error of a task with with_items have it)",
        ),
        (
            "regoin {{ 1 }} {{ parameters.regoin }}",
            "7:46: input.a: there is no parameter 'regoin' (did you mean 'region'?)",
        ),
    ],
)
def test_a_name_that_cannot_exist_is_warned_of_with_what_may_have_been_meant(template, warning):
    assert _warned(NAMES.replace("%s", template)) == [warning]


@pytest.mark.parametrize(
    "template",
    [
        "{{ parameters.region ~ count ~ found ~ all ~ task.each.results }}",
        "{{ parameters.extra | default('x') }}",
        "{{ parameters.extra if parameters.extra is defined else 1 }}",
        "{{ 'extra' in parameters and parameters.extra }}",
        "{{ parameters.get('extra') }} {{ parameters.keys() }}",
        "{{ config.anything ~ keystore['any.key'] ~ system.workflow_start }}",
        "{{ task['ea' ~ 'ch'].x ~ vars[parameters.region] }}",
    ],
)
def test_names_that_exist_or_may_be_missing_are_no_reason_to_warn(template):
    assert _warned(NAMES.replace("%s", template)) == []


def test_parameters_that_no_schema_speaks_of_are_no_reason_to_warn():
    for schema in (
        "",
        "parameters: {}\n",
        "parameters: {type: object, properties: {a: {}}, additionalProperties: true}\n",
    ):
        assert _warned(schema + _with_inputs("'{{ parameters.b }}'")) == []


def test_names_in_the_output_and_in_conditions_are_looked_at_too():
    text = NAMES.replace("%s", "x") + "output_map: {a: '{{ task.eech }}'}\n"
    assert [warning.split(" (")[0] for warning in _warned(text.replace("succeeded()", "cuont > 0"))] == [
        "9:19: next[0].when: there is no variable 'cuont'",
        "17:26: output_map.a: there is no task 'eech'",
    ]


def test_items_that_are_one_text_are_warned_of():
    text = "version: 1\ntasks: [{name: a, action: core.noop, with_items: %s}]\n"
    one = "2:50: with_items: a text is one item:"

    assert _warned(text.replace("%s", "found")) == [
        f"{one} 'found' (a list is one expression: \"{{{{ found }}}}\")"
    ]
    assert _warned(text.replace("%s", "'x {{ [1] }}'")) == [
        f"{one} 'x {{{{ [1] }}}}' (a list is one expression: \"{{{{ ... }}}}\")"
    ]
    assert _warned(text.replace("%s", "'{{ [1] }}'")) == []


def test_curly_quotes_around_a_text_are_warned_of_and_inside_braces_are_told():
    assert _warned(_with_inputs("“hello”")) == [
        "6:11: curly quotes are a part of the text (write straight ones)"
    ]
    assert _warned(_with_inputs("'“hello”'", "‘hello’ he said")) == []
    with pytest.raises(at.WorkflowError, match="it has curly quotes, where straight ones belong"):
        load(_with_inputs('"{{ parameters[‘a’] }}"'))


@pytest.mark.parametrize(
    "path", sorted((ROOT / "data" / "workflows").rglob("*.yaml")), ids=lambda path: path.stem
)
def test_nothing_is_doubted_in_the_workflows_that_come_along(path):
    assert load(path).warnings == ()
