"""`inline`: one attempt after the other, in the caller's thread. The simplest executor, and the one that is measured."""

from __future__ import annotations

import heapq
import time
from collections import deque
from itertools import count
from typing import Any

from attune_sim.engine.events import CancelRequested, Command, EndRun, StartAction, StartTimer
from attune_sim.engine.runner import Action, Runner
from attune_sim.executors.calls import Outside, is_async
from attune_sim.executors.interrupts import Interrupts
from attune_sim.executors.perform import Clock, cancelled, perform, rung


class InlineExecutor:
    """Performs commands in the order in which they were given; a pause sleeps only when there is nothing else to do.

    The first Ctrl-C ends the run, which is then `cancelled`: at once if the workflow's policy is `cancel_running`, after the
    attempt that is under way if it is `allow_finish`. A second one does not wait for it.
    """

    name = "inline"

    def __init__(self, clock: Clock = time.perf_counter) -> None:
        self._clock = clock

    def run(self, runner: Runner) -> EndRun:
        with Interrupts() as interrupts:
            drive = _Drive(runner, self._clock, interrupts)
            try:
                return drive.to_the_end()
            finally:
                drive.close()

    def __repr__(self) -> str:
        return "<executor inline: one attempt after the other>"


class _Drive:
    def __init__(self, runner: Runner, clock: Clock, interrupts: Interrupts) -> None:
        self._runner = runner
        self._clock = clock
        self._interrupts = interrupts
        self._queue: deque[Command] = deque(runner.start())
        self._timers: list[tuple[float, int, StartTimer]] = []
        self._order = count()
        self._policy = runner.workflow.cancellation_policy
        self._outside = Outside()
        self._plain: dict[str, Action] = {
            ref: action for ref, action in runner.actions.items() if not is_async(action)
        }

    def to_the_end(self) -> EndRun:
        queue, timers, interrupts = self._queue, self._timers, self._interrupts
        begin, handle = self._runner.begin, self._runner.handle
        call, clock = self._call, self._clock
        told = False
        while True:
            if interrupts.requested and not told:
                told = True
                self._cancel()
            if timers and (not queue or timers[0][0] <= clock()):
                self._wait_for_timer()
                continue
            command = queue.popleft()
            if type(command) is StartAction:
                if not begin(command):
                    continue
                interrupts.interruptible = self._policy == "cancel_running"
                try:
                    event = perform(call, command, clock)
                    interrupts.interruptible = False
                except KeyboardInterrupt:
                    interrupts.interruptible = False
                    event = cancelled(command, clock())
                if (
                    interrupts.requested and not told
                ):  # before its end is told: nothing new may follow from it
                    told = True
                    self._cancel()
                while timers and timers[0][0] <= event.ended:  # what was due before comes before
                    self._ring()
                queue.extend(handle(event))
            elif type(command) is StartTimer:
                heapq.heappush(timers, (clock() + command.seconds, next(self._order), command))
            elif type(command) is EndRun:
                return command

    def _call(self, command: StartAction) -> Any:
        if command.timeout is None and (action := self._plain.get(command.action)) is not None:
            return action(**command.input)
        return self._outside.call(self._runner.actions[command.action], command)

    def close(self) -> None:
        self._outside.close()
        if self._outside.abandoned:
            self._runner.warn_of_abandoned(self._outside.abandoned)

    def _wait_for_timer(self) -> None:
        due = self._timers[0][0]
        try:
            self._interrupts.interruptible = True
            time.sleep(max(due - self._clock(), 0.0))
        except KeyboardInterrupt:
            return  # the timers go with the run
        finally:
            self._interrupts.interruptible = False
        self._ring()

    def _ring(self) -> None:
        _, _, timer = heapq.heappop(self._timers)
        self._queue.extend(self._runner.handle(rung(timer)))

    def _cancel(self) -> None:
        """Nothing new starts: what was queued is told to have been cancelled, so that the run can end."""
        queued = list(self._queue)
        self._queue.clear()
        self._timers.clear()
        self._queue.extend(self._runner.handle(CancelRequested(self._policy)))
        for command in queued:
            if type(command) is StartAction:
                self._queue.extend(self._runner.handle(cancelled(command, self._clock())))
            elif type(command) is EndRun:
                self._queue.append(command)
