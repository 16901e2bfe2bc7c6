"""One description of a run: what a scenario and a user's file become, a journal begins with, a resume reads, and an
isolation check and a rehearsal take. A runner is made from it in one place (`session`).

It is data, and reads and writes itself. Secrets are never in what is written: `written` hands every part to a mask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.definition import definition, fingerprint, workflow_of
from attune_sim.display import Displayed
from attune_sim.expressions import Limits
from attune_sim.workflow import Workflow, called_by

Dispatch = Literal["eager", "windowed"]
Mask = Callable[[Any, str], Any]
"""A value and the place where it stands (`parameters`, `definitions.NAME`) -> the value with its secrets masked."""

EPOCH: Final = "1970-01-01T00:00:00Z"
"""What `system.workflow_start` reads where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class History(Displayed):
    """Results of tasks that had finished before the fan-out: `tasks` results of `bytes_each` bytes of JSON each.

    `over` of them have one byte more, so that any total can be had.

    >>> import attune_sim as at
    >>> at.scenarios.baseline(items=100, history=at.History(tasks=3, bytes_each=1000)).history.context_bytes
    3000
    """

    tasks: int = 100
    bytes_each: int = 10_000
    payload: str = "records"
    over: int = 0

    @property
    def context_bytes(self) -> int:
        """Bytes of JSON in all."""
        return self.tasks * self.bytes_each + self.over


@dataclass(frozen=True, slots=True)
class ScenarioRef:
    """A scenario of the catalogue whose real parts a run talks to: they are started anew when it is taken up."""

    name: str
    items: int
    knobs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The file that a definition was read from: its workflow's name, its path, and the fingerprint that it had."""

    name: str
    path: str
    fingerprint: str

    @classmethod
    def of(cls, workflow: Workflow) -> SourceFile | None:
        """None for a workflow that comes from no file."""
        if not workflow.source:
            return None
        return cls(workflow.name, str(Path(workflow.source).resolve()), fingerprint(workflow))


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """Everything that decides what a run does, but the actions it calls.

    `parameters` are as they were given, those of real `parts` (addresses, files) among them; `variables` are further
    first variables; `history` is a recipe, made with `seed`. `script` holds the answers of tasks in place of any code.
    `strategy` is a registered name, or a class. `kept` says of large fan-outs what becomes of the results of their
    items, by task: `counts`, or the folder in which they stay.
    `started_at` is what `system.workflow_start` reads.
    """

    workflow: Workflow
    name: str = ""
    workflows: tuple[Workflow, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    parts: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    history: History = field(default_factory=lambda: History(tasks=0))
    script: Mapping[str, Any] | None = None
    scenario: ScenarioRef | None = None
    file: SourceFile | None = None
    strategy: str | type[ContextStrategy] = "shared"
    dispatch: Dispatch = "windowed"
    limits: Limits | None = None
    max_task_runs: int = 10_000
    kept: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    config: Mapping[str, Any] | None = None
    keystore: Mapping[str, Any] | None = None
    started_at: str = EPOCH

    @property
    def strategy_name(self) -> str:
        return self.strategy if isinstance(self.strategy, str) else self.strategy.name

    @property
    def called(self) -> list[Workflow]:
        """The sub-workflows that the actions name, directly or not, in the order in which they do."""
        return called_by(self.workflow, self.workflows)

    def written(self, mask: Mask) -> dict[str, Any]:
        """As JSON. Raises `JournalError` if a definition holds what is not JSON."""

        def masked_definition(workflow: Workflow) -> Any:
            return mask(definition(workflow), f"definitions.{workflow.name}")

        return {
            "name": mask(self.name, ""),
            "workflow": masked_definition(self.workflow),
            "fingerprint": fingerprint(self.workflow),
            "workflows": {workflow.name: masked_definition(workflow) for workflow in self.called},
            "fingerprints": {workflow.name: fingerprint(workflow) for workflow in self.called},
            "parameters": mask(self.parameters, "parameters"),
            "config": mask(self.config, "config"),
            "keystore": mask(self.keystore, "keystore"),
            "parts": mask(self.parts, ""),
            "variables": mask(self.variables, ""),
            "history": asdict(self.history),
            "script": mask(self.script, ""),
            "scenario": None if self.scenario is None else mask(asdict(self.scenario), ""),
            "file": None if self.file is None else mask(asdict(self.file), ""),
            "strategy": self.strategy_name,
            "dispatch": self.dispatch,
            "limits": None if self.limits is None else asdict(self.limits),
            "max_task_runs": self.max_task_runs,
            "kept": mask(self.kept, ""),
            "seed": self.seed,
            "started_at": self.started_at,
        }

    @classmethod
    def read(cls, form: Mapping[str, Any]) -> RunSpec:
        """What `written` wrote, its secrets put back."""
        plain = ("name", "parameters", "config", "keystore", "parts", "variables", "script")
        as_it_is = ("strategy", "dispatch", "max_task_runs", "seed", "started_at")
        return cls(
            workflow=workflow_of(form["workflow"]),
            workflows=tuple(map(workflow_of, form["workflows"].values())),
            history=History(**form["history"]),
            scenario=None if form["scenario"] is None else ScenarioRef(**form["scenario"]),
            file=None if form["file"] is None else SourceFile(**form["file"]),
            limits=None if form["limits"] is None else Limits(**form["limits"]),
            kept=form.get("kept") or {},
            **{name: form[name] for name in (*plain, *as_it_is)},
        )

    def __repr__(self) -> str:
        return f"<RunSpec {self.name or self.workflow.name!r}: {self.strategy_name}, {self.dispatch}>"
