from __future__ import annotations

from dataclasses import replace

import pytest

from attune_sim.api.alarms.baseline import cell_of, save_baseline
from attune_sim.errors import InputError


def test_a_gate_that_is_kept_says_nothing(cells_of, holding_of, gate) -> None:
    outcome = holding_of(cells_of()).of(gate("fork_bytes < 128", "fork_us < 1.5 * floor"))

    assert (outcome.broken, outcome.advice) == ([], [])
    assert [one.word for one in outcome.findings] == ["kept", "kept"]


def test_a_broken_rule_names_what_shows_more(cells_of, holding_of, gate) -> None:
    [line] = holding_of(cells_of()).of(gate("fork_bytes < 64", items=100, seed=3)).broken

    assert line.endswith(
        "; see: attune-sim compare baseline --items 100 --seed 3 --strategy shared --repeats 3"
    )


def test_whoever_cannot_be_named_on_a_command_line_is_shown_by_the_test_itself(
    cells_of, holding_of, gate
) -> None:
    class Mine:
        name = "shared"

    [line] = holding_of(cells_of()).of(gate("fork_bytes < 64", strategy=Mine)).broken

    assert line.endswith("see: pytest test_it -v")


@pytest.mark.parametrize(
    ("times", "company", "broken"), [(False, False, 0), (True, False, 1), (True, True, 0), (False, True, 0)]
)
def test_times_break_a_gate_only_if_asked_and_never_beside_others(
    cells_of, holding_of, gate, times: bool, company: bool, broken: int
) -> None:
    outcome = holding_of(cells_of(), times=times, company=company).of(gate("fork_us < 0.1us"))

    assert len(outcome.broken) == broken
    assert len(outcome.advice) == 1 - broken
    if not broken:
        assert "advisory" in outcome.advice[0]
        assert ("--attune-times" in outcome.advice[0]) is not company


def test_a_time_that_nobody_measured_is_no_advice(cells_of, holding_of, gate) -> None:
    [line] = holding_of(cells_of()).of(gate("render_us < 1us")).broken

    assert "render_us was not measured" in line


def test_a_gate_without_its_baseline_fails_with_the_command_that_makes_one(
    cells_of, holding_of, gate
) -> None:
    [line] = holding_of(cells_of()).of(gate("fork_bytes:1%")).broken

    assert "threshold 'fork_bytes:1%' needs a baseline: there is no" in line
    assert line.endswith("with `pytest test_it --attune-save`")


def test_no_rule_needs_a_baseline_that_is_being_made(cells_of, holding_of, gate) -> None:
    outcome = holding_of(cells_of(), saving=True).of(gate("fork_bytes:1%", "fork_bytes < 128"))

    assert [one.rule.text for one in outcome.findings] == ["fork_bytes < 128"]


@pytest.mark.parametrize(("compare", "broken"), [(False, 0), (True, 1)])
def test_what_a_new_baseline_replaces_is_compared_only_if_asked(
    cells_of, holding_of, gate, compare: bool, broken: int
) -> None:
    holding = holding_of(cells_of(fork_bytes=136.0), saving=True, compare=compare)
    saved(holding, cells_of())

    assert len(holding.of(gate("fork_bytes:1%")).broken) == broken


def test_a_baseline_that_is_being_made_gets_what_its_rules_need(cells_of, holding_of, gate) -> None:
    holding = holding_of(cells_of(), saving=True)
    holding.of(gate("fork_instructions:5%", "fork_us:5%"))

    [measured] = holding.meter.gates
    assert [rule.text for rule in measured.rules] == ["fork_instructions:5%", "fork_us:5%"]


def saved(holding, records) -> None:
    save_baseline(holding.baseline, map(cell_of, records))


def test_counts_are_held_against_a_baseline_to_a_hundredth(cells_of, holding_of, gate) -> None:
    holding = holding_of(cells_of(fork_bytes=136.0), compare=True)
    saved(holding, cells_of())

    [line] = holding.of(gate()).broken
    assert line.startswith(
        "fork_bytes:1%: baseline, shared, 1,000 items, eager: fork_bytes is 136 B, limit 73 B (72 B in the baseline), "
        "1.89 times that of the baseline (1.89 to 1.89 over 5 pairs)"
    )


def test_a_baseline_from_elsewhere_compares_counts_only_and_says_so(cells_of, holding_of, gate) -> None:
    holding = holding_of(cells_of(fork_us=0.9), compare=True, times=True)
    saved(holding, cells_of(surroundings={"python": "3.13.1", "cpu": "another"}))

    outcome = holding.of(gate("fork_us:10%"))
    assert outcome.broken == []
    assert "fork_us:10%" in outcome.advice[0]
    assert (
        "not compared, only counts are: the baseline was measured under cpu another, python 3.13.1"
        in outcome.advice[0]
    )


def test_a_commit_of_its_own_makes_no_other_surroundings(cells_of, holding_of, gate) -> None:
    here = {"python": "3.11.7", "cpu": "two cores", "commit": "aaa", "versions": {"attune-sim": "0.1.0"}}
    holding = holding_of(cells_of(fork_us=0.9, surroundings=here), times=True)
    saved(holding, cells_of(surroundings={**here, "commit": "bbb", "versions": {"attune-sim": "0.0.9"}}))

    [line] = holding.of(gate("fork_us:10%")).broken
    assert "fork_us is 0.9 µs, limit 0.22 µs" in line


def test_what_the_strategies_cannot_carry_breaks_the_gate_in_one_line(cells_of, holding_of, gate) -> None:
    holding = holding_of(())

    [line] = holding.of(gate("fork_bytes < 128")).broken
    assert line == "test_it: there is nothing to hold a threshold against: no cell was measured"


def test_growth_that_nobody_measured_breaks_its_gate(cells_of, holding_of, gate) -> None:
    [line] = holding_of(cells_of()).of(gate("fork_bytes growth in items is O(1)")).broken

    assert "fork_bytes was measured at one size: growth needs several" in line


def test_an_option_with_another_name_is_told_with_the_choices(gate) -> None:
    with pytest.raises(InputError, match="context_threshold: unknown option 'item'"):
        gate("fork_bytes < 1", item=3)


@pytest.mark.parametrize(
    ("rules", "repeats"),
    [(["fork_bytes < 1"], 3), (["fork_us < 2 * floor"], 5), (["fork_bytes < 1", "fork_us < 1"], 5)],
)
def test_as_many_cells_are_run_as_the_kind_of_a_rule_needs(gate, rules: list[str], repeats: int) -> None:
    own = gate(*rules)

    assert own.repeats == repeats
    assert replace(own, options={"repeats": 2}).repeats == 2


def test_strategies_that_a_rule_names_are_measured_beside(gate) -> None:
    own = gate("fork_us * 9 < deepcopy.fork_us", strategies=["shared", "hamt"])

    assert own.needed == ["shared", "hamt", "deepcopy"]
    assert [(rule.strategy, rule.strategies) for rule in own.spelled] == [
        ("shared", ("shared", "deepcopy")),
        ("hamt", ("hamt", "deepcopy")),
    ]
