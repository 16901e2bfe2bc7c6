"""Runs that are killed at random moments and taken up again, until they come to their end.

Every run is a process of its own, and SIGKILL is what ends it. The actions themselves write down, in a file of their
own, when they begin and end: what was lost or done twice is so known from outside of the journal.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from random import Random

import pytest

FULL = int(os.environ.get("ATTUNE_SIM_CAMPAIGN", "0"))
TRIALS = min(FULL, 200) or 15
MOST_KILLS = 4

WORKFLOW = """\
version: 1.0.0
vars: {rounds: 0}
tasks:
  - name: list
    action: t.work
    input: {key: list}
    next: [{do: [each]}]
  - name: each
    action: t.flaky
    with_items: "{{ range(12) }}"
    concurrency: 4
    retry: {count: 3, delay: 0}
    input: {key: "each {{ rounds }} {{ item }}"}
    next:
      - publish: [{rounds: "{{ rounds + 1 }}"}, {got: "{{ result().results }}"}]
      - {when: "rounds < 2", do: [each]}
      - {when: "rounds >= 2", do: [call, beside]}
  - name: call
    action: demo.child
    with_items: "{{ range(3) }}"
    concurrency: 2
    retry: {count: 2, delay: 0}
    input: {n: "{{ item }}"}
    next: [{do: [last]}]
  - {name: beside, action: t.work, input: {key: beside}, next: [{do: [last]}]}
  - {name: last, join: all, action: t.work, input: {key: last}}
output_map: {got: "{{ got }}", called: "{{ task.call.results }}", last: "{{ task.last }}"}
"""
CHILD = """\
version: 1.0.0
ref: demo.child
parameters: {n: {type: integer}}
tasks:
  - name: inner
    action: t.flaky
    with_items: "{{ range(4) }}"
    concurrency: 2
    retry: {count: 3, delay: 0}
    input: {key: "inner {{ parameters.n }} {{ item }}"}
    next: [{do: [sum]}]
  - {name: sum, action: t.work, input: {key: "sum {{ parameters.n }}"}}
output_map: {inner: "{{ task.inner.results }}", sum: "{{ task.sum }}"}
"""
KEYS = (
    {"list", "beside", "last"}
    | {f"each {visit} {n}" for visit in range(2) for n in range(12)}
    | {f"inner {n} {m}" for n in range(3) for m in range(4)}
    | {f"sum {n}" for n in range(3)}
)

ZYGOTE = '''
"""Reads what to run, a line each, and runs it in a fork of itself: everything is imported once."""
import json, os, sys, time, zlib
import attune_sim as at

at.run, at.resume, at.load  # what is imported lazily is imported now

folder = sys.argv[1]
child = at.load(open(folder + "/child.yaml").read())
workflow = folder + "/workflow.yaml"


class Actions:
    def __init__(self, side):
        self.path = side
        self.side = os.open(side, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def table(self):
        return {"t.work": self.work, "t.flaky": self.flaky}

    def work(self, key):
        os.write(self.side, f"begin {os.getpid()} {key}\\n".encode())
        time.sleep(zlib.crc32(key.encode()) % 5 / 2000)
        os.write(self.side, f"end {os.getpid()} {key}\\n".encode())
        return {"key": key, "value": len(key)}

    def flaky(self, key):
        """Every third key fails at its first call."""
        known = open(self.path).read().splitlines()
        result = self.work(key)
        if zlib.crc32(key.encode()) % 3 == 0 and not any(one.split(" ", 2)[::2] == ["end", key] for one in known):
            raise at.ActionError("not at first", result)
        return result


def perform(order):
    actions, journal = Actions(order["side"]).table(), order["journal"]
    if os.path.exists(journal) and b"\\n" in open(journal, "rb").read():
        run = at.resume(journal, actions=actions, executor=order["executor"])
    else:
        run = at.run(workflow, actions=actions, workflows=[child], executor=order["executor"], journal=journal)
    seen = {"status": run.status, "output": run.output, "variables": run.variables, "tasks": run.task_statuses}
    with open(order["result"], "w") as file:
        json.dump(seen, file)


at.run(workflow, actions=Actions(os.devnull).table(), workflows=[child])
for line in sys.stdin:
    pid = os.fork()
    if not pid:
        try:
            perform(json.loads(line))
            sys.stdout.flush()
            os._exit(0)
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
    print(pid, flush=True)
    print(os.waitpid(pid, 0)[1], flush=True)
'''

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")]


class Zygote:
    """The process that others are forked from."""

    def __init__(self, folder):
        (folder / "workflow.yaml").write_text(WORKFLOW)
        (folder / "child.yaml").write_text(CHILD)
        self._errors = (folder / "errors.txt").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-c", ZYGOTE, str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True,
        )  # fmt: skip

    def run(self, order, kill_after=None):
        """Run to the end, or kill on the way. Gives the wait status: 0 for a run that ended by itself."""
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        pid = self._number()
        if kill_after is not None:
            with suppress(ProcessLookupError):
                process = os.pidfd_open(pid)
                time.sleep(kill_after)
                signal.pidfd_send_signal(process, signal.SIGKILL)
                os.close(process)
        status = self._number()
        assert status in (0, signal.SIGKILL), self._said()
        return status

    def _number(self):
        if not select.select([self._process.stdout], [], [], 60)[0]:
            self._process.kill()
            pytest.fail("a run did not come to its end")
        return int(self._process.stdout.readline())

    def _said(self):
        self._errors.seek(0)
        return self._errors.read()[-2000:]

    def close(self):
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()
        self._errors.close()


@pytest.fixture(scope="module")
def zygote(tmp_path_factory):
    zygote = Zygote(tmp_path_factory.mktemp("zygote"))
    yield zygote
    zygote.close()


class Trial:
    """One run, with all the processes that it takes."""

    def __init__(self, zygote, folder, seed):
        self.zygote, self.random, self.folder = zygote, Random(seed), folder
        self.journal, self.side = folder / "run.jsonl", folder / "side.txt"
        self.kills = self.within = self.redone = 0

    def to_the_end(self, usual_s):
        """Kill until it was killed often enough or came to its end, then let it end. Gives what it came to."""
        for _ in range(self.random.randint(1, MOST_KILLS)):
            if self._process(self.random.uniform(0, usual_s)) == 0:
                break
            self.kills += 1
            self._check_after_kill()
        else:
            assert self._process() == 0
        return json.loads((self.folder / "result.json").read_text())

    def _process(self, kill_after=None):
        order = {
            "journal": str(self.journal), "side": str(self.side), "result": str(self.folder / "result.json"),
            "executor": self.random.choice(["inline", "threads", "asyncio"]),
        }  # fmt: skip
        self._done = self.written()
        self._seen = len(self.noted())
        status = self.zygote.run(order, kill_after)
        self._check_nothing_done_twice()
        return status

    def written(self):
        """Keys whose end is in the journal as a success."""
        lines = self.journal.read_bytes().split(b"\n")[1:-1] if self.journal.exists() else []
        rows = [json.loads(line) for line in lines]
        ends = Counter(tuple(row[1:6]) for row in rows if row[0] == "e")
        assert all(count == 1 for count in ends.values()), "an attempt ended twice"
        return {row[7]["key"] for row in rows if row[0] == "e" and row[6] == "succeeded"}

    def noted(self):
        return self.side.read_text().splitlines() if self.side.exists() else []

    def _check_nothing_done_twice(self):
        begun = {line.split(" ", 2)[2] for line in self.noted()[self._seen :] if line.startswith("begin")}
        again = begun & self._done
        assert not again, f"their end was written, and they ran again: {sorted(again)}"

    def _check_after_kill(self):
        whole = self.journal.read_bytes() if self.journal.exists() else b""
        self.within += b"\n" in whole and not whole.rstrip(b"\n").rpartition(b"\n")[2].startswith(b'["x"')

    def check(self, came_to, undisturbed):
        assert came_to == undisturbed
        ended = Counter(line.split(" ", 2)[2] for line in self.noted() if line.startswith("end"))
        assert set(ended) == KEYS, "nothing is lost"
        assert self.written() == KEYS
        # Every call has its end in the journal, or was cut off by a kill and has that there.
        kinds = Counter(json.loads(line)[0] for line in self.journal.read_bytes().splitlines()[1:])
        begun = sum(line.startswith("begin") for line in self.noted())
        self.redone = kinds["l"]
        assert begun <= kinds["e"] + kinds["l"]


def test_killed_runs_lose_nothing_and_do_nothing_twice(zygote, tmp_path_factory, capsys):
    usual_s, undisturbed = _undisturbed(zygote, tmp_path_factory.mktemp("undisturbed"))
    totals = Counter()
    for seed in range(TRIALS):
        trial = Trial(zygote, tmp_path_factory.mktemp("trial"), seed)
        came_to = trial.to_the_end(usual_s)
        trial.check(came_to, undisturbed)
        totals.update(kills=trial.kills, within=trial.within, made_again=trial.redone)

    with capsys.disabled():
        print(
            f"\n{TRIALS} trials of a run of {usual_s * 1000:.0f} ms: {totals['kills']} kills, {totals['within']} of them "
            f"with the run on its way; {totals['made_again']} attempts were under way and made again; 0 lost, 0 done twice"
        )
    assert totals["within"] >= TRIALS / 2, "the kills came too early or too late to say anything"
    assert totals["made_again"] >= TRIALS / 4


def _undisturbed(zygote, folder):
    """How long a run takes that is left alone, and what it comes to; the first one waits for the imports."""
    for name in ("first", "second"):
        (folder / name).mkdir()
        trial, began = Trial(zygote, folder / name, 0), time.monotonic()
        assert trial._process() == 0
        took = time.monotonic() - began
    came_to = json.loads((folder / "second" / "result.json").read_text())
    trial.check(came_to, came_to)
    assert came_to["status"] == "succeeded"
    return took, came_to
