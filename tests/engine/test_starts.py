"""The attempts of a run in the order in which they started, some of them taken back."""

from hypothesis import given
from hypothesis import strategies as st

from attune_sim.engine.taskrun import Starts

PLACES = st.tuples(st.sampled_from(["a", "b"]), st.sampled_from([None, 0, 1]))


@given(told=st.lists(st.tuples(st.booleans(), PLACES), max_size=40))
def test_the_latest_start_of_a_place_is_what_is_taken_back(told):
    starts, expected = Starts(), []
    for takes_back, (task, index) in told:
        name = task if index is None else f"{task}[{index}]"
        if not takes_back:
            starts.note(starts.first_of(task, plain=index is None) + (index or 0))
            expected.append(name)
        elif name in expected:
            starts.withdraw(starts.first_of(task, plain=index is None) + (index or 0))
            del expected[len(expected) - 1 - expected[::-1].index(name)]

    assert list(starts) == expected
    assert len(starts) == len(expected)
    assert list(starts) == expected, "reading takes nothing away"


def test_what_is_forgotten_may_still_be_taken_back():
    starts = Starts()
    first, plain = starts.first_of("each", plain=False), starts.first_of("after", plain=True)
    for slot in range(3):
        starts.note(first + slot)

    starts.forget()
    assert (len(starts), list(starts)) == (0, [])

    starts.withdraw(first + 2)  # its preparation failed
    starts.note(plain)

    assert list(starts) == ["after"]
