"""A long loop is folded in a report."""

from __future__ import annotations

import attune_sim as at

LOOP = """
version: 1.0.0
vars: {n: 0}
tasks:
  - {name: begin, action: core.noop, next: [{do: [count]}]}
  - name: count
    action: demo.count
    input: {n: "{{ n }}"}
    next:
      - when: "{{ result() < LAST }}"
        publish: [{n: "{{ result() }}"}]
        do: [count]
"""


def rows_of(last: int, fails_at: int = -1, **options) -> list[tuple[str, ...]]:
    def count(n: int) -> int:
        if n == fails_at:
            raise ValueError("no more")
        return n + 1

    text = LOOP.replace("LAST", str(last))
    if fails_at >= 0:
        text = text.replace('when: "{{ ', 'when: "{{ failed() or ').replace(
            'n: "{{ result() }}"', 'n: "{{ n + 1 }}"'
        )
    run = at.run(text, actions={"demo.count": count}, **options)
    [table] = run.findings().named("tasks")
    return [row[:2] for row in table.rows[1:]]


def test_the_visits_of_a_short_loop_are_told_one_by_one() -> None:
    assert [task for task, _ in rows_of(5)] == ["count", *(f"count (visit {n})" for n in range(2, 6))]


def test_the_visits_of_a_long_loop_are_folded_but_for_the_first_and_the_last() -> None:
    assert rows_of(2000) == [
        ("count", "succeeded"),
        ("count (visit 2)", "succeeded"),
        ("count (visit 3)", "succeeded"),
        ("count (visits 4 to 1,999)", "1,996 succeeded"),
        ("count (visit 2,000)", "succeeded"),
    ]


def test_what_failed_among_those_that_are_folded_is_told() -> None:
    assert ("count (visits 4 to 9)", "5 succeeded, 1 failed") in rows_of(10, fails_at=5)


def test_a_loop_that_is_too_long_names_an_option_that_exists(squares_file) -> None:
    from attune_sim.cli.app import program

    run = at.run(LOOP.replace("LAST", "100"), actions={"demo.count": lambda n: n + 1}, max_task_runs=10)

    assert "raise max_task_runs (--max-task-runs)" in str(run.error)
    assert "--max-task-runs" in {name for option in program.commands["run"].params for name in option.opts}
