"""All benchmarks, one after the other, each in a process of its own: `python benchmarks/run.py [NAME ...]`.

A NAME is part of a file's name (`fork`, `engine`). Leaves with 1 if any of them missed a target.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> None:
    wanted = sys.argv[1:]
    files = sorted(Path(__file__).parent.glob("bench_*.py"))
    chosen = [file for file in files if not wanted or any(name in file.stem for name in wanted)]
    if not chosen:
        sys.exit(f"no benchmark is called like that; there are: {', '.join(file.stem for file in files)}")
    missed = [file.stem for file in chosen if subprocess.run([sys.executable, str(file)]).returncode]
    sys.exit(f"missed: {', '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    main()
