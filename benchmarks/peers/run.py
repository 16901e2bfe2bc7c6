"""One fan-out on real engines, side by side: python benchmarks/peers/run.py [PEER ...] [--quick] [--write-docs].

Makes an environment for each peer, runs the grid C = 0.1, 1, 4 MB by N = 10, 100, 1,000, each cell in fresh
processes pinned to one CPU, and attune-sim and pypyr in turns; writes results/peers.jsonl (rows of peers not named
stay) and prints the tables and the targets. Leaves with 1 if a target is missed. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import duel
import targets
from cells import Plan, cells, measured
from environments import Unavailable, python_for
from pages import inserted  # lies beside `verdict`, which `targets` has made importable
from roster import PEERS, Peer
from table import Row, markdown

from attune_sim.actions.payload import make_payload

ROOT: Final = Path(__file__).resolve().parents[2]
RESULTS, DOCS = ROOT / "results" / "peers.jsonl", ROOT / "docs" / "peers.md"
ENVIRONMENTS: Final = ROOT / ".venv-peers"
FINISHED_TASKS: Final = {0.1: 4, 1.0: 100, 4.0: 400}


def main() -> None:
    options = parse()
    with tempfile.TemporaryDirectory() as folder:
        grid = plan(options, Path(folder))
        for peer in PEERS:
            if not options.peers or peer.name in options.peers:
                rows = saved(peer, list(results(peer, grid)))
        found = duel.duels(grid, ENVIRONMENTS)
    text = "\n\n".join((surroundings(options), duel.markdown(found), markdown(rows)))
    print(text, end="\n\n", flush=True)
    if options.write_docs:
        DOCS.write_text(inserted(DOCS.read_text(), text))
    targets.check(rows, found)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [peer.name for peer in PEERS]
    parser.add_argument("peers", nargs="*", metavar="PEER", help=f"of {', '.join(names)}; all without")
    parser.add_argument(
        "--quick", action="store_true", help="0.1 and 1 MB, 10 and 100 items, once, 5 s a cell"
    )
    parser.add_argument("--limit", type=float, default=30.0, help="seconds for one fan-out")
    parser.add_argument("--memory", type=float, default=6.0, help="GB that one fan-out may take")
    parser.add_argument("--cpu", type=int, default=max(os.sched_getaffinity(0)), help="the CPU to pin to")
    parser.add_argument("--write-docs", action="store_true", help="put the table into docs/peers.md")
    options = parser.parse_args()
    if unknown := set(options.peers) - set(names):
        parser.error(f"no such peer: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    if options.quick:
        options.limit = min(options.limit, 5.0)
    return options


def plan(options: argparse.Namespace, folder: Path) -> Plan:
    sizes = [size for size in FINISHED_TASKS if not (options.quick and size > 1)]
    return Plan(
        contexts={size: write_context(folder, size) for size in sizes},
        items=(10, 100) if options.quick else (10, 100, 1_000),
        repeats=1 if options.quick else 3,
        limit_s=options.limit,
        limit_bytes=options.memory * 1e9,
        cpu=options.cpu,
    )


def write_context(folder: Path, size: float) -> Path:
    """10 kB of parameters, 50 kB of variables, and 10 kB for each finished task, as records."""
    context = {
        "parameters": payloads("parameter", 5, 2_000, seed=10_000),
        "variables": payloads("variable", 5, 10_000, seed=20_000),
        "tasks": payloads("task", FINISHED_TASKS[size], 10_000, seed=0),
    }
    file = folder / f"context_{size:g}.json"
    file.write_text(json.dumps(context, separators=(",", ":")))
    return file


def payloads(name: str, count: int, size: int, seed: int) -> dict[str, Any]:
    return {f"{name}_{number}": make_payload("records", size, seed=seed + number) for number in range(count)}


def results(peer: Peer, plan: Plan) -> Iterator[Row]:
    try:
        python = python_for(peer, ENVIRONMENTS)
    except Unavailable as reason:
        yield from unavailable(peer, plan, str(reason))
        return
    for variant in peer.variants:
        for row in cells(peer.name, variant, plan, partial(measured, plan, peer, variant, python)):
            print(said(row), file=sys.stderr, flush=True)
            yield row | {"date": datetime.now(UTC).date().isoformat()}


def unavailable(peer: Peer, plan: Plan, reason: str) -> Iterator[Row]:
    for variant in peer.variants:
        for size in plan.contexts:
            for items in plan.items:
                yield {"peer": peer.name, "variant": variant, "context_mb": size, "items": items} | {
                    "outcome": "unavailable",
                    "reason": reason,
                }


def said(row: Row) -> str:
    took = "" if row.get("seconds") is None else f"{row['seconds'] / row['items'] * 1e6:,.2f} us an item"
    where = f"{row['peer']} / {row['variant']}, {row['context_mb']:g} MB, N={row['items']}"
    return f"{where}: {row['outcome']} {took}{row.get('reason', '')}"


def saved(peer: Peer, fresh: list[Row]) -> list[Row]:
    """All rows, after those of this peer have taken the place of earlier ones in the file."""
    lines = RESULTS.read_text().splitlines() if RESULTS.exists() else []
    rows = [row for row in map(json.loads, lines) if row["peer"] != peer.name] + fresh
    rows.sort(key=lambda row: [peer.name for peer in PEERS].index(row["peer"]))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return rows


def surroundings(options: argparse.Namespace) -> str:
    """The date and the machine, in one paragraph."""
    info = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*:\s*(.+)", info)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {model[1] if model else platform.machine()}, "
        f"{os.cpu_count()} CPUs, {memory:.0f} GB, {platform.system()} {platform.release()}; "
        f"pinned to CPU {options.cpu}, load average at the end {os.getloadavg()[0]:.1f}; "
        f"limit {options.limit:g} s and {options.memory:g} GB a fan-out."
    )


if __name__ == "__main__":
    main()
