"""The reference of the package: each public name once, on the page of what it is for; mkdocstrings reads the code."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import attune_sim as at

FOLDER: Final = "reference/api"

SUBJECTS: Final[Mapping[str, Sequence[str]]] = {
    "Runs": ("api.runs",),
    "Comparisons and sweeps": ("api.comparisons", "api.sweeps", "api.noise", "metrics"),
    "Advice and slimming": ("api.advice", "api.slim"),
    "Simulation and planning": ("api.simulation",),
    "Claims": ("api.claims",),
    "Strategies": ("contexts", "api.strategies"),
    "Workloads": ("scenarios", "runspec"),
    "Isolation": ("isolation", "api.runs.isolating"),
    "The language": (
        "loader",
        "workflow",
        "expressions",
        "parameters",
        "results",
        "rehearsal",
        "api.language",
    ),
    "Reports": ("api.reports",),
    "Errors": ("errors",),
}
"""What a page is about -> where in the package its names live. The longest match holds."""

REST: Final = "In a notebook, and the rest"


def pages() -> dict[str, str]:
    """Address -> text of every page."""
    subjects: dict[str, list[str]] = {subject: [] for subject in (*SUBJECTS, REST)}
    for name in at.__all__:
        subjects[_subject(home_of(name))].append(name)
    there = {subject: names for subject, names in subjects.items() if names}
    return {f"{FOLDER}/index.md": _overview(there)} | {
        f"{FOLDER}/{_file(subject)}": _page(subject, names) for subject, names in there.items()
    }


def home_of(name: str) -> str:
    """The module, below attune_sim, that a public name lives in."""
    return at._HOMES.get(name) or at._HOMES["strategies"]


def _subject(home: str) -> str:
    fitting = [
        (len(start), subject)
        for subject, starts in SUBJECTS.items()
        for start in starts
        if f"{home}.".startswith(f"{start}.")
    ]
    return max(fitting)[1] if fitting else REST


def _file(subject: str) -> str:
    return subject.lower().replace(",", "").replace(" ", "-") + ".md"


def _overview(subjects: Mapping[str, Sequence[str]]) -> str:
    lines = ["# Python", "", "```python", "import attune_sim as at", "```", ""]
    for subject, names in subjects.items():
        lines += [f"## {subject}", "", "| name | what it is |", "|---|---|"]
        lines += [f"| [`at.{name}`][{_identifier(name)}] | {_first(name)} |" for name in names]
        lines.append("")
    return "\n".join(lines)


def _first(name: str) -> str:
    """The first sentence of what a name says of itself."""
    text = inspect.getdoc(getattr(at, name)) or ""
    sentence = " ".join(text.split("\n\n")[0].split()).split(". ")[0].rstrip(".:")
    return sentence.replace("|", "\\|")


def _page(subject: str, names: Sequence[str]) -> str:
    return "\n".join([f"# {subject}", "", *(line for name in names for line in _entry(name))])


def _entry(name: str) -> Iterator[str]:
    if name in at._HOMES:
        yield from (f"::: {_identifier(name)}", "")
    else:  # a method that is public by a name of its own
        yield from (f'<a id="attune_sim.{name}"></a>', "")
        yield from (f"::: {_identifier(name)}", "    options:", f"      heading: {name}", "")


def _identifier(name: str) -> str:
    """What mkdocstrings finds a public name by."""
    if name in at._HOMES:
        return f"attune_sim.{name}"
    method = getattr(at, name)
    return f"{method.__module__}.{method.__qualname__}"
