"""The real parts: they do what they say beforehand, on loopback, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections import Counter
from contextlib import suppress
from urllib.parse import urlsplit

import psutil
import pytest

from attune_sim.actions.cloud import Cloud
from attune_sim.actions.logs import aggregate, parse
from attune_sim.actions.monitoring import Monitoring
from attune_sim.actions.notify import Sending, fetch, filter
from attune_sim.errors import ActionError, ActionTimeout
from attune_sim.scenarios.parts import access_log, fleet, mail_sink, users
from attune_sim.scenarios.parts.fleet import Fleet
from attune_sim.scenarios.parts.mail_sink import MailSink
from attune_sim.scenarios.parts.process import PartError


def outcome(check: Monitoring, url: str) -> str:
    try:
        check.check_http(url, timeout=0.25)
    except ActionTimeout:
        return "timed_out"
    except ActionError:
        return "failed"
    return "succeeded"


def gone(pid: int, within_s: float = 10.0) -> bool:
    # An orphan that has ended stays in the table until the system's first process looks.
    due = time.monotonic() + within_s
    while psutil.pid_exists(pid):
        with suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        if time.monotonic() > due:
            return False
        time.sleep(0.01)
    return True


# -- what seed 0 gives, as the documentation says it ---------------------------------------------------------------


def test_seed_0_gives_the_documented_counts():
    assert fleet.expected(1000, seed=0) == {"healthy": 932, "slow": 34, "failing": 28, "hanging": 6}
    assert access_log.expected(10_000, seed=0) == {
        "good": 9917,
        "truncated": 12,
        "bad_time": 20,
        "bad_status": 18,
        "bad_size": 13,
        "open_quote": 10,
        "noise": 4,
        "no_such_day": 6,
    }
    addresses = [
        user["email"] for user in users.made_users(5000, seed=0) if user["active"] and user["subscribed"]
    ]
    assert mail_sink.expected(filter_empty(addresses), seed=0) == {"accepted": 4958, "refused": 42}


def filter_empty(addresses: list[str]) -> list[str]:
    return [address for address in addresses if address]


def test_another_seed_gives_another_fleet_and_a_larger_one_begins_alike():
    kinds = [[fleet.kind_of(seed, number) for number in range(500)] for seed in (0, 0, 1)]
    assert kinds[0] == kinds[1] != kinds[2]
    assert fleet.inventory(500, 0, "http://h")[:20] == fleet.inventory(20, 0, "http://h")


# -- the fleet -----------------------------------------------------------------------------------------------------


def test_each_server_behaves_as_its_kind_says_and_connections_are_reused():
    wanted = {"healthy": "succeeded", "slow": "succeeded", "failing": "failed", "hanging": "timed_out"}
    seed, size = 3, 300
    check = Monitoring()
    with Fleet(size, seed) as running:
        listed = Cloud().list_servers(running.url)["servers"]
        chosen = {kind: [n for n in range(size) if fleet.kind_of(seed, n) == kind][:8] for kind in wanted}
        assert all(chosen.values())
        for kind, numbers in chosen.items():
            found = {outcome(check, listed[number]["health_endpoint"]) for number in numbers}
            assert found == {wanted[kind]}, kind
        assert running.connections() < running.requests() / 1.5
        assert sum(running.expected.values()) == len(listed) == size


def test_a_failing_server_is_told_by_how_it_fails():
    kinds = Counter(
        fleet.failure_of(0, number) for number in range(300) if fleet.kind_of(0, number) == "failing"
    )
    check, words = (
        Monitoring(),
        {"500": "answered 500, expected 200", "503": "answered 503", "dropped": "broke off"},
    )
    words["refused"] = "cannot be reached"
    with Fleet(300, seed=0) as running:
        listed = Cloud().list_servers(running.url)["servers"]
        for number in range(300):
            if fleet.kind_of(0, number) == "failing":
                with pytest.raises(ActionError, match=words[fleet.failure_of(0, number)]):
                    check.check_http(listed[number]["health_endpoint"])
    assert len(kinds) >= 3


def test_an_address_that_is_no_server_gets_404_and_the_check_keeps_what_it_found():
    with Fleet(3) as running:
        with pytest.raises(ActionError, match="answered 404, expected 200") as failed:
            Monitoring().check_http(f"{running.url}/99/health")
        assert failed.value.result["status_code"] == 404
        assert Monitoring().check_http(f"{running.url}/99/health", expect_status=404)["healthy"]


def test_a_part_listens_on_loopback_only_and_is_gone_after_the_block():
    with Fleet(2) as running, MailSink() as sink:
        pids, port = (running.pid, sink.pid), urlsplit(running.url).port
        for pid in pids:
            listening = [c for c in psutil.Process(pid).net_connections() if c.status == psutil.CONN_LISTEN]
            assert listening
            assert {connection.laddr.ip for connection in listening} == {"127.0.0.1"}
    assert all(gone(pid, 0) for pid in pids)
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", port))
    assert running.pid == 0


def test_a_part_ends_although_a_client_still_hangs_on_it():
    hanging = next(number for number in range(5000) if fleet.kind_of(0, number) == "hanging")
    with Fleet(hanging + 1) as running, socket.socket() as client:
        client.connect(("127.0.0.1", urlsplit(running.url).port))
        client.sendall(f"GET /servers/{hanging}/health HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        pid = running.pid
        running.__exit__(None, None, None)
        assert gone(pid, 0)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_part_dies_with_its_parent(end):
    program = textwrap.dedent("""
        import time
        from attune_sim.scenarios.parts.fleet import Fleet
        from attune_sim.scenarios.parts.mail_sink import MailSink
        with Fleet(2) as fleet, MailSink() as sink:
            print(fleet.pid, sink.pid, flush=True)
            time.sleep(60)
    """)
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(pids) == 2
    assert all(psutil.pid_exists(pid) for pid in pids)
    parent.send_signal(end)
    parent.wait(10)
    parent.stdout.close()
    assert all(gone(pid) for pid in pids)


def test_a_part_that_ended_says_so_instead_of_waiting():
    with Fleet(2) as running:
        os.kill(running.pid, signal.SIGKILL)
        with pytest.raises(PartError, match=r"parts\.fleet ended before it answered"):
            running.requests()
    with pytest.raises(PartError, match="does not run; use it in a with block"):
        running.requests()


def test_a_part_that_cannot_start_tells_the_reason():
    with pytest.raises(PartError, match=r"ended before it answered: .*KeyError"), _Misunderstood():
        pass


class _Misunderstood(Fleet):
    """A fleet whose process is told something else than it needs."""

    def __init__(self) -> None:
        super().__init__(1)
        self._spec = {"servants": 3}


def test_a_server_that_drips_runs_into_the_time_limit():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        drip = subprocess.Popen(
            [sys.executable, "-c", _DRIP],
            stdin=subprocess.PIPE,
            pass_fds=[server.fileno()],
            env={**os.environ, "SERVER_FD": str(server.fileno())},
        )
        try:
            # The body takes 100 s to come and never pauses as long as the limit is: each wait by itself is in time.
            with pytest.raises(ActionTimeout, match=r"did not answer within 0\.4 s"):
                Monitoring().check_http(f"http://127.0.0.1:{port}/", timeout=0.4)
        finally:
            drip.kill()
            drip.wait()
            assert drip.stdin is not None
            drip.stdin.close()


_DRIP = """
import os, socket, time
connection, _ = socket.socket(fileno=int(os.environ["SERVER_FD"])).accept()
connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 1000\\r\\n\\r\\n")
while True:
    connection.sendall(b"x")
    time.sleep(0.1)
"""


# -- mail ----------------------------------------------------------------------------------------------------------


def test_every_accepted_mail_arrives_over_one_connection_and_a_refusal_has_the_servers_words():
    people = [f"user{number:06d}@example.org" for number in range(400)]
    refusals = {to: reply for to in people if (reply := mail_sink.refusal(to, 0))}
    assert refusals
    sending = Sending()
    with MailSink(seed=0) as sink:
        for number, to in enumerate(people):
            message = {"id": number, "to": to, "subject": "Grüße $5", "body": "Hallo\n.\nein Punkt\n"}
            if to in refusals:
                with pytest.raises(ActionError, match=f"{to}: recipient refused: {refusals[to]}"):
                    sending.send(message, sink.host, sink.port)
            else:
                assert sending.send(message, sink.host, sink.port)["accepted"]
        report = sink.report()
        sending.close()
    assert report["recipients"] == [to for to in people if to not in refusals]
    assert (report["refused"], report["connections"]) == (len(refusals), 1)


def test_a_mail_server_that_went_away_is_told_by_its_address():
    sending, message = Sending(), {"id": 1, "to": "user000001@example.org"}
    with MailSink() as sink:
        sending.send(message, sink.host, sink.port)
        port = sink.port
    with pytest.raises(ActionError, match=rf"127\.0\.0\.1:{port}: .*refused"):
        sending.send(message, port=port)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"id": 1}, "a message is a map"),
        ("hello", "a message is a map"),
        ({"to": "a@example.org", "subject": "x\nBcc: all@example.org"}, "the message cannot be written"),
        ({"to": "jürgen@example.org"}, "127.0.0.1|cannot be written"),
    ],
)
def test_a_message_that_cannot_be_sent_fails_with_a_reason(message, reason):
    with MailSink() as sink, pytest.raises(ActionError, match=reason):
        Sending().send(message, sink.host, sink.port)


def test_users_come_from_json_lines_and_from_csv(tmp_path):
    written = users.write_users(tmp_path / "users.jsonl", eligible=50, seed=2)
    found = filter(fetch(str(written))["users"])
    assert found["total"] == 50
    assert all(user["email"] for user in found["users"])
    assert sum(found["left_out"].values()) > 0
    table = tmp_path / "users.csv"
    table.write_text("id,email,active\n1,a@example.org,true\n2,b@example.org,no\n3,,true\n", encoding="utf-8")
    assert filter(fetch(str(table))["users"])["left_out"] == {"inactive": 1, "unsubscribed": 0, "no_email": 1}


def test_a_file_of_users_that_is_none_names_its_line(tmp_path):
    file = tmp_path / "users.jsonl"
    file.write_text('{"id": 1}\n[2]\n')
    with pytest.raises(ActionError, match="line 2 is a list, not a map of one user"):
        fetch(str(file))
    file.write_text("{oops\n")
    with pytest.raises(ActionError, match="line 1 is not JSON"):
        fetch(str(file))
    with pytest.raises(ActionError, match=r"cannot be read: .*No such file"):
        fetch(str(tmp_path / "none.jsonl"))


# -- the log -------------------------------------------------------------------------------------------------------


def test_the_generated_log_is_broken_exactly_where_it_says(tmp_path):
    file = access_log.write_log(tmp_path / "access.log", entries=3000, seed=5)
    assert (
        file.read_bytes() == access_log.write_log(tmp_path / "again.log", entries=3000, seed=5).read_bytes()
    )
    entries = aggregate(str(file))["entries"]
    assert len(entries) == 3000
    malformed = set()
    for entry in entries:
        try:
            parse(entry)
        except ActionError as error:
            malformed.add(int(str(error).split(":")[0].removeprefix("line ")) - 1)
    assert malformed == {number for number in range(3000) if access_log.kind_of(5, number) != "good"}
    assert {access_log.kind_of(5, number) for number in malformed} >= {"truncated", "bad_time", "open_quote"}


def test_a_log_that_cannot_be_written_whole_is_not_there(tmp_path):
    with pytest.raises(OSError, match=r"."):
        access_log.write_log(tmp_path / "folder" / ".." / ("n" * 300), entries=3, seed=0)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_log_is_made_once():
    first = access_log.access_log(50, seed=9)
    before = first.stat().st_mtime_ns
    assert access_log.access_log(50, seed=9) == first
    assert first.stat().st_mtime_ns == before
    first.unlink()
