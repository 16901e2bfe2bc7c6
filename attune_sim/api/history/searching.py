"""What a bisection looks for, and what it runs in each commit to see it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from attune_sim.analysis.steps import Series, Step
from attune_sim.api.alarms.settings import read_settings
from attune_sim.api.history.bisect import Found, bisect
from attune_sim.api.history.shown import changes
from attune_sim.errors import InputError
from attune_sim.thresholds.parsing import parse

PROGRAM: Final = (sys.executable, "-c", "from attune_sim.cli import main; main()")


@dataclass(frozen=True, slots=True)
class Looked:
    """What one commit is asked: a command, and the ends between which the answer changes."""

    command: Sequence[str]
    good: str
    bad: str


@dataclass(frozen=True, slots=True)
class Search:
    """A bisection as it is asked for. `file` has the groups that are measured; with `run` a command of the user's says what is good."""

    file: Path
    group: str | None = None
    rule: str | None = None
    run: str | None = None
    good: str | None = None
    bad: str | None = None

    def found(self, history: Callable[[], Iterable[Series]], told: Callable[[str], None]) -> Found:
        """The commit that changed it.

        Raises:
            InputError: it is not said what to look for, or between which commits.
            ExperimentError: commits that cannot be tested leave it open.
        """
        asked = self._asked(history)
        told(f"looking between {asked.good} and {asked.bad} with: {shlex.join(asked.command[-8:])}")

        def run(folder: Path) -> int:
            path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
            command = [word.replace("{}", str(folder)) for word in asked.command]
            try:
                done = subprocess.run(
                    command, cwd=folder, env={**os.environ, "PYTHONPATH": path}, capture_output=True
                )
            except OSError as error:
                raise InputError(f"--run: {error}") from None
            return done.returncode

        return bisect(self.file.resolve().parent, asked.good, asked.bad, run, told)

    def _asked(self, history: Callable[[], Iterable[Series]]) -> Looked:
        ends = self.good, self.bad
        if self.run is not None and None not in ends:
            return Looked(shlex.split(self.run), self.good or "", self.bad or "")
        if self.rule is not None and None not in ends:
            parse(self.rule)
            return Looked(self._check(self.group, self.rule), self.good or "", self.bad or "")
        one, step = self._latest(history())
        good, bad = self.good or step.since, self.bad or step.commit
        if self.run is not None:
            return Looked(shlex.split(self.run), good, bad)
        return Looked(self._check(self.group or one.group, self.rule or between(one, step)), good, bad)

    def _latest(self, history: Iterable[Series]) -> tuple[Series, Step]:
        found = changes(history)
        if not found:
            raise InputError(
                "nothing changed in this history; name what became worse: --rule, --good and --bad"
            )
        return found[0]

    def _check(self, group: str | None, rule: str) -> list[str]:
        settings = read_settings(self.file)
        words = [*PROGRAM, "check", str(self.file.resolve()), "--in", "{}", "--rule", rule, "--times"]
        if group:
            settings.group(group)
            words += ["--group", group]
        return words


def between(one: Series, step: Step) -> str:
    """A rule that one of the levels keeps, the one with less, and the other breaks; what becomes better is looked for as well."""
    middle = (step.before * step.after) ** 0.5
    relation = "<" if step.after > step.before else ">"
    own = f"{one.strategy}.{one.metric}"
    if not one.over:
        return f"{own} {relation} {middle:.10g}"
    return f"{own} {relation} {middle:.10g} * {one.over if '.' in one.over else f'{one.strategy}.{one.over}'}"
