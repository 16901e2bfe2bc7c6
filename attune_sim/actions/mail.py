"""Connections to mail servers, reused from mail to mail, one user at a time each."""

from __future__ import annotations

import smtplib
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager

from attune_sim.errors import ActionError, ActionTimeout

_Server = tuple[str, int]


class Mailer:
    """Connections to mail servers: one more opens where all are busy. Thread-safe; pickles without them."""

    def __init__(self) -> None:
        # deque.append and .pop are atomic, so threads need no lock here.
        self._idle: defaultdict[_Server, deque[smtplib.SMTP]] = defaultdict(deque)

    def hand_over(self, mail: bytes, sender: str, to: str, *, host: str, port: int, timeout: float) -> None:
        """Send one mail over an idle connection; see `attune_sim.actions.notify.Sending.send` for the errors."""
        server = (host, port)
        with _explained(to, f"{host}:{port}", timeout):
            connection = self._connected(server, timeout)
            try:
                connection.sendmail(sender, [to], mail)
            except smtplib.SMTPRecipientsRefused:
                self._idle[server].append(connection)
                raise
            except BaseException:
                connection.close()
                raise
            self._idle[server].append(connection)

    def _connected(self, server: _Server, timeout: float) -> smtplib.SMTP:
        while True:
            try:
                connection = self._idle[server].pop()
            except IndexError:
                # Without a name of our own the library asks the resolver for one, which can take seconds.
                return smtplib.SMTP(*server, local_hostname="localhost", timeout=timeout)
            if connection.sock is not None and _answers(connection, timeout):
                return connection
            connection.close()

    def close(self) -> None:
        """Say goodbye on every idle connection; they open again when used again."""
        for connections in self._idle.values():
            while connections:
                _parted(connections.pop())

    def __reduce__(self) -> tuple[type[Mailer], tuple[()]]:
        return (type(self), ())


@contextmanager
def _explained(to: str, server: str, timeout: float) -> Iterator[None]:
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        raise ActionError(f"{to}: recipient refused: {_said(*error.recipients[to])}") from None
    except smtplib.SMTPResponseException as error:
        raise ActionError(f"{to}: mail refused: {_said(error.smtp_code, error.smtp_error)}") from None
    except TimeoutError:
        raise ActionTimeout(f"{server} did not answer within {timeout:g} s") from None
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        raise ActionError(f"{server}: {str(error) or type(error).__name__}") from None


def _answers(connection: smtplib.SMTP, timeout: float) -> bool:
    assert connection.sock is not None
    connection.sock.settimeout(timeout)
    try:
        return connection.noop()[0] == 250
    except (smtplib.SMTPException, OSError):
        return False


def _parted(connection: smtplib.SMTP) -> None:
    try:
        connection.quit()
    except (smtplib.SMTPException, OSError):
        connection.close()


def _said(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(text.split())}"
