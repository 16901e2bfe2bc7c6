"""The repository that a folder lies in: its commits, and worktrees of its own that leave the user's checkout alone."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from attune_sim.errors import ExperimentError, InputError


@dataclass(frozen=True, slots=True)
class Commit:
    """Its digits, its date (`2026-11-28T13:05:00+00:00`), and whether files differ from it."""

    digits: str
    date: str
    is_dirty: bool = False


@dataclass(frozen=True, slots=True)
class Repository:
    """Of the folder `root`, or of one that it lies in."""

    root: Path

    def git(self, *arguments: str) -> str:
        """What a call of git prints. Raises InputError with what git says, where it fails."""
        done = self.tried(*arguments)
        if done.returncode:
            raise InputError(f"git {arguments[0]}: {(done.stderr or done.stdout).strip() or 'failed'}")
        return done.stdout.strip()

    def tried(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A call of git that may fail. No hook of the user's runs."""
        call = ["git", "-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false", *arguments]
        try:
            return subprocess.run(call, cwd=self.root, capture_output=True, text=True, check=False)
        except OSError as error:
            raise InputError(f"git cannot be called in {self.root}: {error}") from None

    def commit(self, revision: str = "HEAD", *, ignoring: Path | None = None) -> Commit:
        """The commit that a revision names. Files that differ from it count only for HEAD, and no documents: they cost nothing."""
        found = self.git("show", "-s", "--format=%H %cI", f"{revision}^{{commit}}").split()
        changed = self._changed() if revision == "HEAD" else []
        others = [
            path for path in changed if path.suffix != ".md" and path != (ignoring and ignoring.resolve())
        ]
        return Commit(found[0][:12], found[1], bool(others))

    def _changed(self) -> list[Path]:
        top = Path(self.git("rev-parse", "--show-toplevel"))
        lines = self.git("status", "--porcelain", "--untracked-files=no", "-z").split("\0")
        return [(top / line[3:]).resolve() for line in lines if line]

    @contextmanager
    def worktree(self, revision: str) -> Iterator[Repository]:
        """The files of a revision in a folder of their own, which is gone afterwards."""
        with tempfile.TemporaryDirectory(prefix="attune-sim-") as folder:
            place = Path(folder).resolve() / "worktree"
            self.git("worktree", "add", "--detach", "--quiet", str(place), revision)
            try:
                yield Repository(place)
            finally:
                self.tried("worktree", "remove", "--force", str(place))

    @property
    def prefix(self) -> str:
        """Where the folder lies within its repository: empty for the top."""
        return self.git("rev-parse", "--show-prefix")


def first_bad(tree: Repository) -> str | None:
    """The commit that a bisection in this worktree has found; None as long as it has not.

    Raises:
        ExperimentError: only commits are left that cannot be tested.
    """
    log = tree.git("bisect", "log")
    for line in log.splitlines():
        if line.startswith("# first bad commit: ["):
            return line.split("[")[1].split("]")[0]
    if "# only skipped commits left to test" in log:
        left = [
            line.split("[")[1].split("]")[0][:12]
            for line in log.splitlines()
            if "possible first bad commit" in line
        ]
        raise ExperimentError(f"it is one of {', '.join(left)}: those between cannot be tested")
    return None
