"""A small repository, in which one commit makes something worse."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from attune_sim.api.alarms.repository import Repository

WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "somebody"), ("EMAIL", "somebody@example.org"))
}


class Commits:
    """Writes files and commits them: `commits(cost="12")`; gives back the commit's digits."""

    def __init__(self, root: Path) -> None:
        self.root, self.count = root, 0
        self.git("init", "--quiet", "--initial-branch", "main")

    def __call__(self, **files: str) -> str:
        for name, text in files.items():
            (self.root / name).write_text(text)
        self.count += 1
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", f"commit {self.count}")
        return self.git("rev-parse", "--short=12", "HEAD")

    def git(self, *arguments: str) -> str:
        date = f"2026-01-{self.count + 1:02}T12:00:00+00:00"
        environment = {**os.environ, **WHO, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()


@pytest.fixture
def commits(tmp_path: Path) -> Callable[..., str]:
    """A maker of commits in a repository of the test."""
    root = tmp_path / "repository"
    root.mkdir()
    return Commits(root)


@pytest.fixture
def repository(commits) -> Repository:
    return Repository(commits.root)
