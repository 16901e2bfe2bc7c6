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
from collections.abc import Iterable, Iterator
from functools import cache
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

# A little above what is: 4, 12 and 35 lines of a function, 106 and 231 of a module. The last one is a rule.
MEDIAN_OF_FUNCTIONS, NINE_IN_TEN_FUNCTIONS, LONGEST_FUNCTION = 5, 14, 36
MEDIAN_OF_MODULES, NINE_IN_TEN_MODULES, LONGEST_MODULE = 120, 250, 400


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """All that a file is made of. Many tests ask, and it takes most of a second to read every file."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def functions_of(path: Path) -> Iterator[tuple[str, int]]:
    """Name and lines of code of each function: signature, docstring and comments do not count."""
    comments = _lines_of_comments(path)
    for node in nodes_of(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            lines = {n for one in body for n in range(one.lineno, (one.end_lineno or one.lineno) + 1)}
            yield f"{short(path)}: {node.name}", len(lines - comments)


@cache
def _lines_of_comments(path: Path) -> set[int]:
    with path.open("rb") as source:
        tokens = list(tokenize.tokenize(source.readline))
    return {
        one.start[0] for one in tokens if one.type == tokenize.COMMENT and one.line.lstrip().startswith("#")
    }


def spread(lengths: Iterable[int]) -> tuple[float, int]:
    """The median, and what nine in ten do not pass."""
    ordered = sorted(lengths)
    return statistics.median(ordered), ordered[len(ordered) * 9 // 10]


def test_functions_are_short() -> None:
    lengths = {name: lines for path in SOURCES for name, lines in functions_of(path)}

    median, nine_in_ten = spread(lengths.values())
    assert median <= MEDIAN_OF_FUNCTIONS
    assert nine_in_ten <= NINE_IN_TEN_FUNCTIONS
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}


def test_modules_are_short() -> None:
    lengths = {short(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}

    median, nine_in_ten = spread(lengths.values())
    assert median <= MEDIAN_OF_MODULES
    assert nine_in_ten <= NINE_IN_TEN_MODULES
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_limits_of_size_are_close_enough_to_tell() -> None:
    """A limit far above what it limits lets code grow: whoever shortens code brings it down."""
    functions = spread(lines for path in SOURCES for _, lines in functions_of(path))
    modules = spread(len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES)

    limits = (MEDIAN_OF_FUNCTIONS, NINE_IN_TEN_FUNCTIONS, MEDIAN_OF_MODULES, NINE_IN_TEN_MODULES)
    assert [limit <= 2 * found for limit, found in zip(limits, (*functions, *modules), strict=True)] == [
        True
    ] * 4


def test_no_module_is_a_drawer() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc", "tools"}

    assert [short(path) for path in SOURCES if path.stem in drawers or path.parent.name in drawers] == []


def test_no_function_rebinds_a_global() -> None:
    found = [
        f"{short(path)}:{node.lineno}"
        for path in SOURCES
        for node in nodes_of(path)
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


def test_a_runner_is_made_in_one_place() -> None:
    made = [
        short(path)
        for path in (*SOURCES, *TESTS)
        for node in nodes_of(path)
        if isinstance(node, ast.Call) and ast.unparse(node.func).removeprefix("runner.") == "Runner"
    ]

    assert made == ["attune_sim/session.py"]


DRIVEN = {"runner", "conductor", "performer", "drive", "steps", "job", "timeline"}


def test_nobody_assigns_to_what_drives_a_run_from_outside() -> None:
    """Watching is a seam, never a patch: neither the package nor its tests write into a run that is under way."""
    found = [
        f"{short(path)}:{node.lineno}: {ast.unparse(node)}"
        for path in (*SOURCES, *TESTS)
        for node in nodes_of(path)
        if _writes_into(node, DRIVEN)
    ]

    assert found == []


def _writes_into(node: ast.AST, names: set[str]) -> bool:
    """Whether this assigns to, or deletes, an attribute or an entry of something with one of these names."""
    if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("setattr", "delattr"):
        return bool(node.args) and _last_name(node.args[0]) in names
    if not isinstance(node, ast.Attribute | ast.Subscript) or not isinstance(node.ctx, ast.Store | ast.Del):
        return False
    holder = node.value
    while isinstance(holder, ast.Attribute | ast.Subscript) and _last_name(holder) not in names:
        holder = holder.value
    return _last_name(holder) in names


def _last_name(node: ast.AST) -> str:
    found = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return found.lstrip("_")


@pytest.mark.parametrize(
    "text",
    [
        "runner.begin = noted",
        "session.runner.handle = noted",
        "self._drive.ending = None",
        "drive._timers[0] = None",
        "del performer.stop",
        "conductor.state.status += 'x'",
        "setattr(runner, 'begin', noted)",
        "monkeypatch.setattr(session.runner, 'begin', noted)",
        "for performer.limit in range(3): pass",
    ],
)
def test_writing_into_what_drives_a_run_is_seen(text: str) -> None:
    assert any(_writes_into(node, DRIVEN) for node in ast.walk(ast.parse(text)))


@pytest.mark.parametrize(
    "text", ["self.drive = drive", "runner = made", "runner.handle(event)", "x = drive.ending"]
)
def test_holding_and_asking_what_drives_a_run_is_no_writing(text: str) -> None:
    assert not any(_writes_into(node, DRIVEN) for node in ast.walk(ast.parse(text)))


OPEN_FILES = {
    "attune_sim/experiment/away.py": "a recording, here and in a folder of a worker's own; /proc",
    "attune_sim/experiment/taking.py": "what actions print, in a folder of its own",
    "attune_sim/recording/file.py": "a recording, in a folder of its own",
    "attune_sim/files.py": "the door",
    "attune_sim/jsonl.py": "the door of files that grow by a line at a time",
    "attune_sim/api/alarms/telling.py": "the summary of a step of a build, which is added to",
    "attune_sim/cli/app.py": "/dev/null",
    "attune_sim/experiment/limits.py": "/proc",
    "attune_sim/experiment/lastword.py": "/proc",
    "attune_sim/experiment/worker.py": "/dev/null",
    "attune_sim/meter/pages.py": "/proc",
    "attune_sim/meter/worker.py": "/dev/null",
    "attune_sim/probes/cachegrind.py": "a log in a folder of its own",
    "attune_sim/probes/process.py": "/proc",
    "attune_sim/probes/surroundings.py": "/proc",
    "attune_sim/simulation/pricing.py": "a pipe",
    "attune_sim/simulation/worker.py": "/dev/null, and what was stdout",
}
"""Modules that open files, and which. Those of a user go through the door: it waits for no pipe, and loses nothing."""

OPENING = {"open", "os.open", "io.open", "os.fdopen", "tempfile.mkstemp", "tempfile.NamedTemporaryFile"}
OPENING_OF_PATHS = {"read_text", "read_bytes", "write_text", "write_bytes"}


def test_files_are_opened_at_one_door() -> None:
    found = {
        short(path)
        for path in SOURCES
        for node in nodes_of(path)
        if isinstance(node, ast.Call) and _opens(node)
    }

    assert sorted(found) == sorted(OPEN_FILES)


def _opens(call: ast.Call) -> bool:
    called = ast.unparse(call.func)
    name = called.rpartition(".")[2]
    return called in OPENING or name in OPENING_OF_PATHS or (name == "open" and _has_mode(call))


def _has_mode(call: ast.Call) -> bool:
    """As `path.open("rb")` and `path.open(encoding="utf-8")` have: other things than files are opened without."""
    first = call.args[0] if call.args else None
    is_mode = isinstance(first, ast.Constant) and isinstance(first.value, str)
    return is_mode or any(keyword.arg in ("mode", "encoding") for keyword in call.keywords)


@pytest.mark.parametrize(
    "text", ['path.open("rb")', "path.open(encoding='utf-8')", "open(path)", "path.read_text()"]
)
def test_a_path_that_is_opened_is_seen(text: str) -> None:
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    assert _opens(call)


def test_memory_is_never_traced() -> None:
    assert [short(path) for path in (*SOURCES, *TESTS) if "tracemalloc" in set(_imported(path))] == []


def _imported(path: Path) -> Iterator[str]:
    for node in nodes_of(path):
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
    "api.comparisons.comparison",
    "api.comparisons.cost",
    "api.runs.run",
    "api.simulation.asked",
    "api.simulation.seeded",
    "api.simulation.simulation",
    "api.stepping.state",
    "api.stepping.stepper",
    "api.comparisons.verification",
    "rehearsal",
    "scenarios.scenario",
    "scenarios.workload",
    "store",
    "thresholds",
)
NEVER_SEEN = ["api.comparisons.cost.Costs", "store.CellRows"]


def test_what_a_user_holds_has_a_repr_of_its_own() -> None:
    plain = [
        f"{home}.{name}"
        for home in HANDED_OUT
        for name, one in vars(importlib.import_module(f"attune_sim.{home}")).items()
        if inspect.isclass(one) and one.__module__ == f"attune_sim.{home}" and not name.startswith("_")
        if one.__repr__ is object.__repr__ and not dataclasses.is_dataclass(one)
    ]

    assert sorted(plain) == NEVER_SEEN


def test_every_file_of_a_strategy_has_one_public_class_and_that_is_the_strategy() -> None:
    files = {name: Path(inspect.getfile(at.strategies[name])) for name in at.strategies}

    public = {
        name: [
            node.name
            for node in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
        ]
        for name, path in files.items()
    }
    assert public == {name: [at.strategies[name].__name__] for name in at.strategies}
    assert {path.parent for path in files.values()} == {PACKAGE / "contexts"}


@pytest.mark.parametrize(
    "path", DEFINITIONS, ids=lambda path: path.relative_to(ROOT / "data" / "workflows").as_posix()
)
def test_every_definition_that_comes_along_is_good(path: Path) -> None:
    assert load(path).tasks


def test_every_name_of_the_api_is_used_by_the_file_that_is_only_type_checked() -> None:
    source = (ROOT / "tests" / "typing" / "api.py").read_text(encoding="utf-8")
    used = {node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}

    assert sorted(set(at.__all__) - used) == []
