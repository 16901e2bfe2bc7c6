"""The price of everything that a run does with its context: strategies by operation, size and shape, over their floors.

Runs `grid/operations.py` with pytest-benchmark (medians of rounds, one strategy after the other: for differences of a few
percent see the interleaved rounds of bench_strategies.py). Writes a frame (`bench_grid.csv`, a row a figure) and tables.

    python benchmarks/bench_grid.py [--megabytes 0,0.1,1,5] [--payloads text,records,numbers] [-k fork] [--out results] [--write-docs]

`--write-docs` renews the table of docs/strategies.md: all operations at 1 MB of records.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pandas as pd
from pages import inserted
from verdict import Verdict

from attune_sim.metrics import METRICS

OPERATIONS: Final = Path(__file__).parent / "grid" / "operations.py"
DOCS: Final = Path(__file__).parents[1] / "docs" / "strategies.md"
FLOOR: Final = "floor"
TITLES: Final = {
    "fork": "fork: the context of one item (floor: a bare slotted object)",
    "render": "render: three templates over a fork (floor: the same read by hand)",
    "publish": "publish: a variable and a task's result (floor: two keys of dicts)",
    "lookup": "lookup: a namespace of a fork and a key of it (floor: two subscripts of dicts)",
    "fan_out": "fan_out: engine, recording and all, an item (floor: a loop that reads and calls)",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megabytes", default="0,0.1,1,5")
    parser.add_argument("--payloads", default="text,records,numbers")
    parser.add_argument("-k", dest="only", default="", help="operations or strategies, as pytest's -k")
    parser.add_argument("--out", type=Path, default=Path("results"))
    parser.add_argument("--write-docs", action="store_true")
    options = parser.parse_args()
    verdict = Verdict(f"strategies by operation, {options.megabytes} MB of {options.payloads}")
    frame = over_floors(measured(options))
    options.out.mkdir(parents=True, exist_ok=True)
    frame.to_csv(options.out / "bench_grid.csv", index=False)
    page = "\n".join(tables(frame))
    (options.out / "bench_grid.md").write_text(page, encoding="utf-8")
    print(page)
    if options.write_docs:
        DOCS.write_text(inserted(DOCS.read_text(encoding="utf-8"), overview(frame)), encoding="utf-8")
    require_shared_everywhere(verdict, frame)
    verdict.exit()


def measured(options: argparse.Namespace) -> pd.DataFrame:
    """A row a benchmark, microseconds an operation."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "grid.json"
        command = [sys.executable, "-m", "pytest", str(OPERATIONS), "-q", "--benchmark-quiet"]
        command += ["--benchmark-json", str(file), "-k", options.only]
        command += ["--megabytes", options.megabytes, "--payloads", options.payloads]
        subprocess.run(command, check=True)
        return pd.DataFrame([row_of(one) for one in json.loads(file.read_text())["benchmarks"]])


def row_of(benchmark: dict[str, Any]) -> dict[str, Any]:
    facts, stats = benchmark["extra_info"], benchmark["stats"]
    times = {f"{name}_us": stats[name] / facts["operations"] * 1e6 for name in ("median", "iqr")}
    return {**facts, **times, "rounds": stats["rounds"]}


def over_floors(frame: pd.DataFrame) -> pd.DataFrame:
    """With the floor of the same operation and point, and the ratio to it."""
    point = ["operation", "megabytes", "payload"]
    floors = frame[frame["strategy"] == FLOOR][[*point, "median_us"]]
    joined = frame.merge(floors.rename(columns={"median_us": "floor_us"}), on=point, how="left")
    return joined.assign(over_floor=joined["median_us"] / joined["floor_us"])


def tables(frame: pd.DataFrame) -> Iterator[str]:
    """A table an operation and shape: strategies down, sizes across."""
    yield "# What a context costs\n\nMedian time of one operation, and how many floors of the same run that is.\n"
    for (operation, payload), part in frame.groupby(["operation", "payload"], sort=False):
        sizes = sorted(part["megabytes"].unique())
        yield f"## {TITLES[str(operation)]}, {payload}\n"
        yield f"| strategy |{''.join(f' {size:g} MB |' for size in sizes)}"
        yield f"|---|{'--:|' * len(sizes)}"
        for strategy, rows in part.groupby("strategy", sort=False):
            cells = [told(row) for row in rows.sort_values("megabytes").to_dict("records")]
            yield f"| {strategy} |{''.join(f' {cell} |' for cell in cells)}"
        yield ""


def overview(frame: pd.DataFrame) -> str:
    """One table of all operations at 1 MB of records, with the date and the machine."""
    here = frame[(frame["megabytes"] == 1.0) & (frame["payload"] == "records")]
    operations = list(here["operation"].unique())
    lines = [
        f"| strategy |{''.join(f' {name} |' for name in operations)}",
        f"|---|{'--:|' * len(operations)}",
    ]
    for strategy, rows in here.groupby("strategy", sort=False):
        cells = [told(row) for row in rows.to_dict("records")]
        lines.append(
            f"| {f'`{strategy}`' if strategy != FLOOR else FLOOR} |{''.join(f' {cell} |' for cell in cells)}"
        )
    python = f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} CPUs"
    return "\n".join([f"Measured {datetime.now(UTC):%Y-%m-%d} on {python}.", "", *lines])


def told(row: dict[str, Any]) -> str:
    time = METRICS["fork_us"].format(row["median_us"])
    if row["strategy"] == FLOOR:
        return time
    size = row.get("fork_bytes")
    kept = "" if size is None or pd.isna(size) else f", {METRICS['fork_bytes'].format(size)}"
    ratio = row["over_floor"]
    return f"{time} ({ratio:,.{0 if ratio >= 100 else 1}f}x{kept})"


def require_shared_everywhere(verdict: Verdict, frame: pd.DataFrame) -> None:
    """`shared` hands on a pointer: neither size nor shape may be seen in its forks."""
    forks = frame[(frame["operation"] == "fork") & (frame["strategy"] == "shared")]["over_floor"]
    if len(forks) > 1:
        spread = forks.max() / forks.min()
        verdict.require("shared: fork over floor, dearest point over cheapest", spread, "<=", 1.3, "times")


if __name__ == "__main__":
    main()
