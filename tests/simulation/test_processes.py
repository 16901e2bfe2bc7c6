"""Simulations beside each other, in processes of their own."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import pytest

import attune_sim as at
from attune_sim.errors import ExperimentError, InputError
from attune_sim.simulation.fates import ModelledFates
from attune_sim.simulation.processes import beside
from attune_sim.simulation.setting import Setting

Job = Callable[[Setting], tuple[int, int]]


@pytest.fixture(scope="module")
def settings() -> list[Setting]:
    setting = Setting(spec=at.workload_of("baseline", items=1).spec(), fates=ModelledFates())
    return [replace(setting, seed=seed) for seed in range(4)]


@pytest.fixture
def seed_of() -> Job:
    def job(setting: Setting) -> tuple[int, int]:
        print("what a job prints goes nowhere")
        return setting.seed, os.getpid()

    return job


def test_every_setting_is_answered_at_its_place_by_few_processes(
    settings: list[Setting], seed_of: Job
) -> None:
    answers = dict(beside(seed_of, settings, 2))

    assert {place: seed for place, (seed, _) in answers.items()} == {0: 0, 1: 1, 2: 2, 3: 3}
    assert os.getpid() not in {process for _, process in answers.values()}
    assert len({process for _, process in answers.values()}) <= 2


def test_one_process_is_this_one(settings: list[Setting], seed_of: Job) -> None:
    assert {process for _, (_, process) in beside(seed_of, settings, 1)} == {os.getpid()}


@pytest.mark.slow
def test_what_a_job_raises_is_raised_here(settings: list[Setting]) -> None:
    def fail(setting: Setting) -> None:
        raise InputError("no seed like this")

    with pytest.raises(InputError, match="no seed like this"):
        list(beside(fail, settings, 2))


@pytest.mark.slow
def test_a_fault_of_a_job_is_told_by_its_words(settings: list[Setting]) -> None:
    def fail(setting: Setting) -> float:
        return 1 / 0

    with pytest.raises(ExperimentError, match="ZeroDivisionError: division by zero"):
        list(beside(fail, settings, 2))


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_process_that_dies_is_told(settings: list[Setting]) -> None:
    def die(setting: Setting) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(ExperimentError, match=r"killed \(signal 9\).*fewer processes"):
        list(beside(die, settings, 2))


def test_what_cannot_be_sent_is_told_before_any_process_is_started(settings: list[Setting]) -> None:
    lock = threading.Lock()
    with pytest.raises(ExperimentError, match="cannot be sent"):
        list(beside(lambda setting: lock, settings, 2))


@pytest.mark.slow
def test_processes_end_with_the_iteration(settings: list[Setting], seed_of: Job) -> None:
    with closing(beside(seed_of, settings, 2)) as answers:
        _, (_, process) = next(answers)

    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
