"""A session of tests whose contexts are measured: what holds for all of them, what came of each, and what is written at the end."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from attune_sim.api.alarms import telling
from attune_sim.api.alarms.baseline import NAME, require_baseline_place
from attune_sim.api.alarms.exports import export, export_asked
from attune_sim.api.alarms.holding import Holding
from attune_sim.api.alarms.outcome import Trust
from attune_sim.api.alarms.saving import save_measured
from attune_sim.api.alarms.settings import project_settings
from attune_sim.api.showing.text import aligned

SUMMARY: Final = "GITHUB_STEP_SUMMARY"
"""The variable of the environment that names the page of a build."""


class Session:
    """What a whole session asks for. `folder` is that of its `pyproject.toml`; `company` says that other tests run beside it.

    Raises:
        InputError: the table of thresholds cannot be read, or a file cannot be written where it was asked for.
    """

    def __init__(
        self,
        folder: Path,
        *,
        save: bool = False,
        compare: bool = False,
        times: bool = False,
        baseline: str | None = None,
        json: str | None = None,
        exports: Sequence[str] = (),
        company: bool = False,
    ) -> None:
        self.folder, self.settings = folder, project_settings(folder)
        self._save, self._json, self._exports = save, json, exports
        place = Path(baseline) if baseline else folder / (self.settings.baseline or NAME)
        option = f" --attune-baseline {baseline}" if baseline else ""
        self.holding = Holding(
            baseline=place,
            making=f"pytest {{}} --attune-save{option}",
            trust=Trust(times=times or self.settings.times, company=company),
            compare=compare,
            saving=save,
        )
        for asked in exports:
            export_asked(asked)
        if save:
            require_baseline_place(place)

    def as_asked(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """How a test's `context_cost` measures: what is compared with a baseline in as many cells as tell anything."""
        several = {"repeats": 3} if self._save or self.holding.compare else {}
        return {**several, **options}

    def written(self, told: Sequence[telling.Told]) -> list[str]:
        """Write what was asked for, and give back a line for each file that somebody waits for.

        Raises:
            FileError: that is not possible.
        """
        lines = []
        if self._save:
            cells = [cell for one in told for cell in one["cells"]]
            path = save_measured(self.holding.baseline, cells)
            lines.append(f"attune-sim: {len(cells)} cells written to {path}")
        if self._json:
            telling.write_document(self._json, told)
        for asked in self._exports:
            export(asked, told)
        if told and (page := os.environ.get(SUMMARY)):
            telling.append_markdown(page, told)
        return lines


HEADERS: Final = ("workload", "strategy", "items", "a fork takes", "and keeps", "outcome")
"""Of the figures that tests measured."""


def section(
    outcomes: Sequence[telling.Told], *, everything: bool = False, broken: bool = True
) -> Iterator[str]:
    """The lines at the end of a session: none where all is well, unless `everything` is wanted. What is `broken` may have been
    told already, test by test."""
    if telling.is_green(outcomes) and not everything:
        return
    if rows := list(dict.fromkeys(tuple(row) for one in outcomes for row in one["costs"])):
        yield from aligned(HEADERS, rows, texts=frozenset(range(len(HEADERS))))
    if everything and (held := telling.table(outcomes)):
        yield from aligned(telling.HEADERS, held, texts=frozenset(range(len(telling.HEADERS))))
    yield from telling.lines(outcomes, broken=broken)
