"""What a replay does, and what it does not do: no clock decides, nothing that has ended is forked or rendered again."""

import json
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import replace

import pytest

from attune_sim.contexts.registry import strategies
from attune_sim.engine.events import ActionEnded, CancelRequested, StartAction, StartTimer
from attune_sim.errors import ActionError
from attune_sim.executors import executor_named
from attune_sim.executors.timeline import RealTimeline, VirtualTimeline
from attune_sim.journal.file import Journal, Recorded
from attune_sim.journal.replay import Replay
from attune_sim.loader import load
from attune_sim.probes.recorder import Recorder
from attune_sim.runspec import RunSpec
from attune_sim.session import session_of

ITEMS = 10_000

CHILD = load("""
version: '1'
ref: demo.child
tasks:
  - {name: inner, action: t.work, input: {n: "{{ parameters.n }}"}}
output_map: {got: "{{ task.inner }}"}
""")
SPEC = RunSpec(
    workflow=load(f"""
version: '1'
vars: {{seen: 0}}
tasks:
  - name: each
    action: t.flaky
    with_items: "{{{{ range({ITEMS}) | reverse | list | sort }}}}"
    concurrency: 50
    retry: {{count: 1, delay: 0, on_error: "{{{{ result().code == item }}}}"}}
    input: {{n: "{{{{ item }}}}"}}
    next:
      - publish: [{{seen: "{{{{ result().succeeded }}}}"}}]
      - do: [call]
  - name: call
    action: demo.child
    with_items: "{{{{ range(3) }}}}"
    input: {{n: "{{{{ item }}}}"}}
    next: [{{do: [last]}}]
  - {{name: last, action: t.work, input: {{n: "{{{{ seen }}}}"}}}}
output_map: {{seen: "{{{{ seen }}}}", called: "{{{{ task.call.results }}}}", last: "{{{{ task.last }}}}"}}
"""),
    workflows=(CHILD,),
)


class Actions:
    """Every hundredth item fails at first; of these every second one says that a retry would help."""

    def __init__(self):
        self.calls = Counter()

    def table(self):
        return {"t.work": self.work, "t.flaky": self.flaky}

    def work(self, n):
        self.calls["work", n] += 1
        return n * 2

    def flaky(self, n):
        self.calls["flaky", n] += 1
        if n % 100 == 0 and self.calls["flaky", n] == 1:
            raise ActionError("at first", {"code": n if n % 200 == 0 else -1})
        return n


class Counting(strategies["shared"]):
    """`shared`, and the index of every fork: what is not forked cannot be rendered."""

    def __init__(self):
        self.forks = []

    def fan_out(self, context, reads):
        return _CountingForker(super().fan_out(context, reads), self.forks)


class _CountingForker:
    def __init__(self, forker, forks):
        self._forker, self._forks = forker, forks

    def fork(self, item, index):
        self._forks.append(index)
        return self._forker.fork(item, index)


class Told:
    """Hears all that a performer tells of preparations and calls."""

    def __init__(self):
        self.told = Counter()

    def preparing(self, task, index):
        self.told["preparing", task] += 1

    def forked(self, task, index, fork, fork_us):
        self.told["forked", task] += 1

    def prepared(self, task, index, fork, input):
        self.told["prepared", task] += 1

    def calling(self, command):
        self.told["calling", command.task] += 1


class Clock:
    """Goes by so many seconds at every look."""

    def __init__(self, pace):
        self.pace, self.now = pace, 100.0

    def __call__(self):
        self.now += self.pace
        return self.now


PACES = {"usual": 1e-4, "a thousand times slower": 1e-7, "standing still": 0.0}


class Noted:
    """Steps that note every command which they give."""

    def __init__(self, inner):
        self.inner, self.commands = inner, []

    def start(self):
        return self._note(self.inner.start())

    def begin(self, command):
        self.inner.begin(command)

    def handle(self, event):
        return self._note(self.inner.handle(event))

    def _note(self, commands):
        self.commands += commands
        return commands


@pytest.fixture(scope="module")
def lines(tmp_path_factory, journaled):
    """The journal of an undisturbed run, as lines."""
    path = tmp_path_factory.mktemp("replay") / "whole.jsonl"
    assert journaled(path, SPEC, Actions().table()).status == "succeeded"
    return path.read_bytes().splitlines(keepends=True)


@pytest.fixture(params=[None, ITEMS + 1], ids=["whole", "cut"])
def path(request, lines, tmp_path):
    """A journal: of the whole run, or cut in the middle of its fan-out."""
    made = tmp_path / "run.jsonl"
    made.write_bytes(b"".join(lines[: request.param]))
    return made


def seen(state):
    return (
        state.status,
        state.output,
        state.variables,
        state.task_results,
        state.task_statuses,
        state.task_starts,
        state.warnings,
    )


def test_the_same_commands_follow_whatever_a_clock_says(path):
    def replayed(pace):
        timeline = RealTimeline(clock=Clock(pace))
        session = session_of(SPEC, Actions().table())
        noted = Noted(session.runner)
        replay = Replay(noted, Recorded.open(path), session.secrets, passed=timeline.hold)
        left = replay.run(noted, session.runner)
        return left, noted.commands, seen(session.state)

    usual, *others = (replayed(pace) for pace in PACES.values())

    assert sum(isinstance(command, StartAction) for command in usual[1]) > ITEMS / 2
    assert others == [usual, usual]


def test_a_run_is_taken_up_to_the_same_end_whatever_a_clock_says(path):
    def resumed(pace):
        timeline = RealTimeline(clock=Clock(pace))
        session = session_of(SPEC, Actions().table(), recorded=Recorded.open(path), passed=timeline.hold)
        executor_named("inline").run(session.job, timeline)
        return seen(session.state)

    usual, *others = map(resumed, PACES.values())

    assert usual[0] == "succeeded"
    assert others == [usual, usual]


WORLD = """
import json, sys, time

class Clock:
    now = 100.0
    def __call__(self):
        self.now += PACE
        return self.now

time.time = time.monotonic = time.perf_counter = time.process_time = Clock()

import attune_sim as at

run = at.resume(sys.argv[1], actions={"t.work": lambda n: n * 2, "t.flaky": lambda n: n})
print(json.dumps([run.status, run.output, run.variables, run.task_results, list(run.task_starts)]))
"""
"""A process in which every clock goes wrong before anything of ours is there."""


@pytest.mark.parametrize(
    "pace",
    [
        pytest.param(0.0, id="standing still"),
        pytest.param(1e-9, id="slow"),
        pytest.param(1.0, id="racing", marks=pytest.mark.slow),
    ],
)
def test_no_clock_of_the_process_decides_what_follows(lines, tmp_path, journaled, pace):
    path = tmp_path / "run.jsonl"
    path.write_bytes(b"".join(lines[: ITEMS + 1]))
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(path.read_bytes())
    actions = {"t.work": lambda n: n * 2, "t.flaky": lambda n: n}
    expected = journaled(copy, SPEC, actions, resume=True)

    program = WORLD.replace("PACE", str(pace))
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, timeout=120, check=False
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        expected.status,
        expected.output,
        expected.variables,
        expected.task_results,
        expected.task_starts,
    ]


def resumed(path, *, strategy, told, **options):
    session = session_of(
        replace(SPEC, **options),
        (actions := Actions()).table(),
        recorded=Recorded.open(path),
        strategy=strategy,
        observers=[told],
    )
    executor_named("inline").run(session.job)
    return session.state, actions


def test_a_run_that_is_over_prepares_the_calls_whose_child_has_run_and_nothing_else(lines, tmp_path):
    path = tmp_path / "run.jsonl"
    path.write_bytes(b"".join(lines))
    strategy, told = Counting(), Told()

    state, actions = resumed(path, strategy=strategy, told=told)

    assert state.status == "succeeded"
    assert strategy.forks == [0, 1, 2]
    assert not told.told
    assert not actions.calls


@pytest.mark.parametrize("dispatch", ["windowed", "eager"])
def test_a_run_that_is_taken_up_prepares_only_what_has_not_ended(lines, tmp_path, dispatch):
    path = tmp_path / "run.jsonl"
    path.write_bytes(b"".join(lines[: ITEMS + 1]))
    records = [json.loads(line) for line in lines[1 : ITEMS + 1]]
    ended = {
        line[4]
        for line in records
        if line[0] == "e" and (line[6] == "succeeded" or line[5] == 1 or line[12] is False)
    }
    strategy, told = Counting(), Told()

    state, actions = resumed(path, strategy=strategy, told=told, dispatch=dispatch)

    left = set(range(ITEMS)) - ended
    assert 0 < len(left) < ITEMS
    assert state.status == "succeeded"
    called = Counter({n: count for (name, n), count in actions.calls.items() if name == "flaky"})
    assert set(called) == left
    assert told.told["preparing", "each"] == told.told["calling", "each"] == called.total()
    assert told.told["forked", "each"] == called.total()
    verdicts = sum(n % 100 == 0 for n in left)  # each asks a fork of its own
    others = {"call": 3, "inner": 3, "last": 1}
    assert len(strategy.forks) == called.total() + verdicts + sum(others.values())


ASKING = RunSpec(
    workflow=load("""
version: '1'
tasks:
  - name: each
    action: t.refuse
    with_items: "{{ [1, 2, 3] }}"
    concurrency: 3
    retry: {count: 2, delay: 0, on_error: "{{ result().code == item }}"}
    input: {n: "{{ item }}"}
""")
)


def test_what_on_error_said_is_written_down_and_not_asked_again(journaled, tmp_path):
    def refuse(n):
        raise ActionError("no", {"code": 2} if n < 3 else {"mode": n})

    path, strategy = tmp_path / "run.jsonl", Counting()
    state = journaled(path, ASKING, {"t.refuse": refuse}, strategy=strategy)

    lines = [json.loads(line) for line in path.read_bytes().splitlines()[1:]]
    verdicts = {(line[4], line[5]): line[12] for line in lines if line[0] == "e"}
    assert {key: verdict for key, verdict in verdicts.items() if key[0] < 2} == {
        (0, 0): False,
        (1, 0): True,
        (1, 1): True,
        (1, 2): True,
    }
    assert "retry.on_error" in verdicts[2, 0]
    assert len(strategy.forks) == 5 + 5, "one for each attempt, and one for each verdict"

    again = Counting()
    replayed = journaled(path, ASKING, {"t.refuse": refuse}, strategy=again, resume=True)
    assert again.forks == []
    assert seen(replayed) == seen(state)


def test_a_verdict_that_was_written_down_holds_whatever_would_be_said_now(journaled, tmp_path):
    def refuse(n):
        raise ActionError("no", {"code": n})  # on_error wants every one

    path = tmp_path / "run.jsonl"
    journaled(path, ASKING, {"t.refuse": refuse})
    header, *lines = path.read_text().splitlines()
    first = {n: line for n in range(3) for line in lines if line.startswith(f'["e",0,"each",0,{n},0,')}
    starts = [f'["s",0,"each",0,{n},0]' for n in range(3)]
    unwanted = [line.replace('"action",true]', '"action",false]') for line in first.values()]
    assert unwanted != list(first.values())
    path.write_text("\n".join([header, *starts, *unwanted]) + "\n")

    state = journaled(path, ASKING, {"t.refuse": refuse}, resume=True)

    assert state.task_starts == ["each[0]", "each[1]", "each[2]"]
    assert state.status == "failed"


# -- times -------------------------------------------------------------------------------------------------------------

TIMED = RunSpec(
    workflow=load("""
version: '1'
tasks:
  - {name: first, action: t.work, input: {n: 1}, next: [{do: [each]}]}
  - {name: each, action: t.work, with_items: "{{ range(6) }}", input: {n: "{{ item }}"}}
""")
)


class Died(MemoryError):
    """Ends a run as the death of its process would."""


def timed(path, work, pace, *, resume):
    """A run beside a clock that begins anew in each process; its recorder."""
    timeline = RealTimeline(clock=Clock(pace))
    recorder = Recorder(timeline.now)
    with closing(Journal(path)) as journal:
        session = session_of(
            TIMED,
            {"t.work": work},
            observers=[recorder],
            journal=journal,
            recorded=Recorded.open(path) if resume else None,
            passed=timeline.hold,
        )
        executor_named("inline").run(session.job, timeline)
    return recorder


def test_what_is_left_is_an_offer_of_the_open_slots_and_the_attempt_that_was_lost(tmp_path):
    path = tmp_path / "run.jsonl"
    timed(path, lambda n: n, 1.0, resume=False)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[: lines.index('["s",0,"each",0,2,0]\n') + 1]))

    opened, again = session_of(TIMED, {"t.work": None}, recorded=Recorded.open(path)).steps.start()

    assert opened.left == (2, 3, 4, 5)
    assert again.offer is opened.offer
    assert again.key == (0, "each", 0, 2, 1)


@pytest.mark.parametrize("pace", [1.0, 0.001])
def test_the_times_of_a_run_that_is_taken_up_go_on_from_the_last_that_was_written(tmp_path, pace):
    def dies(n):
        if n == 3:
            raise Died
        return n

    path = tmp_path / "run.jsonl"
    with pytest.raises(Died):
        timed(path, dies, 1.0, resume=False)
    ends = [line for line in map(json.loads, path.read_text().splitlines()[1:]) if line[0] == "e"]
    written = {line[4]: (line[9], line[10]) for line in ends if line[2] == "each"}
    last = max(line[10] for line in ends)
    assert sorted(written) == [0, 1, 2]

    recorder = timed(path, lambda n: n, pace, resume=True)

    [columns] = recorder.items
    assert list(columns.started_s[:3]) == [written[n][0] for n in range(3)]
    assert list(columns.span_s[:3]) == [written[n][1] - written[n][0] for n in range(3)]
    assert last <= columns.started_s[3] < columns.started_s[4] < columns.started_s[5]
    assert columns.started_s[3] - last <= 10 * pace, "what lay between the two processes is no run time"
    first, each = recorder.tasks
    assert (first.started_s, first.ended_s) == (0.0, ends[0][10])
    assert each.ended_s >= columns.started_s[5]


def test_a_timeline_stands_still_while_a_run_is_told_again(tmp_path):
    path = tmp_path / "run.jsonl"
    timed(path, lambda n: n, 1.0, resume=False)
    ends = [line for line in map(json.loads, path.read_text().splitlines()[1:]) if line[0] == "e"]

    first, each = timed(path, lambda n: n, 1.0, resume=True).tasks

    assert (first.started_s, first.ended_s, each.started_s, each.ended_s) == (
        0.0,
        ends[0][10],
        ends[0][10],
        ends[-1][10],
    )


def test_a_pause_that_a_cancelling_ended_is_not_begun_again(tmp_path):
    spec = RunSpec(
        workflow=load("""
version: '1'
tasks:
  - name: each
    action: t.work
    with_items: "{{ [0, 1] }}"
    concurrency: 2
    retry: {count: 1, delay: 5}
    input: {n: "{{ item }}"}
""")
    )
    path = tmp_path / "run.jsonl"
    with closing(Journal(path)) as journal:
        steps = session_of(spec, Actions().table(), journal=journal).steps
        for start in steps.start()[1:]:
            steps.begin(start)
        [pause] = steps.handle(ActionEnded("each", 0, 0, 0, "failed", error="busy", ended=1.0))
        steps.handle(CancelRequested())
    assert isinstance(pause, StartTimer)

    session = session_of(spec, Actions().table(), recorded=Recorded.open(path))
    assert not session.runner.wants(pause)
    timeline = VirtualTimeline()
    executor_named("inline").run(session.job, timeline)

    assert session.state.status == "cancelled"
    assert timeline.now() < 5
    each = session.state.task_results["each"]
    assert [each["results"], each["failed_items"][0]["error"]] == [[None, 2], "cancelled"]
