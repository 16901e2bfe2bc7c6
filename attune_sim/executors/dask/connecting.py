"""A cluster for one run: one that is started for it, the one at an address, or that of a client."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Final

from attune_sim.errors import InputError

START_S: Final = 60.0
"""Seconds in which workers have to be there."""

_LEAVE_S: Final = 10.0
_NOISY: Final = ("distributed", "tornado.application", "asyncio", "bokeh")


class Connection:
    """A client whose event loop is in a thread of its own; `is_ours` tells that the cluster ends with the run."""

    def __init__(self, cluster: Any) -> None:
        self.is_ours = cluster is None
        self._stack = ExitStack()
        self._stack.enter_context(_quiet())
        try:
            self.client = self._client(cluster)
        except BaseException:
            self._stack.close()
            raise

    def _client(self, cluster: Any) -> Any:
        try:
            from distributed import Client, LocalCluster
        except ImportError as error:
            raise InputError(
                "the executor 'dask' needs dask.distributed: pip install \"attune-sim[distributed]\""
            ) from error
        if cluster is None:
            own = LocalCluster(
                processes=True,
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
                scheduler_kwargs={"dashboard": False, "dashboard_address": ":0"},
            )
            self._stack.callback(_closed, own)
            cluster = own
        elif isinstance(cluster, Client):
            if not cluster.asynchronous and not getattr(cluster, "_asynchronous", False):
                return cluster
            # It lives on somebody's event loop, which may be the one that waits for the run.
            cluster, security = cluster.scheduler.address, cluster.security
            return self._own(Client, cluster, security=security)
        elif not isinstance(cluster, str) and not hasattr(cluster, "scheduler_address"):
            raise InputError(
                f"cluster is the address of a Dask scheduler, a Client or None, not a {type(cluster).__name__}"
            )
        return self._own(Client, cluster)

    def _own(self, kind: Any, cluster: Any, **options: Any) -> Any:
        try:
            client = kind(cluster, asynchronous=False, set_as_default=False, timeout=START_S / 4, **options)
        except (OSError, ValueError) as error:
            raise InputError(
                f"no Dask scheduler answers at {cluster!r}: {type(error).__name__}: {error}"
            ) from error
        self._stack.callback(_closed, client)
        return client

    def close(self) -> None:
        """Let go of what was made for the run."""
        self._stack.close()

    def __repr__(self) -> str:
        return f"<Connection to {'a cluster of its own' if self.is_ours else self.client!r}>"


def _closed(what: Any) -> None:
    with suppress(Exception):
        what.close(timeout=_LEAVE_S)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what Dask logs of workers that die and connections that close: that is told by the run."""
    loggers = [logging.getLogger(name) for name in _NOISY]
    # Filters, and not levels: runs that overlap would restore those of each other.
    filtered = [*loggers, *(handler for logger in loggers for handler in logger.handlers)]
    for one in filtered:
        one.addFilter(_is_critical)
    try:
        yield
    finally:
        for one in filtered:
            one.removeFilter(_is_critical)


def _is_critical(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.CRITICAL
