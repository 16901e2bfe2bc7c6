"""Templates and conditions in another process: they arrive as what they were compiled from, and are caged there too."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import cloudpickle
import pytest

from attune_sim.errors import ExpressionError
from attune_sim.expressions import Condition, Limits, Template, compile_condition, compile_value
from attune_sim.expressions.template import compile_expression
from attune_sim.scope import Ended, Namespaces

VALUES = {"host": "web-1", "port": 80, "rows": [{"n": 1}, {"n": 2}]}
TEMPLATES: dict[str, Template | Condition] = {
    "value": compile_value(
        {
            "url": "http://{{ host }}:{{ port + 1 }}/",
            "plain": [1, {"a": None}],
            "n": "{{ rows | map(attribute='n') }}",
        }
    ),
    "expression": compile_expression("length(rows)"),
    "condition": compile_condition("{{ succeeded() and port > 8 }}"),
    "growing": compile_value({"all": "{{ rows }}"}, growing=True),
    "error": compile_value({"a": ["{{ host }}", "{{ nope }}"]}, where="task 'check', input"),
    "refused": compile_value(
        {"a": ["{{ sum(range(5000)) }}"]}, limits=Limits(fuel=100), where="task 'check', input"
    ),
    "nested": compile_value({"a": "{{ [rows, 1] }}"}, growing=True, limits=Limits(nesting=2)),
    "class": compile_value("{{ ''.__class__ }}"),
    "item": compile_value("{{ ''['__class__'] }}"),
    "format": compile_value("{{ '{0.__class__}'.format(1) }}"),
    "import": compile_value("{{ __import__('os') }}"),
    "builtins": compile_value("{{ __builtins__ }}"),
    "eval": compile_value("{{ eval('1') }}"),
}


def outcomes(templates: dict[str, Template | Condition]) -> dict[str, list[Any]]:
    """Of each: what it renders or how its error reads, and what its function has for builtins."""
    return {
        name: [_outcome(template), _function(template).__builtins__] for name, template in templates.items()
    }


def _outcome(template: Template | Condition) -> Any:
    render: Callable[..., Any] = template.holds if isinstance(template, Condition) else template.render
    try:
        return render(Namespaces({"workflow": VALUES}), Ended(None, "succeeded"))
    except ExpressionError as error:
        return [error.kind, error.where, str(error)]


def _function(template: Template | Condition) -> Any:
    return template._template._function if isinstance(template, Condition) else template._function


@pytest.mark.parametrize("dumps", [pickle.dumps, cloudpickle.dumps])
def test_a_template_renders_the_same_and_is_caged_in_a_fresh_process(dumps: Callable[[Any], bytes]) -> None:
    arrived = subprocess.run(
        [sys.executable, __file__], input=dumps(TEMPLATES), capture_output=True, check=True
    )

    found = json.loads(arrived.stdout)

    assert found == json.loads(json.dumps(outcomes(TEMPLATES)))
    assert found["value"] == [{"url": "http://web-1:81/", "plain": [1, {"a": None}], "n": [1, 2]}, {}]
    assert found["condition"] == [True, {}]
    assert found["error"][0][:2] == ["variable_not_found", "task 'check', input.a[1]"]
    for refused in ("refused", "nested"):
        assert found[refused][0][0] == "limit"
    for escape in ("class", "item", "format", "import", "builtins", "eval"):
        assert found[escape][0][0] in ("type_error", "variable_not_found", "unknown_function")
    assert [builtins for _, builtins in found.values()] == [{}] * len(TEMPLATES)


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_a_copy_reads_as_the_template_itself(template: Template | Condition) -> None:
    copy = pickle.loads(pickle.dumps(template))
    assert repr(copy) == repr(template)
    assert outcomes({"template": copy}) == outcomes({"template": template})


def test_a_template_keeps_the_value_that_it_was_compiled_from_and_makes_no_copy_of_it() -> None:
    value = {"large": list(range(1_000)), "n": "{{ n }}"}
    _, [source] = compile_value(value).__reduce__()
    assert source.value is value


def test_limits_travel() -> None:
    limits = Limits(text=10, fuel=1_000)
    assert pickle.loads(pickle.dumps(limits)) == cloudpickle.loads(cloudpickle.dumps(limits)) == limits


if __name__ == "__main__":
    print(json.dumps(outcomes(pickle.load(sys.stdin.buffer))))
