"""The line to a cluster: messages to desks, batches as futures, who comes and who goes.

Everything here happens on the event loop of the client, in its thread; what there is to tell is put into `news`, for
whoever runs the timeline. Every wait has an end.
"""

from __future__ import annotations

import asyncio
import platform
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final
from uuid import uuid4

import attune_sim
from attune_sim.errors import InputError
from attune_sim.executors.dask import desk
from attune_sim.executors.dask.desk import Greeting, Sealed
from attune_sim.executors.dask.ledger import Account, Ledger
from attune_sim.executors.dask.news import Came, Done, Guest, Lost, News, Order, Vanished, Went
from attune_sim.secrecy.secrets import Secrets

LOOK_S: Final = 0.25
"""Seconds between two looks at who is there."""

ANSWER_S: Final = 20.0
"""Seconds that a worker or the scheduler has for an answer to a message."""

SILENCE_S: Final = 5.0
"""Seconds without an answer after which a scheduler is gone."""

PAUSED_S: Final = 30.0
"""Seconds that a worker may be paused by Dask, for its memory, before it is given up."""


class Link:
    """One run's line to one cluster, over a client that is not on the caller's event loop."""

    def __init__(
        self, client: Any, news: Callable[[News], None], ledger: Ledger, secrets: Secrets, *, is_ours: bool
    ) -> None:
        self._client, self._news = client, news
        self._loop: asyncio.AbstractEventLoop = client.loop.asyncio_loop
        self._token = f"attune-sim-{uuid4().hex}"
        self._actions: Mapping[str, bytes] = {}
        self._guests: dict[str, Guest] = {}
        self._refused: set[str] = set()
        self._futures: dict[int, tuple[Any, Guest]] = {}
        self._ready: list[int] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_collecting = self._is_closed = False
        self._over_memory: set[str] = set()
        self._ledger, self._secrets, self._is_ours = ledger, secrets, is_ours

    # -- called from the thread of the timeline ------------------------------------------------------------------------

    def open(self, actions: Mapping[str, bytes], seconds: float) -> list[Guest]:
        """Greet every worker that there is within so many seconds. Raises `InputError` if one refuses, or none comes."""
        self._actions = actions
        try:
            guests: list[Guest] = self._answered(self._opened(seconds), seconds + ANSWER_S)
        except TimeoutError:
            at = self._client.scheduler.address
            raise InputError(f"the cluster {at} did not answer within {seconds + ANSWER_S:g} s") from None
        return guests

    def hand(self, order: Order) -> None:
        """Bring what a worker lacks, and give it a batch."""
        self._soon(self._carried, order)

    def stop(self, guest: Guest, keys: list[tuple[Any, ...]]) -> None:
        """End attempts at a worker."""
        self._soon(self._told, [guest], "stop", keys)

    def forget(self, keys: list[str]) -> None:
        """Let workers go of offers."""
        self._soon(self._told, list(self._guests.values()), "forget", keys)

    def drop(self, number: int) -> None:
        """Cancel a batch; nothing more is told of it."""
        self._loop.call_soon_threadsafe(self._let_go, number)

    def close(self, seconds: float) -> None:
        """Leave every worker, and take Dask's counters along."""
        with suppress(Exception):
            self._answered(self._closed(seconds), 2 * seconds)

    def nudge(self, call: Callable[[], bool]) -> None:
        """Call this in the thread of the loop until it is true."""

        def again() -> None:
            if not call():
                self._loop.call_later(0.0005, again)

        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(again)

    def _answered(self, coroutine: Coroutine[Any, Any, Any], seconds: float) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(seconds)

    def _soon(self, call: Callable[..., Coroutine[Any, Any, Any]], *given: Any) -> None:
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(lambda: self._start(call(*given)))

    # -- workers -------------------------------------------------------------------------------------------------------

    def _start(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._over)
        return task

    def _over(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # looked at: what it means was told as news

    async def _opened(self, seconds: float) -> list[Guest]:
        until = time.monotonic() + seconds
        while not (workers := await self._workers()):
            if time.monotonic() > until:
                raise InputError(
                    f"no worker of the cluster {self._client.scheduler.address} came within {seconds:g} s; start one, or, "
                    "where attune-sim starts them itself, have the script's own work under `if __name__ == '__main__':`"
                )
            await asyncio.sleep(0.05)
        guests = await asyncio.gather(*(self._greeted(address, known) for address, known in workers.items()))
        for address, count in (await self._streamed(ANSWER_S)).items():
            self._guests[address].counted["dask_sent_bytes"] = count
        with suppress(Exception):  # a cluster without that topic only leaves the reason out
            self._client.subscribe_topic("worker-restart-memory", self._note_memory)
        self._start(self._watch())
        return list(guests)

    async def _workers(self) -> dict[str, Any]:
        identity = await asyncio.wait_for(self._client.scheduler.identity(), ANSWER_S)
        workers: dict[str, Any] = identity["workers"]
        return {
            at: known
            for at, known in workers.items()
            if known.get("status", "running") in ("running", "paused")
        }

    async def _greeted(self, address: str, known: Mapping[str, Any]) -> Guest:
        """A worker with the desk of this run. Raises `InputError`."""
        began = time.perf_counter()
        try:
            answers = await asyncio.wait_for(
                self._client.run(
                    desk.greet,
                    self._token,
                    Sealed((self._actions, dict(self._secrets.values))),
                    self._is_ours,
                    workers=[address],
                ),
                ANSWER_S,
            )
        except Exception as error:
            raise InputError(
                f"the worker {address} cannot take part in the run: {type(error).__name__}: {error}; it needs attune-sim of "
                "this version, with the extra `distributed`"
            ) from error
        greeting: Greeting = answers[address]
        offset = (began + time.perf_counter()) / 2 - greeting.clock
        _check(address, greeting)
        account = Account(
            address,
            str(known.get("name", "")),
            greeting.pid,
            int(known["nthreads"]),
            int(known.get("memory_limit") or 0),
        )
        account.action_bytes = sum(map(len, self._actions.values()))
        self._ledger.accounts[f"{address} {greeting.incarnation}"] = account
        guest = self._guests[address] = Guest(
            address, account.threads, greeting.incarnation, offset, account, dict(greeting.counters)
        )
        return guest

    async def _watch(self) -> None:
        silent: float | None = None
        while not self._is_closed:
            await asyncio.sleep(LOOK_S)
            try:
                workers = await self._workers()
            except Exception as error:
                now = time.monotonic()
                silent = now if silent is None else silent
                if now - silent > SILENCE_S or self._client.status in ("closed", "closing"):
                    self._news(Vanished(f"{type(error).__name__}: {error}"))
                    return
                continue
            silent = None
            for guest in list(self._guests.values()):
                self._look_at(guest, workers.get(guest.address))
            for address in workers.keys() - self._guests.keys() - self._refused:
                await self._welcome(address, workers[address])

    async def _welcome(self, address: str, known: Mapping[str, Any]) -> None:
        try:
            self._news(Came(await self._greeted(address, known)))
        except InputError as error:
            if address in await self._workers():
                self._refused.add(address)
                self._ledger.accounts[address] = Account(address, fate="refused", why=str(error))

    def _look_at(self, guest: Guest, known: Mapping[str, Any] | None) -> None:
        if known is None:
            self._gone(guest, "died", "its process ended")
            return
        guest.account.memory_bytes = int(known.get("metrics", {}).get("memory", 0))
        if known.get("status") != "paused":
            guest.paused_since = None
        elif guest.paused_since is None:
            guest.paused_since = time.monotonic()
        elif time.monotonic() - guest.paused_since > PAUSED_S:
            self._refused.add(guest.address)
            self._gone(guest, "memory_limit", f"Dask paused it for its memory, for more than {PAUSED_S:g} s")

    def _gone(self, guest: Guest, fate: str, why: str) -> None:
        account = guest.account
        if guest.address in self._over_memory:
            fate = "memory_limit"
            why = (
                f"Dask ended it for its memory: it came to its limit of {account.memory_limit_bytes:,} bytes"
            )
        account.fate, account.why = fate, why
        if self._guests.get(guest.address) is guest:
            del self._guests[guest.address]
        self._news(Went(guest))

    def _note_memory(self, event: Any) -> None:
        message = event[1] if isinstance(event, tuple) else event
        if isinstance(message, Mapping):
            self._over_memory.add(str(message.get("worker")))

    # -- messages ------------------------------------------------------------------------------------------------------

    async def _told(self, guests: Iterable[Guest], verb: str, keys: list[Any]) -> None:
        addresses = [guest.address for guest in guests if self._guests.get(guest.address) is guest]
        if addresses:
            with suppress(Exception):
                telling = self._client.run(
                    desk.tell, self._token, verb, keys, workers=addresses, on_error="ignore"
                )
                await asyncio.wait_for(telling, ANSWER_S)

    async def _carried(self, order: Order) -> None:
        guest = order.guest
        if not await self._is_supplied(order):
            self._news(Lost(order.number, "its worker did not take what the batch needs"))
            self._is_another(guest)
            return
        if self._is_closed:
            return
        try:
            future = self._client.submit(
                desk.perform, self._token, guest.incarnation, order.number, order.data,
                key=f"{self._token}-{order.number}", workers=[guest.address], allow_other_workers=False, pure=False, retries=0,
            )  # fmt: skip
        except Exception as error:
            self._news(Lost(order.number, f"{type(error).__name__}: {error}"))
            return
        self._futures[order.number] = future, guest
        future.add_done_callback(lambda future: self._loop.call_soon_threadsafe(self._ended, order.number))

    async def _is_supplied(self, order: Order) -> bool:
        """See to it that a worker has what a batch needs: what is there, or on its way, is not sent again."""
        guest = order.guest
        missing = {key: data for key, data in order.needs.items() if key not in guest.has}
        if missing or order.secrets:
            bringing = self._start(self._brought(guest, order.secrets, missing))
            guest.has.update(dict.fromkeys(missing, bringing))
            guest.account.offers += len(missing)
            guest.account.offer_bytes += sum(map(len, missing.values()))
            if not await bringing:
                return False
        return all([await asyncio.shield(guest.has[key]) for key in order.needs])

    async def _brought(self, guest: Guest, secrets: Mapping[str, Any], data: Mapping[str, bytes]) -> bool:
        content = Sealed((dict(secrets), dict(data)))
        began = time.perf_counter()
        try:
            bringing = self._client.run(
                desk.bring, self._token, guest.incarnation, content, workers=[guest.address]
            )
            is_there = bool((await asyncio.wait_for(bringing, ANSWER_S + len(data)))[guest.address])
        except Exception:
            return False
        guest.account.offer_s += (time.perf_counter() - began) if data else 0.0
        return is_there

    # -- batches that come back ----------------------------------------------------------------------------------------

    def _ended(self, number: int) -> None:
        if number not in self._futures:
            return
        future, _ = self._futures[number]
        if future.status != "finished":
            self._let_go(number)
            self._news(Lost(number, f"Dask says that its task is {future.status}"))
            return
        self._ready.append(number)
        if not self._is_collecting:
            self._is_collecting = True
            self._start(self._collect())

    async def _collect(self) -> None:
        """Bring home what has come to its end, all that there is at once."""
        try:
            while self._ready and not self._is_closed:
                numbers, self._ready = self._ready, []
                futures = [self._futures[number][0] for number in numbers if number in self._futures]
                try:
                    gathering = self._client.gather(futures, errors="skip", asynchronous=True)
                    answers = dict(await asyncio.wait_for(gathering, ANSWER_S))
                except Exception:
                    answers = {}
                for number in numbers:
                    self._take(number, answers)
        finally:
            self._is_collecting = False

    def _take(self, number: int, answers: Mapping[int, bytes | None]) -> None:
        answer = answers.get(number)
        if answer is not None:
            self._news(Done(number, answer))
        else:
            self._news(Lost(number, "its result was lost with its worker"))
            if number in answers and number in self._futures:
                self._is_another(self._futures[number][1])
        self._let_go(number)

    def _is_another(self, guest: Guest) -> None:
        """Another process has taken the place of a worker, which is to be greeted anew."""
        if self._guests.get(guest.address) is guest:
            self._gone(guest, "died", "another process has taken its place")

    def _let_go(self, number: int) -> None:
        future, _ = self._futures.pop(number, (None, None))
        if future is not None:
            with suppress(Exception):
                if future.status == "pending":
                    self._start(self._client.cancel([future], asynchronous=True, force=True))
                else:
                    future.release()

    async def _closed(self, seconds: float) -> None:
        self._is_closed = True
        for number in list(self._futures):
            self._let_go(number)
        for task in list(self._tasks):
            if task is not asyncio.current_task():
                self._loop.call_later(0.5, task.cancel)
        with suppress(Exception):
            self._client.unsubscribe_topic("worker-restart-memory")
        addresses = list(self._guests)
        if not addresses:
            return
        streams = await self._streamed(seconds)
        with suppress(Exception):
            leaving = self._client.run(desk.leave, self._token, workers=addresses, on_error="ignore")
            for address, counters in (await asyncio.wait_for(leaving, seconds)).items():
                guest = self._guests[address]
                now = {**counters, **({"dask_sent_bytes": streams[address]} if address in streams else {})}
                for name, count in now.items():
                    setattr(guest.account, name, count - guest.counted.get(name, 0))

    async def _streamed(self, seconds: float) -> dict[str, int]:
        """Bytes that the scheduler has streamed to each worker since that came; none where it does not tell."""
        streamed: dict[str, int] = {}
        with suppress(Exception):
            asked = self._client.run_on_scheduler(_stream_bytes, list(self._guests))
            streamed = await asyncio.wait_for(asked, seconds)
        return streamed


def _stream_bytes(addresses: list[str], dask_scheduler: Any = None) -> dict[str, int]:
    """Bytes that the scheduler has streamed to each worker since it came."""
    streams = dask_scheduler.stream_comms
    return {address: streams[address].byte_count for address in addresses if address in streams}


def _check(address: str, greeting: Greeting) -> None:
    here, there = platform.python_version_tuple()[:2], tuple(greeting.python.split(".")[:2])
    if tuple(here) != there or greeting.attune_sim != attune_sim.__version__:
        raise InputError(
            f"the worker {address} has attune-sim {greeting.attune_sim} on Python {greeting.python}, this process "
            f"{attune_sim.__version__} on {platform.python_version()}: actions do not travel between them; install the same there"
        )
    for ref, why in greeting.refused.items():
        raise InputError(
            f"action {ref!r} cannot be used on the worker {address}: {why}; install its module there, or define it in a FILE.py"
        )
