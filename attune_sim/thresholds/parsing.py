"""Rule text -> rule."""

from __future__ import annotations

import re
from typing import Final, cast

from attune_sim.errors import InputError, did_you_mean
from attune_sim.metrics import FACTORS, METRICS, Metric, ascii_unit
from attune_sim.thresholds.rules import Along, Amount, Growth, Promises, Rule, Threshold

_NUMBER: Final = r"[\d_]*\.?\d+(?:e[+-]?\d+)?"
_AMOUNT: Final = rf"(?:(?P<{{0}}before>{_NUMBER})\s*\*\s*)?(?:(?P<{{0}}strategy>[\w-]+)\.)?(?P<{{0}}metric>[a-z_]\w*)(?:\s*\*\s*(?P<{{0}}after>{_NUMBER}))?"
_FLAGS: Final = re.ASCII | re.IGNORECASE
_UNIT: Final = r"%|[A-Za-z]*|[\u00b5\u03bc]s"
_LIMIT: Final = re.compile(
    rf"\s*{_AMOUNT.format('l_')}\s*(?P<relation><=|>=|<|>|:)\s*(?P<number>{_NUMBER})\s*(?P<unit>{_UNIT})\s*",
    _FLAGS,
)
_RATIO: Final = re.compile(
    rf"\s*{_AMOUNT.format('l_')}\s*(?P<relation><=|>=|<|>)\s*{_AMOUNT.format('r_')}\s*", _FLAGS
)
_GROWTH: Final = re.compile(
    r"\s*(?:(?P<strategy>[\w-]+)\.)?(?:(?P<metric>(?!growth\b)\w+)\s+)?growth\s+in\s+(?P<along>\w+)\s+is\s+(?P<law>O\(.*\))\s*",
    _FLAGS,
)
_PROMISES: Final = re.compile(r"\s*(?:(?P<strategy>[\w-]+)\.)?promises\s+are\s+kept\s*", _FLAGS)

FLOOR: Final = "floor"
"""What rules call `floor_us`."""

GROWN: Final = ("fork_bytes", "fork_us")
"""What a rule of growth means where it names no metric: the price of a fork."""

LAWS_ALONG: Final[dict[Along, tuple[str, ...]]] = {
    "items": ("O(1)", "O(N)"),
    "context_bytes": ("O(1)", "O(C)"),
}
"""Over what a cost may grow -> how, the least first."""

FORMS: Final = (
    "METRIC < NUMBER (fork_bytes < 128, fork_us < 1us)",
    "METRIC < NUMBER * METRIC (fork_us < 1.5 * floor, shared.fork_us * 1000 < deepcopy.fork_us)",
    "METRIC:PERCENT against a baseline (fork_us:10%)",
    "METRIC growth in context_bytes is O(1)",
    "promises are kept",
)
"""Every form that a rule may have."""


def parse(text: str) -> Rule:
    """One rule from its text.

    Raises:
        InputError: quotes the text and says what may stand there.

    >>> parse("shared.fork_us<1ms").right.factor, parse("peak_rss_bytes<=64MiB").right.factor
    (1000.0, 67108864.0)
    >>> str(parse("shared.fork_us * 1000 < deepcopy.fork_us").right), parse("fork_us:10%").right.factor
    ('deepcopy.fork_us', 1.1)
    >>> parse("growth in context_bytes is O(1)").metrics, parse("fork_us < 1.5 * floor").kind
    (('fork_bytes', 'fork_us'), 'ratio')
    >>> parse("fork_us<1MiB")
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: threshold 'fork_us<1MiB': fork_us is in us, not in 'MiB'; choose from: ns, us, ms, s
    """
    if not isinstance(text, str):
        raise InputError(f"threshold {text!r} is no text; write one of: {'; '.join(FORMS)}")
    if found := _PROMISES.fullmatch(text):
        return Promises(text.strip(), found["strategy"])
    if found := _GROWTH.fullmatch(text):
        return _growth(text, found)
    if found := _LIMIT.fullmatch(text):
        return _limit(text, found)
    if found := _RATIO.fullmatch(text):
        return _ratio(text, found)
    raise InputError(f"threshold {text!r} cannot be read; write one of: {'; '.join(FORMS)}")


def _limit(text: str, found: re.Match[str]) -> Threshold:
    left, number = _amount(text, found, "l_"), float(found["number"].replace("_", ""))
    metric = METRICS[left.metric or ""]
    if found["relation"] == ":":
        return _relative(text, left, metric, found["unit"], number)
    limit = Amount(number * _factor(text, metric, found["unit"]))
    return Threshold(text.strip(), left, found["relation"], limit)


def _ratio(text: str, found: re.Match[str]) -> Threshold:
    left, right = _amount(text, found, "l_"), _amount(text, found, "r_")
    units = [METRICS[one.metric or ""].unit for one in (left, right)]
    if units[0] != units[1]:
        raise InputError(
            f"threshold {text!r}: {left.metric} is in {units[0]}, {right.metric} in {units[1]}; hold against each other what has one unit"
        )
    if (left.metric, left.strategy) == (right.metric, right.strategy):
        raise InputError(
            f"threshold {text!r} holds {left.metric} against itself; name two strategies, or two metrics"
        )
    return Threshold(text.strip(), left, found["relation"], right)


def _relative(text: str, left: Amount, metric: Metric, unit: str, percent: float) -> Threshold:
    if unit != "%":
        raise InputError(f"threshold {text!r}: a rule against a baseline ends in %, as {metric.name}:10%")
    if metric.better is None:
        raise InputError(f"threshold {text!r}: of {metric.name} neither more nor less is better")
    if left.factor != 1:
        raise InputError(
            f"threshold {text!r}: a rule against a baseline has no factor; write {metric.name}:10%"
        )
    worse, relation = (1, "<=") if metric.better == "lower" else (-1, ">=")
    base = Amount(1 + worse * percent / 100, metric.name, left.strategy)
    return Threshold(text.strip(), left, relation, base, relative=True)


def _growth(text: str, found: re.Match[str]) -> Growth:
    along, law = found["along"].lower(), found["law"].replace(" ", "")
    if along not in LAWS_ALONG:
        choices = ", ".join(LAWS_ALONG)
        raise InputError(f"threshold {text!r}: nothing grows in {along!r} here; choose from: {choices}")
    known = LAWS_ALONG[cast("Along", along)]
    if law not in known:
        raise InputError(
            f"threshold {text!r}: growth in {along} is no {law!r}; choose from: {', '.join(known)}"
        )
    metrics = (_metric(text, found["metric"]).name,) if found["metric"] else GROWN
    return Growth(text.strip(), metrics, cast("Along", along), law, found["strategy"])


def _amount(text: str, found: re.Match[str], side: str) -> Amount:
    factor = 1.0
    for place in ("before", "after"):
        if number := found[side + place]:
            factor *= float(number.replace("_", ""))
    if factor == 0:
        raise InputError(f"threshold {text!r}: a factor of 0 leaves nothing of {found[side + 'metric']}")
    return Amount(factor, _metric(text, found[side + "metric"]).name, found[side + "strategy"])


def _metric(text: str, name: str) -> Metric:
    if name == FLOOR:
        return METRICS["floor_us"]
    try:
        return METRICS[name]
    except InputError as error:
        raise InputError(f"threshold {text!r}: {error}") from None


def _factor(text: str, metric: Metric, unit: str) -> float:
    if not unit:
        return 1.0
    if unit == "%":
        raise InputError(f"threshold {text!r}: a percentage is written {metric.name}:PERCENT (fork_us:10%)")
    factors, unit = FACTORS[metric.unit], ascii_unit(unit)
    if not factors:
        raise InputError(f"threshold {text!r}: {metric.name} is a {metric.unit}; leave {unit!r} out")
    if unit not in factors:
        guess = did_you_mean(unit, factors)
        choices = f"{f'{guess}; ' if guess else ''}choose from: {', '.join(factors)}"
        raise InputError(f"threshold {text!r}: {metric.name} is in {metric.unit}, not in {unit!r}; {choices}")
    return factors[unit]
