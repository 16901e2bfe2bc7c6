from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import attune_sim as at

SOURCE = Path(at.__file__)


def test_exported_names_are_sorted() -> None:
    assert at.__all__ == sorted(at.__all__, key=lambda name: (not name.isupper(), name[0].islower(), name))


@pytest.mark.parametrize("name", at.__all__)
def test_every_exported_name_can_be_had_and_is_documented(name: str) -> None:
    assert getattr(at, name).__doc__


def test_every_exported_class_has_a_repr_that_helps() -> None:
    classes = [value for name in at.__all__ if isinstance(value := getattr(at, name), type)]

    plain = [kind.__name__ for kind in classes if kind.__repr__ is object.__repr__]
    assert plain == ["ContextStrategy"]  # a protocol: outsiders' classes are never instances of it


@pytest.mark.parametrize("name", at.__all__)
def test_every_exported_object_has_a_repr_that_helps(name: str) -> None:
    assert " object at 0x" not in repr(getattr(at, name))


def test_exported_names_are_complete() -> None:
    branches = (node for node in ast.parse(SOURCE.read_text()).body if isinstance(node, ast.If))
    (block,) = (node for node in branches if ast.unparse(node.test) == "TYPE_CHECKING")
    for_checkers = {
        alias.asname or alias.name
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    } | {"register_strategy"}

    assert for_checkers == set(at.__all__)


def test_completion_offers_the_exported_names() -> None:
    assert set(at.__all__) <= set(dir(at))


def test_a_wrong_name_lists_what_there_is() -> None:
    with pytest.raises(AttributeError, match="compare"):
        at.comparr  # noqa: B018


def test_importing_loads_nothing_heavy() -> None:
    heavy = (
        "pandas",
        "matplotlib",
        "numpy",
        "jinja2",
        "pydantic",
        "httpx",
        "aiosmtpd",
        "pympler",
        "rich",
        "click",
    )
    program = f"import sys, attune_sim; print([name for name in {heavy!r} if name in sys.modules])"

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_plugin_that_pytest_loads_everywhere_loads_nothing_heavy() -> None:
    heavy = ("pandas", "matplotlib", "numpy", "jinja2", "pydantic", "attune_sim.api")
    program = (
        f"import sys, attune_sim.pytest_plugin; print([name for name in {heavy!r} if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"
