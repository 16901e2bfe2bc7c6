"""Runs with a journal, and runs that are taken up from one."""

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import attune_sim as at


class Died(MemoryError):
    """Ends a run as the death of its process would: nothing more is told or written."""


WORKFLOW = """\
version: 1.0.0
ref: demo.orders
parameters:
  count: {type: integer, default: 4}
  token: {type: string, secret: true, default: default-token}
tasks:
  - name: list
    action: t.list
    input: {count: "{{ parameters.count }}", token: "{{ parameters.token }}"}
    next: [{do: [ship]}]
  - name: ship
    action: t.ship
    with_items: "{{ task.list }}"
    input: {n: "{{ item }}", to: "{{ config.city }}", key: "{{ keystore.api.key }}"}
    next: [{do: [bill]}]
  - {name: bill, action: demo.bill, input: {n: "{{ length(task.ship.results) }}"}}
output_map: {shipped: "{{ task.ship.results }}", billed: "{{ task.bill.total }}"}
"""
BILL = """\
version: 1.0.0
ref: demo.bill
parameters: {n: {type: integer}}
tasks:
  - {name: sum, action: t.sum, input: {n: "{{ parameters.n }}"}}
output_map: {total: "{{ task.sum }}"}
"""
GIVEN = {"config": {"city": "Bern"}, "keystore": {"api": {"key": "k-12345678"}}}


class Shop:
    """Actions that count their calls; shipping order `dies_at` ends the process, as far as the run can tell."""

    def __init__(self, dies_at=None):
        self.dies_at, self.calls = dies_at, []

    def table(self):
        return {"t.list": self.list, "t.ship": self.ship, "t.sum": self.sum}

    def list(self, count, token):
        self.calls.append("list")
        return list(range(count))

    def ship(self, n, to, key):
        self.calls.append(n)
        if n == self.dies_at:
            raise Died
        return f"{n} to {to} with {key}"

    def sum(self, n):
        self.calls.append("sum")
        return n * 100


@pytest.fixture
def files(tmp_path):
    """A workflow file, a folder with its sub-workflow, and the path of a journal."""
    (tmp_path / "orders.yaml").write_text(WORKFLOW)
    (tmp_path / "subs").mkdir()
    (tmp_path / "subs" / "bill.yaml").write_text(BILL)
    return tmp_path


def begin(files, shop, **more):
    return at.run(
        files / "orders.yaml", {"count": 4}, actions=shop.table(), workflows=files / "subs",
        journal=files / "run.jsonl", **{**GIVEN, **more},
    )  # fmt: skip


@pytest.fixture
def died(files):
    """The same, with the journal of a run whose process died while it shipped order 2."""
    with pytest.raises(Died):
        begin(files, Shop(dies_at=2))
    return files


def resume(files, shop=None, **more):
    options = {"keystore": GIVEN["keystore"], "actions": (shop or Shop()).table(), **more}
    return at.resume(files / "run.jsonl", **options)


def test_a_run_that_died_goes_on_and_ends_as_if_nothing_had_been(died, tmp_path_factory):
    undisturbed = at.run(WORKFLOW, {"count": 4}, actions=Shop().table(), workflows=[at.load(BILL)], **GIVEN)
    shop = Shop()

    run = resume(died, shop)

    assert (run.status, run.output) == ("succeeded", undisturbed.output)
    assert run.output["shipped"][2] == "2 to Bern with k-12345678"
    assert shop.calls == [2, 3, "sum"]
    assert list(run.task_starts) == ["list", "ship[0]", "ship[1]", "ship[2]", "ship[2]", "ship[3]", "bill"]
    assert run.journal == str(died / "run.jsonl")
    assert (run.skipped, undisturbed.skipped) == ({"list": 1, "ship": 2}, {})


def test_the_times_of_a_run_that_was_taken_up_go_on_from_where_it_was(died):
    lines = [json.loads(line) for line in (died / "run.jsonl").read_text().splitlines()[1:]]
    before = {line[4]: line[9:11] for line in lines if line[0] == "e" and line[2] == "ship"}

    items = resume(died).items

    began, ended = items["started_s"].to_list(), items["ended_s"].to_list()
    assert began[:2] == [before[index][0] for index in range(2)]
    assert ended[:2] == pytest.approx([before[index][1] for index in range(2)], abs=1e-6)
    assert 0 <= began[0] <= ended[0] <= began[1] <= before[1][1] <= began[2] <= ended[2] <= began[3]


@pytest.mark.parametrize("executor", ["inline", "threads", "asyncio"])
def test_any_executor_can_take_a_run_up(died, executor):
    assert resume(died, executor=executor).output["billed"] == 400


def test_a_run_that_is_over_is_told_again_without_any_action(died):
    first = resume(died)
    size = (died / "run.jsonl").stat().st_size

    again = resume(died, actions=None)

    assert (again.output, again.task_starts) == (first.output, first.task_starts)
    assert (died / "run.jsonl").stat().st_size == size


class InterruptedShop(Shop):
    """Ctrl-C is pressed while it ships order 1."""

    def ship(self, n, to, key):
        if n == 1:
            signal.raise_signal(signal.SIGINT)
        return super().ship(n, to, key)


def test_a_run_that_ctrl_c_cancelled_is_over_and_nothing_of_it_runs_again(files):
    with pytest.raises(KeyboardInterrupt):
        begin(files, InterruptedShop())
    first, shop = at.last(), Shop()

    again = resume(files, shop)

    assert first.status == again.status == "cancelled"
    assert first.task_results == again.task_results
    assert shop.calls == []


def test_a_run_that_died_while_it_was_cancelled_only_finishes_what_was_under_way(files):
    with pytest.raises(KeyboardInterrupt):
        begin(files, InterruptedShop())
    journal = files / "run.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    cancelled = next(n for n, line in enumerate(lines) if line.startswith(b'["c",'))
    journal.write_bytes(b"".join(lines[: cancelled + 1]))
    shop = Shop()

    assert resume(files, shop).status == "cancelled"
    assert shop.calls == [1]


def test_frames_of_a_resumed_run_have_every_item(died):
    run = resume(died)

    assert run.items["outcome"].to_list() == ["succeeded"] * 4
    assert run.items["attempts"].to_list() == [1, 1, 2, 1]


def test_observers_of_a_resumed_run_see_all_of_it(died):
    class Ends:
        def __init__(self):
            self.seen = []

        def task_ended(self, task, visit, status, result, error):
            self.seen.append(task)

    ends = Ends()
    resume(died, observers=[ends])

    assert ends.seen == ["list", "ship", "bill"]


def test_a_journal_that_holds_a_run_is_refused_before_anything_runs(died):
    shop = Shop()

    with pytest.raises(at.JournalError, match=r"holds a run already; take it up with at\.resume"):
        begin(died, shop)
    assert shop.calls == []


def test_a_run_that_cannot_begin_leaves_no_journal(files):
    with pytest.raises(at.ParametersError):
        at.run(files / "orders.yaml", {"count": "many"}, journal=files / "run.jsonl")

    assert not (files / "run.jsonl").exists()


def test_what_is_no_json_cannot_be_given_to_a_run_with_a_journal(files):
    with pytest.raises(
        at.JournalError, match=r"config\.when: tuple is not JSON|config\.when: set is not JSON"
    ):
        begin(files, Shop(), config={"when": {1}})
    assert not (files / "run.jsonl").exists()


def test_a_changed_workflow_is_refused_and_a_changed_comment_is_not(died):
    file = died / "orders.yaml"
    file.write_text(WORKFLOW.replace("input: {count:", "retry: {count: 1, delay: 0}\n    input: {count:"))
    with pytest.raises(
        at.JournalError, match=r"another version of workflow 'demo\.orders'.*orders\.yaml has changed"
    ):
        resume(died)

    file.write_text("version: [")
    with pytest.raises(at.JournalError, match="has changed since the run began, and cannot be used"):
        resume(died)

    file.write_text("# a comment\n" + WORKFLOW)
    assert resume(died).status == "succeeded"


def test_a_run_goes_on_without_its_workflow_file(died):
    (died / "orders.yaml").unlink()

    assert resume(died, parameters={"token": "default-token"}).status == "succeeded"


def test_the_default_of_a_secret_parameter_is_in_no_journal(died):
    assert "default-token" not in (died / "run.jsonl").read_text()

    (died / "orders.yaml").unlink()
    with pytest.raises(
        at.JournalError, match=r"needs secrets that a journal does not keep: parameters\.token"
    ):
        resume(died)


def test_a_changed_sub_workflow_is_refused_and_others_do_not_matter(died):
    (died / "subs" / "other.yaml").write_text(BILL.replace("demo.bill", "demo.other"))
    assert resume_copy(died, workflows=died / "subs").status == "succeeded"

    (died / "subs" / "bill.yaml").write_text(BILL.replace("t.sum", "t.list"))
    with pytest.raises(at.JournalError, match=r"another version of workflow 'demo\.bill'"):
        resume(died, workflows=died / "subs")


def resume_copy(files, **more):
    path = files / "copy.jsonl"
    path.write_bytes((files / "run.jsonl").read_bytes())
    return at.resume(path, actions=Shop().table(), keystore=GIVEN["keystore"], **more)


def test_missing_actions_are_named_all_at_once(died):
    with pytest.raises(at.JournalError, match=r"actions that are missing: t\.list, t\.ship, t\.sum; give"):
        resume(died, actions=None)


def test_missing_secrets_are_named(died):
    with pytest.raises(at.JournalError, match=r"does not keep: keystore\.api\.key; give them again"):
        resume(died, keystore=None)


def test_a_new_value_of_a_secret_is_used_from_now_on(died):
    run = resume(died, keystore={"api": {"key": "k-new-and-better"}})

    assert run.output["shipped"][3] == "3 to Bern with k-new-and-better"


FORK = """\
version: 1.0.0
parameters: {token: {type: string, secret: true}}
tasks:
  - name: ask
    action: t.ask
    input: {n: 1}
    next:
      - {when: "{{ length(parameters.token) == 6 }}", do: [left]}
      - {when: "{{ length(parameters.token) != 6 }}", do: [right]}
  - {name: left, action: t.left, input: {n: 2}, next: [{do: [last]}]}
  - {name: right, action: t.right, input: {n: 3}}
  - {name: last, action: t.die, input: {n: 4}}
"""


@pytest.mark.parametrize("lines", [4, 5, 6])
def test_a_new_secret_that_leads_elsewhere_is_refused_and_the_former_one_still_fits(tmp_path, lines):
    def die(n):
        raise Died

    path, calls = tmp_path / "run.jsonl", []
    actions = {"t.ask": lambda n: n, "t.left": lambda n: n, "t.right": calls.append, "t.die": die}
    with pytest.raises(Died):
        at.run(FORK, {"token": "former"}, actions=actions, journal=path)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:lines]))  # begun, ended, followed

    with pytest.raises(at.JournalError, match="does not fit this workflow, these actions and these secrets"):
        at.resume(path, parameters={"token": "another"}, actions=actions)
    assert calls == []

    actions["t.die"] = lambda n: n
    assert at.resume(path, parameters={"token": "former"}, actions=actions).status == "succeeded"


def test_another_parameter_or_config_is_refused(died):
    with pytest.raises(at.JournalError, match="parameter 'count' was another one when the run began"):
        resume(died, parameters={"count": 5})
    with pytest.raises(at.JournalError, match="parameter 'region' was another one"):
        resume(died, parameters={"region": "eu"})
    with pytest.raises(at.JournalError, match="config was another one"):
        resume(died, config={"city": "Chur"})
    assert (
        resume(died, parameters={"count": 4, "token": "x" * 9}, config={"city": "Bern"}).status == "succeeded"
    )


def test_what_was_unknown_when_the_run_began_stays_unknown(files):
    shop = Shop(dies_at=2)
    with pytest.raises(Died):
        at.run(files / "orders.yaml", actions=shop.table(), journal=files / "run.jsonl", **GIVEN)

    run = resume(files, actions={**Shop().table(), "demo.bill": lambda n: {"total": 7}})

    assert run.status == "failed"
    assert "unknown action 'demo.bill'" in run.error


def test_another_process_that_has_the_journal_is_told_of(died):
    program = (
        "import sys; from attune_sim.journal.file import Journal\n"
        "journal = Journal(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    )
    arguments = [sys.executable, "-c", program, str(died / "run.jsonl")]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "open\n"
        with pytest.raises(at.InputError, match="another run is writing this file"):
            resume(died)
        other.communicate("", timeout=30)

    assert resume(died).status == "succeeded"


def test_what_is_no_journal_is_refused(tmp_path):
    (tmp_path / "other.jsonl").write_text('{"cells": 1}\n')

    with pytest.raises(at.JournalError, match="is no journal"):
        at.resume(tmp_path / "other.jsonl")
    with pytest.raises(at.InputError, match=r"none\.jsonl: cannot be read"):
        at.resume(tmp_path / "none.jsonl")
    assert not (tmp_path / "none.jsonl").exists()


def test_a_run_that_is_awaited_has_a_journal_too(files):
    async def notebook():
        return await at.arun(
            files / "orders.yaml",
            actions=Shop().table(),
            workflows=files / "subs",
            journal=files / "a.jsonl",
            **GIVEN,
        )

    assert asyncio.run(notebook()).status == "succeeded"
    assert json.loads((files / "a.jsonl").read_bytes().splitlines()[-1]) == ["x", "succeeded"]


SCRIPTED = """\
version: 1.0.0
tasks:
  - {name: first, action: x.first, retry: {count: 3, delay: 0}, next: [{do: [each]}]}
  - {name: each, action: x.each, with_items: "{{ range(3) }}", next: [{do: [die]}]}
  - {name: die, action: t.die, next: [{do: [last]}]}
  - {name: last, action: x.each, with_items: "{{ range(2) }}"}
output_map: {first: "{{ task.first }}", each: "{{ task.each.results }}", last: "{{ task.last.results }}"}
"""


def test_a_run_that_answers_from_a_script_goes_on_where_the_script_was(tmp_path):
    script = {
        "actions": {
            "first": [{"status": "failed"}, {"result": "second try"}],
            "each": [{"result": n} for n in range(3)],
            "last": [{"index": 1, "result": "one"}, {"result": "other"}],
        }
    }

    def die():
        raise Died

    workload = at.workload_of(SCRIPTED, script=script, actions={"t.die": die})
    with pytest.raises(Died):
        at.run(workload, journal=tmp_path / "run.jsonl")

    run = at.resume(tmp_path / "run.jsonl", actions={"t.die": lambda: None})

    assert run.output == {
        "first": "second try", "each": [0, 1, 2], "last": ["other", "one"], "succeeded": True,
    }  # fmt: skip


def _cut(path, ends):
    """Cut a journal behind so many ends, as if the process had died there."""
    lines = path.read_bytes().splitlines(keepends=True)
    places = [n for n, line in enumerate(lines) if line.startswith(b'["e"')]
    path.write_bytes(b"".join(lines[: places[ends - 1] + 1]))


@pytest.mark.slow
def test_the_real_parts_of_a_scenario_are_started_anew(tmp_path):
    # The limit is generous: on a busy machine a healthy server may take its time.
    scenario = at.scenarios.health_check(servers=40, history=2, seed=3, timeout=2.0)
    undisturbed = at.run(scenario, journal=tmp_path / "run.jsonl")
    _cut(tmp_path / "run.jsonl", 11)

    run = at.resume(tmp_path / "run.jsonl", executor="threads")

    assert run.items["outcome"].to_list() == undisturbed.items["outcome"].to_list()
    assert run.variables["summary"] == undisturbed.variables["summary"]
    assert run.surroundings["seed"] == 3


def test_a_scenario_over_a_file_goes_on(tmp_path):
    (tmp_path / "access.log").write_text(
        '203.0.113.7 - - [05/Jan/2026:06:00:00 +0100] "GET / HTTP/1.1" 200 5 "-" "curl"\n' * 6
    )
    scenario = at.scenarios.log_pipeline(file=tmp_path / "access.log", history=1)
    undisturbed = at.run(scenario, journal=tmp_path / "run.jsonl")
    _cut(tmp_path / "run.jsonl", 4)

    run = at.resume(tmp_path / "run.jsonl")

    assert (run.status, run.output) == ("succeeded", undisturbed.output)


def test_the_seed_of_a_scenario_is_its_own_unless_another_is_asked_for():
    scenario = at.scenarios.baseline(items=2, history=1, seed=7)

    assert at.run(scenario).surroundings["seed"] == 7
    assert at.run(scenario, seed=8).surroundings["seed"] == 8


def test_two_runs_of_one_scripted_workload_answer_alike(squares):
    script = {"actions": {"square": [{"result": n} for n in range(4)]}}
    workload = at.workload_of(squares, script=script)

    assert [at.run(workload).output["squares"] for _ in range(2)] == [[0, 1, 2, 3]] * 2


def test_config_and_keystore_of_a_script_reach_the_run():
    text = "version: '1'\ntasks:\n  - {name: a, action: core.noop}\noutput_map: {city: '{{ config.city }}', n: '{{ length(keystore.key) }}'}\n"
    script = {"config": {"city": "Bern"}, "keystore": {"key": "12345"}, "actions": {"a": [{}]}}

    assert at.run(at.workload_of(text, script=script)).output == {"city": "Bern", "n": 5, "succeeded": True}


def test_sub_workflows_are_objects_files_folders_or_all_of_them(files):
    ways = [
        at.load(BILL),
        files / "subs" / "bill.yaml",
        str(files / "subs"),
        [files / "subs", at.load(BILL)],
        BILL,
    ]

    for way in ways:
        assert at.run(WORKFLOW, actions=Shop().table(), workflows=way, **GIVEN).output["billed"] == 400
    with pytest.raises(at.InputError, match=r"two sub-workflows are called 'demo\.bill'"):
        at.run(WORKFLOW, workflows=[at.load(BILL), at.load(BILL.replace("t.sum", "t.list"))])
    with pytest.raises(at.InputError, match="there is no such workflow file or folder"):
        at.run(WORKFLOW, workflows=Path("nowhere"))
