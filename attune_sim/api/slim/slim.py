"""The smallest change of a workflow after which a fan-out hands less to its items, and every answer is what it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from os import PathLike
from typing import Any, Final

from attune_sim.actions.registry import actions_of
from attune_sim.api.runs.given import ActionSource, ScriptSource, given_workload
from attune_sim.api.runs.workflows import SubWorkflows
from attune_sim.api.slim.slimmed import Left, Moved, Slim
from attune_sim.api.stopped import stoppable
from attune_sim.errors import InputError
from attune_sim.loader import load
from attune_sim.loader.source import read_source
from attune_sim.runspec import EPOCH, RunSpec
from attune_sim.scenarios.origin import main_fan_out
from attune_sim.scenarios.workload import Workload
from attune_sim.slimming.dataflow import uses_of
from attune_sim.slimming.edits import edited
from attune_sim.slimming.hints import hints
from attune_sim.slimming.moves import Move, move_of
from attune_sim.slimming.proof import Handed, first_difference
from attune_sim.slimming.take import Again, Replay, real_take, scripted
from attune_sim.slimming.written import child_text, patch
from attune_sim.workflow import Workflow

_LEAST: Final = 1_024
"""Bytes that a move must save, and a hundredth of what is handed: less is not worth a file."""

_NOTHING_GIVEN: Final = (
    "slim proves what it proposes by running both versions: give actions=... (--actions FILE.py), or script=... "
    "(--script FILE), such as attune-sim run FILE --actions FILE.py --save-script FILE makes"
)


@stoppable("slim")
def slim(
    workflow: Workflow | str | PathLike[str],
    *,
    actions: ActionSource | None = None,
    script: ScriptSource | None = None,
    parameters: Mapping[str, Any] | None = None,
    workflows: SubWorkflows = (),
    config: Mapping[str, Any] | None = None,
    keystore: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> Slim:
    """Find results of which little is read, and keep the rest of them out of what the last fan-out hands to its items.

    A heavy task is moved into a sub-workflow whose output map hands back what later templates read, and nothing else; its
    input, its transitions and all other lines stay as they are. With `actions` the workflow is run once, for real, and what
    its actions gave is given again to both versions; with a `script` alone both are rehearsed. What is proposed is proved:
    status, output, variables and every input that is rendered are equal in both, also if a moved task fails.

    Raises:
        InputError: there are neither actions nor a script, or something that is given cannot be used.
        Interrupted: Ctrl-C; nothing was proved by then.

    >>> text = '''
    ... version: 1.0.0
    ... ref: ops.sizes
    ... tasks:
    ...   - name: load
    ...     action: ops.load
    ...     next: [{when: "{{ succeeded() }}", do: [each]}]
    ...   - name: each
    ...     action: ops.note
    ...     with_items: "{{ range(10) }}"
    ...     input: {total: "{{ task.load.total }}"}
    ... '''
    >>> found = slim(text, script={"actions": {"load": [{"result": {"total": 3, "rows": ["x" * 9_000]}}]}})
    >>> found
    <Slim of 'ops.sizes': 1 task moved, 9,077 -> 82 bytes an item (111 times less), proved>
    """
    if actions is None and script is None:
        raise InputError(_NOTHING_GIVEN)
    text, definition = _read(workflow)
    workload = given_workload(
        definition, parameters=parameters, actions=actions, workflows=workflows, script=script,
        config=config, keystore=keystore, seed=seed,
    )  # fmt: skip
    return _Search(text, definition, *_base(workload, definition, real=actions is not None)).found()


def _read(source: Workflow | str | PathLike[str]) -> tuple[str, Workflow]:
    """The text of a workflow, and what it says."""
    if not isinstance(source, Workflow):
        text = read_source(source)
        return text.text, load(source)
    if not source.source:
        raise InputError(
            f"{source.name!r} comes from no file, so there is no text to change; give its path or its YAML text"
        )
    text = read_source(source.source)
    if text.digest != source.digest:
        raise InputError(f"{source.source} has changed since it was loaded; load it again")
    return text.text, source


def _base(
    workload: Workload, definition: Workflow, *, real: bool
) -> tuple[RunSpec, Again, Replay, str | None]:
    """The run as it is: its description, what makes replays of it, one of these, and why nothing can be proved by it."""
    main = main_fan_out(definition)
    name = None if main is None else main.name
    if not real:
        assert workload.user is not None
        ready = workload.user.script
        assert ready is not None
        spec = replace(workload.spec(started_at=ready.started_at or EPOCH), workflow=definition, script=None)
        base = scripted(ready, name).run(spec)
        return spec, Again(base.foretold), base, None
    packs = actions_of(workload.actions(real=True))
    with workload.parts(workload) as parts, packs.closed():
        spec = workload.spec(parts)
        take = real_take(spec, packs)
    spec = replace(spec, workflow=definition, script=None)
    again = Again(take.endings)
    base = again.replay(spec, name)
    differs = first_difference(take, base)
    return spec, again, base, None if differs is None else f"a replay of the run differs in {differs}"


class _Search:
    """Looks for the moves that gain and can be proved."""

    def __init__(
        self, text: str, definition: Workflow, spec: RunSpec, again: Again, base: Replay, doubt: str | None
    ) -> None:
        self._text, self._definition = text, definition
        self._spec, self._again, self._base, self._doubt = spec, again, base, doubt
        main = main_fan_out(definition)
        self._fan_out = None if main is None else main.name
        self._before = Handed(base, definition)
        self._left: dict[str, str] = {}

    def found(self) -> Slim:
        """What there is to propose."""
        if self._base.state.status != "succeeded":
            self._doubt = self._doubt or f"the run {self._base.state.status}: {self._base.state.error}"
        if self._doubt is not None:
            return self._slim([], None)
        moves = self._moves()
        for tried in (moves, [move for move in moves if self._proved([move])]):
            if (after := self._proved(tried)) is None:
                continue
            gaining = [move for move in tried if self._gain(move, after[0]) >= self._least]
            if len(gaining) < len(tried):
                after = self._proved(gaining)
            if after is not None:
                return self._slim(gaining, after)
        return self._slim([], None)

    @property
    def _least(self) -> int:
        return max(_LEAST, self._before.bytes // 100)

    def _moves(self) -> list[Move]:
        """A move for every task whose result is large, and that may be moved."""
        uses = uses_of(self._definition)
        taken = {self._definition.name, *(each.name for each in self._spec.workflows)}
        taken |= {task.action or "" for task in self._definition.walk()}
        moves: list[Move] = []
        for task in self._definition.walk():
            if self._before.size(task.name) < self._least or task.type == "parallel":
                continue
            move = move_of(self._definition, task, uses[task.name], self._before.results[task.name], taken)
            if isinstance(move, str):
                self._left[task.name] = move
            else:
                taken.add(move.child.ref)
                moves.append(move)
        return moves

    def _gain(self, move: Move, after: Handed) -> int:
        gain = self._before.size(move.task) - after.size(move.task)
        if gain < self._least:
            self._left[move.task] = "nearly all of its result is read"
        return gain

    def _proved(self, moves: list[Move]) -> tuple[Handed, str, Workflow, dict[str, str]] | None:
        """What is handed after some moves, the new text, what it says, and the files of the sub-workflows; None if
        anything differs."""
        if not moves:
            return None
        new = edited(self._text, self._definition, moves)
        if new is None:
            self._leave(moves, "its lines cannot be changed alone (an alias of YAML stands there)")
            return None
        files = {move.child.ref: child_text(move, self._definition.name) for move in moves}
        children = tuple(map(load, files.values()))
        spec = replace(self._spec, workflow=new[1], workflows=(*self._spec.workflows, *children))
        names = [move.task for move in moves]
        after = self._again.replay(spec, self._fan_out, names)
        differs = first_difference(self._base, after, names) or self._if_failing(spec, names)
        if differs is not None:
            self._leave(moves, f"moved, {differs} would differ")
            return None
        for name in names:
            self._left.pop(name, None)
        return Handed(after, new[1]), *new, files

    def _if_failing(self, spec: RunSpec, names: list[str]) -> str | None:
        """Where the answers differ if one of the moved tasks fails."""
        for name in names:
            failed = self._again.replay(self._spec, self._fan_out, failing=name)
            differs = first_difference(
                failed, self._again.replay(spec, self._fan_out, names, failing=name), names
            )
            if differs is not None:
                return f"if it fails, {differs}"
        return None

    def _leave(self, moves: list[Move], why: str) -> None:
        if len(moves) == 1:
            self._left[moves[0].task] = why

    def _hints(self, handed: int) -> Iterator[str]:
        offer, task = self._base.fan_out, main_fan_out(self._definition)
        if offer is not None and task is not None and offer.items:
            yield from hints(task, offer, handed, self._is_projected_alike)

    def _is_projected_alike(self) -> bool:
        projected = replace(self._spec, strategy="projected")
        return first_difference(self._base, self._again.replay(projected, self._fan_out)) is None

    def _slim(self, moves: list[Move], proved: tuple[Handed, str, Workflow, dict[str, str]] | None) -> Slim:
        before, definition = self._before, self._definition
        after, text, workflow, files = proved or (before, self._text, definition, {})
        file = (definition.source or f"{definition.name}.yaml").rsplit("/", 1)[-1]
        written = {file: text, **{f"{ref}.yaml": child for ref, child in files.items()}}
        return Slim(
            workflow=workflow,
            workflows=tuple(map(load, files.values())),
            diff=patch({file: self._text}, written) if moves else "",
            proved=proved is not None,
            before_bytes=before.bytes,
            after_bytes=after.bytes,
            fan_out=self._fan_out if self._base.fan_out is not None else None,
            items=before.items,
            moves=tuple(
                Moved(
                    move.task, move.child.ref, before.size(move.task), after.size(move.task),
                    tuple(sorted(".".join(path) for path in move.paths)),
                )
                for move in moves
            ),
            left=tuple(Left(name, before.size(name), why) for name, why in self._left.items()),
            doubt=self._doubt,
            files=written if moves else {},
            hints=tuple(self._hints(after.bytes)) if self._doubt is None else (),
        )  # fmt: skip
