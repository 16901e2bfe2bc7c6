"""What the documents show is run: files are written, Python is executed, commands are called, outputs are compared."""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args, get_origin

import pytest
import yaml

import attune_sim as at
from attune_sim import metrics
from attune_sim.actions.registry import standard
from attune_sim.analysis.simulations import FIGURES
from attune_sim.api.claims.claiming import claim_data
from attune_sim.cli.app import program
from attune_sim.contexts.registry import strategies
from attune_sim.contexts.strategy import Guarantees
from attune_sim.expressions import DEFAULT_LIMITS, methods
from attune_sim.expressions.filters import COMPILED_FILTERS, COMPILED_TESTS, FILTERS, TESTS
from attune_sim.expressions.functions import ENDINGS, FUNCTIONS
from attune_sim.loader import document, templates, tree
from attune_sim.loader.fields import Fields, fields_of
from attune_sim.record import CellOutcome
from attune_sim.scenarios.registry import scenarios

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
RUN = (
    *(
        "README.md",
        "docs/lab.md",
        "docs/measuring.md",
        "docs/reports.md",
        "docs/plan.md",
        "docs/simulation.md",
        "docs/slim.md",
        "docs/step.md",
        "docs/strategies.md",
        "docs/sweeps.md",
        "docs/workflows.md",
        "docs/first-steps.md",
        "docs/concepts.md",
        "docs/howto/analyst.md",
        "docs/howto/engine.md",
    ),
)
CALLED = (*RUN, "docs/claims.md", "docs/howto/operator.md")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
LANGUAGE = "docs/language.md"
CITATION = re.compile(r"docs/language\.md(?:#([\w-]+))?")
BY_NUMBER = re.compile(r"\brules? \d|\bsection 1?\d\b", re.IGNORECASE)
"""How rules used to be cited, by their place in a text that is not here."""

FIGURE = re.compile(r"(?:~|≥ )?\d[\d,.]*(?:e[+-]\d+)?(?: (?:us|µs|ms|s|B|KB|MB|GB)\b)?")
"""A number and its unit: what another machine, or the next minute, may show otherwise."""

QUICKER = {
    'budget="30s"': 'budget="3s"',
    'memory_limit="512MiB"': 'memory_limit="128MiB", repeats=1',
    "range(1000)": "range(120)",
    "items=20, repeats=1": "items=20, repeats=1, history=3",
    "items=20, repeats=3": "items=20, repeats=1, history=3",
    "items=50, history=10, repeats=3": "items=50, history=10, repeats=1",
    "repeats=1,\n    progress=False,": "repeats=1, progress=False, store=KEPT,",
}
"""What a page says of a size, and what takes its place: the same is printed, but for figures, after a tenth of the work. A sweep that
several pages show is kept, and measured once."""

CALLED_BY_A_TEST = [["claims", "--claim", "clone_memory", "--payload", "text"]]
"""By one that looks at what it says: tests/cli/test_claims.py."""


class Block(NamedTuple):
    kind: str
    text: str

    @property
    def file(self) -> str | None:
        """The name of the file that the block is, where its first line says so."""
        named = re.match(r"# ([\w.]+)\n", self.text)
        return named[1] if named else None


class Shown:
    """The blocks of one page, done in order in one folder."""

    def __init__(self, text: str, folder: Path, kept: Path | None = None) -> None:
        self.blocks = blocks_of(text)
        self.folder = folder
        self.names: dict[str, object] = {"__name__": "__main__", "KEPT": kept}
        # A page may call a command before it shows the file that it reads.
        for block in self.blocks:
            if block.file:
                (folder / block.file).write_text(quickened(block.text), encoding="utf-8")

    def outputs(self) -> Iterator[tuple[str, str]]:
        """(what the page shows, what was printed), for each block of Python that prints."""
        said: str | None = None
        for block in self.blocks:
            if block.kind == "text" and said is not None:
                yield block.text, said
            elif block.kind == "python" and not block.file:
                said = self._printed(block.text)
            elif (
                block.kind == "yaml"
            ):  # what stands under a workflow is how its run ends, and another test looks at that
                said = None

    def _printed(self, code: str) -> str:
        with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.chdir(self.folder):
            exec(compile(quickened(code), "page", "exec"), self.names)
        return said.getvalue()


def quickened(code: str) -> str:
    for slow, quick in QUICKER.items():
        code = code.replace(slow, quick)
    return code


def blocks_of(text: str) -> list[Block]:
    return [Block(*found) for found in BLOCK.findall(text)]


def commands_on(page: str) -> list[list[str]]:
    """The words of every `attune-sim` command that a page shows, without the first."""
    lines = [
        line
        for block in blocks_of(text_of(page))
        if block.kind == "console"
        for line in block.text.splitlines()
    ]
    return [shlex.split(line, comments=True)[2:] for line in lines if line.startswith("$ attune-sim ")]


def is_the_same_everywhere(arguments: list[str]) -> bool:
    """Whether no file of a page has to do with a command, so that one call of it stands for those on other pages."""
    verb, *rest = arguments
    on_scenario = bool(rest) and rest[0] in scenarios and "--store" not in rest
    return verb in ("scenarios", "strategies") or on_scenario


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def normal(text: str) -> str:
    """The text without what varies: figures are `#`, a column may be wider, and a busy machine gives rise to doubts.

    Whether a total depends on the hash seed by more than a run of its own takes or leaves is such a doubt.
    """
    certain = re.sub(r"[~≥] [^:\n]*: \.summary\(\) says why; ", "", text)
    return re.sub(r"[ \n]+", " ", FIGURE.sub("#", certain).replace("# to #", "#")).strip()


def quicker(arguments: list[str]) -> list[str]:
    """The same command over a context of a few tasks (60 KB for a sweep) in place of a hundred, within a smaller budget, once where nothing is
    said of repeats."""
    shorter = ["2s" if word == "20s" else word for word in arguments]
    if arguments[0] == "compare" and "--repeats" not in arguments:
        shorter += ["--repeats", "1"]
    if "baseline" not in arguments or {"--context-bytes", "--history"}.intersection(arguments):
        return shorter
    return [*shorter, *(("--context-bytes", "60KB") if "sweep" in arguments else ("--history", "3"))]


def test_what_is_done_quicker_is_on_a_page() -> None:
    told = "".join(map(text_of, CALLED))

    assert [slow for slow in QUICKER if slow not in told] == []
    assert "--budget 20s" in told


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store for what several pages measure."""
    return tmp_path_factory.mktemp("kept") / "cells.jsonl"


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN)
def test_python_on_a_page_runs_and_prints_what_is_shown(page: str, tmp_path: Path, kept: Path) -> None:
    outputs = list(Shown(text_of(page), tmp_path, kept).outputs())

    assert outputs
    for shown, printed in outputs:
        assert normal(shown) == normal(printed)


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in CALLED if "\n$ attune-sim " in text_of(page)])
def test_commands_on_a_page_end_well(page: str, tmp_path: Path) -> None:
    Shown(text_of(page), tmp_path)
    elsewhere = [words for other in CALLED[: CALLED.index(page)] for words in commands_on(other)]
    for arguments in commands_on(page):
        if arguments in CALLED_BY_A_TEST or (arguments in elsewhere and is_the_same_everywhere(arguments)):
            continue
        call = [sys.executable, "-c", "from attune_sim.cli import main; main()", *quicker(arguments)]
        done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, timeout=240)
        # The fleet of health_check has failing servers: that its run is a finding is what it is for.
        expected = (1,) if arguments[:2] == ["run", "health_check"] else (0,)
        assert done.returncode in expected, f"{arguments}: {done.stdout}{done.stderr}"


@pytest.mark.slow
def test_the_gate_of_the_readme_passes(tmp_path: Path) -> None:
    Shown(text_of("README.md"), tmp_path)

    call = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_context.py"]
    done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("page", PAGES)
def test_links_and_pictures_of_a_page_exist(page: str) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", BLOCK.sub("", text_of(page)))

    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (ROOT / page).parent.joinpath(link).exists()] == []


def test_the_first_screen_of_the_readme_shows_the_whole_way() -> None:
    first = text_of("README.md").splitlines()[:50]

    blocks = [line for line in first if line.startswith("```") and line != "```"]
    assert blocks == ["```yaml", "```python", "```text", "```sh"]
    assert sum("![" in line for line in first) == 1
    assert "make demo" in "\n".join(first)


def test_the_pictures_are_small() -> None:
    pictures = list((ROOT / "docs" / "images").iterdir())

    assert pictures
    assert all(picture.stat().st_size < 200_000 for picture in pictures)


@pytest.mark.parametrize("page", [page for page in PAGES if "\n```yaml\n" in text_of(page)])
def test_yaml_on_a_page_can_be_read(page: str) -> None:
    for block in blocks_of(text_of(page)):
        if block.kind == "yaml":
            assert isinstance(yaml.safe_load(block.text), dict)


def test_every_command_is_on_the_first_page() -> None:
    told = text_of("README.md")

    assert [name for name in program.commands if f"attune-sim {name}" not in told] == []


def test_the_table_of_claims_has_every_claim_with_a_verdict() -> None:
    told = dict(re.findall(r"^\| (\w+) \|.*\| ([\w ]+) \|$", text_of("docs/claims.md"), re.MULTILINE))

    verdicts = {claim["id"]: told.get(claim["id"]) for claim in claim_data()["claims"]}
    assert set(verdicts.values()) <= {"confirmed", "exceeded", "refuted", "depends"}


def test_every_strategy_metric_outcome_and_promise_is_documented() -> None:
    measuring, ways = text_of("docs/measuring.md"), text_of("docs/strategies.md")

    assert [name for name in strategies if f"| `{name}` |" not in ways] == []
    assert [name for name in metrics.METRICS if f"| `{name}` |" not in measuring] == []
    assert [name for name in CellOutcome.__args__ if f"`{name}`" not in measuring] == []
    assert [field.name for field in fields(Guarantees) if f"\n{field.name} " not in ways] == []


def test_every_figure_of_a_simulation_is_documented() -> None:
    told = text_of("docs/simulation.md")

    assert [name for name, one in FIGURES.items() if f"| `{name}` | {one.title} |" not in told] == []


def test_every_scenario_has_a_definition_that_says_how_to_run_it() -> None:
    for name in scenarios.describe():
        assert f"attune-sim compare {name}" in text_of(f"data/workflows/{name}.yaml")


def test_documents_name_no_path_of_a_machine() -> None:
    found = {page: re.findall(r"/(?:home|tmp|work|root)/\S*", text_of(page)) for page in PAGES}

    assert {page: paths for page, paths in found.items() if paths} == {}


def test_the_makefile_has_what_the_documents_promise() -> None:
    promised = {
        name
        for page in PAGES
        for name in re.findall(r"(?:`|^|\$ )make ([a-z-]+)", text_of(page), re.MULTILINE)
    }
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))

    assert {"demo", "test", "check", "lab", "peers"} <= promised <= targets
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def anchors_of(page: str) -> list[str]:
    """The addresses of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", text_of(page)), re.MULTILINE)
    return [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]


@pytest.mark.parametrize("page", PAGES)
def test_links_to_a_heading_lead_to_one(page: str) -> None:
    links = re.findall(r"\]\(([\w./-]*)#([\w-]+)\)", BLOCK.sub("", text_of(page)))

    there = [
        (os.path.normpath(Path(page).parent / (other or Path(page).name)), anchor) for other, anchor in links
    ]
    assert [(other, anchor) for other, anchor in there if anchor not in anchors_of(other)] == []


def test_every_rule_of_the_language_has_one_address() -> None:
    addresses = anchors_of(LANGUAGE)

    assert sorted(addresses) == sorted(set(addresses))


def test_every_rule_that_is_cited_is_on_the_page_of_the_language() -> None:
    sources = [path for folder in ("attune_sim", "tests") for path in (ROOT / folder).rglob("*.py")]
    cited = {anchor: path.name for path in sources for anchor in CITATION.findall(path.read_text("utf-8"))}

    assert {"joins", "seed-form"} <= cited.keys()
    assert {
        anchor: file for anchor, file in cited.items() if anchor and anchor not in anchors_of(LANGUAGE)
    } == {}


def test_no_rule_is_cited_by_its_number() -> None:
    sources = [*(ROOT / "attune_sim").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    cited = {path.name: BY_NUMBER.findall(path.read_text("utf-8")) for path in sources}

    assert {name: found for name, found in cited.items() if found} == {}


def examples_in(text: str) -> list[Any]:
    """(workflow, how its run ends) for every example of a text, each named by the heading that it stands under."""
    shown: list[Any] = []
    for rule in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        blocks = blocks_of(rule)
        assert [block.kind for block in blocks] == ["yaml", "text"] * (len(blocks) // 2)
        pairs = zip(blocks[::2], blocks[1::2], strict=True)
        shown += [pytest.param(one.text, end.text.strip(), id=rule.splitlines()[0]) for one, end in pairs]
    return shown


REFERENCE = "docs/workflows.md"
EXAMPLES = examples_in(text_of(LANGUAGE))
FIELDS = examples_in(text_of(REFERENCE).split("## Every field\n")[1].split("\n## ")[0])


@pytest.mark.parametrize(("text", "end"), [*EXAMPLES, *FIELDS])
def test_an_example_of_a_workflow_loads_and_its_run_ends_as_shown(text: str, end: str) -> None:
    called = [at.load(text) for text, _ in (one.values for one in (*EXAMPLES, *FIELDS)) if "\nref:" in text]
    run = at.run(at.load(text), workflows=called)
    assert f"{run.status} {run.error if run.output is None else json.dumps(run.output)}" == end


def keys_in(value: Any) -> Iterator[str]:
    """Every key of every map in a value."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        yield key
        yield from keys_in(inner)
    for inner in value if isinstance(value, list) else ():
        yield from keys_in(inner)


def test_every_field_is_in_an_example_of_the_reference() -> None:
    used = {key for one in FIELDS for key in keys_in(yaml.safe_load(one.values[0]))}

    assert [
        name for structure in Fields.__subclasses__() for name in fields_of(structure) if name not in used
    ] == []


@pytest.mark.parametrize("structure", Fields.__subclasses__(), ids=lambda structure: structure.owner)
def test_the_table_of_fields_is_that_of_the_loader(structure: type[Fields]) -> None:
    assert f"\n{field_table(structure)}\n" in text_of(REFERENCE)


def test_the_table_of_actions_is_that_of_the_packs() -> None:
    assert f"\n{action_table()}\n" in text_of(REFERENCE)


def field_table(structure: type[Fields]) -> str:
    """The table of a structure's fields, as the reference shows it."""
    rows = ["| field | holds | default | meaning |", "|---|---|---|---|"]
    for name, known in fields_of(structure).items():
        field = structure.model_fields[name]
        choices = ", ".join(f"`{choice}`" for choice in choices_of(field.annotation))
        value = field.get_default(call_default_factory=True)
        given = (
            "required"
            if field.is_required()
            else "none"
            if value in (None, "", [], {})
            else f"`{spelled(value)}`"
        )
        rows.append(f"| `{name}` | {choices or known.says.be} | {given} | {field.description} |")
    return "\n".join(rows)


def choices_of(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def spelled(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def action_table() -> str:
    """The table of the actions that come along: what each takes, and what it does."""
    rows = ["| action | takes | does |", "|---|---|---|"]
    for ref, action in sorted(standard().items()):
        takes = ", ".join(f"`{input_of(each)}`" for each in inspect.signature(action).parameters.values())
        does = (inspect.getdoc(action) or "").split("\n\n")[0].replace("\n", " ")
        rows.append(f"| `{ref}` | {takes} | {does} |")
    return "\n".join(rows)


def input_of(parameter: inspect.Parameter) -> str:
    if parameter.kind is inspect.Parameter.VAR_KEYWORD:
        return "anything"
    return (
        parameter.name
        if parameter.default is parameter.empty
        else f"{parameter.name}={json.dumps(parameter.default)}"
    )


def test_most_rules_of_the_language_are_shown_at_work() -> None:
    assert len(EXAMPLES) >= 15


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        ("Functions", {*FUNCTIONS, *ENDINGS}),
        ("Filters", {*FILTERS, *COMPILED_FILTERS}),
        ("Tests", {name for name in (*TESTS, *COMPILED_TESTS) if name.isalpha()}),
        ("Methods", set(methods.NAMES)),
    ],
)
def test_every_function_filter_test_and_method_is_on_the_page_of_the_language(
    rule: str, names: set[str]
) -> None:
    section = text_of(LANGUAGE).split(f"### {rule}\n")[1].split("\n### ")[0]
    said = {name for name in re.findall(r"`(\w+)`", section) if name not in {"is"}}

    assert said == names


def test_the_limits_on_the_page_of_the_language_are_those_of_the_code() -> None:
    limits = text_of(LANGUAGE).split("### Limits\n")[1]

    assert f"| a text | {DEFAULT_LIMITS.text // 2**20} MiB |" in limits
    assert f"| a list or map | {DEFAULT_LIMITS.entries:,} entries |" in limits
    assert f"| an integer | {DEFAULT_LIMITS.integer_bits:,} bits |" in limits
    assert f"| levels of a value or an expression | {DEFAULT_LIMITS.nesting} |" in limits
    of_files = (tree.MAX_NODES, tree.MAX_DEPTH, document.MAX_ENTRIES)
    for most in (*of_files, templates.MAX_CHARACTERS, templates.MAX_EXPRESSIONS):
        assert f"{most:,}" in limits


@pytest.mark.slow
def test_the_demo_writes_its_report_into_a_clone_that_has_no_folder_for_it(tmp_path: Path) -> None:
    told = subprocess.run(
        ["make", "--no-print-directory", "-n", "-o", ".venv/base", "demo"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    command = Path(sys.executable).with_name("attune-sim")
    lines = told.stdout.replace(".venv/bin/attune-sim", str(command))
    small = lines.replace(
        "compare health_check", "compare health_check --items 3 --repeats 1 --strategy shared"
    )

    done = subprocess.run(["sh", "-e"], input=small, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert small != lines
    assert list(tmp_path.rglob("*.html"))
