"""What was measured, in the forms that dashboards read already.

pytest-benchmark         its JSON: times only, in seconds, since it knows nothing else; counts stand in `extra_info`
github-action-benchmark  `customSmallerIsBetter`: every metric of which less is better
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from statistics import fmean, median, quantiles, stdev
from typing import Any, Final

from attune_sim.api.alarms.baseline import record_of
from attune_sim.api.alarms.telling import Told
from attune_sim.errors import InputError, UnknownNameError
from attune_sim.files import MARK, write
from attune_sim.metrics import FACTORS, METRICS, TIMES, Metric
from attune_sim.record import CellRecord

PLUGIN_VERSION: Final = "5.0.0"
"""Of pytest-benchmark, whose form this is."""

Series = dict[tuple[str, str], list[float]]
"""(case, metric) -> values over the repeats."""


def export(asked: str, outcomes: Iterable[Told], *, force: bool = False) -> str:
    """Write what `FORM=FILE` asks for; gives back the path.

    Raises:
        InputError: there is no such form, or the file cannot be written.
    """
    form, path = export_asked(asked)
    return write(path, FORMS[form](series_of(outcomes)), force=force)


def export_asked(asked: str) -> tuple[str, str]:
    """Form and file of `FORM=FILE`.

    >>> export_asked("github-action-benchmark=bench.json")
    ('github-action-benchmark', 'bench.json')
    """
    form, equals, path = asked.partition("=")
    if not equals or not path:
        raise InputError(f"{asked!r} names no file: write FORM=FILE; forms are {', '.join(FORMS)}")
    if form not in FORMS:
        raise UnknownNameError("form of export", form, FORMS)
    return form, path


def series_of(outcomes: Iterable[Told]) -> Series:
    """The values of each metric of each case, cells that did not end well left out, each cell once."""
    records = {_id(record): record for one in outcomes for record in map(record_of, one["cells"])}
    found: Series = {}
    for record in records.values():
        for reading in record.readings if record.outcome == "ok" else ():
            if reading.value is not None and METRICS[reading.metric].better == "lower":
                found.setdefault((_case(record), reading.metric), []).append(reading.value)
    return found


def _id(record: CellRecord) -> tuple[str, int]:
    return record.key.id, record.hash_seed


def _case(record: CellRecord) -> str:
    key = record.key
    return f"{key.workload}[{key.strategy}-{record.items or 0}-{key.dispatch}]"


def github_action_benchmark(series: Series) -> str:
    """A list of figures: name, unit, the median, and how far the repeats lie apart."""
    rows = [
        {
            "name": f"{case} {metric}",
            "unit": METRICS[metric].unit,
            "value": median(values),
            "range": f"{(max(values) - min(values)) / 2:.4g}",
            "extra": f"{MARK}\n{len(values)} repeats",
        }
        for (case, metric), values in series.items()
    ]
    return json.dumps(rows, indent=1) + "\n"


def pytest_benchmark(series: Series) -> str:
    """One document of benchmarks, as `pytest --benchmark-json` writes it."""
    counts: dict[str, dict[str, float]] = {}
    for (case, metric), values in series.items():
        if METRICS[metric].unit not in TIMES:
            counts.setdefault(case, {})[metric] = median(values)
    rows = [
        _benchmark(case, METRICS[metric], values, counts.get(case, {}))
        for (case, metric), values in series.items()
        if METRICS[metric].unit in TIMES
    ]
    now = datetime.now(UTC)
    return json.dumps(
        {
            "note": MARK,
            "machine_info": {"node": "", "machine": platform.machine(), "system": platform.system(),
                             "python_version": platform.python_version(), "cpu": {}},
            "commit_info": {"id": "unknown", "dirty": None},
            "benchmarks": rows,
            "datetime": now.isoformat(),
            "version": PLUGIN_VERSION,
        },
        indent=1,
    )  # fmt: skip


def _benchmark(
    case: str, metric: Metric, values: Sequence[float], extra: Mapping[str, float]
) -> dict[str, Any]:
    seconds = 1 / FACTORS[metric.unit]["s"]
    return {
        "group": metric.name,
        "name": f"{case} {metric.name}",
        "fullname": f"attune_sim::{case} {metric.name}",
        "params": None,
        "param": None,
        "extra_info": dict(extra),
        "options": {"disable_gc": False, "warmup": False},
        "stats": _stats([value * seconds for value in values]),
    }


def _stats(values: list[float]) -> dict[str, Any]:
    q1, middle, q3 = quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    deviation = stdev(values) if len(values) > 1 else 0.0
    mean = fmean(values)
    return {
        "min": min(values), "max": max(values), "mean": mean, "stddev": deviation, "rounds": len(values),
        "median": middle, "iqr": q3 - q1, "q1": q1, "q3": q3, "iqr_outliers": 0, "stddev_outliers": 0,
        "outliers": "0;0", "ld15iqr": min(values), "hd15iqr": max(values), "ops": 1 / mean if mean else 0.0,
        "total": sum(values), "data": values, "iterations": 1,
    }  # fmt: skip


FORMS: Final[Mapping[str, Callable[[Series], str]]] = {
    "pytest-benchmark": pytest_benchmark,
    "github-action-benchmark": github_action_benchmark,
}
