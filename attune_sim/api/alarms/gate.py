"""A gate: rules over one workload, and how it is measured for them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, Final

from attune_sim.api.runs.given import Source
from attune_sim.api.runs.running import Strategy
from attune_sim.errors import InputError, UnknownNameError
from attune_sim.scenarios.registry import scenarios
from attune_sim.thresholds.parsing import parse
from attune_sim.thresholds.rules import Growth, Kind, Rule, about
from attune_sim.thresholds.table import OPTIONS, PATHS, Group

REPEATS: Final[Mapping[Kind, int]] = {"count": 3, "ratio": 5, "time": 5}
"""Kind of a rule -> cells of each strategy that it takes: what the rule of verdicts needs to tell anything."""

SIZES: Final[Mapping[str, tuple[int, ...]]] = {
    "context_bytes": (10_000, 40_000, 160_000, 640_000),
    "items": (50, 100, 200, 400),
}
"""Over what a cost may grow -> the sizes that are measured for it: as many as a law needs, far enough apart to tell."""

GROWN_ITEMS: Final = 50
"""Items of each cell for growth over the context: few, since whoever copies does so for each of them."""

SWEPT: Final = 2
"""Cells of each size: what grows with the size does so by far more than the factor of two that both have to show."""

_FLAGS: Final = {"items": "--items", "payload": "--payload", "context_bytes": "--context-bytes", "dispatch": "--dispatch",
                 "executor": "--executor", "actions": "--actions", "workflows": "--workflows", "script": "--script",
                 "seed": "--seed", "memory_limit": "--memory-limit", "time_limit": "--time-limit"}  # fmt: skip
_OF_SWEEPS: Final = ("actions", "workflows", "script", "seed", "memory_limit", "time_limit")


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

    def grown(self, along: str) -> list[Strategy]:
        """Its strategies that have a rule about their growth along something."""
        rules = [rule for rule in self.spelled if isinstance(rule, Growth) and rule.along == along]
        return [one for one in self.strategies if any(rule.strategy == name_of(one) for rule in rules)]

    def command(self, strategies: Iterable[str], along: str | None = None) -> str:
        """A command that shows more of what was measured, over several sizes of what a cost grows along."""
        is_named = isinstance(self.workload, str | PathLike) and self.workload != ""
        if not is_named or not all(isinstance(one, str) for one in self.strategies):
            return self.again
        verb, flags = ("compare", [*self._flags()]) if along is None else ("sweep", [*self._swept(along)])
        words = ["attune-sim", verb, str(self.workload), *flags]
        words += [word for name in strategies for word in ("--strategy", name)]
        return shlex.join([*words, "--repeats", str(self.repeats if along is None else self.swept_repeats)])

    @property
    def swept_repeats(self) -> int:
        """Cells of each size, where several are measured."""
        given: int | None = self.options.get("repeats")
        return SWEPT if given is None else given

    def sizes(self, along: str) -> Mapping[str, Any]:
        """What varies, and what does not, for a rule of growth."""
        sizes = list(self.options.get("sizes") or SIZES[along])
        if along == "items":
            return {"items": sizes}
        items = self.options.get("items", GROWN_ITEMS if self._is_scenario else None)
        few = {} if items is None else {"items": min(items, GROWN_ITEMS)}
        return {**few, "context_bytes": sizes}

    @property
    def _is_scenario(self) -> bool:
        """Whether it can have any number of items; not every workflow of a user's can."""
        return isinstance(self.workload, str) and self.workload in scenarios.describe()

    def _swept(self, along: str) -> Iterator[str]:
        for name in _OF_SWEEPS:
            if (value := self.options.get(name)) is not None:
                yield from (_FLAGS[name], str(value))
        for name, sizes in self.sizes(along).items():
            yield from (_FLAGS[name], ",".join(map(str, sizes if isinstance(sizes, list) else [sizes])))

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
    given: dict[str, Any] = {**group.options, "workload": group.workload}
    found: dict[str, Any] = {name: _beside(folder, given[name], name) for name in PATHS if name in given}
    workload = found.pop("workload")
    options: dict[str, Any] = {**group.options, **found}
    return Gate(
        name=group.name,
        workload=workload,
        rules=(*common, *group.rules),
        strategies=group.strategies,
        options=options,
    )


def gate_asked(
    name: str, texts: Iterable[str], asked: Mapping[str, Any], again: str, folder: Path = Path()
) -> Gate:
    """The gate of what a test in `folder` asks for: rules, and `workload`, `strategy` and options by their names.

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
    options |= {one: _beside(folder, options[one], one) for one in PATHS if one in options}
    return Gate(
        name=name,
        workload=_beside(folder, asked["workload"], "workload"),
        rules=tuple(parse(text) for text in texts),
        strategies=tuple(several),
        options=options,
        again=again,
    )


def _beside(folder: Path, given: Any, name: str) -> Any:
    """What is named, as a path where it is one: of several each."""
    if isinstance(given, list | tuple):
        return [_beside(folder, one, name) for one in given]
    if not isinstance(given, str) or "\n" in given:
        return given
    path = folder / given
    if not path.exists() and name == "workload":
        return given
    own = path.resolve()
    return os.path.relpath(own) if own.is_relative_to(Path.cwd()) else str(own)  # as short as it may be shown
