from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.errors import InputError
from attune_sim.metrics import METRICS
from attune_sim.thresholds import Amount, Growth, Promises, Threshold, parse
from attune_sim.thresholds.rules import about


@pytest.mark.parametrize(
    ("text", "left", "right"),
    [
        ("fork_us < 1.5 * floor", Amount(1, "fork_us"), Amount(1.5, "floor_us")),
        (
            "shared.fork_us * 1000 < deepcopy.fork_us",
            Amount(1000, "fork_us", "shared"),
            Amount(1, "fork_us", "deepcopy"),
        ),
        ("2*fork_bytes*3<=4 * hamt.fork_bytes", Amount(6, "fork_bytes"), Amount(4, "fork_bytes", "hamt")),
        ("render_us > fork_us", Amount(1, "render_us"), Amount(1, "fork_us")),
        ("10 * fork_us < 1ms", Amount(10, "fork_us"), Amount(1000)),
    ],
)
def test_a_ratio_is_read_into_its_two_sides(text: str, left: Amount, right: Amount) -> None:
    rule = parse(text)

    assert isinstance(rule, Threshold)
    assert (rule.left, rule.right, rule.text) == (left, right, text)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (
            "growth in context_bytes is O(1)",
            Growth(
                "growth in context_bytes is O(1)", ("fork_bytes", "fork_us"), "context_bytes", "O(1)", None
            ),
        ),
        (
            "hamt.live_heap_bytes growth in items is O(N)",
            Growth(
                "hamt.live_heap_bytes growth in items is O(N)", ("live_heap_bytes",), "items", "O(N)", "hamt"
            ),
        ),
        ("promises are kept", Promises("promises are kept")),
        ("frozen.promises are kept", Promises("frozen.promises are kept", "frozen")),
    ],
)
def test_growth_and_promises_are_read(text: str, rule: object) -> None:
    assert parse(text) == rule


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("fork_us < 2 * fork_bytes", "fork_us is in us, fork_bytes in bytes"),
        ("fork_us < 2 * fork_us", "holds fork_us against itself"),
        ("fork_us < 0 * floor", "a factor of 0 leaves nothing of floor"),
        ("2 * fork_us:10%", "has no factor"),
        ("growth in size is O(1)", "choose from: items, context_bytes"),
        ("growth in items is O(C)", "choose from: O(1), O(N)"),
        ("speed growth in items is O(1)", "unknown metric 'speed'"),
        ("fork_us == 2", "write one of: METRIC < NUMBER"),
    ],
)
def test_a_rule_of_two_sides_that_cannot_be_read_is_quoted_with_the_choices(text: str, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text)

    assert repr(text) in str(caught.value)
    assert reason in str(caught.value)


def test_what_is_no_text_is_no_rule() -> None:
    with pytest.raises(InputError, match="threshold 7 is no text; write one of"):
        parse(7)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("fork_bytes < 128", "count"),
        ("fork_bytes:1%", "count"),
        ("shared.fork_bytes * 10 < deepcopy.fork_bytes", "count"),
        ("fork_bytes growth in items is O(1)", "count"),
        ("promises are kept", "count"),
        ("fork_us < 2 * floor", "ratio"),
        ("growth in items is O(1)", "ratio"),
        ("fork_us < 1us", "time"),
        ("fork_us:10%", "time"),
        ("peak_rss_bytes < 1GB", "time"),
    ],
)
def test_what_a_rule_may_be_trusted_for_is_a_kind_of_its_own(text: str, kind: str) -> None:
    assert parse(text).kind == kind


@given(
    metric=st.sampled_from(list(METRICS)),
    relation=st.sampled_from(["<", "<=", ">", ">="]),
    number=st.floats(min_value=1e-6, max_value=1e12),
    strategy=st.sampled_from([None, "shared", "my-own"]),
)
def test_a_limit_says_what_was_written(
    metric: str, relation: str, number: float, strategy: str | None
) -> None:
    named = f"{strategy}.{metric}" if strategy else metric
    rule = parse(f"{named} {relation} {number!r}")

    assert isinstance(rule, Threshold)
    assert (rule.left, rule.relation) == (Amount(1, metric, strategy), relation)
    assert rule.right == Amount(number)


@given(st.text(max_size=60))
def test_what_is_no_rule_is_quoted_in_one_line(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(f"{text}?")

    assert repr(f"{text}?") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_rule_without_a_name_is_about_whom_it_is_held_against() -> None:
    relative = about(parse("fork_us:10%"), "hamt")

    assert isinstance(relative, Threshold)
    assert (relative.left.strategy, relative.right.strategy) == ("hamt", "hamt")
    assert about(parse("shared.fork_us < 1us"), "hamt").strategy == "shared"
    assert about(parse("promises are kept"), "hamt").strategy == "hamt"
