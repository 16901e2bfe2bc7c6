from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

import pytest

from attune_sim.analysis.steps import Point, Series, Step
from attune_sim.api.history.searching import Search, between
from attune_sim.errors import InputError

FOREIGN = Path(__file__).parents[2] / "foreign"
IS_CHEAP = shlex.join([sys.executable, "-c", "import sys; sys.exit(int(open('cost').read()) >= 50)"])


def series(*values: tuple[str, float]) -> list[Series]:
    points = tuple(
        Point(commit, f"2026-01-{n:02}", dict.fromkeys(range(3), value))
        for n, (commit, value) in enumerate(values)
    )
    return [Series("small", "shop.visit, deepcopy", "deepcopy", "fork_bytes", points)]


def test_a_command_of_the_user_says_what_is_good(commits, repository) -> None:
    made = [commits(cost=text) for text in ("1", "1", "99", "99", "99")]

    told: list[str] = []
    search = Search(commits.root / "pyproject.toml", run=IS_CHEAP, good=made[0], bad=made[-1])
    found = search.found(list, told.append)
    assert found.commit.digits == made[2]
    assert told[0].startswith(f"looking between {made[0]} and {made[-1]} with: ")


def test_the_ends_are_those_of_the_latest_change_unless_they_are_named(commits, repository) -> None:
    made = [commits(cost=text) for text in ("1", "1", "1", "99")]

    search = Search(commits.root / "pyproject.toml", run=IS_CHEAP)
    found = search.found(lambda: series((made[0], 72.0), (made[3], 136.0)), lambda text: None)
    assert found.commit.digits == made[3]


def test_what_cannot_be_run_is_told(commits, repository) -> None:
    made = [commits(cost=text) for text in ("1", "99")]

    search = Search(commits.root / "pyproject.toml", run="no-such-program", good=made[0], bad=made[1])
    with pytest.raises(InputError, match=r"--run: .*no-such-program"):
        search.found(list, lambda text: None)
    assert commits.git("worktree", "list").count("\n") == 0


@pytest.mark.parametrize(
    ("before", "after", "over", "rule"),
    [
        (64.0, 144.0, "", "deepcopy.fork_bytes < 96"),
        (144.0, 64.0, "", "deepcopy.fork_bytes > 96"),
        (1.0, 4.0, "floor_us", "deepcopy.fork_bytes < 2 * deepcopy.floor_us"),
        (1.0, 4.0, "hamt.fork_us", "deepcopy.fork_bytes < 2 * hamt.fork_us"),
    ],
)
def test_the_middle_of_a_change_is_the_rule_that_tells_its_levels_apart(
    before: float, after: float, over: str, rule: str
) -> None:
    [one] = series(("a", before), ("b", after))
    step = Step(1, "b", "2026-01-02", before, after, after / before, 1.0, 1.0, 3, "a")
    assert between(Series(one.group, one.case, one.strategy, one.metric, one.points, over), step) == rule


@pytest.mark.slow
def test_the_commit_that_made_a_context_larger_is_named_by_measuring_each(commits, repository) -> None:
    for name in ("visit.yaml", "visits.py"):
        shutil.copy(FOREIGN / name, commits.root)
    table = (
        "[tool.attune_sim.thresholds.groups.small]\nworkload = 'visit.yaml'\nactions = 'visits.py'\n"
        "strategy = 'deepcopy'\nitems = 10\nrepeats = 1\nrules = ['fork_bytes < 100KB']\n"
    )
    actions = (FOREIGN / "visits.py").read_text()
    made = [commits(**{"pyproject.toml": table}), commits(notes="one")]
    made += [commits(**{"visits.py": actions.replace("range(200)", "range(2000)")}), commits(notes="two")]

    search = Search(commits.root / "pyproject.toml", rule="fork_bytes < 100KB", good=made[0], bad=made[-1])
    found = search.found(list, lambda text: None)
    assert found.commit.digits == made[2]
    assert commits.git("status", "--porcelain") == ""
