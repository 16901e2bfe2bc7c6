"""Input that is no workflow at all: always one clear error, never a traceback, a crash or a long wait."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from attune_sim.engine.plan import make_plan
from attune_sim.errors import WorkflowError
from attune_sim.loader import load

MANY = 200_000
HEAD = "version: '1'\n"
TASK = "tasks: [{name: a, action: c.e}]\n"

TEXTS = {
    "empty lines": "\n" * MANY,
    "comments only": "#\n" * MANY,
    "flow lists, deep": "[" * MANY + "\n",
    "flow maps, deep": "{" * MANY + "\n",
    "list entries, deep": "- " * MANY + "\n",
    "complex keys, deep": "? " * MANY + "\n",
    "mixed, deep": "[{a: " * MANY + "\n",
    "indented, deep": "".join(" " * level + "a:\n" for level in range(1000)),
    "open quote": '"' + "a" * MANY + "\n",
    "only quotes": "'" * MANY + "'\n",
    "only ampersands": "&" * MANY + "\n",
    "only stars": "*" * MANY + "\n",
    "only percents": "%" * MANY + "\n",
    "tabs": "\t" * MANY + "\n",
    "documents": "---\n" * MANY,
    "alias bomb": "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
    + "".join(
        f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ),
    "alias bomb, deep": "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 200)),
    "alias inside itself": "a: &a [*a]\n",
    "alias without anchor": "a: *nope\n",
    "many aliases of a task": HEAD + "x: &t {name: a, action: c.e}\ntasks: [" + "*t," * 150_000 + "]\n",
    "numbers for tasks": HEAD + "tasks: [" + "1," * 400_000 + "]\n",
    "empty maps for tasks": HEAD + "tasks: [" + "{}," * 40_000 + "]\n",
    "many unknown targets": HEAD
    + "tasks:\n"
    + "".join(f"- {{name: a{n}, action: c.e, on_success: b{n}}}\n" for n in range(10_000)),
    "many broken templates": HEAD
    + "tasks: [{name: a, action: c.e, input: {x: ["
    + "".join(f'"{{{{{n}+}}}}",' for n in range(60_000))
    + "]}}]\n",
    "deep expression": HEAD
    + "tasks: [{name: a, action: c.e, input: {x: '{{ "
    + "(" * 50_000
    + "1"
    + ")" * 50_000
    + " }}'}}]\n",
    "lists as keys": HEAD + "vars: {" + "[a]: 1," * 50_000 + "}\n" + TASK,
    "an integer of a million digits": HEAD + "vars: {x: " + "9" * 1_000_000 + "}\n" + TASK,
    "a float of a million digits": HEAD + "vars: {x: " + "9" * 1_000_000 + ".5}\n" + TASK,
    "a tagged integer of a million digits": HEAD + "vars: {x: !!int '" + "9" * 1_000_000 + "'}\n" + TASK,
    "NUL": "version: \x00\n",
    "control characters": "version: \x07\n",
    "a lone surrogate": "version: \ud800\n",
    "a list": "- a\n- b\n",
    "text": "hello\nworld\n",
    "too long": "a\n" * (1 << 20),
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("lenient", [False, True])
def test_a_hopeless_text_is_refused_with_problems(name: str, lenient: bool) -> None:
    with pytest.raises(WorkflowError) as raised:
        load(TEXTS[name], lenient=lenient)
    assert 0 < len(raised.value.problems) <= 101
    assert all(len(line) < 500 for line in str(raised.value).splitlines())


@pytest.mark.parametrize(
    "source", ["", " ", "no/such/file.yaml", "a\x00b", "x" * 10_000, "\ud800", "tasks: []"]
)
def test_a_string_that_is_no_path_is_refused(source: str) -> None:
    with pytest.raises(WorkflowError) as raised:
        load(source)
    assert raised.value.problems[0].kind == "file"


def test_eighty_thousand_unknown_keys_are_refused_or_ignored() -> None:
    text = f"{HEAD}tasks:\n- name: a\n  action: c.e\n" + "".join(f"  k{n}: 1\n" for n in range(80_000))
    with pytest.raises(WorkflowError, match="there are more problems"):
        load(text)
    assert load(text, lenient=True).tasks[0].name == "a"


def test_one_line_of_yaml_is_explained() -> None:
    with pytest.raises(WorkflowError, match="only if it has a line break"):
        load("{version: 1, tasks: []}")


@pytest.mark.parametrize("source", [None, 5, b"version: 1\n", ["a"]])
def test_other_types_are_refused(source: object) -> None:
    with pytest.raises(WorkflowError, match="expected a path or YAML text"):
        load(source)  # type: ignore[arg-type]


def test_a_directory_a_pipe_and_a_socket_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        for path in (tmp_path, tmp_path / "pipe", tmp_path / "socket", Path("/dev/zero")):
            with pytest.raises(WorkflowError):
                load(path)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"version: '1'\ntasks: \xff\n", (2, 8)),
        ("version: 1\n".encode("utf-16"), (1, 1)),
        (b"a: \xc3", (1, 4)),
    ],
)
def test_bytes_that_are_not_utf_8_are_shown_where_they_stand(
    content: bytes, place: tuple[int, int], tmp_path: Path
) -> None:
    path = tmp_path / "binary.yaml"
    path.write_bytes(content)
    with pytest.raises(WorkflowError) as raised:
        load(path)
    (problem,) = raised.value.problems
    assert (problem.kind, problem.line, problem.column) == ("encoding", *place)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(WorkflowError, match="longer than 1 MiB"):
        load(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.yaml"
    path.write_text(HEAD + TASK, "utf-8")
    path.chmod(0)
    with pytest.raises(WorkflowError, match="cannot be read"):
        load(path)


def test_a_hundred_levels_are_enough_and_one_more_is_too_deep() -> None:
    inside = 100 - 2  # the workflow and its vars are two of them
    deep = load(f"{HEAD}vars: {{x: {'[' * inside}{']' * inside}}}\n{TASK}").vars["x"]
    for _ in range(inside - 1):
        (deep,) = deep
    assert deep == []
    with pytest.raises(WorkflowError, match="nested deeper than 100 levels"):
        load(f"{HEAD}vars: {{x: {'[' * (inside + 1)}{']' * (inside + 1)}}}\n{TASK}")


def test_aliases_count_towards_the_depth() -> None:
    with pytest.raises(WorkflowError, match="nested deeper than 100 levels"):
        load(f"{HEAD}vars: {{x: &x {'[' * 60}{']' * 60}, y: {'[' * 60}*x{']' * 60}}}\n{TASK}")


def _texts(*inputs: str) -> str:
    listed = "".join(
        f"  - {{name: t{n}, action: a.b, input: {{x: '{template}'}}}}\n" for n, template in enumerate(inputs)
    )
    return f"ref: a.b\nlabel: a\nversion: 1.0.0\ntasks:\n{listed}"


def test_expressions_that_would_take_seconds_to_compile_are_refused_where_it_becomes_too_much() -> None:
    sums = [f"{{{{ a{n} + {' + '.join('bcd')} + {n} }}}}" for n in range(6_000)]
    with pytest.raises(WorkflowError, match="may have 100,000 characters together") as caught:
        load(_texts(*sums))
    [problem] = caught.value.problems
    assert problem.kind == "limit"
    assert "what follows was not checked" in problem.message
    assert 1_000 < problem.line < 6_000


def test_the_same_expression_and_plain_paths_may_stand_anywhere_as_often_as_wanted() -> None:
    paths = [f"{{{{ parameters.name_{n} }}}}" for n in range(5_000)]
    assert len(load(_texts(*paths, *["{{ a + b + c + d }}"] * 5_000)).tasks) == 10_000


CALLS = "a( " * 50_000


@pytest.mark.parametrize(
    "text",
    [
        _texts("{{ lowr(1) }} " + "a( " * 300_000),
        _texts("{{ lowr(1) }} " + "a" * 1_000_000),
        _texts("{{ lowr(1) }} a" + ")" * 1_000_000),
        _texts("{{ lowr(1) }} ." + " " * 1_000_000),
        f"{HEAD}tasks: [{{name: a, action: c.e, input: {{a: &a '{{{{ lowr(1) }}}} {CALLS}'"
        + "".join(f", a{n}: *a" for n in range(1_000))
        + "}}]\n",
        f"{HEAD}tasks:\n- {{name: a, action: c.e, input: &a {{m: '{{{{ lowr(1) }}}} {CALLS}'}}}}\n"
        + "".join(f"- {{name: t{n}, action: c.e, input: *a}}\n" for n in range(1_000)),
    ],
    ids=["calls", "a word", "parentheses", "blanks", "aliases of a text", "aliases of a map"],
)
def test_a_long_text_with_a_call_that_does_not_exist_is_warned_of_soon(text: str) -> None:
    assert {warning.text for warning in load(text).warnings} <= {"lowr", None}


def _one_input_for_many(expressions: int, tasks: int) -> str:
    entries = "".join(f"    x{n}: '{{{{ a{n} + {n} }}}}'\n" for n in range(expressions))
    first = f"- name: t\n  action: a.b\n  input: &i\n{entries}"
    return f"{HEAD}tasks:\n{first}" + "".join(
        f"- {{name: t{n}, action: a.b, input: *i}}\n" for n in range(tasks)
    )


def test_an_input_that_many_tasks_share_is_compiled_once_for_all_of_them() -> None:
    plan = make_plan(load(_one_input_for_many(400, 1_200)))

    first = plan.tasks["t"].input
    assert first is not None
    for n in (0, 600, 1_199):
        other = plan.tasks[f"t{n}"].input
        assert other is not None
        assert other.shares_code_with(first)


def test_of_a_large_workflow_only_the_tasks_that_are_reached_are_compiled() -> None:
    text = (
        HEAD
        + "tasks:\n"
        + "".join(f"- {{name: t{n}, action: a.b, on_success: t{n + 1}}}\n" for n in range(200))
    )
    plan = make_plan(load(text + "- {name: t200, action: a.b}\n"))

    assert len(plan.tasks) == 201
    assert plan.tasks["t7"] is plan.tasks["t7"]
    assert repr(plan.tasks).count("TaskPlan") == 0


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "tasks:\n- name: t\n  action: a.b\n  input:\n    x:\n" + "    - 'a{{ x }}'\n" * 26_000,
        HEAD
        + "tasks:\n- name: t\n  action: a.b\n  input: &i\n    x:\n"
        + "    - 'a{{ x }}'\n" * 200
        + "".join(f"- {{name: t{n}, action: a.b, input: {{n: {n}, x: [*i]}}}}\n" for n in range(200)),
    ],
    ids=["one input", "inputs that differ a little"],
)
def test_more_expressions_than_a_run_could_compile_soon_are_refused_when_the_file_is_read(text: str) -> None:
    with pytest.raises(
        WorkflowError, match="one file may have 10,000 expressions, those of equal inputs counted once"
    ):
        load(text)


def test_very_long_paths_count_like_other_expressions() -> None:
    long = ".".join("abcdefghijklmnopqrst")
    with pytest.raises(WorkflowError, match="may have 100,000 characters together, beside short paths"):
        load(_texts(*[f"{{{{ p{n}.{long} }}}}" for n in range(4_000)]))
