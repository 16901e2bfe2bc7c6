"""Mistakes in a workflow text: all at once, each with its place, its text and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from attune_sim.errors import Problem, WorkflowError
from attune_sim.loader import load
from attune_sim.loader.fields import Fields, fields_of

HEAD = "version: 1.0.0\ntasks:\n"


def problems_of(text: str, *, lenient: bool = False) -> tuple[Problem, ...]:
    with pytest.raises(WorkflowError) as raised:
        load(text, lenient=lenient)
    return raised.value.problems


def only_problem(text: str, *, lenient: bool = False) -> Problem:
    (problem,) = problems_of(text, lenient=lenient)
    return problem


def task(*lines: str) -> str:
    return HEAD + "  - name: a\n    action: c.e\n" + "".join(f"    {line}\n" for line in lines)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_text() -> None:
    text = (
        "version: 1.0.0\n"
        "vars: [1]\n"
        "tasks:\n"
        "  - name: first\n"
        "    action: c.e\n"
        "    concurency: 5\n"
        "    next:\n"
        "      - do: [secnd]\n"
        "        when: '{{ 1 + }}'\n"
        "  - name: second\n"
        "    action: nodot\n"
        "    retry: {count: 0, delay: 1}\n"
        "  - name: second\n"
    )
    found = [(problem.kind, problem.line, problem.column) for problem in problems_of(text)]
    assert found == [
        ("type", 2, 7),
        ("unknown_key", 6, 5),
        ("unknown_target", 8, 14),
        ("template", 9, 19),
        ("action_ref", 11, 13),
        ("value", 12, 20),
        ("missing", 13, 5),
        ("duplicate_task", 13, 11),
    ]


def test_an_unknown_key_names_the_nearest_known_one() -> None:
    problem = only_problem(task("with_items: '{{ [1] }}'", "concurency: 5"))
    assert str(problem) == "<text>:6:5: unknown key in a task: 'concurency' (did you mean 'concurrency'?)"


def test_hyphens_are_not_underscores_outside_the_seed_form() -> None:
    assert only_problem(task("with-items: '{{ [1] }}'")).hint == "did you mean 'with_items'?"


def test_an_unknown_target_names_the_nearest_sibling() -> None:
    problem = only_problem(
        task("next: [{do: [notifi]}]") + "  - name: notify\n    action: c.e\n    join: 0\n"
    )
    assert (problem.kind, problem.text, problem.hint) == (
        "unknown_target",
        "notifi",
        "did you mean 'notify'?",
    )
    assert (problem.line, problem.column) == (5, 18)


def test_a_sub_task_may_not_have_the_name_of_a_task_elsewhere() -> None:
    text = "version: '1'\ntasks:\n- {name: p, type: parallel, tasks: [{name: z, action: x.y}]}\n- {name: z, action: x.y}\n"
    with pytest.raises(WorkflowError) as caught:
        load(text)
    assert str(caught.value) == "<text>:3:44: a task in line 4 has this name too: 'z'"


def test_a_duplicate_task_says_where_the_first_one_is() -> None:
    problem = only_problem(task() + "  - name: a\n    action: c.e\n")
    assert str(problem) == "<text>:5:11: a task in line 3 has this name too: 'a'"


def test_lenient_reading_lets_the_later_of_equal_names_win() -> None:
    workflow = load(task() + "  - name: a\n    action: c.later\n", lenient=True)
    assert workflow.by_name["a"].action == "c.later"


def test_an_expression_in_braces_without_quotes_is_told_to_be_quoted() -> None:
    problem = only_problem(task("input:", "  url: {{ item.url }}"))
    assert problem.kind == "unquoted"
    assert (problem.line, problem.column) == (6, 12)
    assert problem.hint == 'write "{{ item.url }}"'


@pytest.mark.parametrize("value", ["{{ a }} and more", "{{ f('x') }}/{{ b }}", "{{ a['k'] }}"])
def test_braces_that_break_the_yaml_are_told_to_be_quoted(value: str) -> None:
    hints = [problem.hint or "" for problem in problems_of(task("input:", f"  url: {value}"))]
    assert any("quote" in hint for hint in hints)


def test_a_template_that_does_not_compile_is_shown_where_it_stands() -> None:
    problem = only_problem(task("input:", "  a: 'é {{ ok }} {{ 1 + }}'"))
    assert (problem.kind, problem.line, problem.column) == ("template", 6, 25)
    assert problem.message.startswith("input.a: ")
    assert problem.text == "1 +"


@pytest.mark.parametrize(
    "line",
    [
        "with_items: '{{ ( }}'",
        "when: '{{ ( }}'",
        "when: '( +'",
        "timeout: '{{ ( }}'",
        "input: {a: [{b: '{{ ( }}'}]}",
        "retry: {count: 1, delay: 0, on_error: '{{ ( }}'}",
        "next: [{when: '{{ ( }}'}]",
        "next: [{publish: [{x: '{{ ( }}'}]}]",
        "publish: [{x: '{{ ( }}'}]",
        "decision: [{when: '{{ ( }}', next: b}]",
    ],
)
def test_templates_are_compiled_wherever_they_may_stand(line: str) -> None:
    text = task(line) + "  - {name: b, action: c.e}\n"
    assert {problem.kind for problem in problems_of(text)} == {"template"}


def test_templates_of_the_output_and_of_sub_tasks_are_compiled() -> None:
    text = (
        "version: '1'\n"
        "output_map: {x: '{{ ( }}'}\n"
        "tasks:\n"
        "  - name: p\n"
        "    type: parallel\n"
        "    tasks: [{name: s, action: c.e, input: {y: '{{ ) }}'}}]\n"
    )
    assert [(problem.kind, problem.line) for problem in problems_of(text)] == [
        ("template", 2),
        ("template", 6),
    ]


def test_templates_in_vars_stay_text() -> None:
    assert load("vars: {x: '{{ ( }}'}\n" + task()).vars == {"x": "{{ ( }}"}


def test_nothing_is_evaluated_at_load() -> None:
    load(task("input: {x: '{{ 1 / 0 }}', y: '{{ nowhere.at.all }}', z: \"{{ 'a' * 10 ** 12 }}\"}"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("join: '2'", "'join' must be a number of tasks, 0 or more, or the word all, not the text"),
        ("concurrency: 1.5", "'concurrency' must be a whole number, 0 or more, not the number"),
        (
            "timeout: -1",
            "'timeout' must be whole seconds, 0 or more, or a template that gives them, not the number",
        ),
        (
            "timeout: true",
            "'timeout' must be whole seconds, 0 or more, or a template that gives them, not the boolean",
        ),
        ("input: [1]", "'input' must be a map, not a list"),
        ("next: [{do: b}]", "'do' must be a list of task names, not the text"),
        (
            "next: [5]",
            "each entry of 'next' must be a transition (a map with 'when', 'publish', 'do'), not the number",
        ),
        (
            "next: [{publish: [5]}]",
            "each entry of 'publish' must be a map of variables, or the name of one, not the number",
        ),
        ("with_items: [1]", "'with_items' must be text, not a list"),
        ("type: Action", "'type' must be 'action', 'parallel' or 'workflow', not the text"),
        ("retry: {count: 1}", "retry has no 'delay'"),
        ("retry: 3", "'retry' must be a map with 'count' and 'delay', not the number"),
        ("decision: [{when: x}]", "a branch of a decision has no 'next'"),
        ("decision: [{next: [b]}]", "'next' must be the name of a task, not a list"),
        (
            "decision: [5]",
            "each entry of 'decision' must be a branch (a map with 'when' and 'next'), not the number",
        ),
    ],
)
def test_a_wrong_kind_of_value_says_what_stands_there_and_what_is_expected(line: str, message: str) -> None:
    problem = only_problem(task(line))
    assert problem.message == message
    assert problem.line == 5


def test_an_entry_of_the_output_is_text_whatever_it_is_called() -> None:
    problem = only_problem("output_map: {count: [1]}\n" + task())
    assert (problem.message, problem.hint) == ("'count' must be text, not a list", None)


@pytest.mark.parametrize(
    ("value", "hint"), [("'5'", "write the number without quotes"), (2**70, None), ("'x'", None)]
)
def test_only_a_number_in_quotes_is_told_to_lose_them(value: object, hint: str | None) -> None:
    assert only_problem(task(f"concurrency: {value}")).hint == hint


FIELDS = [(structure, field) for structure in Fields.__subclasses__() for field in fields_of(structure)]


@pytest.mark.parametrize(("structure", "field"), FIELDS, ids=lambda value: getattr(value, "owner", value))
def test_every_field_says_what_it_must_be_where_it_holds_nothing_of_the_kind(
    structure: type[Fields], field: str
) -> None:
    entry = f"{{{field}: [[]]}}"
    text = {
        "the workflow": f"{field}: [[]]\n",
        "a task": f"tasks: [{entry}]\n",
        "a transition": task(f"next: [{entry}]"),
        "a branch of a decision": task(f"decision: [{entry}]"),
        "retry": task(f"retry: {entry}"),
    }[structure.owner]
    assert any(f"{field!r} must be " in problem.message for problem in problems_of(text))


def test_a_missing_field_points_at_its_owner_and_says_what_to_add() -> None:
    problem = only_problem("version: '1'\ntasks:\n  - action: c.e\n")
    assert str(problem) == "<text>:3:5: a task has no 'name' (add name: and a name of its own)"


def test_a_retry_whose_longest_pause_is_shorter_than_the_first_is_refused() -> None:
    text = task("retry: {count: 2, delay: 5, max_delay: 3}")
    assert only_problem(text).column == 44
    assert load(text, lenient=True).tasks[0].retry is not None


def test_fields_that_only_the_platform_knows_are_ignored_or_refused() -> None:
    load(task("permission_set_refs: [x]", "worker_selector: {a: b}", "__chart_meta__: {x: 1}"))
    assert only_problem(task("wait_for: {inquiry: x}")).kind == "unsupported"


def test_a_duplicate_key_of_a_task_is_an_error_and_of_a_free_map_is_not() -> None:
    assert only_problem(task("when: a", "when: b")).kind == "duplicate_key"
    assert load(task("input: {x: 1, x: 2}")).tasks[0].input == {"x": 2}


def test_a_file_is_named_in_every_problem(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(task("bogus: 1"), "utf-8")
    with pytest.raises(WorkflowError, match=r"broken\.yaml:5:5: unknown key"):
        load(path)


def test_more_than_a_hundred_problems_are_cut_and_the_cut_is_told() -> None:
    problems = problems_of(HEAD + "  - {}\n" * 300)
    assert len(problems) == 101
    assert problems[-1].message.startswith("there are more problems")


def test_a_name_with_line_breaks_is_told_in_one_line() -> None:
    text = HEAD + "  - {name: a, action: c.e}\n" + 'output_map: {"\\n": "{{ ( }}", "a\\u2028b": "{{ ) }}"}\n'

    first, second = (str(problem) for problem in problems_of(text))
    assert r"output_map.\n: not an expression" in first
    assert r"output_map.a\u2028b: not an expression" in second


def test_a_workflow_in_which_every_task_waits_for_another_one_is_refused_where_its_first_task_is_asked_for() -> (
    None
):
    text = task("on_success: b") + "  - name: b\n    action: c.e\n    on_success: a\n"
    assert str(only_problem(text)) == (
        "<text>:8:17: nothing can begin, since transitions lead to every task, this one to 'a' "
        "(put a task before it that no transition names)"
    )
    assert load(text, lenient=True).entry_points == ()


def test_a_task_that_only_leads_to_itself_cannot_begin() -> None:
    assert only_problem(task("on_success: a")).kind == "no_entry_point"


def test_sub_tasks_that_all_wait_for_another_one_are_refused() -> None:
    text = HEAD + (
        "  - name: p\n"
        "    type: parallel\n"
        "    tasks:\n"
        "      - {name: x, action: c.e, on_success: y}\n"
        "      - {name: y, action: c.e, on_success: x}\n"
    )
    assert [(problem.kind, problem.line) for problem in problems_of(text)] == [("no_entry_point", 7)]


def test_listed_tasks_begin_with_the_first_whatever_leads_back_to_it() -> None:
    text = "workflow:\n  tasks:\n    - {name: a}\n    - {name: b, on_success: a}\n"
    assert load(text).entry_points == ("a",)


def parameters(schema: str) -> str:
    return f"parameters: {schema}\n" + task()


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        (
            "{a: {type: string}, region: {type: strin}}",
            "1:48: the schema of parameter 'region' is broken: 'type' cannot be 'strin' (did you mean 'string'?)",
        ),
        (
            "{a: {type: whole}}",
            "1:24: the schema of parameter 'a' is broken: 'type' cannot be 'whole' "
            "(use string, integer, number, boolean, array or object)",
        ),
        (
            "{type: object, properties: {a: {type: txt}}}",
            "1:51: the schema of parameter 'a' is broken: 'type' cannot be 'txt' "
            "(use string, integer, number, boolean, array or object)",
        ),
        (
            "{n: {type: integer, default: eu}}",
            "1:42: the default of parameter 'n' must be an integer, not the text 'eu'",
        ),
        (
            "{n: {enum: [a, b], default: c}}",
            "1:41: the default of parameter 'n' must be one of \"a\", \"b\", not the text 'c'",
        ),
        (
            "{n: {type: array, items: {type: integer}, default: [1, x]}}",
            "1:64: the default of parameter 'n[1]' must be an integer, not the text 'x'",
        ),
        ("{n: {minimum: a}}", "1:27: the schema of parameter 'n' is broken: 'minimum' cannot be 'a'"),
    ],
)
def test_a_schema_with_which_no_run_could_begin_is_refused(schema: str, problem: str) -> None:
    assert str(only_problem(parameters(schema))) == f"<text>:{problem}"
    assert load(parameters(schema), lenient=True).tasks


def test_a_wrong_default_of_a_secret_parameter_is_not_shown() -> None:
    problem = only_problem(parameters("{token: {type: integer, secret: true, default: hunter2}}"))
    assert "hunter2" not in str(problem)


@pytest.mark.parametrize(
    "token",
    [
        "{secret: true, enum: hunter2}",
        "\n    secret: true\n    default: hunter2: x",
        "{secret: true, default: “hunter2”}",
    ],
)
def test_what_a_secret_may_be_is_shown_by_no_problem_and_no_warning(token: str) -> None:
    text = f"parameters:\n  token: {token}\n{task()}"
    try:
        said = load(text).warnings
    except WorkflowError as error:
        said = error.problems

    assert len(said) == 1
    assert "hunter2" not in str(said[0])


def test_several_mistakes_in_schemas_are_told_at_once() -> None:
    found = problems_of(parameters("{a: {type: x}, b: {type: [y]}, c: {enum: 3}}"))
    assert [problem.kind for problem in found] == ["schema"] * 3


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            'label: "abc\n' + task(),
            "1:8: not valid YAML: the quote that opens here is never closed (close it)",
        ),
        (
            HEAD + '  - name: "a\n    action: b.c\n  - name: "c"\n',
            "5:12: not valid YAML: while parsing a block mapping did not find expected key "
            "(the quote that opens in line 3 is closed only in line 5)",
        ),
        (
            task("input:", "  a: 'it's'"),
            "6:14: not valid YAML: while parsing a block mapping did not find expected key "
            "(write '' for a ' inside of '...')",
        ),
        (
            "label: Backup: nightly\n" + task(),
            "1:14: not valid YAML: mapping values are not allowed in this context "
            '(quote the text: label: "Backup: nightly")',
        ),
        (
            task("input:", '  - text: a "b": c'),
            "6:20: not valid YAML: mapping values are not allowed in this context "
            "(quote the text: text: 'a \"b\": c')",
        ),
        (
            HEAD + "  - {name: a, label: Backup: nightly}\n",
            "3:28: not valid YAML: while parsing a flow mapping did not find expected ',' or '}' "
            "(quote the text that has a colon in it)",
        ),
        (
            HEAD + "  - name: a\n     action: b.c\n",
            "4:12: not valid YAML: mapping values are not allowed in this context "
            "(line 4 begins in column 6, line 3 begins in column 3, whose text goes on in it: indent them alike)",
        ),
        (
            HEAD + "  - name: a\n    action: b.c\n   input: {}\n",
            "5:4: not valid YAML: while parsing a block collection did not find expected '-' indicator "
            "(line 5 begins in column 4, line 4 begins in column 5: indent alike what belongs together)",
        ),
        (
            HEAD + "  - name: a\n    action: b.c\n - name: c\n",
            "5:2: not valid YAML: while parsing a block mapping did not find expected key "
            "(line 5 begins in column 2, line 3 begins in column 3: indent alike what belongs together)",
        ),
        (
            task("input: {a: 1", "next: []"),
            "6:9: not valid YAML: while parsing a flow mapping did not find expected ',' or '}' "
            "(the { that opens in line 5 is not closed before)",
        ),
        (
            "label: @home\n" + task(),
            "1:8: not valid YAML: while scanning for the next token found character that cannot start any token "
            "(quote the text that begins with '@')",
        ),
    ],
)
def test_what_is_not_yaml_says_what_to_change(text: str, problem: str) -> None:
    assert str(only_problem(text)) == f"<text>:{problem}"


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("next: [{do: b, when: x}]", "write do: [b]"),
        ("next: [{do: 'deploy,  find'}]", "write do: [deploy, find]"),
        ("next: [{do: {a: b}}]", "write do: [name]"),
    ],
)
def test_targets_in_one_text_are_written_out_as_a_list(line: str, hint: str) -> None:
    assert only_problem(task(line)).hint == hint


def test_targets_without_brackets_in_a_map_of_one_line_are_written_out_as_a_list() -> None:
    hints = [problem.hint for problem in problems_of(task("next: [{do: deploy, find}]"))]
    assert hints == ["write do: [deploy]", "write do: [deploy, find]"]


def test_an_unknown_target_that_is_near_to_none_lists_the_tasks() -> None:
    others = "".join(f"  - {{name: {name}, action: c.e}}\n" for name in ("find", "deploy"))
    assert only_problem(task("on_success: somewhere") + others).hint == "the tasks are: a, find, deploy"


@pytest.mark.parametrize(
    ("action", "hint"),
    [
        ("demo_find", "write demo.find; its function is called 'demo__find'"),
        ("demo__find_all", "write demo.find_all; its function is called 'demo__find_all'"),
        ("find", "write FILE.find, for the function find of FILE.py"),
        ("'two words'", None),
    ],
)
def test_an_action_without_a_pack_says_how_it_is_named(action: str, hint: str | None) -> None:
    assert only_problem(HEAD + f"  - name: a\n    action: {action}\n").hint == hint
