"""What the identities of real objects say of each strategy, beside what it promises."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import attune_sim as at

STRATEGIES = list(at.strategies)
Made = Callable[..., at.Stepper]

ROWS = "workflow.servers"
PLACE = "check[1]"


def opened(made: Made, strategy: str, **options: object) -> at.Step:
    """The step at which the fan-out starts: three forks are alive."""
    return made(strategy, **options).until("check")


def test_the_same_value_is_shared_under_one_strategy_and_an_own_copy_under_another(stepper: Made) -> None:
    held = {name: opened(stepper, name).fork(PLACE).held(ROWS) for name in STRATEGIES}

    assert held == {
        "deepcopy": "own", "pickle": "own", "json": "own", "orjson": "own", "projected": "absent",
        "frozen": "shared", "persistent": "shared", "hamt": "shared", "rpds": "shared", "chainmap": "shared",
        "merge": "shared", "shared": "shared",
    }  # fmt: skip


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("dispatch", ["windowed", "eager"])
def test_identities_agree_with_what_a_strategy_guarantees(
    stepper: Made, strategy: str, dispatch: str
) -> None:
    step = opened(stepper, strategy, dispatch=dispatch)
    promised = at.strategies[strategy].guarantees
    writable = {value.path for value in step.heap if value.is_writable}

    for fork in step.forks:
        shared = {value.path for value in fork.values if value.held == "shared" and value.path in writable}
        assert not [value.path for value in fork.values if value.held == "partly"]
        if promised.isolated_nested:
            assert shared == set()
            assert writable.isdisjoint(fork.points_at)
        else:
            assert {ROWS, "workflow.settings", "task.list"} <= shared


@pytest.mark.parametrize("strategy", ["deepcopy", "pickle", "json", "orjson", "projected"])
def test_a_strategy_that_copies_shares_nothing_that_can_be_written(stepper: Made, strategy: str) -> None:
    step = opened(stepper, strategy)

    assert {value.path for value in step.heap if value.is_writable and value.shared_by} == set()
    assert all(fork.held("workflow.settings") == "own" for fork in step.forks)
    assert step.own_bytes > 3 * 500


@pytest.mark.parametrize("strategy", ["shared", "merge", "chainmap", "hamt", "rpds", "persistent", "frozen"])
def test_a_strategy_that_shares_has_less_of_its_own_than_the_context_is_large(
    stepper: Made, strategy: str
) -> None:
    step = opened(stepper, strategy)

    assert all(fork.own_bytes < 700 for fork in step.forks)
    assert step.shared_bytes > 0.6 * step.heap_bytes


def test_a_text_is_shared_by_deep_copies_too_and_by_none_that_was_written_out(stepper: Made) -> None:
    held = {name: opened(stepper, name).fork(PLACE).held("workflow.motd") for name in ("deepcopy", "pickle")}

    assert held == {"deepcopy": "shared", "pickle": "own"}


def test_each_fork_that_ends_takes_one_reference_with_it(stepper: Made) -> None:
    stepping = stepper("shared")
    counts = {step.alive: step.references.get("all namespaces", 0) for step in stepping.run().steps[1:-1]}

    assert set(counts) == {3, 2, 1}
    assert counts[3] - counts[2] == counts[2] - counts[1] == 1


def test_references_of_what_merged_maps_hold_grow_by_the_forks(stepper: Made) -> None:
    merged, shared = (opened(stepper, name).references["workflow"] for name in ("merge", "shared"))

    assert merged - 3 >= shared == 1


def test_two_names_of_one_object_are_told_as_one(stepper: Made) -> None:
    values = {value.path: value for value in opened(stepper, "shared").heap}

    assert values["task.list"].kind == "is workflow.servers"
    assert values["task.list"].bytes == 0
    assert values[ROWS].bytes > 1_000


def test_what_a_shallow_copy_shares_inside_is_told() -> None:
    class Shallow(at.strategies.shared):  # type: ignore[name-defined, misc]
        name = "shallow"

        def fan_out(self, context: object, reads: object) -> object:
            forker = super().fan_out(context, reads)
            return _ShallowForker(forker)

    step = at.step(
        "version: 1.0.0\nvars: {rows: [[1], [2]]}\ntasks:\n"
        '  - {name: add, action: demo.add, with_items: "{{ rows }}", input: {n: "{{ item }}"}}\n',
        actions={"demo.add": lambda n: n},
        strategy=Shallow,
    ).next()

    assert step.fork("add[0]").held("workflow.rows") == "partly"


class _ShallowForker:
    def __init__(self, inner: object) -> None:
        self._inner = inner

    def fork(self, item: object, index: int) -> object:
        fork = self._inner.fork(item, index)  # type: ignore[attr-defined]
        workflow = {name: list(value) for name, value in fork.resolve("workflow").items()}
        return type(fork)({"workflow": workflow, "parameters": {}, "task": {}}, item, index)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_looking_changes_nothing(stepper: Made, strategy: str) -> None:
    """A chained map, for one, makes a child whenever it is asked."""
    stepping = stepper(strategy)
    before = stepping.until("check")
    again = stepping._stepping._look()

    assert again.forks == before.forks
    assert again.heap_bytes == before.heap_bytes
