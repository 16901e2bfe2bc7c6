"""Holding the groups of a TOML file, without pytest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from attune_sim.api.alarms.baseline import NAME, require_baseline_place
from attune_sim.api.alarms.gate import Gate, gate_of
from attune_sim.api.alarms.holding import Holding
from attune_sim.api.alarms.outcome import Outcome, Trust
from attune_sim.api.alarms.repository import Commit, Repository
from attune_sim.api.alarms.saving import save_measured
from attune_sim.api.alarms.settings import read_settings
from attune_sim.errors import InputError
from attune_sim.thresholds.parsing import parse


@dataclass(frozen=True)
class Checking:
    """The gates of a file, and how they are held."""

    gates: tuple[Gate, ...]
    holding: Holding
    folder: Path

    @classmethod
    def of(
        cls,
        file: Path,
        *,
        groups: Sequence[str] = (),
        rules: Sequence[str] = (),
        folder: Path | None = None,
        baseline: str | None = None,
        times: bool = False,
        compare: bool = False,
        saving: bool = False,
    ) -> Checking:
        """The groups of a file that are named, all if none is; `rules` stand in place of theirs.

        Raises:
            InputError: the file, a name or a rule cannot be used; a group has no rules, or there is no group.
        """
        settings, beside = read_settings(file), folder or file.parent
        chosen = [settings.group(name) for name in groups] or list(settings.groups.values())
        gates = [gate_of(group, beside, settings.rules) for group in chosen]
        if rules:
            own = tuple(map(parse, rules))
            gates = [replace(gate, rules=own) for gate in gates]
        _require_rules(file, gates)
        place = Path(baseline) if baseline else file.parent / (settings.baseline or NAME)
        if saving:
            require_baseline_place(place)
        option = f" --baseline {baseline}" if baseline else ""
        holding = Holding(
            baseline=place,
            making=f"attune-sim check {file} --group {{}} --save{option}",
            trust=Trust(times=times or settings.times),
            compare=compare,
            saving=saving,
        )
        return cls(tuple(gates), holding, beside)

    def held(self) -> list[tuple[Gate, Outcome]]:
        """Each gate, and what came of it."""
        return [(gate, self.holding.of(gate)) for gate in self.gates]

    def clean_commit(self, history: Path) -> Commit:
        """The commit that a line of a history would be of.

        Raises:
            InputError: there is no repository, or files differ from what is committed.
        """
        found = Repository(self.folder).commit(ignoring=history)
        if found.is_dirty:
            raise InputError(
                f"{history}: a line stands for a commit, and files differ from {found.digits}; commit them first"
            )
        return found

    def save(self, held: Iterable[tuple[Gate, Outcome]]) -> str:
        """Write what was measured to the baseline; gives back its path. Raises FileError where that is not possible."""
        return save_measured(
            self.holding.baseline, (cell for _, one in held for cell in one.as_dict()["cells"])
        )


def _require_rules(file: Path, gates: Sequence[Gate]) -> None:
    """A gate without rules would be open whatever happens, and so would a file without gates."""
    if not gates:
        raise InputError(
            f"{file}: has no group of thresholds; write one as [tool.attune_sim.thresholds.groups.NAME]"
        )
    for gate in gates:
        if not gate.rules:
            raise InputError(
                f"{file}: group {gate.name!r} has no rules; give it some, as rules = ['fork_bytes < 128']"
            )
