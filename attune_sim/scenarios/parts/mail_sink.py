"""A mail server on loopback that accepts, refuses some recipients for good, and remembers what it accepted.

Whether an address is refused depends on it and on the seed alone. Of the 5,000 recipients that `parts.users` makes
with seed 0, 42 are refused.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from attune_sim.scenarios.draw import Shares, pick
from attune_sim.scenarios.parts.process import Answer, Process, serve

REPLIES: Final[Mapping[str, str]] = {
    "unknown": "550 5.1.1 mailbox unavailable",
    "blocked": "550 5.7.1 sender blocked by recipient",
    "full": "552 5.2.2 mailbox full",
}
SHARES: Final[Shares] = (("accepted", 0.99), ("unknown", 0.006), ("blocked", 0.002), ("full", 0.002))


def refusal(address: str, seed: int) -> str | None:
    """The reply with which a recipient is refused, or None if the sink accepts it."""
    return REPLIES.get(pick(SHARES, "recipient", seed, address.lower()))


def expected(addresses: Iterable[str], seed: int) -> dict[str, int]:
    """How many of these recipients are `accepted` and `refused`."""
    verdicts = [refusal(address, seed) is None for address in addresses]
    return {"accepted": sum(verdicts), "refused": len(verdicts) - sum(verdicts)}


class MailSink(Process):
    """The running server, at `.host` and `.port`.

    with MailSink(seed=0) as sink:
        ...
        sink.report()["accepted"]
    """

    module = __name__
    host = "127.0.0.1"

    def __init__(self, seed: int = 0) -> None:
        super().__init__({"seed": seed})

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.ready["port"])

    def report(self) -> Answer:
        """`{accepted, refused, connections, recipients: [address of each accepted mail, in order]}` so far."""
        return self.ask({})


class _Sink:
    """What aiosmtpd asks about each step of a mail."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.recipients: list[str] = []
        self.refused = 0
        self.connections = 0

    async def handle_EHLO(
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: Any
    ) -> Any:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if reply := refusal(address, self.seed):
            self.refused += 1
            return reply
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.recipients.extend(envelope.rcpt_tos)
        return "250 2.0.0 accepted"

    def report(self) -> Answer:
        return {
            "accepted": len(self.recipients),
            "refused": self.refused,
            "connections": self.connections,
            "recipients": list(self.recipients),
        }


def _started(spec: Mapping[str, Any]) -> tuple[Answer, Callable[[], Answer]]:
    sink, loop = _Sink(spec["seed"]), asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return {"port": asyncio.run_coroutine_threadsafe(_listening(sink), loop).result(30)}, sink.report


async def _listening(sink: _Sink) -> int:
    from aiosmtpd.smtp import SMTP

    # Without a name of its own the server asks the resolver for one, which can take seconds.
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(sink, hostname="localhost", ident="attune-sim mail sink", timeout=600), "127.0.0.1", 0
    )
    return int(server.sockets[0].getsockname()[1])


if __name__ == "__main__":
    serve(_started)
