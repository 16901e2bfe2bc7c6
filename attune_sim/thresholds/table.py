"""The table `[tool.attune_sim.thresholds]` of a TOML file, as frozen values: what holds for a whole project, and its groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from attune_sim.errors import InputError, UnknownNameError
from attune_sim.thresholds.parsing import parse
from attune_sim.thresholds.rules import Rule

TABLE: Final = ("tool", "attune_sim", "thresholds")

OPTIONS: Final[Mapping[str, type | tuple[type, ...]]] = MappingProxyType(
    {
        "items": int,
        "payload": str,
        "history": (int, dict),
        "context_bytes": (int, str),
        "dispatch": str,
        "executor": str,
        "repeats": int,
        "sizes": list,
        "parameters": dict,
        "config": dict,
        "actions": str,
        "workflows": (str, list),
        "script": str,
        "seed": int,
        "real": bool,
        "memory_limit": (int, str),
        "time_limit": (int, float, str),
    }
)
"""How a group is measured: the options of `at.compare`, and the `sizes` of a rule of growth."""

PATHS: Final = ("workload", "actions", "workflows", "script")
"""What may name files: they are looked for beside the TOML file."""

_KINDS: Final[Mapping[type | tuple[type, ...], str]] = {
    int: "a whole number",
    str: "a text",
    bool: "true or false",
    list: "a list",
    dict: "a table",
    (int, dict): "a whole number or a table",
    (int, str): "a whole number or a text",
    (str, list): "a text or a list",
    (int, float, str): "a number or a text",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rules over one workload. `strategies` are those that a rule without a name is about; `options` say how it is measured."""

    name: str
    rules: tuple[Rule, ...]
    workload: str | None = None
    strategies: tuple[str, ...] = ("shared",)
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a project asks for: `rules` of everything that is measured, groups, the `baseline` file, and whether `times` break a rule."""

    rules: tuple[Rule, ...] = ()
    groups: Mapping[str, Group] = field(default_factory=dict)
    baseline: str | None = None
    times: bool = False

    def group(self, name: str) -> Group:
        """Raises UnknownNameError for a group that is not in the table."""
        if name not in self.groups:
            raise UnknownNameError("group of thresholds", name, self.groups)
        return self.groups[name]


def settings_of(document: Mapping[str, Any], place: str) -> Settings:
    """The settings of a whole TOML document, those of an empty table where it has none; `place` is what errors call the file.

    >>> told = settings_of({"tool": {"attune_sim": {"thresholds": {"rules": ["fork_bytes < 128"]}}}}, "pyproject.toml")
    >>> [rule.text for rule in told.rules], told.times
    (['fork_bytes < 128'], False)

    Raises:
        InputError: names the file, the key and what may stand there.
    """
    table: Any = document
    for depth, name in enumerate(TABLE, 1):
        table = table.get(name, {})
        _require(table, dict, f"{place}: [{'.'.join(TABLE[:depth])}]")
    where = f"{place}: [{'.'.join(TABLE)}]"
    _known(table, ("rules", "groups", "baseline", "times"), where)
    groups = _require(table.get("groups", {}), dict, f"{where} groups")
    return Settings(
        rules=_rules(table, where),
        groups={name: _group(name, own, f"{where[:-1]}.groups.{name}]") for name, own in groups.items()},
        baseline=None if "baseline" not in table else _require(table["baseline"], str, f"{where} baseline"),
        times=_require(table.get("times", False), bool, f"{where} times"),
    )


def _group(name: str, table: Any, where: str) -> Group:
    _require(table, dict, where)
    _known(table, ("workload", "strategy", "strategies", "rules", *OPTIONS), where)
    options = {
        key: _require(table[key], kind, f"{where} {key}") for key, kind in OPTIONS.items() if key in table
    }
    strategies = table.get("strategies", [table.get("strategy", "shared")])
    _require(strategies, list, f"{where} strategies")
    workload = table.get("workload")
    return Group(
        name=name,
        rules=_rules(table, where),
        workload=None if workload is None else _require(workload, str, f"{where} workload"),
        strategies=tuple(_require(one, str, f"{where} strategies") for one in strategies),
        options=options,
    )


def _rules(table: Mapping[str, Any], where: str) -> tuple[Rule, ...]:
    texts = _require(table.get("rules", []), list, f"{where} rules")
    return tuple(_rule(text, f"{where} rules[{place}]") for place, text in enumerate(texts))


def _rule(text: Any, where: str) -> Rule:
    try:
        return parse(text)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def _known(table: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
    for name in table:
        if name not in names:
            raise InputError(f"{where}: {UnknownNameError('key', name, names)}")


def _require(value: Any, kind: type | tuple[type, ...], where: str) -> Any:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise InputError(f"{where} must be {_KINDS[kind]}, not {value!r}")
    return value
