"""Whether gates give alarm when something became worse, and only then: sessions of pytest in a project that is not this one.

Nothing changed: 200 sessions in a row, counts and ratios, against a baseline and against numbers, while another process eats a
core; none of them may be broken. Planted: a strategy that copies, one that breaks a promise, 64 bytes more a fork, and a fork
that takes about a tenth longer, which is asked of times; each has to fail its session with a line that names it.

What came of a session is kept in `bench_gates.jsonl`, so that what was cut off goes on where it was. `--each COMMAND` stands
before the call of each session, where something else decides when a session may run.

    python benchmarks/bench_gates.py [--sessions 200] [--planted 10] [--out results] [--each COMMAND]
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from verdict import Verdict

PROJECT: Final = Path(__file__).parents[1] / "tests" / "foreign"

UNCHANGED: Final = ("-k", "gate or growth")
PLANTS: Final = {
    "copy": ("counts", "fork_bytes <= 256"),
    "promise": ("counts", "promises are kept"),
    "bytes": ("counts", "fork_bytes:1%"),
    "slower": ("times", "fork_us:5%"),
}
"""What is planted -> the test that has to fail, and the rule that its line begins with."""

FOUND: Final = {"slower": 0.9}
"""The share of sessions that find it; all of them where nothing is said."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sessions", type=int, default=200, help="of nothing that changed")
    parser.add_argument("--planted", type=int, default=10, help="sessions of each plant")
    parser.add_argument("--out", type=Path, default=Path("results"))
    parser.add_argument("--each", default="", help="what stands before the call of each session")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    kept = Kept(options.out / "bench_gates.jsonl")
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "shop"
        shutil.copytree(PROJECT, project)
        sessions = Sessions(project, shlex.split(options.each))
        sessions.run("--attune-save")
        with another_process():
            for number in range(options.sessions):
                kept.of(f"unchanged {number}", lambda: sessions.run(*UNCHANGED))
        for plant, (test, _) in PLANTS.items():
            for number in range(options.planted):
                asked = ("-k", test, "--attune-times")
                kept.of(f"{plant} {number}", lambda: sessions.run(*asked, PLANT=plant))  # noqa: B023  called at once
    told(kept, options)


def told(kept: Kept, options: argparse.Namespace) -> None:
    verdict = Verdict(
        f"gates: {options.sessions} sessions of what did not change, beside a process that eats a core"
    )
    unchanged = [kept.rows[f"unchanged {number}"] for number in range(options.sessions)]
    alarms = [line for row in unchanged for line in row["broken"]]
    held = sum(row["rules"] for row in unchanged)
    verdict.require(f"rules broken, of {held:,} that were held", len(alarms), "<=", 0)
    verdict.figure(
        "sessions that said they cannot tell of a rule", sum(bool(row["advice"]) for row in unchanged)
    )
    for line in alarms:
        verdict.note("  alarm", line)
    for plant, (_, rule) in PLANTS.items():
        rows = [kept.rows[f"{plant} {number}"] for number in range(options.planted)]
        found = sum(any(line.startswith(rule) for line in row["broken"]) for row in rows)
        least = FOUND.get(plant, 1.0) * options.planted
        verdict.require(
            f"{plant}: sessions that fail and name `{rule}`, of {options.planted}", found, ">=", least
        )
    verdict.exit()


class Kept:
    """What came of each session, by its name; what is there is not run again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self.rows = {row["session"]: row for row in map(json.loads, lines)}

    def of(self, name: str, run: Any) -> None:
        if name in self.rows:
            return
        self.rows[name] = {"session": name, **run()}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(self.rows[name]) + "\n")
        print(f"  {name}: {len(self.rows[name]['broken'])} broken", file=sys.stderr, flush=True)


class Sessions:
    """Sessions of pytest in the project."""

    def __init__(self, project: Path, before: list[str]) -> None:
        self._project, self._before = project, before

    def run(self, *options: str, **environment: str) -> dict[str, Any]:
        """Lines that broke and that were only told, and how many rules were held."""
        call = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--attune-json", "out.json"]
        known = {**os.environ, **environment, "PYTHONPATH": str(PROJECT.parents[1])}
        done = subprocess.run(
            [*self._before, *call, *options], cwd=self._project, env=known, capture_output=True, text=True
        )
        if done.returncode not in (0, 1):
            raise SystemExit(f"a session broke down:\n{done.stdout}{done.stderr}")
        gates = json.loads((self._project / "out.json").read_text(encoding="utf-8"))["gates"]
        return {
            "broken": [line for gate in gates for line in gate["broken"]],
            "advice": [line for gate in gates for line in gate["advice"]],
            "rules": sum(len(gate["findings"]) for gate in gates),
        }


@contextmanager
def another_process() -> Iterator[None]:
    """One that eats a core."""
    eater = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        eater.kill()
        eater.wait()


if __name__ == "__main__":
    main()
