"""Whatever the text, it is a workflow or it is refused, with places that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attune_sim.errors import WorkflowError
from attune_sim.loader import load
from attune_sim.loader.fields import Fields, fields_of
from attune_sim.workflow import Workflow

VALID = """\
ref: t.w
version: 1.0.0
parameters: {n: {type: integer, default: 3}}
vars: {x: [1, {a: b}]}
tasks:
  - name: first
    action: core.echo
    with_items: "{{ range(parameters.n) }}"
    concurrency: 2
    input: {message: "{{ item }} of {{ workflow.x }}"}
    retry: {count: 2, delay: 1, backoff: linear}
    next:
      - when: "{{ succeeded() }}"
        publish: [{x: "{{ result() }}"}, y]
        do: [second]
  - name: second
    type: parallel
    join: all
    tasks: [{name: s1, action: c.e}, &t {name: s2, action: c.e}]
    decision: [{when: x, next: second}, {default: true, next: second}]
output_map: {x: "{{ workflow.x }}"}
"""

STRUCTURES = Fields.__subclasses__()
FIELDS = sorted(
    {
        name
        for structure in STRUCTURES
        for name in (*fields_of(structure), *structure.ignored, *structure.platform)
    }
)

values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["{{ x }}", "{{ ( }}", "a", "c.e"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=12,
)


def loaded(source: str | Path, *, lenient: bool) -> Workflow | WorkflowError:
    try:
        return load(source, lenient=lenient)
    except WorkflowError as error:
        return error


def assert_loads_or_tells(source: str | Path, text: str) -> None:
    lines = len(re.split("\r\n|[\r\n\x85\u2028\u2029]", text))
    for lenient in (False, True):
        found = loaded(source, lenient=lenient)
        if isinstance(found, Workflow):
            assert found.as_dict()["task_count"] == len(found.tasks)
            assert "\n" not in repr(found)
            continue
        assert found.problems
        for problem in found.problems:
            assert problem.line is None or 1 <= problem.line <= lines
            assert "\n" not in str(problem)


@given(st.text())
def test_any_text_loads_or_is_refused(text: str) -> None:
    assert_loads_or_tells(text + "\n", text + "\n")


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_in_a_file_load_or_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.yaml"
    path.write_bytes(content)
    assert_loads_or_tells(path, content.decode("utf-8", "replace"))


@given(st.integers(0, len(VALID)), st.integers(0, 12), st.text("{}[]:-#&*!|>'\"%@`?,\n\t a0~<", max_size=4))
@settings(max_examples=300)
def test_any_damage_to_a_good_text_loads_or_is_refused(start: int, length: int, inserted: str) -> None:
    text = VALID[:start] + inserted + VALID[start + length :]
    assert_loads_or_tells(text + "\n", text + "\n")


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, values)),
    st.lists(st.dictionaries(st.sampled_from(FIELDS), values)),
)
@settings(max_examples=100)
def test_any_values_in_the_fields_load_or_are_refused(
    top: dict[str, Any], tasks: list[dict[str, Any]]
) -> None:
    text = yaml.safe_dump({"version": "1", **top, "tasks": tasks}, allow_unicode=True)
    assert_loads_or_tells(text, text)


def test_the_good_text_is_good() -> None:
    assert load(VALID).name == "t.w"


@pytest.mark.parametrize("position", range(0, len(VALID), 7))
def test_a_text_that_ends_early_loads_or_is_refused(position: int) -> None:
    assert_loads_or_tells(VALID[:position] + "\n", VALID[:position] + "\n")
