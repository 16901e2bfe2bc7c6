"""The shape of the code, and what every module of it has. import-linter keeps who may import whom."""

from __future__ import annotations

import ast
import dataclasses
import doctest
import importlib
import inspect
import pkgutil
import statistics
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import attune_sim as at
from attune_sim.loader import load

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "attune_sim"
SOURCES = sorted(path for path in PACKAGE.rglob("*.py"))
TESTS = sorted(path for folder in ("tests", "benchmarks") for path in (ROOT / folder).rglob("*.py"))
MODULES = sorted(found.name for found in pkgutil.walk_packages(at.__path__, "attune_sim."))
DEFINITIONS = sorted((ROOT / "data" / "workflows").rglob("*.yaml"))

MEDIAN_LINES, MOST_LINES_OF_NINE_IN_TEN, MOST_LINES, MOST_LINES_OF_A_MODULE = 10, 40, 40, 400


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions_of(path: Path) -> Iterator[tuple[str, int]]:
    """Name and lines of code of each function: signature, docstring and comments do not count."""
    text = path.read_text(encoding="utf-8")
    comments = _lines_of_comments(path)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            lines = {n for one in body for n in range(one.lineno, (one.end_lineno or one.lineno) + 1)}
            yield f"{short(path)}: {node.name}", len(lines - comments)


def _lines_of_comments(path: Path) -> set[int]:
    with path.open("rb") as source:
        tokens = list(tokenize.tokenize(source.readline))
    return {
        one.start[0] for one in tokens if one.type == tokenize.COMMENT and one.line.lstrip().startswith("#")
    }


def test_functions_are_short() -> None:
    lengths = {name: lines for path in SOURCES for name, lines in functions_of(path)}

    ordered = sorted(lengths.values())
    assert statistics.median(ordered) <= MEDIAN_LINES
    assert ordered[len(ordered) * 9 // 10] <= MOST_LINES_OF_NINE_IN_TEN
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_modules_are_short() -> None:
    lengths = {short(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}

    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES_OF_A_MODULE} == {}


def test_no_module_is_a_drawer() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc", "tools"}

    assert [short(path) for path in SOURCES if path.stem in drawers or path.parent.name in drawers] == []


def test_no_function_rebinds_a_global() -> None:
    found = [
        f"{short(path)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Global)
    ]

    assert found == []


def test_no_test_patches_with_mocks() -> None:
    imported = {
        short(path): name
        for path in (*SOURCES, *TESTS)
        for name in _imported(path)
        if name.split(".")[0] in {"mock", "pytest_mock"} or name.startswith("unittest.mock")
    }

    assert imported == {}


def test_memory_is_never_traced() -> None:
    assert [short(path) for path in (*SOURCES, *TESTS) if "tracemalloc" in set(_imported(path))] == []


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_what_it_is_for_and_its_examples_hold(name: str) -> None:
    module = importlib.import_module(name)

    assert module.__doc__
    assert doctest.testmod(module, optionflags=doctest.ELLIPSIS).failed == 0


@pytest.mark.parametrize(
    "name", [name for name in MODULES if hasattr(importlib.import_module(name), "__all__")]
)
def test_the_list_of_public_names_is_sorted_and_true(name: str) -> None:
    module = importlib.import_module(name)

    assert [one for one in module.__all__ if not hasattr(module, one)] == []
    assert list(module.__all__) == sorted(
        module.__all__, key=lambda one: (not one.isupper(), one[0].islower(), one)
    )


HANDED_OUT = (
    "api.comparison",
    "api.cost",
    "api.run",
    "rehearsal",
    "scenarios.scenario",
    "scenarios.workload",
    "store",
    "thresholds",
)
NEVER_SEEN = {"AnyAction", "CellRows", "Costs"}


def test_what_a_user_holds_has_a_repr_of_its_own() -> None:
    plain = [
        f"{home}.{name}"
        for home in HANDED_OUT
        for name, one in vars(importlib.import_module(f"attune_sim.{home}")).items()
        if inspect.isclass(one) and one.__module__ == f"attune_sim.{home}" and not name.startswith("_")
        if one.__repr__ is object.__repr__ and not dataclasses.is_dataclass(one)
    ]

    assert [one for one in plain if one.rpartition(".")[2] not in NEVER_SEEN] == []


def test_every_file_of_a_strategy_has_one_public_class_of_strategies() -> None:
    homes = {at.strategies[name].__module__ for name in at.strategies}

    assert len(homes) == len(list(at.strategies))


@pytest.mark.parametrize(
    "path", DEFINITIONS, ids=lambda path: path.relative_to(ROOT / "data" / "workflows").as_posix()
)
def test_every_definition_that_comes_along_is_good(path: Path) -> None:
    assert load(path).tasks


def test_every_name_of_the_api_is_used_by_the_file_that_is_only_type_checked() -> None:
    source = (ROOT / "tests" / "typing" / "api.py").read_text(encoding="utf-8")
    used = {node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}

    assert sorted(set(at.__all__) - used) == []
