"""Whether an advice comes true: each pick and runner-up is run at the size that was asked for, in the memory that was asked for.

Six workloads: the three scenarios, and three workflows of other people's kind (`benchmarks/advise/`: a load of partitions and a
mail campaign with actions, thumbnails with a script). What was said to die has to die within 5 % of the item that was told, what
was said to live has to live within 10 % of the memory. `deepcopy` is run as well where it is neither of the two.

    python benchmarks/bench_advise.py [--only NAME] [--budget 45s]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pandas as pd
from verdict import Verdict

import attune_sim as at
from attune_sim.amounts import byte_count
from attune_sim.api.runs.given import given_workload
from attune_sim.experiment import Experiment, run_experiment
from attune_sim.experiment.recordings import Recordings
from attune_sim.record import CellRecord

HERE: Final = Path(__file__).parent / "advise"
DIES_WITHIN, LIVES_WITHIN, SECONDS = 0.05, 0.10, 60.0
WRONG: Final = 1.0
"""The error of what was said to live and died, or the other way round."""


@dataclass(frozen=True)
class Case:
    """What is asked, and what is given with it."""

    name: str
    source: str
    items: int
    memory: str
    given: Mapping[str, Any] = field(default_factory=dict)
    isolation: str | None = None

    def advice(self, budget: str) -> at.Advice:
        return at.advise(
            self.source,
            items=self.items,
            memory=self.memory,
            isolation=self.isolation,
            budget=budget,
            progress=False,
            **self.given,
        )

    def ran(self, strategies: list[str]) -> list[CellRecord]:
        """What becomes of it: a cell of each, as `at.compare` runs them, without comparing answers first."""
        workload = given_workload(self.source, **self.given).sized(items=self.items)
        experiment = Experiment(
            workloads=[workload],
            strategies=[at.strategies[name] for name in strategies],
            dispatches=["eager"],
            repeats=1,
            check_answers=False,
            memory_limit_bytes=byte_count(self.memory),
            time_limit_s=300.0,
            by_pympler=False,
        )
        with Recordings(natural=True) as recordings:
            return run_experiment(experiment, recordings=recordings)


def _file(name: str) -> str:
    return str(HERE / name)


CASES: Final = (
    Case("health_check", "health_check", 3_000, "512MiB"),
    Case("log_pipeline", "log_pipeline", 20_000, "512MiB"),
    Case("notifications", "notifications", 2_000, "384MiB", isolation="nested"),
    Case("etl", _file("etl.yaml"), 20_000, "512MiB", {"actions": _file("etl.py")}),
    Case(
        "thumbnails", _file("thumbnails.yaml"), 5_000, "512MiB", {"script": _file("thumbnails.script.yaml")}
    ),
    Case(
        "campaign",
        _file("campaign.yaml"),
        10_000,
        "512MiB",
        {
            "actions": _file("campaign.py"),
            "parameters": {
                "recipients": [{"address": f"user{n}@example.org", "name": f"User {n}"} for n in range(50)]
            },
        },
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only")
    parser.add_argument("--budget", default="45s")
    arguments = parser.parse_args()
    verdict = Verdict("Advice, and what came of it")
    for case in CASES:
        if arguments.only in (None, case.name):
            _judge(case, arguments.budget, verdict)
    verdict.exit()


def _judge(case: Case, budget: str, verdict: Verdict) -> None:
    began = time.monotonic()
    advice = case.advice(budget)
    verdict.note(case.name, advice.answer)
    verdict.require(f"{case.name}: seconds of the advice", time.monotonic() - began, "<=", SECONDS, "s")
    asked = [name for name in (advice.pick, advice.runner_up) if name is not None]
    told = advice.frame.set_index("strategy")
    more = ["deepcopy"] if "deepcopy" not in asked and "deepcopy" in told.index else []
    for record in case.ran([*asked, *more]):
        strategy = record.key.strategy
        error, text, most = _error(told.loc[strategy], record)
        which = {advice.pick: " (pick)", advice.runner_up: " (runner-up)"}.get(strategy, "")
        name = f"{case.name}: {strategy}{which}, {text}"
        if which:
            verdict.require(name, 100 * error, "<=", 100 * most, "% off")
        else:
            verdict.figure(name, 100 * error, "% off")


def _error(told: Any, ran: CellRecord) -> tuple[float, str, float]:
    """How far off it was, what was told and what was so, and how far off it may be."""
    dies_at = None if pd.isna(told["dies_at"]) else int(told["dies_at"])
    reached, died = max(ran.forks, ran.items_done), ran.outcome != "ok"
    if died != (dies_at is not None):
        word = f"{'died' if died else 'lived'} against what was told ({ran.outcome} at {reached:,})"
        return WRONG, word, DIES_WITHIN
    if dies_at is not None:
        error = abs(dies_at - reached) / max(reached, 1)
        return error, f"told to die at {dies_at:,}, died at {reached:,}", DIES_WITHIN
    read = {one.metric: one.value or 0.0 for one in ran.readings}
    took = read["base_rss_bytes"] + read["peak_rss_bytes"]
    words = f"told {told['bytes'] / 1e6:,.1f} MB ({told['source']}), was {took / 1e6:,.1f} MB"
    return abs(told["bytes"] - took) / took, words, LIVES_WITHIN


if __name__ == "__main__":
    main()
