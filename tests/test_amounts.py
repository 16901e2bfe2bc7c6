from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.amounts import byte_count, number_of, rate_of, rate_text, second_count, share_of, time_text
from attune_sim.errors import InputError


@given(st.floats(1e-9, 1e9))
def test_a_time_that_is_written_can_be_read(seconds: float) -> None:
    assert second_count(time_text(seconds)) == pytest.approx(seconds, rel=1e-10)


@given(st.floats(1e-9, 1e9))
def test_a_rate_that_is_written_can_be_read(rate: float) -> None:
    assert rate_of(rate_text(rate), "rate") == pytest.approx(rate, rel=1e-10)


@pytest.mark.parametrize(
    ("text", "seconds"), [("1d", 86_400), ("24h", 86_400), ("5min", 300), ("80 ms", 0.08), ("3", 3)]
)
def test_a_time_has_a_unit_or_is_in_seconds(text: str, seconds: float) -> None:
    assert second_count(text) == seconds


@pytest.mark.parametrize(
    ("text", "rate"), [("50/s", 50), ("12/h", 12 / 3600), ("1/5min", 1 / 300), ("0.5", 0.5), (2, 2)]
)
def test_a_rate_is_so_many_in_a_time(text: str | float, rate: float) -> None:
    assert rate_of(text, "rate") == pytest.approx(rate)


@pytest.mark.parametrize("text", ["", "0/h", "-1/h", "12/0s", "a/h", "12/", "inf", "12/year"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no rate; write for example 12/h, or 50/s"):
        rate_of(text, "rate")


@pytest.mark.parametrize("text", ["", "%", "-1%", "101%", "1.5", "nan", "some"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no share; write for example 20%"):
        share_of(text, "share")


@pytest.mark.parametrize("text", ["", "inf", "nan", "1,5", None, True])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no number; write for example"):
        number_of(text, "alpha")


@pytest.mark.parametrize(
    ("read", "text"), [(second_count, "0s"), (second_count, "-5ms"), (second_count, 0), (byte_count, "0KB")]
)
def test_an_amount_of_zero_or_less_is_told_from_one_that_cannot_be_read(read, text) -> None:
    with pytest.raises(InputError, match="above 0; write for example"):
        read(text)
