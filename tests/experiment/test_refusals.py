"""When memory was short: by what was refused and how an error was raised, never by what it says."""

import ctypes
import sys
import threading

import pytest

from attune_sim.experiment.refusals import (
    Escape,
    NotingTimeline,
    Refusals,
    RefusalsByAttempt,
    ThreadErrno,
    raised_by_hand,
)

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="errno as on Linux")


def refused():
    """What a library does whose allocation is refused: no exception, and ENOMEM."""
    malloc = ctypes.PyDLL(None).malloc
    malloc.restype, malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    assert malloc(2**62) is None


def error_of(call):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        call()
    return caught.value


def by_hand():
    raise MemoryError("no more")


def by_the_interpreter():
    return bytearray(2**62)


def another():
    raise ValueError("out of memory")


@linux
def test_a_refusal_is_seen_in_its_own_thread_until_it_is_cleared():
    errno, elsewhere = ThreadErrno(), []
    errno.clear()
    refused()
    here = errno.says_refused()
    thread = threading.Thread(target=lambda: elsewhere.append(errno.says_refused()))
    thread.start()
    thread.join()
    assert (here, elsewhere) == (True, [False])
    refused()
    errno.clear()
    assert not errno.says_refused()


def test_only_a_raise_statement_raises_by_hand():
    assert raised_by_hand(error_of(by_hand))
    assert not raised_by_hand(error_of(by_the_interpreter))
    assert not raised_by_hand(MemoryError())


def again():
    try:
        by_the_interpreter()
    except MemoryError as error:
        raise error


def test_an_error_that_is_raised_again_is_still_of_where_it_began():
    assert not raised_by_hand(error_of(again))


@pytest.mark.parametrize(
    ("call", "was_refused", "near", "short"),
    [
        (by_the_interpreter, False, False, True),
        (by_hand, False, False, False),
        (by_hand, False, True, True),
        (by_hand, True, False, True),
        (another, False, True, False),
        (another, True, False, True),
    ],
)
def test_what_escaped_a_run_means_that_memory_was_short_by_its_cause(call, was_refused, near, short):
    escape = Escape.of(error_of(call), was_refused)
    assert Refusals().was_short(escape, near=near) is short


def test_an_escape_is_put_into_one_line():
    assert Escape.of(MemoryError(), False).reason == "MemoryError"
    assert Escape.of(ValueError("a\n  b"), False).reason == "ValueError: a b"
    assert len(Escape.of(ValueError("x" * 1000), False).reason) == 500


@linux
def test_a_failure_of_an_item_counts_if_a_refusal_came_with_it_and_the_limit_was_near():
    refusals = Refusals()
    refusals.forget()
    refusals.item_failed("each", 0, 1, "failed", 1, "out of memory")
    assert (refusals.failure, refusals.was_short(None, near=True)) == (None, False)
    refused()
    refusals.item_failed("each", 0, 2, "failed", 1, "went wrong")
    refusals.item_failed("each", 0, 3, "failed", 1, "went wrong too")
    assert refusals.failure == "went wrong"
    assert [refusals.was_short(None, near=near) for near in (True, False)] == [True, False]


@linux
def test_an_attempt_in_a_thread_begins_without_what_was_refused_before():
    refusals = RefusalsByAttempt()
    refused()
    refusals.calling(None)
    refusals.item_failed("each", 0, 1, "failed", 1, "went wrong")
    assert refusals.failure is None


@linux
def test_a_timeline_looks_for_a_refusal_in_the_thread_that_broke():
    refusals = Refusals()
    timeline = NotingTimeline(refusals)

    def break_down():
        refused()
        timeline.fail(ValueError("went wrong"))

    thread = threading.Thread(target=break_down)
    thread.start()
    thread.join()
    assert refusals.at_failure
