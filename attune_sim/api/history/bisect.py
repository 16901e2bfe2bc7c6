"""Which commit broke a threshold: found by halves, in a worktree of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from attune_sim.api.alarms.repository import Commit, Repository, first_bad
from attune_sim.errors import InputError

Word = Literal["good", "bad", "skip"]

CODES: Final[dict[int, Word]] = {0: "good", 1: "bad"}
"""Exit code of what is run in a commit -> what that says of it; any other one says that it cannot be tested."""


@dataclass(frozen=True, slots=True)
class Found:
    """The first commit that breaks the threshold, its subject, and what was looked at on the way."""

    commit: Commit
    subject: str
    looked: tuple[tuple[str, Word], ...]

    def __str__(self) -> str:
        return f"{self.commit.digits} ({self.commit.date[:10]}) {self.subject}"


def bisect(
    folder: Path,
    good: str,
    bad: str,
    run: Callable[[Path], int],
    told: Callable[[str], None] = lambda text: None,
) -> Found:
    """The first commit between `good` and `bad` of which `run`, called with the folder in a worktree, gives 1; 0 is good, and anything
    else cannot be tested. The user's checkout, index and branches are left alone.

    Raises:
        InputError: a revision does not exist, `good` is not good, or `bad` is not bad.
        ExperimentError: commits that cannot be tested leave it open.
    """
    repository = Repository(folder)
    prefix, ends = repository.prefix, [repository.commit(one) for one in (good, bad)]
    looked: list[tuple[str, Word]] = []
    with repository.worktree(ends[1].digits) as tree:

        def look() -> Word:
            at = tree.commit()
            word = CODES.get(run(tree.root / prefix), "skip")
            looked.append((at.digits, word))
            told(f"{at.digits} {at.date[:10]}: {word}")
            return word

        _require("bad", bad, look())
        tree.git("checkout", "--quiet", "--detach", ends[0].digits)
        _require("good", good, look())
        tree.git("bisect", "start", ends[1].digits, ends[0].digits)
        while (found := first_bad(tree)) is None:
            tree.tried("bisect", look())
    subject = repository.git("show", "-s", "--format=%s", found)
    return Found(repository.commit(found), subject, tuple(looked))


def _require(wanted: Word, revision: str, word: Word) -> None:
    if word != wanted:
        says = "cannot be tested" if word == "skip" else f"is {word}"
        hint = (
            "name an older commit as --good"
            if wanted == "good"
            else "name one that breaks the threshold as --bad"
        )
        raise InputError(f"{revision} {says}, and should be {wanted}: {hint}")
