from __future__ import annotations

from pathlib import Path

import pytest

from attune_sim.api.history.bisect import bisect
from attune_sim.errors import ExperimentError, InputError


def cost_below(limit: int):
    """What a bisection runs: 0 where the file `cost` is below, 1 where it is not, 3 where there is none."""

    def run(folder: Path) -> int:
        text = (folder / "cost").read_text()
        return 3 if text == "broken" else int(int(text) >= limit)

    return run


@pytest.mark.parametrize("first", [1, 2, 5, 8])
def test_the_commit_that_made_it_worse_is_named(commits, repository, first: int) -> None:
    made = [commits(cost="100" if n >= first else "10") for n in range(9)]

    told: list[str] = []
    found = bisect(commits.root, made[0], made[-1], cost_below(50), told.append)
    assert found.commit.digits == made[first]
    assert str(found) == f"{made[first]} (2026-01-{first + 2:02}) commit {first + 1}"
    assert [(line.split()[0], line.split()[-1]) for line in told] == list(found.looked)
    assert len(found.looked) <= 2 + 4


def test_the_checkout_of_the_user_stays_as_it_is(commits, repository) -> None:
    made = [commits(cost=str(n)) for n in range(6)]
    (commits.root / "cost").write_text("edited")
    (commits.root / "new").write_text("new")
    commits.git("add", "new")
    before = [commits.git(*call) for call in (("status", "--porcelain"), ("branch", "-v"), ("stash", "list"))]

    bisect(commits.root, made[0], made[-1], cost_below(3))
    after = [commits.git(*call) for call in (("status", "--porcelain"), ("branch", "-v"), ("stash", "list"))]
    assert after == before
    assert commits.git("worktree", "list").count("\n") == 0
    assert commits.git("for-each-ref", "refs/bisect") == ""
    assert (commits.root / "cost").read_text() == "edited"


def test_no_worktree_is_left_behind_by_what_was_broken_off(commits, repository) -> None:
    made = [commits(cost=str(n)) for n in range(3)]

    def interrupted(folder: Path) -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bisect(commits.root, made[0], made[-1], interrupted)
    assert commits.git("worktree", "list").count("\n") == 0


def test_no_hook_of_the_user_runs(commits, repository, tmp_path: Path) -> None:
    made = [commits(cost=str(n)) for n in range(3)]
    hook = commits.root / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
    hook.chmod(0o755)

    bisect(commits.root, made[0], made[-1], cost_below(1))
    assert not (tmp_path / "ran").exists()


def test_commits_that_cannot_be_tested_are_gone_around(commits, repository) -> None:
    made = [commits(cost=text) for text in ("1", "1", "broken", "1", "1", "9", "9")]

    assert bisect(commits.root, made[0], made[-1], cost_below(5)).commit.digits == made[5]


def test_where_they_leave_it_open_the_candidates_are_named(commits, repository) -> None:
    made = [commits(cost=text) for text in ("1", "broken", "broken", "9")]

    with pytest.raises(ExperimentError) as caught:
        bisect(commits.root, made[0], made[-1], cost_below(5))
    assert all(commit in str(caught.value) for commit in made[1:])
    assert "cannot be tested" in str(caught.value)


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        ((0, 1), "is good, and should be bad: name one that breaks the threshold as --bad"),
        ((3, 4), "is bad, and should be good: name an older commit as --good"),
        ((2, 4), "cannot be tested, and should be good"),
    ],
)
def test_ends_that_are_none_are_told(commits, repository, ends: tuple[int, int], message: str) -> None:
    made = [commits(cost=text) for text in ("1", "1", "broken", "9", "9")]

    with pytest.raises(InputError, match=message):
        bisect(commits.root, made[ends[0]], made[ends[1]], cost_below(5))


def test_a_revision_that_is_none_is_told(commits, repository) -> None:
    commits(cost="1")

    with pytest.raises(InputError, match="git show: fatal: "):
        bisect(commits.root, "v9", "HEAD", cost_below(5))


def test_a_folder_outside_of_a_repository_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a git repository"):
        bisect(tmp_path, "a", "b", cost_below(5))


def test_a_folder_within_its_repository_is_looked_at_there(commits, repository) -> None:
    (commits.root / "inner").mkdir()
    made = [commits(**{"inner/cost": text}) for text in ("1", "9", "9")]

    assert bisect(commits.root / "inner", made[0], made[-1], cost_below(5)).commit.digits == made[1]
