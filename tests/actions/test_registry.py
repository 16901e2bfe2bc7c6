"""Which callable a ref names, and how a user's file of functions is read."""

from __future__ import annotations

import pickle
from pathlib import Path

import cloudpickle
import pytest

from attune_sim.actions.registry import Actions, actions_from_file, actions_of, standard
from attune_sim.errors import InputError, UnknownNameError


def written(folder: Path, text: str, name: str = "mine.py") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_all_packs_are_there_and_every_action_says_what_it_does():
    actions = standard()
    assert {"core.noop", "cloud.list_servers", "monitoring.check_http", "logs.parse", "notify.send"} <= set(
        actions
    )
    assert all((action.__doc__ or "").strip() for action in actions.values())


def test_an_unknown_ref_is_told_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match=r"unknown action 'core\.nop' \(did you mean 'core\.noop'\?\)"):
        standard()["core.nop"]
    assert standard().get("core.nop") is None
    assert "core.nop" not in standard()


def test_what_is_merged_later_wins_and_changes_nothing_else():
    first = Actions({"a.b": len})
    second = first.extended({"a.b": abs, "a.c": max})
    assert (first["a.b"], second["a.b"], len(second)) == (len, abs, 2)


@pytest.mark.parametrize(
    ("actions", "message"),
    [({"a.b": 3}, "'a.b' is a int, which cannot be called"), ({3: len}, "action ref 3 is a int; write text")],
)
def test_what_cannot_be_an_action_is_refused(actions, message):
    with pytest.raises(InputError, match=message):
        actions_of(actions)


def test_the_standard_actions_travel_to_another_process():
    actions = pickle.loads(cloudpickle.dumps(standard()))
    assert actions["core.echo"](a=1) == {"a": 1}


def test_public_functions_of_a_file_are_found_under_their_name_and_under_that_of_the_file(tmp_path):
    file = written(
        tmp_path,
        "from os.path import join\n"
        "def check(url): return url\n"
        "async def later(): return 1\n"
        "def cloud__list_servers(): return [1]\n"
        "def _private(): pass\n"
        "ACTIONS = {'any.thing': check, 'check': later}\n",
    )
    found = actions_from_file(file)
    assert set(found) == {"check", "mine.check", "later", "mine.later", "cloud.list_servers", "any.thing"}
    assert found["any.thing"](url="u") == "u"
    assert found["check"] is found["later"]
    assert actions_of(str(file))["cloud.list_servers"]() == [1]


def test_a_file_may_import_its_neighbours_and_hold_dataclasses_and_its_functions_travel(tmp_path):
    written(tmp_path, "NUMBER = 7\n", "neighbour.py")
    file = written(
        tmp_path,
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "import neighbour\n"
        "@dataclass\n"
        "class Point:\n    x: int\n"
        "NUMBER = neighbour.NUMBER\n"
        "def seven(): return Point(NUMBER).x\n",
    )
    assert pickle.loads(cloudpickle.dumps(actions_from_file(file)["seven"]))() == 7


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def broken(:\n  pass\n", r"mine\.py:1:\d+: not valid Python"),
        ("x = 1\ny = 1 / 0\n", r"mine\.py:2: cannot be run: ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit(3)\n", r"mine\.py:2: cannot be run: SystemExit: 3"),
        ("import nowhere_to_be_found\n", r"mine\.py:1: cannot be run: ModuleNotFoundError"),
        ("x = 1\n", r"mine\.py: no action found; define a public function"),
        ("ACTIONS = [1]\n", r"ACTIONS must be a dict of action ref -> function, not a list"),
        ("ACTIONS = {'a.b': 1}\n", r"ACTIONS: 'a\.b' is a int, which cannot be called"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_one_message(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        actions_from_file(written(tmp_path, text))


def test_a_file_that_is_missing_or_is_no_python_is_refused(tmp_path):
    with pytest.raises(InputError, match="there is no such file of actions"):
        actions_from_file(tmp_path / "none.py")
    with pytest.raises(InputError, match=r"its name must end in \.py"):
        actions_from_file(tmp_path / "mine.yaml")
