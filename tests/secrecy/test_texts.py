"""Many texts are found in a text as few are."""

import re

from hypothesis import given
from hypothesis import strategies as st

from attune_sim.secrecy.texts import Texts

WORDS = st.text("ab-]^\n", min_size=4, max_size=7)


@given(
    words=st.lists(WORDS, min_size=1, max_size=12),
    more=st.integers(0, 1),
    text=st.text("ab-]^\n", max_size=60),
)
def test_the_first_from_the_left_and_the_longest_there_is_found_however_many_there_are(words, more, text):
    many = [*words, *(f"never-{n:03}" for n in range(60 * more))]
    texts = Texts()
    for word in many:
        texts.add(word)
        texts.split(text)  # what it has made ready by now must not matter

    pattern = "|".join(map(re.escape, sorted(set(many), key=len, reverse=True)))
    assert texts.split(text) == re.split(f"({pattern})", text)


def test_nothing_is_found_among_none():
    assert Texts().split("a text") == ["a text"]
