"""The scenarios for real, end to end: every failed item has a reason, and the run's own outcome says so."""

from __future__ import annotations

import pytest

from attune_sim.actions.registry import standard
from attune_sim.loader import load
from attune_sim.scenarios.data import data_path
from attune_sim.scenarios.parts import access_log, fleet, mail_sink, users
from attune_sim.scenarios.parts.fleet import Fleet
from attune_sim.scenarios.parts.mail_sink import MailSink
from attune_sim.scenarios.registry import scenarios
from attune_sim.scenarios.user import user_workload


def wanted_outcome(seed: int, number: int) -> str:
    kinds = {"healthy": "succeeded", "slow": "succeeded", "failing": "failed", "hanging": "timed_out"}
    return kinds[fleet.kind_of(seed, number)]


def health_check_as_foretold(driven, servers: int, seed: int, **options) -> None:
    workload = scenarios.health_check(servers=servers, seed=seed, history=0, **options.pop("knobs", {}))
    with workload.parts(workload) as given:
        run = driven(workload, given=given, real=True, **options)
    wanted = {number: wanted_outcome(seed, number) for number in range(servers)}
    assert run.items.outcomes == wanted
    assert set(run.items.errors) == {number for number, outcome in wanted.items() if outcome != "succeeded"}
    assert all(f"/servers/{number}/health" in error for number, error in run.items.errors.items())
    well = sum(outcome == "succeeded" for outcome in wanted.values())
    assert run.state.variables["summary"] == {
        "checked": servers,
        "healthy": well,
        "unhealthy": servers - well,
    }
    assert run.state.variables["listed"] == servers
    assert run.state.status == ("succeeded" if well == servers else "failed")
    if well < servers:
        assert f"check_health: {servers - well} of {servers} items failed" in run.state.error
        assert run.state.task_statuses["check_health"] == "failed"


def test_a_small_fleet_is_checked_as_its_seed_foretells(driven):
    health_check_as_foretold(driven, servers=120, seed=1)


def test_a_fleet_that_is_all_well_gives_a_run_that_succeeds(driven):
    health_check_as_foretold(driven, servers=10, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize(("executor", "knobs"), [("threads", {}), ("asyncio", {"asynchronous": True})])
def test_a_thousand_servers_are_checked_many_at_a_time(driven, executor, knobs):
    # The limit is generous: with fifty in flight on a busy machine a healthy server may take its time.
    health_check_as_foretold(driven, servers=1000, seed=0, executor=executor, knobs={**knobs, "timeout": 1.0})


@pytest.mark.slow
def test_a_thousand_servers_are_checked_one_after_the_other(driven):
    health_check_as_foretold(driven, servers=1000, seed=0)


def test_ten_thousand_lines_are_parsed_and_each_malformed_one_is_a_failed_item_with_its_line(driven):
    workload = scenarios.log_pipeline(history=0)
    with workload.parts(workload) as given:
        run = driven(workload, given=given, real=True)
    malformed = {number for number in range(10_000) if access_log.kind_of(0, number) != "good"}
    assert set(run.items.errors) == malformed
    assert all(error.startswith(f"line {number + 1}: ") for number, error in run.items.errors.items())
    assert run.items.counts == {"succeeded": 9917, "failed": 83}
    assert run.state.variables["summary"] == {"lines": 10_000, "parsed": 9917, "malformed": 83}
    assert [item["index"] for item in run.state.variables["malformed"]] == sorted(malformed)
    assert run.state.status == "failed"
    assert "process_entries: 83 of 10000 items failed" in run.state.error


def test_any_log_that_the_user_names_is_parsed_to_its_end(driven, tmp_path):
    file = tmp_path / "mine.log"
    good = '203.0.113.7 - - [10/Oct/2000:13:55:36 -0700] "GET /caf\xe9 HTTP/1.1" 200 2326'
    file.write_bytes(f"{good}\n\n{good}\n".encode("latin-1"))
    workload = scenarios.log_pipeline(file=file)
    assert workload.items == 2
    with workload.parts(workload) as given:
        run = driven(workload, given=given, real=True)
    assert run.state.status == "succeeded"
    assert run.state.output["parsed"] == 2
    assert run.state.task_results["process_entries"]["results"][1]["path"] == "/caf\\xe9"


def test_an_empty_log_is_a_run_that_succeeds_with_nothing(driven, tmp_path):
    file = tmp_path / "empty.log"
    file.touch()
    workload = scenarios.log_pipeline(file=file)
    with workload.parts(workload) as given:
        run = driven(workload, given=given, real=True)
    assert (run.state.status, run.state.output["parsed"]) == ("succeeded", 0)


def mails_as_foretold(driven, messages: int, seed: int) -> None:
    workload = scenarios.notifications(messages=messages, seed=seed, history=0)
    people = [user for user in users.made_users(messages, seed) if user["active"] and user["subscribed"]]
    to = [user["email"] for user in people if user["email"]]
    with MailSink(seed) as sink, workload.parts(workload) as given:
        # The workload's own sink is left alone: this one can be asked what has arrived.
        run = driven(workload, given={**given, "smtp_port": sink.port}, real=True)
        report = sink.report()
    refused = {
        number: reply for number, address in enumerate(to) if (reply := mail_sink.refusal(address, seed))
    }
    assert report["recipients"] == [address for number, address in enumerate(to) if number not in refused]
    assert {number: error.split("refused: ")[1] for number, error in run.items.errors.items()} == refused
    assert run.state.variables["summary"] == {
        "messages": messages,
        "accepted": messages - len(refused),
        "refused": len(refused),
    }
    assert run.state.status == ("failed" if refused else "succeeded")
    assert report["connections"] == min(messages, 1)


def test_a_few_mails_arrive_and_refusals_are_failed_items_in_the_servers_words(driven):
    mails_as_foretold(driven, messages=300, seed=0)


@pytest.mark.slow
def test_five_thousand_mails_arrive_but_those_whose_recipients_are_refused(driven):
    mails_as_foretold(driven, messages=5000, seed=0)


def test_nobody_to_write_to_is_a_run_that_succeeds(driven):
    mails_as_foretold(driven, messages=0, seed=0)


def test_the_parts_of_a_scenario_do_what_they_say_by_themselves(driven):
    workload = scenarios.notifications(messages=20, history=0)
    with workload.parts(workload) as given:
        run = driven(workload, given=given, real=True)
    assert run.items.counts == {"succeeded": 20}


def test_the_short_forms_run_for_real_too(driven, tmp_path):
    def short(name: str):
        return user_workload(load(data_path(f"workflows/seed/{name}.yaml")), actions=standard())

    with Fleet(12) as running, MailSink() as sink:
        health = driven(short("health_check"), given={"inventory": running.url})
        people = users.write_users(tmp_path / "users.jsonl", 12, 0)
        mail = driven(short("notifications"), given={"users": str(people), "smtp_port": sink.port})
        assert len(sink.report()["recipients"]) == 12
    logs = driven(short("log_pipeline"), given={"file": str(access_log.write_log(tmp_path / "a.log", 20, 0))})
    for run, size in ((health, 12), (mail, 12), (logs, 20)):
        assert (run.state.status, run.items.counts) == ("succeeded", {"succeeded": size})


def test_a_part_that_is_gone_fails_the_run_with_its_address_and_does_not_hang(driven):
    workload = scenarios.health_check(servers=3, history=0)
    with workload.parts(workload) as given:
        pass
    run = driven(workload, given=given, real=True)
    assert run.state.status == "failed"
    assert "cannot be reached" in run.state.error
