"""At how many items a workflow would break the limits of other platforms."""

from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.analysis.limits import KINDS, Growth, Limit, Run, TaskGrowth, limits_frame
from attune_sim.scenarios.data import data_path


def task(
    name: str = "check", *, calls=(0, 1), result=(2, 100), call=(100, 0), fan_out: bool = True
) -> TaskGrowth:
    return TaskGrowth(
        task=name, calls=Growth(*calls), result=Growth(*result), call=Growth(*call), fan_out=fan_out
    )


LISTED = task("fetch", calls=(1, 0), result=(20, 50), call=(20, 50), fan_out=False)
RUN = Run([LISTED, task()], Growth(10, 5))


def first(of: str, most: int, run: Run = RUN, each: int = 1) -> tuple[object, object]:
    limit = Limit(platform="p", limit="l", of=of, most=most, source="s", each=each)
    row = limits_frame(run, [limit], items=1_000).iloc[0]
    return row["task"], row["item"]


@given(st.floats(0, 1e6), st.floats(0.01, 1e4), st.integers(1, 10**9))
def test_one_item_less_keeps_the_limit_and_the_item_told_breaks_it(fixed, each, most):
    growth = Growth(fixed, each)
    item = growth.beyond(most)
    assert item is not None
    assert growth.at(item) > most * (1 - 1e-9)
    assert item == 1 or growth.at(item - 1) <= most * (1 + 1e-9)


def test_a_limit_of_a_result_is_broken_by_all_results_of_a_fan_out_together():
    assert first("result", 1_000) == ("check", 10)


def test_a_limit_of_a_call_is_broken_by_what_one_call_gives_and_never_by_small_results_of_many_items():
    assert first("call", 1_000) == ("fetch", 20)
    small = Limit(platform="p", limit="l", of="call", most=1_000, source="s")
    assert limits_frame(Run([task()], Growth(0)), [small], 5)["item"].isna().all()


def test_a_limit_of_a_run_is_broken_by_all_results_and_names_the_task_with_the_largest_share():
    assert first("run", 1_500) == ("check", 10)  # 22 + 150 an item
    assert first("run", 1_500, Run([task("a", result=(1_000, 1)), task("b")], Growth(0)))[0] == "a"


def test_a_limit_of_events_counts_those_of_every_call():
    assert first("events", 51_200, each=3) == ("check", 17_066)  # 3 for the list, 3 an item


def test_a_limit_of_items_and_one_of_parameters():
    assert first("items", 256) == ("check", 257)
    assert first("parameters", 100) == ("parameters", 19)


def test_what_is_too_large_from_the_start_breaks_at_the_first_item():
    assert first("parameters", 5) == ("parameters", 1)


def test_the_frame_tells_what_breaks_at_the_size_asked_for():
    limit = Limit(platform="p", limit="l", of="items", most=256, source="s")
    assert [bool(limits_frame(RUN, [limit], items=size)["breaks"][0]) for size in (256, 257)] == [False, True]


def test_every_limit_that_travels_with_the_package_is_of_a_known_kind_and_has_a_source():
    entries = yaml.safe_load(data_path("limits.yaml").read_text(encoding="utf-8"))["limits"]
    limits = [Limit(**entry) for entry in entries]
    assert {limit.of for limit in limits} <= KINDS.keys()
    assert all(limit.source.startswith("https://") for limit in limits)
    known = {(limit.platform, limit.most) for limit in limits}
    assert known >= {
        ("AWS Step Functions", 256 * 1024),
        ("Temporal", 2 * 2**20),
        ("Temporal", 51_200),
        ("Argo Workflows", 256 * 1024),
        ("Argo Workflows", 2**20),
        ("Apache Airflow", 1_024),
        ("Prefect Cloud", 512 * 1024),
        ("GitHub Actions", 256),
    }
