"""The recorded workflows through a simulation: they do what they did, at the same times, with as many in flight."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from attune_sim.actions.script import Script
from attune_sim.executors.fates import Foretold
from attune_sim.loader import load
from attune_sim.rehearsal import Stage, rehearse
from attune_sim.runspec import EPOCH, RunSpec
from attune_sim.simulation.fates import FatesModel
from attune_sim.simulation.setting import Setting
from attune_sim.simulation.simulate import simulate

CONFORMANCE = Path(__file__).parents[1] / "conformance"
WORKFLOWS = sorted(CONFORMANCE.glob("workflows/*.expect.json"))
ORQUESTA = [json.loads(line) for line in (CONFORMANCE / "orquesta.jsonl").read_text().splitlines()]


def _script(path):
    record = json.loads(path.read_text())
    script = {key: record[key] for key in ("parameters", "actions", "config", "keystore") if key in record}
    children = record.get("sub_workflows", {})
    return {**script, "sub_workflows": {ref: str(path.parent / name) for ref, name in children.items()}}


class Scripted(FatesModel):
    """A script's answers; and a watcher that notes what a rehearsal can tell."""

    def __init__(self, spec, script):
        self._spec = spec
        self._within = {0: ""}
        self._script = script
        self.statuses, self.ending, self.warnings = {}, None, []

    def seeded(self, seed):
        return Foretold(self._foretell, self._delay)

    def _foretell(self, command):
        self._within[command.run] = command.offer.within
        return self.stage.foretell(command)

    def _delay(self, command):
        self._within[command.run] = command.offer.within
        return self.stage.delay(command)

    def _ref(self, run):
        """By which ref a sub-workflow was called: the names of the calls around it lead there."""
        workflow, ref = self._spec.workflow, None
        known = {other.name: other for other in self._spec.workflows}
        for call in self._within[run].split("/")[:-1]:
            name = call.rsplit(":", 2)[0].split("[")[0]
            [ref] = {task.action for task in workflow.walk() if task.name == name}
            workflow = known[ref]
        return ref

    def begin(self, now):
        self.stage = Stage(self._script, now, self._ref)

    def cycle(self, number):
        hooks = ("task_started", "prepared", "action_ended")
        observer = Noting(self)
        for hook in hooks:
            setattr(observer, hook, getattr(self.stage, hook))
        return observer


@dataclass
class Noting:
    to: Any

    def task_started(self, *told):
        """Set from outside."""

    prepared = action_ended = task_started

    def task_ended(self, task, visit, status, result, error):
        self.to.statuses.setdefault(task, None)
        self.to.statuses[task] = status

    def warned(self, message):
        self.to.warnings.append(message)

    def run_ended(self, command):
        self.to.ending = command


def _same(workflow, script):
    ready = Script.read(script)
    told = rehearse(workflow, {**script, "expect": {}}).actual
    spec = RunSpec(
        workflow=workflow,
        parameters=ready.parameters,
        workflows=ready.workflows(),
        config=ready.config,
        keystore=ready.keystore,
        started_at=ready.started_at or EPOCH,
    )
    scripted = Scripted(spec, ready)

    outcome = simulate(Setting(spec=spec, fates=scripted), [scripted])

    [cycle] = outcome.cycles
    stage, ending = scripted.stage, scripted.ending
    seen = {
        "status": ending.status,
        "output": ending.output,
        "error": ending.error,
        "task_status": scripted.statuses,
        "warnings": scripted.warnings,
        "inputs": stage.inputs,
        "start_times": stage.start_times,
        "max_in_flight": stage.max_in_flight,
        "retries": stage.retries,
    }
    assert seen == {name: told[name] for name in seen}
    assert cycle.status == ending.status
    if not ready.workflows():  # the performer counts those of sub-workflows too
        assert cycle.max_in_flight == told["max_in_flight"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name.removesuffix(".expect.json"))
def test_a_recorded_workflow_does_the_same_in_a_simulation(path):
    _same(load(path.with_name(path.name.replace(".expect.json", ".yaml"))), _script(path))


TRANSLATED = [record for record in ORQUESTA if record.get("translated")]


@pytest.mark.parametrize("record", TRANSLATED, ids=lambda record: record["id"])
def test_an_orquesta_case_does_the_same_in_a_simulation(record):
    scripted = {
        task: [{"index" if key == "item" else key: answer[key] for key in answer} for answer in answers]
        for task, answers in record["scripted"].items()
    }

    _same(load(record["translated"]), {"parameters": record["inputs"], "actions": scripted})
