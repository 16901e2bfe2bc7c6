"""Writes every event down before the run acts on it: stands around a runner, behind the same protocol."""

from __future__ import annotations

from dataclasses import replace

from attune_sim.engine.events import ActionEnded, Command, Event, StartAction
from attune_sim.engine.runner import Steps
from attune_sim.errors import ResultError
from attune_sim.journal.file import Journal
from attune_sim.secrecy.guard import without_secrets
from attune_sim.secrecy.secrets import Secrets


class Journaled:
    """A run that is written down."""

    def __init__(self, inner: Steps, journal: Journal, secrets: Secrets) -> None:
        self._inner, self._journal, self._secrets = inner, journal, secrets

    def start(self) -> list[Command]:
        return self._inner.start()

    def begin(self, command: StartAction) -> None:
        self._journal.started(command)
        self._inner.begin(command)

    def handle(self, event: Event) -> list[Command]:
        return self._inner.handle(self._written(event))

    def _written(self, event: Event) -> Event:
        """The event, written down; one whose result cannot be written becomes the failure that says so."""
        if type(event) is ActionEnded and self._secrets and event.error is not None:
            event = without_secrets(event, self._secrets)
        try:
            self._journal.event(event, self._secrets)
        except ResultError as error:
            assert isinstance(event, ActionEnded)
            reason = self._secrets.text(str(error))
            event = replace(event, outcome="failed", result={"error": reason}, error=reason)
            self._journal.event(event, self._secrets)
        return event

    def __repr__(self) -> str:
        return f"<Journaled in {str(self._journal.path)!r}: {self._inner!r}>"
