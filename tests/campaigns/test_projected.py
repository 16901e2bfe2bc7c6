"""`projected` against `deepcopy` on random workflows: what a fork leaves out, nobody misses.

The actions scribble over everything that they are handed, at every depth, and return parts of it: a value that is shared
where it should be copied, stale, missing or left from another item shows in the results that follow.
"""

import copy
import os
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attune_sim.contexts.registry import strategies
from attune_sim.errors import ActionError
from attune_sim.executors import executor_named
from attune_sim.expressions import compile_value
from attune_sim.runspec import RunSpec
from attune_sim.session import session_of
from attune_sim.workflow import Retry, Task, Transition, Workflow

FULL = int(os.environ.get("ATTUNE_SIM_CAMPAIGN", "0"))

NAMES = st.sampled_from(["a", "b", "c", "items", "get", "result", "error", "which"])
LEAVES = st.integers(0, 3) | st.sampled_from(["a", "b", "t0", "", None, True, 1.5])
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.dictionaries(NAMES, inner, min_size=1, max_size=3) | st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=6,
)
MAPS = st.fixed_dictionaries(
    {"a": VALUES, "b": VALUES}, optional={"items": VALUES, "get": VALUES, "c": VALUES}
)

ROOTS = [
    "parameters",
    "parameters",
    "parameters",
    "vars",
    "variables",
    "workflow",
    "a",
    "a",
    "b",
    "b",
    "nobody",
    "config",
    "system",
    "keystore",
    "task",
    "task.t0",
    "task.t0",
    "tasks['t0']",
    "task[parameters.which]",
    "task.t1",
    "task.t1.result",
    "task.t1.output",
    "task['t0'].error",
    "item",
    "item",
    "item",
    "index",
    "result()",
    "result()",
]
STEPS = [
    ".a",
    ".a",
    ".a",
    ".a",
    ".b",
    ".b",
    ".b",
    "['a']",
    "['a']",
    "['b']",
    "['b']",
    "['c']",
    ".rows",
    ".items",
    ".get",
    ".result",
    ".error",
    ".status",
    ".output",
    "[0]",
    "[-1]",
    "[1:]",
    "[index]",
    "[item]",
    "[parameters.which]",
    "['a'~'']",
    ".get('a')",
    ".get('nobody',1)",
    ".items()",
    ".keys()",
    ".values()",
]
FRAMES = [
    *(
        "{}",
        "{}",
        "{}",
        "{}",
        "length({})",
        "{} | tojson",
        "{} | default('d')",
        "{} is defined",
        "{} is undefined",
    ),
    *("[{}, {}]", "{'k': {}}", "{} == {}", "{} if {} else {}", "({} or {}).a", "({} | default({'a': 1})).a"),
    *(
        "{} | map(attribute='a') | list",
        "{} | length > 1",
        "keys({})",
        "{} in [{}, 1]",
        "{} and {}",
        "{} | first",
    ),
]


@st.composite
def expressions(draw):
    """One expression: chains of names and keys, in one of the frames."""

    def chain():
        return draw(st.sampled_from(ROOTS)) + "".join(
            draw(st.sampled_from(STEPS)) for _ in range(draw(st.sampled_from([0, 1, 1, 2])))
        )

    return re.sub(r"\{\}", lambda _: chain(), draw(st.sampled_from(FRAMES)))


@st.composite
def inputs(draw):
    """An input: templates, text around templates, templates inside lists, or nothing, which means all parameters."""
    pieces = draw(st.lists(expressions(), min_size=draw(st.sampled_from([0, 1, 1, 1])), max_size=2))
    shapes = ["{{ (%s) }}", "{{ %s }}", "{{ %s }}", "<{{ %s }}>"]
    values = [draw(st.sampled_from(shapes)) % piece for piece in pieces]
    nested = draw(st.booleans())
    return {f"p{n}": [value, {"in": value}] if nested and n == 0 else value for n, value in enumerate(values)}


ITEMS = [
    *(None, None, "{{ parameters.rows }}", "{{ rows }}", "{{ task.t0.rows | default([1, {'a': 2}]) }}"),
    *("{{ range(3) }}", "{{ [parameters, config] }}", "one"),
]


@st.composite
def workflows(draw):
    """A chain of two to four tasks, with loops, fan-outs, retries and transitions that publish what they were given."""
    names = [f"t{n}" for n in range(draw(st.integers(2, 4)))]
    tasks = []
    for n, name in enumerate(names):
        publish = draw(st.sampled_from(["a", "b", "rows", "c"]))
        follow = names[n + 1 : n + 2] + (draw(st.sampled_from([[], [], names[1:2]])) if n else [])
        on_error = draw(st.none() | expressions())
        tasks.append(
            Task(
                name,
                action="t.act",
                input=draw(inputs()),
                with_items=draw(st.sampled_from(ITEMS)),
                concurrency=draw(st.sampled_from([None, 3])),
                retry=draw(st.none() | st.just(Retry(count=2, delay=0, on_error=on_error))),
                next=(
                    Transition(
                        publish=({publish: draw(st.sampled_from(["{{ result() }}", "{{ task.t0 }}", 1]))},)
                    ),
                    Transition(do=tuple(follow)),
                ),
            )
        )
    variables = {"a": draw(VALUES), "b": draw(MAPS), "rows": draw(st.lists(MAPS, max_size=3))}
    return Workflow(tuple(tasks), vars=variables, output_map={"a": "{{ a }}", "b": "{{ b }}"})


class Scribbler:
    """An action that fails now and then, returns what it was given, and writes into all of it."""

    def __init__(self):
        self.calls = []

    def __call__(self, **given):
        seen = copy.deepcopy(given)
        self.calls.append(repr(seen))
        for value in given.values():
            scribble(value)
        if len(self.calls) % 4 == 1 and len(self.calls) > 1:
            raise ActionError("scribbled", {"code": len(self.calls), "a": seen})
        return {"rows": [{"a": 1}, seen], "a": given}


def scribble(value, seen=None):
    seen = set() if seen is None else seen
    if id(value) in seen or not isinstance(value, list | dict):
        return
    seen.add(id(value))
    for inner in list(value.values() if isinstance(value, dict) else value):
        scribble(inner, seen)
    if isinstance(value, dict):
        value["scribbled"] = True
    else:
        value.append("scribbled")


def with_past(strategy):
    """The strategy, with a result of a task that has not run yet: `t1` ended before the run began."""

    class WithPast(strategies[strategy]):
        def begin(self, namespaces):
            return self.store(super().begin(namespaces), "t1", {"a": [1], "rows": [{"a": 1}]})

    return WithPast()


def run(strategy, workflow, parameters, config, dispatch):
    action = Scribbler()
    spec = RunSpec(
        workflow=workflow,
        parameters=copy.deepcopy(parameters),
        config=copy.deepcopy(config),
        dispatch=dispatch,
        max_task_runs=4,
    )
    session = session_of(spec, {"t.act": action}, strategy=with_past(strategy))
    executor_named("inline").run(session.job)
    state = session.state
    whole = (state.status, state.error, state.output, state.variables, state.task_results, state.warnings)
    return repr((*whole, action.calls, state.task_starts))


@st.composite
def inputs_of_runs(draw):
    parameters = {
        **draw(MAPS),
        "rows": draw(st.lists(MAPS | LEAVES, max_size=3)),
        "which": draw(st.sampled_from(["t0", "a"])),
    }
    return draw(workflows()), parameters, draw(st.none() | MAPS)


def compiles(workflow):
    for task in workflow.tasks:
        compile_value(dict(task.input))


@pytest.mark.slow
@settings(
    max_examples=FULL or 150,
    deadline=None,
    derandomize=not FULL,
    suppress_health_check=list(HealthCheck),
    database=None,
)
@given(run_of=inputs_of_runs(), dispatch=st.sampled_from(["eager", "windowed"]))
def test_projected_answers_as_deepcopy_does(run_of, dispatch):
    workflow, parameters, config = run_of
    compiles(workflow)

    copied, projected = (
        run(name, workflow, parameters, config, dispatch) for name in ("deepcopy", "projected")
    )

    assert projected == copied
