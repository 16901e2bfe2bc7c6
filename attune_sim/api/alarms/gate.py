"""A gate: rules over one workload, and how it is measured for them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, Final

from attune_sim.api.runs.given import Source
from attune_sim.api.runs.running import Strategy
from attune_sim.errors import InputError, UnknownNameError
from attune_sim.thresholds.parsing import parse
from attune_sim.thresholds.rules import Kind, Rule, about
from attune_sim.thresholds.table import OPTIONS, PATHS, Group

REPEATS: Final[Mapping[Kind, int]] = {"count": 3, "ratio": 5, "time": 5}
"""Kind of a rule -> cells of each strategy that it takes: what the rule of verdicts needs to tell anything."""

_FLAGS: Final = {"items": "--items", "payload": "--payload", "context_bytes": "--context-bytes", "dispatch": "--dispatch",
                 "executor": "--executor", "actions": "--actions", "workflows": "--workflows", "script": "--script",
                 "seed": "--seed", "memory_limit": "--memory-limit", "time_limit": "--time-limit"}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Gate:
    """Rules over one workload. `strategies` are those that a rule is about which names none; `options` are those of
    `at.compare`, and the `sizes` of rules of growth. `again` is a command that holds it again, for who cannot name it on a command line."""

    name: str
    workload: Source
    rules: tuple[Rule, ...]
    strategies: tuple[Strategy, ...] = ("shared",)
    options: Mapping[str, Any] = field(default_factory=dict)
    again: str = ""

    @property
    def subjects(self) -> tuple[str, ...]:
        """The names of its own strategies."""
        return tuple(map(name_of, self.strategies))

    @property
    def needed(self) -> list[Strategy]:
        """Its own strategies, and those that rules hold them against."""
        named = (name for rule in self.rules for name in rule.strategies if name not in self.subjects)
        return [*self.strategies, *dict.fromkeys(named)]

    @property
    def spelled(self) -> list[Rule]:
        """The rules, each of those that name no strategy once for each of its own."""
        return [
            one for rule in self.rules for one in dict.fromkeys(about(rule, name) for name in self.subjects)
        ]

    @property
    def repeats(self) -> int:
        """Cells of each strategy: as many as its rules need, unless somebody said."""
        given: int | None = self.options.get("repeats")
        return max((REPEATS[rule.kind] for rule in self.rules), default=1) if given is None else given

    def command(self, strategies: Iterable[str]) -> str:
        """A command that shows more of what was measured."""
        if not isinstance(self.workload, str | PathLike) or not all(
            isinstance(one, str) for one in self.strategies
        ):
            return self.again
        words = ["attune-sim", "compare", str(self.workload), *self._flags()]
        words += [word for name in strategies for word in ("--strategy", name)]
        return shlex.join([*words, "--repeats", str(self.repeats)])

    def _flags(self) -> Iterator[str]:
        for name, flag in _FLAGS.items():
            if isinstance(value := self.options.get(name), str | int | float | PathLike):
                yield from (flag, str(value))


def name_of(strategy: Strategy) -> str:
    """The name of a strategy, or of the class that is one."""
    return strategy if isinstance(strategy, str) else strategy.name


def gate_of(group: Group, folder: Path, common: Iterable[Rule] = ()) -> Gate:
    """The gate of a group of a TOML file in `folder`, with the rules of the whole project.

    Raises:
        InputError: it names no workload.
    """
    if group.workload is None:
        raise InputError(
            f"group {group.name!r} of thresholds names no workload: a scenario, or a workflow FILE.yaml"
        )
    given = {**group.options, "workload": group.workload}
    found = {name: _beside(folder, given[name], name) for name in PATHS if name in given}
    workload = found.pop("workload")
    options = {**group.options, **found}
    return Gate(
        name=group.name,
        workload=workload,
        rules=(*common, *group.rules),
        strategies=group.strategies,
        options=options,
    )


def gate_asked(name: str, texts: Iterable[str], asked: Mapping[str, Any], again: str) -> Gate:
    """The gate of what a test asks for: rules, and `workload`, `strategy` and options by their names.

    Raises:
        InputError: a rule cannot be read, or an option has another name.
    """
    known = ("workload", "strategy", "strategies", *OPTIONS, "keystore")
    for option in asked:
        if option not in known:
            raise InputError(f"context_threshold: {UnknownNameError('option', option, known)}")
    options = {key: value for key, value in asked.items() if key not in known[:3] and value is not None}
    strategies = asked.get("strategies") or asked.get("strategy", "shared")
    several = strategies if isinstance(strategies, list | tuple) else [strategies]
    rules = tuple(parse(text) for text in texts)
    return Gate(
        name=name,
        workload=asked["workload"],
        rules=rules,
        strategies=tuple(several),
        options=options,
        again=again,
    )


def _beside(folder: Path, given: Any, name: str) -> Any:
    """What is named, as a path where it is one: of several each."""
    if isinstance(given, list):
        return [_beside(folder, one, name) for one in given]
    path = folder / given
    return str(path) if path.exists() or name != "workload" else given
