"""How long the front door takes: the import, `--help`, `validate FILE`; each the best of several fresh processes.

The floor is an interpreter that does nothing. The import is timed inside its process, the commands from outside.

    python benchmarks/bench_start_up.py [--rounds 9]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Final

from verdict import Verdict

WORKFLOW: Final = Path(__file__).parents[1] / "data" / "workflows" / "health_check.yaml"
HEAVY: Final = ("pandas", "matplotlib")
IMPORT: Final = (
    "import sys; from time import perf_counter; began = perf_counter(); import attune_sim; "
    f"print(perf_counter() - began, *(name for name in {HEAVY} if name in sys.modules))"
)


def told(*arguments: str) -> tuple[float, str]:
    """Milliseconds of a process, and what it printed."""
    began = perf_counter()
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    return (perf_counter() - began) * 1e3, done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    program = str(Path(sys.executable).with_name("attune-sim"))
    commands = {
        "floor: an interpreter that does nothing": (sys.executable, "-c", ""),
        "--help": (program, "--help"),
        "validate FILE": (program, "validate", str(WORKFLOW)),
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    imports: list[float] = []
    loaded: set[str] = set()
    for _ in range(options.rounds):
        for name, command in commands.items():
            times[name].append(told(*command)[0])
        seconds, *heavy = told(sys.executable, "-c", IMPORT)[1].split()
        imports.append(float(seconds) * 1e3)
        loaded.update(heavy)
    verdict = Verdict(f"the front door, best of {options.rounds} fresh processes")
    floor, help_ms, validate_ms = (min(values) for values in times.values())
    verdict.figure("floor: an interpreter that does nothing", floor, "ms")
    verdict.require("import attune_sim", min(imports), "<", 100, "ms")
    verdict.require(f"of {' and '.join(HEAVY)} loaded by it", len(loaded), "<=", 0)
    verdict.require("--help", help_ms, "<", 250, "ms")
    verdict.require("validate FILE", validate_ms, "<", 400, "ms")
    verdict.exit()


if __name__ == "__main__":
    main()
