"""Measures the claims and the original's benchmark groups, and puts both tables into docs/claims.md.

.venv/bin/python docs/make_claims.py [FOLDER]     FOLDER keeps the rows: what it has is not measured again
"""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import attune_sim as at
from attune_sim.reports import Summary, markdown

PAGE = Path(__file__).resolve().parent / "claims.md"
MARKED = re.compile(r"(<!-- (\w+) -->\n).*?(<!-- end -->\n)", re.DOTALL)
AROUND = re.compile(r"^(#+ |<!-- |\*\*).*\n+", re.MULTILINE)
"""What stands around a table in a report of its own."""


def main(folder: Path) -> None:
    found = at.claims(store=folder / "claims.jsonl")
    theirs = at.original_benchmarks(store=folder / "original.jsonl")
    findings = found.findings()
    parts = {
        "claims": table(findings),
        "why": "\n".join(f"- **{line.replace(':', ':**', 1)}" for line in dict(findings.remarks)[REASONS]),
        "original": table(theirs.findings()),
        "machine": machine(found),
    }
    text = MARKED.sub(lambda block: f"{block[1]}\n{parts[block[2]]}\n\n{block[3]}", PAGE.read_text("utf-8"))
    PAGE.write_text(text, "utf-8")


REASONS = "What was claimed, and why the verdict"


def table(findings: Summary) -> str:
    """The first table as Markdown, without headings and caption."""
    bare = replace(findings, lead="", tables=findings.tables[:1], remarks=(), surroundings=())
    return AROUND.sub("", markdown(bare)).strip()


def machine(found: at.Claims) -> str:
    known = found.cells.attrs["surroundings"]
    told = ", ".join(f"{name} {known[name]}" for name in ("python", "cpu", "cpus") if name in known)
    began = sorted(found.cells["began"].dropna())
    return f"Measured {began[0][:10]} on this machine: {told}."


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else Path(tempfile.mkdtemp()))
