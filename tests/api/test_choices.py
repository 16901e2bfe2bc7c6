from __future__ import annotations

from typing import get_args

from attune_sim.analysis.latency import CHOICES
from attune_sim.api import choices
from attune_sim.api.advice.safety import ISOLATIONS
from attune_sim.executors.registry import executor_names
from attune_sim.experiment.optional import PROBES


def test_the_words_that_editors_offer_are_those_that_there_are() -> None:
    assert get_args(choices.ExecutorName) == executor_names()
    assert get_args(choices.IsolationLevel) == ISOLATIONS
    assert set(get_args(choices.LatencyName)) == set(CHOICES)
    assert set(get_args(choices.ProbeName)) == set(PROBES)
