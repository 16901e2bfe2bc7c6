"""The page on alarms, done as it says: its files written into a repository, its hook, its build and its commands called."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

PAGE = (Path(__file__).parents[1] / "docs" / "alarms.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
NAMED = re.compile(r"# ([\w./-]+)\n")
ONCE = {
    "items = 20\nhistory = 3\n": "items = 20\nhistory = 3\nrepeats = 1\n",
    "    items=50,\n    history=3,\n": "    items=50,\n    history=3,\n    repeats=1,\n",
}
"""What the page measures, and the same in one round: that figures are read off several is held elsewhere."""


def files() -> Iterator[tuple[str, str]]:
    """Name and text of each file that the page shows."""
    for _, text in BLOCKS:
        if found := NAMED.match(text):
            yield found[1], text


def lines(kind: str, begin: str) -> list[str]:
    """The commands of blocks of a kind."""
    shown = (line for found, text in BLOCKS if found == kind for line in text.splitlines())
    return [line.removeprefix("$ ") for line in shown if line.startswith(begin)]


class Place:
    """A repository with the files of the page."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name, text in files():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            for page, once in ONCE.items():
                text = text.replace(page, once)
            (root / name).write_text(text, encoding="utf-8")
        for call in ("init --quiet", "add --all", "commit --quiet --message begin"):
            self.run(f"git -c user.name=somebody -c user.email=somebody@example.org {call}")

    def run(self, command: str) -> str:
        """Call a command of the page; it has to end well."""
        words = shlex.split(command, comments=True)
        if words[0] == "attune-sim":
            words[:1] = [sys.executable, "-c", "from attune_sim.cli import main; main()"]
        if words[0] == "pytest":
            words[:1] = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
        known = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        done = subprocess.run(words, cwd=self.root, env=known, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def yaml(self, name: str) -> Any:
        return yaml.safe_load((self.root / name).read_text(encoding="utf-8"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_what_is_done_once_is_on_the_page() -> None:
    assert [text for text in ONCE if text not in PAGE] == []


@pytest.mark.slow
def test_the_build_does_what_it_says(place: Place) -> None:
    steps = place.yaml(".github/workflows/contexts.yml")["jobs"]["gate"]["steps"]

    calls = [step["run"] for step in steps if "run" in step and not step["run"].startswith("pip ")]
    assert [call.split()[0] for call in calls] == ["pytest", "attune-sim"]
    for call in calls:
        place.run(call)
    assert json.loads((place.root / "attune.json").read_text())["ok"]
    [publish] = [step["with"] for step in steps if "benchmark" in step.get("uses", "")]
    rows = json.loads((place.root / publish["output-file-path"]).read_text())
    assert {"name", "unit", "value"} <= rows[0].keys()


@pytest.mark.slow
def test_the_hook_says_nothing_where_all_is_well_and_the_commands_end_well(place: Place) -> None:
    [repo] = place.yaml(".pre-commit-config.yaml")["repos"]

    [hook] = repo["hooks"]
    assert re.search(hook["files"], "attune_sim/workflow.yaml")
    called = dict.fromkeys([hook["entry"], *lines("console", "$ attune-sim check")])
    said = {command: place.run(command) for command in called}
    assert said[hook["entry"]] == ""
    for command in lines("sh", "attune-sim"):
        if "--bisect" not in command:  # nothing changed here; others look for what did
            place.run(command)
    assert len((place.root / "history.jsonl").read_text().splitlines()) == 1
