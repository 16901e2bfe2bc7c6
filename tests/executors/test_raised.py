"""Where an action raised."""

from __future__ import annotations

import json
from collections.abc import Callable

from attune_sim.executors.raised import Places


def raised_by(call: Callable[[], object]) -> BaseException:
    try:
        call()
    except BaseException as error:
        return error
    raise AssertionError("it raised nothing")


def broken() -> object:
    return json.loads("{")


def test_a_place_is_the_innermost_line_that_is_no_library_s() -> None:
    place = Places().of(raised_by(broken))

    assert place is not None
    assert (place.file, place.function) == (__file__, "broken")
    assert place.line == broken.__code__.co_firstlineno + 1


def test_a_traceback_is_made_once_a_line_and_type_and_for_so_many_of_them_at_the_most() -> None:
    places = Places(most=2)
    calls = [broken, broken, lambda: 1 / 0, lambda: [][1]]

    ways = [place.way for place in map(places.of, map(raised_by, calls)) if place is not None]
    assert [way is not None for way in ways] == [True, False, True, False]


def test_a_deep_recursion_has_a_short_traceback() -> None:
    def deeper(n: int) -> int:
        return deeper(n + 1)

    place = Places().of(raised_by(lambda: deeper(0)))
    assert place is not None
    assert place.function == "deeper"
    assert len(place.way or "") < 10_001


def test_an_error_that_was_never_raised_here_has_no_place() -> None:
    assert Places().of(ValueError("made, not raised")) is None


def test_an_error_that_cannot_be_shown_still_has_a_place() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError("no words")

    def fails() -> None:
        raise Mute

    place = Places().of(raised_by(fails))
    assert place is not None
    assert place.function == "fails"
