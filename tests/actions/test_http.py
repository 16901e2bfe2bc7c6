"""The HTTP client behind `cloud` and `monitoring`: errors in words, and the awaited form."""

from __future__ import annotations

import asyncio
import pickle
import socket

import pytest

from attune_sim.actions.http import Client
from attune_sim.actions.monitoring import pack
from attune_sim.errors import ActionError, ActionTimeout


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://127.0.0.1/x", "is not a usable address"),
        ("", "is not a usable address"),
        ("http://127.0.0.1:port/", "is not a usable address"),
        ("http://127.0.0.1:1/", "cannot be reached"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_by_itself(url, reason):
    with pytest.raises(ActionError, match=reason) as failed:
        Client().get(url, timeout=2)
    assert url in str(failed.value)


def test_a_server_that_speaks_no_http_is_an_error_and_no_crash():
    async def babbling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
        await writer.drain()
        writer.close()

    async def check() -> None:
        async with await asyncio.start_server(babbling, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            await Client().get_async(f"http://127.0.0.1:{port}/", timeout=5)

    with pytest.raises(ActionError, match="broke off"):
        asyncio.run(check())


def test_a_server_that_never_answers_is_a_timeout_in_both_forms():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(ActionTimeout, match=r"did not answer within 0\.1 s"):
            Client().get(url, timeout=0.1)
        with pytest.raises(ActionTimeout, match=r"did not answer within 0\.1 s"):
            asyncio.run(Client().get_async(url, timeout=0.1))


def test_one_client_serves_several_event_loops_and_reuses_connections_within_each():
    opened: list[object] = []

    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(writer)
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    checks = pack(asynchronous=True)

    async def ten_checks() -> set[int]:
        async with await asyncio.start_server(answering, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            found = [await checks["monitoring.check_http"](url=url) for _ in range(10)]
            for writer in opened:
                writer.close()
            return {check["status_code"] for check in found}

    assert asyncio.run(ten_checks()) == asyncio.run(ten_checks()) == {200}
    assert len(opened) == 2


def test_a_client_travels_without_its_connections_and_opens_again_after_close():
    client = Client()
    for _ in range(2):
        with pytest.raises(ActionError):
            client.get("http://127.0.0.1:1/", timeout=1)
        client.close()
    assert isinstance(pickle.loads(pickle.dumps(client)), Client)
