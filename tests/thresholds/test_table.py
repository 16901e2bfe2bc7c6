from __future__ import annotations

import pytest

from attune_sim.errors import InputError
from attune_sim.thresholds.table import settings_of


def read(table: dict) -> object:
    return settings_of({"tool": {"attune_sim": {"thresholds": table}}}, "pyproject.toml")


def test_a_project_has_rules_for_all_and_groups_with_their_own() -> None:
    found = read(
        {
            "rules": ["fork_bytes < 128"],
            "baseline": "base.json",
            "times": True,
            "groups": {
                "ours": {"workload": "mine.yaml", "strategy": "hamt", "items": 9, "rules": ["fork_us < 1us"]}
            },
        }
    )

    assert [rule.text for rule in found.rules] == ["fork_bytes < 128"]
    assert (found.baseline, found.times) == ("base.json", True)
    group = found.group("ours")
    assert (group.workload, group.strategies, group.options) == ("mine.yaml", ("hamt",), {"items": 9})
    assert [rule.text for rule in group.rules] == ["fork_us < 1us"]


def test_a_file_without_the_table_asks_for_nothing() -> None:
    assert settings_of({"project": {}}, "pyproject.toml").groups == {}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"rule": []}, "[tool.attune_sim.thresholds]: unknown key 'rule' (did you mean 'rules'?)"),
        (
            {"rules": "fork_us < 1us"},
            "[tool.attune_sim.thresholds] rules must be a list, not 'fork_us < 1us'",
        ),
        ({"rules": ["fork_us < 1MB"]}, "rules[0]: threshold 'fork_us < 1MB': fork_us is in us"),
        ({"rules": [3]}, "rules[0]: threshold 3 is no text"),
        ({"times": "yes"}, "times must be true or false, not 'yes'"),
        (
            {"groups": {"a": {"items": True}}},
            "[tool.attune_sim.thresholds.groups.a] items must be a whole number",
        ),
        ({"groups": {"a": {"item": 3}}}, "groups.a]: unknown key 'item' (did you mean 'items'?)"),
        ({"groups": {"a": {"strategies": "shared"}}}, "strategies must be a list, not 'shared'"),
        ({"groups": []}, "groups must be a table, not []"),
    ],
)
def test_what_it_must_not_hold_is_named_with_its_place_and_the_choices(table: dict, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(table)

    assert str(caught.value).startswith("pyproject.toml: [tool.attune_sim.thresholds")
    assert message in str(caught.value)


def test_a_table_that_is_none_is_told(tmp_path) -> None:
    with pytest.raises(InputError, match=r"pyproject.toml: \[tool.attune_sim\] must be a table, not 3"):
        settings_of({"tool": {"attune_sim": 3}}, "pyproject.toml")


def test_a_group_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(InputError, match="unknown group of thresholds 'our'"):
        read({"groups": {"ours": {}}}).group("our")
