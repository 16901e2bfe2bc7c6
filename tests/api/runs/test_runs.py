from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import attune_sim as at
from attune_sim.engine.observe import HOOKS
from attune_sim.probes.heap import LiveHeap


def square(n: int) -> int:
    return n * n


def picky(n: int) -> int:
    if n == 3:
        raise at.ActionError("three is not squared here")
    return n * n


def test_a_run_gives_output_variables_results_and_starts(squares: at.Workflow) -> None:
    run = at.run(squares, {"numbers": [2, 3]}, actions={"demo.square": square})

    assert run.status == "succeeded"
    assert run.error is None
    assert run.output == {"squares": [4, 9], "succeeded": True}
    assert run.variables["squares"] == [4, 9]
    assert run.task_results["square"]["total"] == 2
    assert list(run.task_starts) == ["square[0]", "square[1]"]


@pytest.mark.parametrize("strategy", ["deepcopy", "persistent", "chainmap", "shared"])
@pytest.mark.parametrize("executor", ["inline", "threads", "asyncio"])
def test_every_strategy_and_executor_gives_the_same_answer(squares, strategy: str, executor: str) -> None:
    run = at.run(squares, actions={"demo.square": square}, strategy=strategy, executor=executor)

    assert run.output["squares"] == [1, 4, 9, 16]


def test_frames_of_a_run_have_a_row_a_task_and_a_row_an_item(squares: at.Workflow) -> None:
    run = at.run(squares, actions={"demo.square": picky})

    assert run.tasks["task"].to_list() == ["square"]
    assert run.tasks["items"].to_list() == [4]
    assert run.items["outcome"].to_list() == ["succeeded", "succeeded", "failed", "succeeded"]
    assert "three is not squared here" in run.items["error"].iloc[2]
    assert run.frame is run.items
    assert dict(zip(run.summary()["outcome"], run.summary()["items"], strict=True)) == {
        "succeeded": 3,
        "failed": 1,
    }


def test_a_failed_run_says_so_in_one_line_and_does_not_raise(squares: at.Workflow) -> None:
    run = at.run(squares, actions={"demo.square": picky})

    assert run.status == "failed"
    assert "three is not squared here" in run.error
    assert "3 of 4 items succeeded, 1 failed" in repr(run)
    assert "\n" not in repr(run)


def test_a_run_shows_itself_in_a_notebook_as_html_and_text(squares: at.Workflow) -> None:
    shown = at.run(squares, actions={"demo.square": square})._repr_mimebundle_()

    assert set(shown) == {"text/html", "text/plain"}
    assert "4 of 4 items succeeded" in shown["text/html"]
    assert "<html" not in shown["text/html"]


def test_a_run_draws_its_timeline(squares: at.Workflow) -> None:
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    assert at.run(squares, actions={"demo.square": picky}).plot_timeline(ax=axes) is axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["square\n4 items"]


def test_actions_may_come_from_a_file_and_the_workflow_too(squares_file: Path) -> None:
    run = at.run(squares_file, actions=squares_file.with_suffix(".py"))

    assert run.output["squares"] == [1, 4, 9, 16]


def test_a_run_can_be_awaited_where_a_loop_is_running(squares: at.Workflow) -> None:
    async def slow_square(n: int) -> int:
        await asyncio.sleep(0)
        return n * n

    async def notebook() -> tuple[at.Run, at.Run]:
        inside = at.run(squares, actions={"demo.square": slow_square}, executor="asyncio")
        return await at.arun(squares, actions={"demo.square": slow_square}), inside

    awaited, called = asyncio.run(notebook())
    assert awaited.output == called.output == {"squares": [1, 4, 9, 16], "succeeded": True}


def test_observers_see_the_run(squares: at.Workflow) -> None:
    class Forks:
        def __init__(self) -> None:
            self.seen: list[int | None] = []

        def forked(self, task: str, index: int | None, fork: object, fork_us: float) -> None:
            assert fork_us > 0
            self.seen.append(index)

    forks = Forks()
    at.run(squares, actions={"demo.square": square}, observers=[forks])
    assert forks.seen == [0, 1, 2, 3]


class Everything:
    """Notes every moment that it is told of, in order."""

    def __init__(self) -> None:
        self.hooks: list[str] = []

    def __getattr__(self, hook: str) -> Callable[..., int]:
        if hook not in HOOKS:
            raise AttributeError(hook)

        def note(*arguments: object) -> int:
            self.hooks.append(hook)
            return 0  # of all forks, where it is asked which ones

        return note


@pytest.mark.parametrize("executor", ["inline", "threads", "asyncio"])
def test_the_moments_of_a_run_are_told_in_the_order_of_life(squares: at.Workflow, executor: str) -> None:
    forked = ["forked", "fork_sampled"]
    attempt = ["preparing", *forked, "prepared", "calling", "action_ended", "item_ended"]
    eager, windowed = Everything(), Everything()
    for observer, dispatch in ((eager, "eager"), (windowed, "windowed")):
        at.run(
            squares, {"numbers": [1, 2]}, actions={"demo.square": square}, executor=executor,
            dispatch=dispatch, observers=[observer],
        )  # fmt: skip

    begins = ["run_started", "task_started", "fan_out_opened"]
    ends = ["fan_out_ended", "task_ended", "run_ended", "fan_out_closed"]
    assert windowed.hooks == [*begins, *attempt, *attempt, *ends]
    without = [hook for hook in attempt if hook not in forked]
    assert eager.hooks == [*begins, "forking", *forked, *forked, *without, *without, *ends]


def live_heap_of(make: Callable[[], object]) -> tuple[int, object]:
    """Bytes that the live heap grew by, and what was made."""
    heap = LiveHeap()
    gc.collect()
    before = heap.read()
    made = make()
    gc.collect()
    grown = heap.read() - before
    heap.close()
    return grown, made


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the exact heap is read on Linux")
@pytest.mark.parametrize("dispatch", ["eager", "windowed"])
def test_a_run_keeps_its_items_in_columns_until_a_frame_is_asked_for(squares, dispatch: str) -> None:
    numbers = list(range(20_000))

    def done() -> at.Run:
        return at.run(
            squares, {"numbers": numbers}, actions={"demo.square": lambda n: None}, dispatch=dispatch
        )

    done()
    grown, run = live_heap_of(done)
    assert isinstance(run, at.Run)
    (columns,) = run.recorded.items
    kept = [getattr(columns, name) for name in type(columns).__slots__]
    assert (
        sum(isinstance(column, memoryview | bytearray) for column in kept) == len(kept) - 5
    )  # beside task, visit, two sums and the item that ended last
    assert grown / len(numbers) < 80
    assert len(run.items) == len(run.task_starts) == len(numbers)


def test_the_report_of_a_run_is_written_as_html_or_markdown(squares: at.Workflow, tmp_path: Path) -> None:
    run = at.run(squares, actions={"demo.square": picky})

    html = Path(run.report(tmp_path / "new" / "run.html")).read_text()
    text = Path(run.report(tmp_path / "run.md")).read_text()
    assert "three is not squared here" in html
    assert text.splitlines()[1] == "# demo.squares: one run"


def test_a_scenario_runs_for_real_with_its_history(tmp_path: Path) -> None:
    run = at.run(at.scenarios.baseline(items=5, history=2))

    assert run.status == "succeeded"
    assert len(run.items) == 5


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"strategy": "sharde"}, "did you mean 'shared'?"),
        ({"executor": "inlin"}, "did you mean 'inline'?"),
        ({"dispatch": "lazy"}, "choose from: eager, windowed"),
        ({"parameters": {"numbers": "none"}}, "numbers"),
        ({"actions": "nowhere.py"}, "nowhere.py: there is no such file"),
        ({"strategy": dict}, "dict is no context strategy"),
    ],
)
def test_what_cannot_be_used_is_an_input_error_before_anything_runs(
    squares, given: dict, message: str
) -> None:
    def never(n: int) -> int:
        raise AssertionError("must not run")

    with pytest.raises(at.InputError) as caught:
        at.run(squares, **{"actions": {"demo.square": never}, **given})
    assert message in str(caught.value)


def test_a_report_that_cannot_be_written_names_the_file(squares: at.Workflow, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(at.InputError, match=r"file/run\.html: cannot be written"):
        at.run(squares, actions={"demo.square": square}).report(tmp_path / "file" / "run.html")


@pytest.mark.parametrize("name", ["x.pdf", "x.txt", "results.v2"])
def test_a_report_that_is_neither_html_nor_markdown_is_refused(squares, tmp_path: Path, name: str) -> None:
    run = at.run(squares, actions={"demo.square": square})

    with pytest.raises(
        at.InputError, match=r"a report is HTML, Markdown or JSON; let its name end in \.html, \.md or \.json"
    ):
        run.report(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


class Deaf:
    """Has no method of an observer."""

    def forkd(self, task: str, index: int | None, fork: object, fork_us: float) -> None: ...


class Starts:
    def calling(self, command: object) -> None: ...


@pytest.mark.parametrize(
    ("observers", "message"),
    [
        ([1], "a int is no observer: give an object with at least one of the methods run_started, "),
        ([Starts(), Deaf()], "a Deaf is no observer"),
        ([Starts], "the class Starts is no observer: give an object"),
        (Starts(), "observers must be a list of observers, not a Starts"),
    ],
)
def test_what_cannot_observe_is_refused_before_anything_runs(squares, observers, message, tmp_path) -> None:
    def never(n: int) -> int:
        raise AssertionError("must not run")

    for call in (
        lambda: at.run(squares, actions={"demo.square": never}, observers=observers),
        lambda: asyncio.run(at.arun(squares, actions={"demo.square": never}, observers=observers)),
        lambda: at.resume(tmp_path / "any.jsonl", observers=observers),
    ):
        with pytest.raises(at.InputError) as caught:
            call()
        assert message in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"parameters": [1]}, "parameters must be a map of names (text) to values, not a list"),
        (
            {"parameters": {1: 1}},
            "parameters must be a map of names (text) to values, not one with other keys",
        ),
        ({"config": "x"}, "config must be a map"),
        ({"keystore": 3}, "keystore must be a map"),
        ({"limits": {"nesting": 3}}, "limits must be attune_sim.expressions.Limits"),
        ({"max_task_runs": 0}, "max_task_runs must be a whole number of 1 or more, not 0"),
        ({"seed": "a"}, "seed must be a whole number, not 'a'"),
        ({"actions": [1]}, "actions are a map of names to functions, or the path of a FILE.py, not a list"),
    ],
)
def test_an_option_of_the_wrong_kind_is_named_before_anything_runs(options: dict, message: str) -> None:
    with pytest.raises(at.InputError) as caught:
        at.run("version: 1.0.0\ntasks: [{name: a, action: core.noop}]\n", **options)
    assert message in str(caught.value)


MADE = """\
version: 1.0.0
tasks:
  - {name: make, action: demo.make, next: [{do: [each]}]}
  - {name: each, action: core.noop, with_items: "{{ task.make.rows }}"}
output_map: {total: "{{ task.each.total }}"}
"""


def test_a_fan_out_over_a_list_whose_elements_have_yet_to_be_made_is_bounded() -> None:
    few, many = (at.run(MADE, actions={"demo.make": lambda n=n: {"rows": range(n)}}) for n in (3, 10**12))

    assert few.output == {"total": 3, "succeeded": True}
    assert many.status == "failed"
    assert "may have 2,000,000 of them, not 1,000,000,000,000" in (many.error or "")
