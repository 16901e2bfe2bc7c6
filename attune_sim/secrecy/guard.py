"""Keeps secrets out of what a run says: it stands around a runner, behind the same protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from attune_sim.engine.events import ActionEnded, CallPrepared, Command, Event, Raised, StartAction
from attune_sim.engine.runner import Steps
from attune_sim.secrecy.hidden import SecretPaths
from attune_sim.secrecy.secrets import Secrets
from attune_sim.workflow import Workflow


class Guard:
    """Masks the reasons of failures, and learns what is secret of the input of every sub-workflow before it begins."""

    def __init__(
        self, inner: Steps, secrets: Secrets, paths: SecretPaths, workflows: Mapping[str, Workflow]
    ) -> None:
        self._inner, self._secrets, self._paths, self._workflows = inner, secrets, paths, workflows
        self._calls = 0

    def start(self) -> list[Command]:
        return self._inner.start()

    def begin(self, command: StartAction) -> None:
        self._inner.begin(command)

    def handle(self, event: Event) -> list[Command]:
        if type(event) is CallPrepared:
            self._calls += 1
            place = f"call-{self._calls}.parameters"
            self._secrets.add(self._paths.given(place, self._workflows[event.action], event.input))
        elif type(event) is ActionEnded and event.error is not None:
            event = without_secrets(event, self._secrets)
        return self._inner.handle(event)

    def __repr__(self) -> str:
        return f"<Guard of {self._secrets!r} around {self._inner!r}>"


def without_secrets(event: ActionEnded, secrets: Secrets) -> ActionEnded:
    """The event of an attempt that did not succeed, without secrets in its reasons. A second time changes nothing."""
    error = event.error or ""
    shown = secrets.text(error)
    retry = secrets.text(event.retry) if isinstance(event.retry, str) else event.retry
    result = event.result
    if isinstance(result, dict) and result.get("error") == error:
        result = {**result, "error": shown}
    return replace(event, error=shown, result=result, retry=retry, raised=_shown(event.raised, secrets))


def _shown(raised: Raised | None, secrets: Secrets) -> Raised | None:
    return raised if raised is None or raised.way is None else raised._replace(way=secrets.text(raised.way))
