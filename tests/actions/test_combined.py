"""Apache's combined format: what is well formed arrives whole, what is not is told by its part."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.actions.combined import parse_line

GOOD = (
    '203.0.113.7 - ada [10/Oct/2000:13:55:36 -0700] "GET /a?b=1 HTTP/1.1" 200 2326 "http://x/" "curl/8 (x)"'
)


def complaint_about(text: str) -> str | None:
    try:
        parse_line(text)
    except ValueError as error:
        return str(error)
    return None


def test_every_field_of_a_well_formed_line_arrives():
    assert parse_line(GOOD) == {
        "host": "203.0.113.7",
        "identity": None,
        "user": "ada",
        "time": "2000-10-10T13:55:36-07:00",
        "request": "GET /a?b=1 HTTP/1.1",
        "method": "GET",
        "path": "/a?b=1",
        "protocol": "HTTP/1.1",
        "status": 200,
        "bytes": 2326,
        "referer": "http://x/",
        "agent": "curl/8 (x)",
        "extra": None,
    }


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        (GOOD.split(' "http')[0], "agent", None),  # the common format
        (GOOD + " 0.012 upstream", "extra", "0.012 upstream"),
        (GOOD.replace("curl/8", 'a \\"b\\" c'), "agent", 'a \\"b\\" c (x)'),
        (GOOD.replace("GET /a?b=1 HTTP/1.1", "-"), "method", None),  # a client that sent nothing
        (
            GOOD.replace("GET /a?b=1 HTTP/1.1", "\\x16\\x03\\x01"),
            "request",
            "\\x16\\x03\\x01",
        ),  # TLS on a plain port
        (GOOD.replace("GET /a?b=1 HTTP/1.1", "GET /old"), "protocol", None),
        (GOOD.replace("2326", "-"), "bytes", 0),
        (GOOD.replace("ada", "Ada Love Lace"), "user", "Ada Love Lace"),
        (GOOD.replace("203.0.113.7", "2001:db8::1"), "host", "2001:db8::1"),
    ],
)
def test_the_varieties_of_real_logs_are_read(text, field, value):
    assert parse_line(text)[field] == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "begins with no host"),
        ("203.0.113.7 - -", "has no '\\[' after host, identity and user"),
        ("203.0.113.7 - - [10/Oct/2000:13", "the time is not closed"),
        (GOOD[: GOOD.index('"GET') - 1], "has no quoted request after the time"),
        (GOOD[: GOOD.index(" HTTP")], "the request is not closed by a quote"),
        (GOOD[: GOOD.index(" 200")], "ends before the status"),
        (GOOD[: GOOD.index(" 2326")], "ends before the size"),
        (GOOD[: GOOD.index("x/")], "the referer is not closed by a quote"),
        (GOOD[: GOOD.index(' "curl')], "ends before the user agent"),
        (GOOD[:-1], "the user agent is not closed by a quote"),
        (GOOD.replace("Oct", "10"), "the time '10/10/2000:13:55:36 -0700' is not dd/Mon/yyyy"),
        (GOOD.replace("10/Oct", "31/Feb"), "the time '31/Feb.*' does not exist: day is out of range"),
        (GOOD.replace("-0700", "-9900"), "does not exist"),
        (GOOD.replace(" 200 ", " 2000 "), "the status '2000' is not a number from 100 to 599"),
        (GOOD.replace(" 200 ", " ٢٠٠ "), "the status '٢٠٠' is not"),
        (GOOD.replace("2326", "12kB"), "the size '12kB' is neither a number of bytes nor '-'"),
        (GOOD.replace("curl/8 (x)", "x") + "tail", "something between its fields"),
    ],
)
def test_a_malformed_line_names_the_part_that_is_wrong(text, reason):
    with pytest.raises(ValueError, match=reason):
        parse_line(text)


@given(
    st.text(max_size=300)
    | st.builds(lambda at, with_: GOOD[:at] + with_ + GOOD[at:], st.integers(0, 110), st.text(max_size=3))
)
def test_no_text_ends_in_anything_but_fields_or_a_reason_of_one_line(text):
    reason = complaint_about(text)
    assert reason is None or (reason and "\n" not in reason)


@pytest.mark.parametrize("piece", [" [", ' "', "\\", '\\"', "] ", "a ", '" "'])
def test_a_hostile_line_is_judged_in_linear_time(piece):
    # Quadratic time would be hours at this size.
    assert complaint_about("h - - [x] " + '"' + piece * 500_000)
    assert complaint_about("h - " + piece * 500_000)
