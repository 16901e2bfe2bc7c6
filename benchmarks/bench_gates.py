"""Whether gates give alarm when something became worse, and only then: sessions of pytest in a project that is not this one.

A session is one process of pytest that measures everything anew, each cell of it in a process of its own under the hash seed that it
always has, and holds that against one baseline; nothing is handed from one session to the next.

Nothing changed: 200 sessions in a row, counts, ratios and growth, against the baseline and against numbers, while another process
eats a core; none of them may be broken. Planted, between them: a strategy that copies, one that breaks a promise, 64 bytes more a
fork, and a fork that takes about a tenth longer, which is asked of times; each has to fail its session with a line that names it.

What came of each session is kept in `OUT/bench_gates/TREE/sessions.jsonl`, TREE being what the code was then: another call goes on
where the last one stopped (`--minutes`), as long as nothing changed. With `--at-once 2` as many sessions share the machine with the
eater, each row of them with a baseline of its own. `--each COMMAND` stands before the call of each session, where something else
decides when one may run.

    python benchmarks/bench_gates.py [--sessions 200] [--planted 10] [--minutes M] [--at-once K] [--out results] [--each COMMAND]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from verdict import Verdict

ROOT: Final = Path(__file__).parents[1]
PROJECT: Final = ROOT / "tests" / "foreign"

UNCHANGED: Final = ("gates.py::test_gate", "gates.py::test_growth")
SAVED: Final = ("gates.py::test_gate", "gates.py::test_times")
"""Whose cells the baseline holds: those of `test_counts` are among them."""


class Plant(NamedTuple):
    """What has to find a plant: the test that fails, how the line that names it begins, and in which share of its sessions."""

    test: str
    line: str
    found: float = 1.0


PLANTS: Final = {
    "copy": Plant("test_counts", "fork_bytes <= 256"),
    "promise": Plant("test_counts", "promises are kept"),
    "bytes": Plant("test_counts", "fork_bytes:1%"),
    "slower": Plant("test_times", "fork_us:5%", found=0.9),
}

EATER: Final = (
    "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    for _ in range(10_000_000): pass"
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sessions", type=int, default=200, help="of nothing that changed")
    parser.add_argument("--planted", type=int, default=10, help="sessions of each plant")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no session after so many")
    parser.add_argument("--at-once", type=int, default=1, help="sessions at a time")
    parser.add_argument("--out", type=Path, default=Path("results"))
    parser.add_argument("--each", default="", help="what stands before the call of each session")
    options = parser.parse_args()
    until = time.monotonic() + 60 * options.minutes
    folder = options.out.resolve() / "bench_gates" / digest()
    kept = Kept(folder / "sessions.jsonl")
    open_ones = [one for one in planned(options.sessions, options.planted) if one[0] not in kept.rows]
    waiting = iter(open_ones)  # one for all rows: each takes the next session that nobody has begun

    def row(number: int) -> None:
        shop = Sessions(folder / f"shop {number}", shlex.split(options.each))
        while time.monotonic() < until and (one := next(waiting, None)):
            name, plant = one
            tests = UNCHANGED if plant is None else (f"gates.py::{PLANTS[plant].test}", "--attune-times")
            kept.add(name, shop.run(*tests, PLANT=plant or ""))

    with another_process(), ThreadPoolExecutor(options.at_once) as rows:
        list(rows.map(row, range(options.at_once)))
    told(kept.rows, options.sessions, options.planted)


def planned(sessions: int, planted: int) -> Iterator[tuple[str, str | None]]:
    """The name of each session and what is planted in it; plants stand evenly between sessions without one."""
    for number in range(max(sessions, planted)):
        if number < sessions:
            yield f"unchanged {number}", None
        every = max(1, sessions // max(1, planted))
        if number % every == 0 and number // every < planted:
            yield from ((f"{plant} {number // every}", plant) for plant in PLANTS)


def told(rows: dict[str, Any], sessions: int, planted: int) -> None:
    verdict = Verdict("gates: sessions of what did not change, beside a process that eats a core")
    unchanged = [row for name, row in rows.items() if name.startswith("unchanged ")]
    alarms = [line for row in unchanged for line in row["broken"]]
    held = sum(row["rules"] for row in unchanged)
    verdict.require("sessions that were seen", len(unchanged), ">=", sessions)
    verdict.require(f"rules broken, of {held:,} that were held", len(alarms), "<=", 0)
    verdict.figure(
        "sessions that said they cannot tell of a rule", sum(bool(row["advice"]) for row in unchanged)
    )
    for line in alarms:
        verdict.note("  alarm", line)
    for name, plant in PLANTS.items():
        seen = [row for session, row in rows.items() if session.startswith(f"{name} ")]
        found = sum(any(line.startswith(plant.line) for line in row["broken"]) for row in seen)
        label = f"{name}: sessions that fail and name `{plant.line}`, of {len(seen)} seen"
        verdict.require(label, found, ">=", plant.found * planted)
    verdict.exit()


def digest() -> str:
    """What the sessions are about: the package, and the project that it watches."""
    files = [
        path for folder in (ROOT / "attune_sim", PROJECT) for path in folder.rglob("*") if path.is_file()
    ]
    code = sorted(path for path in files if "__pycache__" not in path.parts)
    named = (f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() for path in code)
    return hashlib.sha256(b"\0".join(named)).hexdigest()[:16]


class Kept:
    """What came of each session, by its name."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self.rows: dict[str, Any] = {row["session"]: row for row in map(json.loads, lines)}

    def add(self, name: str, row: dict[str, Any]) -> None:
        self.rows[name] = {"session": name, **row}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(self.rows[name]) + "\n")
        print(f"  {name}: {len(row['broken'])} broken, {row['seconds']:.0f} s", file=sys.stderr, flush=True)


class Sessions:
    """Sessions of pytest in a copy of the project, which has a baseline."""

    def __init__(self, project: Path, before: list[str]) -> None:
        self._project, self._before = project, before
        if not (project / "attune-baseline.json").exists():
            shutil.rmtree(project, ignore_errors=True)
            shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("__pycache__"))
            self.run(*SAVED, "--attune-save")

    def run(self, *options: str, **environment: str) -> dict[str, Any]:
        """Lines that broke and that were only told, and how many rules were held."""
        out = self._project / "out.json"
        out.unlink(missing_ok=True)
        call = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--attune-json", out.name]
        known = {**os.environ, **environment, "PYTHONPATH": str(ROOT)}
        began = time.monotonic()
        done = subprocess.run(
            [*self._before, *call, *options], cwd=self._project, env=known, capture_output=True, text=True
        )
        if done.returncode not in (0, 1):
            raise SystemExit(f"a session broke down:\n{done.stdout}{done.stderr}")
        gates = json.loads(out.read_text(encoding="utf-8"))["gates"]
        return {
            "broken": [line for gate in gates for line in gate["broken"]],
            "advice": [line for gate in gates for line in gate["advice"]],
            "rules": sum(len(gate["findings"]) for gate in gates),
            "seconds": time.monotonic() - began,
        }


@contextmanager
def another_process() -> Iterator[None]:
    """One that eats a core, and ends with this one however that ends."""
    eater = subprocess.Popen([sys.executable, "-c", EATER])
    try:
        yield
    finally:
        eater.kill()
        eater.wait()


if __name__ == "__main__":
    main()
