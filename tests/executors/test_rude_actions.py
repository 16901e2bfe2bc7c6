"""Actions that raise what is not meant for them to raise, or lay hands on the loop and the task that they run in: the outcome is the
same under every performer, nothing hangs, and no loop stays open."""

import asyncio
import gc
import sys
import warnings

import pytest

import attune_sim as at

EXECUTORS = ("inline", "threads", "asyncio")
WORKFLOW = """
version: '1'
tasks:
  - name: each
    action: t.rude
    with_items: "{{ range(3) }}"
    concurrency: 2
    input: {n: "{{ item }}"}
    next: [{do: [plain]}]
  - {name: plain, action: t.rude, input: {n: 3}, next: [{do: [last]}]}
  - {name: last, action: t.rude, input: {n: 4}}
"""


class Own(Exception):
    """An error that cannot say what it is."""

    def __str__(self):
        raise ValueError


RAISED = {
    "CancelledError: mine": lambda: asyncio.CancelledError("mine"),
    "GeneratorExit": GeneratorExit,
    "the action called sys.exit(3)": lambda: SystemExit(3),
    "Own": Own,
}


@pytest.fixture(autouse=True)
def nothing_is_left_behind():
    """What a task that was left behind has to say as it goes it says here: while CPython 3.11 parses a module, a SystemError comes of it."""
    yield
    gc.collect()


def outcomes(run):
    return (
        run.status,
        run.task_statuses,
        [failed["error"] for failed in run.task_results["each"]["failed_items"]],
        run.task_results["each"]["results"],
    )


def undertaken(executor, action):
    """What came of a run, and whether it left something open."""
    gc.collect()  # what others have left
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        run = at.run(WORKFLOW, actions={"t.rude": action}, executor=executor)
        gc.collect()
    assert [str(one.message) for one in told] == []
    return run


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("reason", RAISED)
@pytest.mark.parametrize("awaited", [False, True], ids=["called", "awaited"])
def test_whatever_an_action_raises_fails_its_attempt_and_no_other(executor, reason, awaited):
    def rude(n):
        if n == 1:
            raise RAISED[reason]()
        return n

    async def rude_awaited(n):
        await asyncio.sleep(0)
        return rude(n)

    run = undertaken(executor, rude_awaited if awaited else rude)

    statuses = {"each": "failed", "plain": "succeeded", "last": "succeeded"}
    assert outcomes(run) == ("succeeded", statuses, [reason], [0, None, 2])


async def cancels_its_task(n):
    asyncio.current_task().cancel()
    await asyncio.sleep(0)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_an_action_that_cancels_the_task_that_it_runs_in_has_failed(executor):
    async def rude(n):
        return await cancels_its_task(n) if n == 1 else n

    run = undertaken(executor, rude)

    statuses = {"each": "failed", "plain": "succeeded", "last": "succeeded"}
    assert outcomes(run) == ("succeeded", statuses, ["CancelledError"], [0, None, 2])


async def cancels_and_returns(n):
    asyncio.current_task().cancel()
    return n


async def stops_the_loop(n):
    asyncio.get_running_loop().stop()
    await asyncio.sleep(0)
    return n


async def leaves_an_exit_on_the_loop(n):
    asyncio.get_running_loop().call_soon(sys.exit)
    await asyncio.sleep(0)
    return n


async def leaves_a_task_that_exits(n):
    asyncio.get_running_loop().rude = asyncio.create_task(exits())
    await asyncio.sleep(0)
    return n


async def exits():
    raise SystemExit


MEDDLING = (cancels_and_returns, stops_the_loop, leaves_an_exit_on_the_loop, leaves_a_task_that_exits)


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("rude", MEDDLING)
def test_what_an_action_does_to_its_loop_or_task_and_gets_over_changes_nothing(executor, rude):
    run = undertaken(executor, rude)

    statuses = dict.fromkeys(("each", "plain", "last"), "succeeded")
    assert outcomes(run) == ("succeeded", statuses, [], [0, 1, 2])


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("rude", MEDDLING)
def test_a_run_inside_of_a_running_loop_gets_over_it_too(executor, rude):
    async def cell():
        return at.run(WORKFLOW, actions={"t.rude": rude}, executor=executor)

    assert asyncio.run(cell()).status == "succeeded"


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("awaited", [False, True], ids=["called", "awaited"])
def test_a_keyboard_interrupt_that_an_action_raises_ends_the_call_and_leaves_a_run_to_take_up(
    tmp_path, executor, awaited
):
    path = tmp_path / "run.jsonl"

    def rude(n):
        if n == 3:
            raise KeyboardInterrupt
        return n

    async def rude_awaited(n):
        await asyncio.sleep(0)
        return rude(n)

    with pytest.raises(KeyboardInterrupt):
        at.run(
            WORKFLOW, actions={"t.rude": rude_awaited if awaited else rude}, executor=executor, journal=path
        )

    again = at.resume(path, actions={"t.rude": lambda n: n})
    assert outcomes(again)[0] == "succeeded"
    assert again.task_starts.count("plain") == 2


class NoGet(dict):
    def get(self, *_):
        raise ValueError("no get")


class NoEntries(dict):
    def __iter__(self):
        raise ValueError("no entries")

    keys = items = values = __iter__


class NoClass:
    @property
    def __class__(self):
        raise ValueError("no class")


def refuses(n):
    raise at.ActionError("no", NoGet())


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda n: NoGet(n=n), "ValueError: no get"),
        (lambda n: {"data": NoEntries(n=n)}, "ValueError: no entries"),
        (lambda n: NoClass(), "ValueError: no class"),
        (refuses, "no"),
    ],
    ids=["get", "data", "class", "error"],
)
def test_a_result_whose_own_methods_fail_fails_its_attempt(executor, make, reason):
    def rude(n):
        return make(n) if n == 3 else n

    run = undertaken(executor, rude)

    assert (run.status, run.task_statuses["plain"], run.task_results["plain"]) == (
        "succeeded",
        "failed",
        {"error": reason},
    )
    assert run.task_statuses["last"] == "succeeded"


class Lying(list):
    def __len__(self):
        return 5


class Endless(list):
    def __iter__(self):
        raise ValueError("no entries")


@pytest.mark.parametrize(
    ("made", "statuses"),
    [
        (Lying([1, 2]), {"list": "succeeded", "each": "succeeded"}),
        (Endless([1]), {"list": "succeeded", "each": "failed"}),
    ],
    ids=["length", "entries"],
)
@pytest.mark.parametrize("batch", [1, 2])
def test_a_list_that_is_none_has_the_items_that_it_gives_or_fails_its_task(made, statuses, batch):
    text = f"""
version: '1'
tasks:
  - {{name: list, action: t.list, next: [{{do: [each]}}]}}
  - {{name: each, action: t.each, with_items: "{{{{ task.list }}}}", batch_size: {batch}, input: {{n: "{{{{ item }}}}"}}}}
"""
    run = at.run(text, actions={"t.list": lambda: made, "t.each": lambda n: n})

    assert run.task_statuses == statuses
    if statuses["each"] == "failed":
        assert run.error.endswith("task 'each', with_items: the items cannot be listed (ValueError))")
