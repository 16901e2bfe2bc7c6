"""What several rooms share: records of cells with known figures, a small workflow with its action, runs with a journal."""

from __future__ import annotations

import gc
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from attune_sim.api.noise.kept import STATE
from attune_sim.contexts.laws import Verdict, check_laws
from attune_sim.contexts.registry import strategies
from attune_sim.engine.state import RunState
from attune_sim.executors import executor_named
from attune_sim.journal.file import Journal, Recorded
from attune_sim.record import CellKey, CellRecord, Reading, Sample
from attune_sim.runspec import RunSpec
from attune_sim.session import session_of
from attune_sim.store import Store, ended_row, started_row

# How long an example takes says what else the machine does: no law fails for that.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_collection_finish() -> None:
    """Take what collecting made out of the sight of the garbage collector: it lives as long as the session, and every
    full collection, of which a measured fork takes one, would look through all of it."""
    gc.collect()
    gc.freeze()


SHARES_NOTHING = ("tests/test_docs.py", "tests/test_wheel.py")
"""Files of long tests, a page or a notebook each, that share little: an environment is made in seconds."""

SHOW_THE_SAME = "[docs/lab.md]", "[docs/sweeps.md]"
"""But for two pages: what one has measured the other one finds kept."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file goes to one process as a whole (`--dist loadfile`), but for one whose tests share nothing: it would be the
    last to end, with nothing left for the other process."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            is_alone = nodeid.startswith(SHARES_NOTHING)
            return nodeid.replace(*SHOW_THE_SAME) if is_alone else super()._split_scope(nodeid)

    if config.getoption("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False  # it would put files of many tests, which are short ones, first
    return Scheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where processes share the tests, files with slow ones come first: short ones then fill what is left at the end."""
    if hasattr(config, "workerinput"):
        slow = {item.path for item in items if item.get_closest_marker("slow")}
        items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(autouse=True, scope="session")
def _nothing_of_the_user_is_touched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What programs keep for their user (the noise of the machine) goes to a folder of the session, and nothing is found there."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(STATE, str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True)
def _ctrl_c_reaches_the_test() -> Iterator[None]:
    """A shell starts what it puts in the background with SIGINT ignored, and so would be the Ctrl-C that tests send to
    themselves and to programs that they start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium that Playwright drives; skipped where one of the two is missing.

    Of one file: as long as Playwright is there, nobody else in this process may start one, or run a loop of asyncio.
    """
    missing = "Playwright is not installed: pip install 'attune-sim[browser]'"
    api = pytest.importorskip("playwright.sync_api", reason=missing)
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next((found for name in names if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    options = [
        "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--font-render-hinting=none",
    ]  # fmt: skip
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=options)
        yield running
        running.close()


KEY = CellKey(
    workload="baseline",
    strategy="shared",
    dispatch="eager",
    executor="inline",
    items=1000,
    context_bytes=1_060_000,
    payload="records",
    history_tasks=100,
    repeat=0,
    seed=0,
    real=False,
    memory_limit_bytes=2_000_000_000,
    time_limit_s=60.0,
    digest="0" * 16,
)

# (fork us, fork bytes, render us) an item, as they were seen for 1 MB of JSON records.
FIGURES = {
    "deepcopy": (26_120.0, 2_915_000.0, 0.9),
    "chainmap": (0.41, 392.0, 1.1),
    "persistent": (2.48, 1_120.0, 1.0),
    "shared": (0.131, 104.0, 0.5),
}


class RecordBuilder:
    """Makes one cell at a time: `record_of(strategy="deepcopy", items_done=673, outcome="memory_limit")`."""

    def __call__(self, **given: Any) -> CellRecord:
        key_names = {name: given.pop(name) for name in list(given) if name in CellKey.__slots__}
        key = replace(KEY, **key_names)
        done = given.setdefault("items_done", key.items)
        given.setdefault("forks", done)
        given.setdefault("fan_out_items", key.items or None)
        given.setdefault("fan_out_context_bytes", key.context_bytes)
        fork_us, fork_bytes, render_us = FIGURES.get(key.strategy, (1.0, 500.0, 1.0))
        wobble = 1 + 0.01 * key.repeat
        given.setdefault("readings", self.readings(fork_us * wobble, fork_bytes, render_us, done))
        given.setdefault("samples", self.samples(fork_us, fork_bytes, done))
        given.setdefault("outcome", "ok")
        given.setdefault("run_status", "succeeded" if given["outcome"] == "ok" else None)
        given.setdefault("wall_s", done * fork_us / 1e6 + 0.01)
        given.setdefault("answer", "abcd1234")
        given.setdefault("surroundings", {"python": "3.11.7", "cpu": "two cores", "seed": 0})
        return CellRecord(key=key, **given)

    def readings(self, fork_us: float, fork_bytes: float, render_us: float, done: int) -> tuple[Reading, ...]:
        return (
            Reading("fork_us", fork_us, n=100),
            Reading("paid_fork_us", fork_us * 1.5, n=done),
            Reading("render_us", render_us),
            Reading("action_us", 0.3),
            Reading("bookkeeping_us", 2.1),
            Reading("wall_s", done * fork_us / 1e6 + 0.01),
            Reading("fork_bytes", fork_bytes),
            Reading("live_heap_bytes", fork_bytes * done + 40_000),
            Reading("peak_rss_bytes", fork_bytes * done * 1.02 + 400_000),
            Reading("asizeof_bytes", fork_bytes * 0.99),
            Reading("asizeof_coverage", 0.99),
        )

    def samples(self, fork_us: float, fork_bytes: float, done: int) -> tuple[Sample, ...]:
        steps = range(0, done + 1, max(1, done // 20))
        return tuple(
            Sample(n, n * fork_us / 1e6, "live_heap_bytes", fork_bytes * n + 20_000.0) for n in steps
        )


@pytest.fixture(scope="session")
def record_of() -> Callable[..., CellRecord]:
    """A builder of cell records."""
    return RecordBuilder()


@pytest.fixture(scope="session")
def stored() -> Callable[..., Path]:
    """Writes a store of these cells, and gives its path back: `stored(path, *records)`."""

    def write(path: Path, *records: CellRecord) -> Path:
        with Store(path) as store:
            for record in records:
                store.append(record.key.id, started_row(record.key, record.assumed, record.hash_seed))
                for reading in record.readings:
                    row = {name: getattr(reading, name) for name in Reading.__slots__}
                    store.append(record.key.id, {"row": "reading", **row})
                store.append(record.key.id, ended_row(record.outcome, record.error, record.wall_s))
        return path

    return write


@pytest.fixture(scope="session")
def comparison_records(record_of: Callable[..., CellRecord]) -> list[CellRecord]:
    """Four strategies, three repeats each; `deepcopy` met its memory limit at item 673, so it was not repeated."""
    repeated = [
        record_of(strategy=name, repeat=repeat)
        for name in ("chainmap", "persistent", "shared")
        for repeat in range(3)
    ]
    limit = record_of(
        strategy="deepcopy",
        outcome="memory_limit",
        items_done=673,
        run_status=None,
        error="memory limit of 2 GB reached",
        answer=None,
    )
    return [limit, *repeated]


@pytest.fixture(scope="session")
def verdicts_of() -> Callable[[str], tuple[Verdict, ...]]:
    """What every law says of a registered strategy, by its name: found once a session, for laws say the same again."""
    return cache(lambda name: check_laws(strategies[name]))


class JournaledRun:
    """Runs a description to its end beside a journal, or takes it up from there: `journaled(path, spec, actions, resume=True)`."""

    def __call__(
        self,
        path: Path,
        spec: RunSpec,
        actions: Mapping[str, Callable[..., Any]],
        *,
        executor: str = "inline",
        resume: bool = False,
        **options: Any,
    ) -> RunState:
        recorded = Recorded.open(path) if resume else None
        over = recorded is not None and recorded.over
        with closing(Journal(path)) as journal:
            session = session_of(spec, actions, journal=journal, recorded=recorded, **options)
            executor_named(executor).run(session.job)
            if not over:
                session.close()
        return session.state


@pytest.fixture(scope="session")
def journaled() -> JournaledRun:
    """A maker of runs with a journal."""
    return JournaledRun()


class Together:
    """Runs something under each executor, all of them at the same time, and only once: `together(run)["threads"]`.

    A timeout of a second takes a second of real time; nothing keeps three of them from passing together.
    """

    def __init__(self, *executors: str) -> None:
        self._executors = executors
        self._found: dict[Callable[[str], Any], dict[str, Any]] = {}

    def __call__(self, run: Callable[[str], Any]) -> dict[str, Any]:
        if run not in self._found:
            with ThreadPoolExecutor(len(self._executors)) as pool:
                self._found[run] = dict(zip(self._executors, pool.map(run, self._executors), strict=True))
        return self._found[run]


@pytest.fixture(scope="session")
def together() -> Together:
    """What runs for real seconds under each executor."""
    return Together("inline", "threads", "asyncio")


SQUARES = """\
version: 1.0.0
ref: demo.squares
label: Squares
parameters:
  numbers: {type: array, default: [1, 2, 3, 4]}
tasks:
  - name: square
    action: demo.square
    with_items: "{{ parameters.numbers }}"
    input: {n: "{{ item }}"}
    next:
      - when: "{{ succeeded() }}"
        publish: [{squares: "{{ result().results }}"}]
output_map:
  squares: "{{ workflow.squares }}"
"""


@pytest.fixture
def squares_text() -> str:
    """A workflow with one fan-out over numbers, as YAML."""
    return SQUARES


@pytest.fixture
def squares_file(squares_text: str, tmp_path: Path) -> Path:
    """The same as a file, with FILE.py of its action beside it."""
    path = tmp_path / "squares.yaml"
    path.write_text(squares_text)
    path.with_suffix(".py").write_text("def demo__square(n):\n    return n * n\n")
    return path


LAWS_OF_SWEEP = {"deepcopy": (0.0, 2.9), "shared": (104.0, 0.0)}
"""Strategy -> bytes of live heap an item, and an item and byte of context."""


class SweepBuilder:
    """Makes a cell of a size whose heap and time follow planted laws: `swept_cell("deepcopy", items=100, context_bytes=50_000)`."""

    def __init__(self, record_of: Callable[..., CellRecord]) -> None:
        self._record_of = record_of

    def __call__(
        self, strategy: str, items: int, context_bytes: int, repeat: int = 0, **given: Any
    ) -> CellRecord:
        by_item, by_both = LAWS_OF_SWEEP[strategy]
        each = by_item + by_both * context_bytes
        wobble = 1 + 0.001 * ((items + context_bytes + repeat) % 3 - 1)
        wall_s = (1e-5 + 1e-8 * each) * items
        readings = (
            Reading("live_heap_bytes", each * items * wobble + 20_000),
            Reading("fork_bytes", each * wobble),
            Reading("fork_us", each * 0.01 * wobble),
            Reading("wall_s", wall_s * wobble),
        )
        known = {"strategy": strategy, "items": items, "context_bytes": context_bytes, "repeat": repeat}
        return self._record_of(**known, **{"readings": readings, "samples": (), "wall_s": wall_s, **given})


@pytest.fixture(scope="session")
def swept_cell(record_of: Callable[..., CellRecord]) -> SweepBuilder:
    """A builder of cells of several sizes."""
    return SweepBuilder(record_of)


@pytest.fixture(scope="session")
def sweep_records(swept_cell: SweepBuilder) -> list[CellRecord]:
    """Two strategies at nine sizes, one repeat each; the largest of `deepcopy` was left out, as smaller ones foretold."""
    grid = [(items, context) for context in (20_000, 80_000, 320_000) for items in (16, 64, 256)]
    cells = [swept_cell(name, *size) for size in grid for name in LAWS_OF_SWEEP]
    readings = (
        Reading("live_heap_bytes", 2.4e8, source="estimated", n=8, label="95 % interval 230 MB to 250 MB"),
    )
    last = cells[-2]
    left_out = CellRecord(key=last.key, outcome="skipped", error="not run: too large", readings=readings)
    return [*cells[:-2], left_out, cells[-1]]


class StopAt:
    """An observer that breaks a run after some ends, as a crash would."""

    class Stop(Exception):
        """What it breaks with."""

    def __init__(self, ends):
        self.left = ends

    def action_ended(self, event):
        self.left -= 1
        if self.left < 0:
            raise self.Stop


@pytest.fixture
def stopping():
    return StopAt
