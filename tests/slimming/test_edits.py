"""Only the lines of moved tasks change, however the file is laid out; what cannot be changed so is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from attune_sim.loader import load
from attune_sim.slimming.edits import edited
from attune_sim.slimming.moves import Move, moved
from attune_sim.slimming.written import child_text
from attune_sim.workflow import Task, Workflow

FILES = sorted((Path(__file__).resolve().parents[2] / "data" / "workflows").rglob("*.yaml"))


def move_of(task: Task) -> Move:
    inner = Task(task.name, type=task.type, action=task.action, retry=task.retry)
    child = Workflow((inner,), ref=f"x.{task.name}", output_map={"a": "{{ result().a }}"})
    return Move(task.name, child, frozenset({("a",)}))


def changed(text: str, *names: str) -> str | None:
    workflow = load(text)
    tasks = [task for task in workflow.walk() if task.name in names]
    new = edited(text, workflow, map(move_of, tasks))
    return None if new is None else new[0]


def file(body: str) -> str:
    return f"version: 1.0.0\ntasks:\n{body}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  - {name: a, action: b.c}\n", "  - {name: a, action: x.a}\n"),
        ("- action:   'b.c'  # why\n  name: a\n", "- action:   'x.a'  # why\n  name: a\n"),
        ('  - name: a\n    action: "b.c"\n', '  - name: a\n    action: "x.a"\n'),
        ("  - name: a\n    action:\n      b.c\n", "  - name: a\n    action:\n      x.a\n"),
        ("  - {action: b.c, retry: {count: 1, delay: 0}, name: a}\n", "  - {action: x.a, name: a}\n"),
        ("  - {action: b.c, name: a, retry: {count: 1, delay: 0}}\n", "  - {action: x.a, name: a}\n"),
        ("  - retry: {count: 1, delay: 0}  # r\n    name: a\n    action: b.c\n", "  - name: a\n    action: x.a\n"),
        (
            "  - name: a\n    # before\n    retry:\n      count: 1\n      delay: 0\n\n    # after\n    action: b.c\n",
            "  - name: a\n    # before\n\n    # after\n    action: x.a\n",
        ),
        ("  - name: a\n    action: b.c\n    retry: {count: 1, delay: 0}", "  - name: a\n    action: x.a\n"),
        ("  - name: a\r\n    action: b.c\r\n", "  - name: a\r\n    action: x.a\r\n"),
        ("  - name: a\n    action: b.c\n    input: {t: 'ä😀 {{ 1 }}'}\n", "  - name: a\n    action: x.a\n    input: {t: 'ä😀 {{ 1 }}'}\n"),
        ("  - name: ä😀\n    action: q.r\n  - {name: a, action: b.c}\n", "  - name: ä😀\n    action: q.r\n  - {name: a, action: x.a}\n"),
        (
            "  - name: p\n    type: parallel\n    tasks:\n      - {name: a, action: b.c}\n      - {name: d, action: b.c}\n",
            "  - name: p\n    type: parallel\n    tasks:\n      - {name: a, action: x.a}\n      - {name: d, action: b.c}\n",
        ),
        ("  - &t {name: a, action: b.c}\n", "  - &t {name: a, action: x.a}\n"),
        ("  - {name: d, action: &b b.c}\n  - {name: a, action: *b}\n", "  - {name: d, action: &b b.c}\n  - {name: a, action: x.a}\n"),
    ],
)  # fmt: skip
def test_the_lines_of_a_task_change_alone(before: str, after: str) -> None:
    assert changed(file(before), "a") == file(after)


def test_the_seed_form_keeps_its_form() -> None:
    text = "workflow:\n  tasks:\n    - name: a\n      action: b.c\n    - name: d\n      action: b.c\n      with-items: '{{ [1] }}'\n"
    assert changed(text, "a") == text.replace("b.c", "x.a", 1)


@pytest.mark.parametrize(
    "text",
    [
        "  - {name: a, action: &b b.c}\n  - {name: d, action: *b}\n",
        "  - {name: a, action: b.c, retry: &r {count: 1, delay: 0}}\n  - {name: d, action: b.c, retry: *r}\n",
    ],
)
def test_an_anchor_that_others_need_is_left_alone(text: str) -> None:
    assert changed(file(text), "a") is None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_task_of_every_file_can_be_edited(path: Path) -> None:
    text, workflow = path.read_text(encoding="utf-8"), load(path)
    moves = [move_of(task) for task in workflow.walk() if task.action is not None]
    new = edited(text, workflow, moves)
    assert new is not None
    assert new[1].tasks == moved(workflow, moves).tasks
    comments = [line for line in text.splitlines() if line.strip().startswith("#")]
    assert comments == [line for line in new[0].splitlines() if line.strip().startswith("#")]


@pytest.mark.parametrize("name", ["a", "with space", "no", "1.5", "x-y"])
def test_the_text_of_a_sub_workflow_is_what_was_meant(name: str) -> None:
    (task,) = load(
        file(f"  - name: '{name}'\n    action: b.c\n    retry: {{count: 2, delay: 1, backoff: linear, max_delay: 9, on_error: '{{{{ result().a }}}}'}}\n")
    ).tasks  # fmt: skip
    move = move_of(task)
    read = load(child_text(move, "ops"))
    assert (read.tasks, read.ref, read.output_map) == (
        move.child.tasks,
        move.child.ref,
        move.child.output_map,
    )
