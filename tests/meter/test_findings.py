"""What is said of two figures, without measuring anything."""

import pytest

from attune_sim.api.comparisons.verification import WIDTH, Verification
from attune_sim.meter.findings import (
    MEMORY,
    SHOWN,
    TOO_SMALL,
    UNSETTLED,
    VARIES,
    Figure,
    compared,
    derived,
    is_slow,
    one_run,
    summary_of,
)
from attune_sim.meter.speed import PAID
from attune_sim.metrics import METRICS


@pytest.mark.parametrize(
    ("told", "verdict"),
    [(1.0, "agrees"), (1.05, "agrees"), (0.95, "agrees"), (1.06, "near"), (0.85, "near"), (1.16, "OFF"), (0.8, "OFF")],
)  # fmt: skip
def test_a_verdict_follows_from_the_deviation_in_either_direction(told, verdict):
    assert Figure("shared", "fork_us", told, 1.0).verdict == verdict


def test_a_figure_that_one_side_lacks_is_never_judged():
    assert Figure("shared", "paid_fork_us", None, 1.0).verdict == "not told"
    assert Figure("shared", "fork_us", 1.0, None).verdict == "not seen"
    assert Figure("shared", "live_heap_bytes", 1e5, None).verdict == TOO_SMALL
    assert Figure("shared", "fork_us", 1.0, -0.01).verdict == TOO_SMALL
    assert Figure("shared", "wall_s", 2.0, 1.0).verdict == "for information"


def test_what_was_alive_is_judged_where_it_is_more_than_odds_and_ends_of_a_run():
    assert Figure("shared", "alive_bytes", 810.0, 72.0).verdict == TOO_SMALL
    assert Figure("shared", "alive_bytes", 2.2e6, 11e3).verdict == "OFF"
    assert Figure("shared", "alive_bytes", 1.01e6, 1e6).verdict == "agrees"


def test_a_strategy_that_draws_its_layout_is_judged_where_the_processes_drew_alike():
    def found(*pairs, draws_layout=True):
        told_and_metered = [
            ({"fork_bytes": told, "fork_us": told}, {"fork_bytes": metered, "fork_us": metered})
            for told, metered in pairs
        ]
        figures = compared("rpds", told_and_metered, draws_layout=draws_layout)
        return next(one for one in figures if one.metric == "fork_bytes")

    own_draws = found((376.0, 551.0), (376.0, 376.0), (376.0, 552.0))
    assert (own_draws.verdict, own_draws.is_judged) == (VARIES, False)
    mostly = found((376.0, 551.0), (376.0, 372.0), (551.0, 376.0), (551.0, 546.0), (376.0, 373.0))
    assert (mostly.verdict, mostly.repeats, round(mostly.deviation, 3)) == ("agrees", 3, 0.009)
    assert found((376.0, 377.0), (551.0, 550.0), (376.0, 376.0)).verdict == "agrees"
    assert found((480.0, 400.0), (481.0, 400.0)).verdict == "OFF"
    mistaken = [(1.2 * told, metered) for told in (376.0, 551.0) for metered in (376.0, 551.0)]
    assert found(*mistaken).verdict == VARIES
    assert (
        found(*mistaken, (1.2 * 376.0, 376.0)).verdict == "OFF"
    )  # of five at least one would have drawn alike
    assert found((400.0, 376.0), (400.0, 551.0), (400.0, 377.0), (400.0, 376.0)).verdict == "near"
    assert found((314.0, 315.0), (900.0, 315.0), (700.0, 316.0), draws_layout=False).verdict == "OFF"


def test_times_of_a_run_are_compared_where_they_are_more_than_a_moment_of_the_machine():
    def shown(*runs):
        pairs = [({"paid_fork_us": 5.0, "render_us": 5.0}, {"forks": 10_000, **run}) for run in runs]
        return {one.metric: one.metered for one in compared("shared", pairs)}

    found = shown({"paid_fork_us": 4.9, "render_us": 5.1, "action_us": None})
    assert (found["paid_fork_us"], found["render_us"], found["action_us"]) == (None, 5.1, None)
    # All repeats count or none: the one that came out large is not picked.
    assert shown({"paid_fork_us": 4.7}, {"paid_fork_us": 5.4}, {"paid_fork_us": 4.8})["paid_fork_us"] is None
    assert shown({"paid_fork_us": 4.7}, {"paid_fork_us": 5.4}, {"paid_fork_us": 5.2})["paid_fork_us"] == 5.2


@pytest.mark.parametrize("metric", PAID)
def test_quick_forks_renderings_and_actions_are_those_of_runs_that_both_read_where_cells_do_not_tell(metric):
    def pair(told, metered, clock_us=0.05):
        cell = {metric: 9.0, "pace_us": 20.0, one_run(metric): told}
        return cell, {
            metric: 7.0,
            "pace_us": 31.0,
            "forks": 100,
            one_run(metric): metered,
            "clock_us": clock_us,
        }

    def found(*pairs):
        return next(one for one in compared("shared", pairs) if one.metric == metric)

    near = found(*[pair(2.2, 2.0)] * 3)
    assert (near.told, near.metered, near.verdict, near.one_run) == (2.2, 2.0, "near", True)
    # Of a time of less than twenty readings of the clock two of them are no mistake, and three are.
    assert found(*[pair(0.6, 0.5)] * 3).verdict == TOO_SMALL
    assert found(*[pair(0.65, 0.5)] * 3).verdict == "OFF"
    assert found(*[pair(0.6, 0.5, clock_us=0.02)] * 3).verdict == "OFF"
    # In most of the repeats, or it is as the cells say.
    few = found(pair(2.2, 2.0), *[pair(None, None)] * 2)
    assert (few.told, few.metered, few.one_run) == (9.0, None, False)


def test_what_quick_forks_paid_is_that_of_the_cells_where_these_tell_it_since_there_all_forks_count():
    cells = {"paid_fork_us": 10.2, "pace_us": 20.0, one_run("paid_fork_us"): 8.0}
    metered = {"paid_fork_us": 10.0, "pace_us": 31.0, "forks": 10_000, one_run("paid_fork_us"): 8.0}

    (found,) = (one for one in compared("json", [(cells, metered)] * 3) if one.metric == "paid_fork_us")
    assert (found.told, found.one_run, found.verdict) == (10.2, False, "agrees")


def test_what_slow_forks_paid_is_that_of_runs_which_both_read_whatever_the_machine_did_in_others():
    def pair(told, metered, both):
        cell = {"paid_fork_us": told, "pace_us": 20.0, one_run("paid_fork_us"): both[0]}
        return cell, {
            "paid_fork_us": metered,
            "pace_us": 31.0,
            "forks": 250,
            one_run("paid_fork_us"): both[1],
        }

    def paid(*pairs):
        return next(one for one in compared("pickle", pairs) if one.metric == "paid_fork_us")

    apart = paid(*[pair(1_500.0, 1_000.0, (1_203.0, 1_200.0))] * 2, pair(1_500.0, 1_000.0, (None, None)))
    assert (apart.told, apart.metered, apart.repeats, apart.one_run) == (1_203.0, 1_200.0, 2, True)
    assert (apart.verdict, apart.deviation) == ("agrees", 0.0025)
    wrong = [pair(1_000.0, 1_000.0, (told, 1_200.0)) for told in (700.0, 700.0, 1_190.0)]
    assert paid(*wrong).verdict == "OFF"  # a repeat without what was left out excuses nothing
    lone = paid(pair(1_000.0, 1_000.0, (700.0, 1_200.0)), *[pair(1_000.0, 1_000.0, (None, None))] * 4)
    assert (lone.one_run, lone.verdict) == (False, "agrees")  # near the border one of five was slow


def test_cells_that_told_something_else_than_any_run_takes_are_off_whatever_one_run_says():
    pairs = [
        (
            {"paid_fork_us": told, one_run("paid_fork_us"): 1_201.0},
            {"paid_fork_us": 1_000.0, "forks": 250, one_run("paid_fork_us"): 1_200.0},
        )
        for told in (430.0, 480.0, 300.0)
    ]

    (found,) = (one for one in compared("pickle", pairs) if one.metric == "paid_fork_us")
    assert (found.told, found.one_run, found.verdict) == (430.0, False, "OFF")


def test_a_short_run_that_was_interrupted_makes_no_mistake_of_its_cell_and_three_of_them_do():
    def found(repeats):
        told = {"render_us": 40.0, one_run("render_us"): 6.0}
        metered = {"render_us": 6.0, "forks": 20, one_run("render_us"): 6.0}
        return next(
            one for one in compared("shared", [(told, metered)] * repeats) if one.metric == "render_us"
        )

    assert [(found(many).told, found(many).verdict) for many in (1, 2)] == [(6.0, "agrees")] * 2
    assert (found(3).told, found(3).verdict) == (40.0, "OFF")


def test_what_quick_forks_paid_is_that_of_the_cells_at_full_speed():
    def pair(told, metered):
        return {"paid_fork_us": told, "pace_us": 20.0}, {
            "paid_fork_us": metered,
            "pace_us": 31.0,
            "forks": 10_000,
        }

    changing = [pair(15.0, 10.0) for _ in range(3)]
    for place, (_, metered) in enumerate(changing):
        metered["pace_us"] += 10 * place
    (quick,) = (one for one in compared("json", changing) if one.metric == "paid_fork_us")
    assert (quick.told, quick.one_run, quick.verdict) == (15.0, False, UNSETTLED)


def test_forks_are_slow_from_where_a_watch_around_them_is_no_part_of_what_they_take():
    assert [is_slow({"paid_fork_us": us}) for us in (0.2, 49.9, 50.0, None)] == [False, False, True, False]


def test_a_verification_says_which_figures_are_of_runs_that_were_made_for_it():
    def figure(strategy, metric, one_run=True):
        return Figure(strategy, metric, 900.0, 900.0, one_run=one_run)

    figures = [figure("MyCopy", "fork_us", one_run=False), figure("MyCopy", "paid_fork_us")]
    remark = "told and metered in runs made for this, not in the cells: paid_fork_us of MyCopy"
    assert Verification(figures).remarks == (remark,)
    assert remark in str(Verification(figures)).replace("\n", " ")
    assert f". T{remark[1:]}." in Verification(figures)._repr_mimebundle_()["text/html"]
    assert list(Verification(figures).frame["one_run"]) == [False, True]
    assert Verification(figures[:1]).remarks == ()
    more = [
        *figures,
        *(figure(name, metric) for name in ("MyCopy", "json") for metric in ("render_us", "action_us")),
    ]
    (grouped,) = Verification(more).remarks
    assert grouped.endswith(": paid_fork_us of MyCopy; render_us, action_us of all strategies")


def test_what_is_for_information_counts_neither_for_nor_against():
    figures = [Figure("shared", "fork_us", 1.01, 1.0), Figure("shared", "wall_s", 9.0, 1.0)]

    assert summary_of(figures) == "1 of 1 figures within 5 %, median deviation 1 %"
    assert Verification(figures).off == []
    assert summary_of([]) == "no figure could be compared"


def test_memory_of_a_run_is_its_growth_less_what_pools_waste_and_nothing_where_it_is_too_small():
    timed = {"fork_us": 2.0, "forks": 1000, "alive": 1000}
    held = {"fork_bytes": 20_000.0, "pool_bytes": 100.0, "grown_bytes": 20_500_000.0, "wall_s": 1.0}

    found = derived(timed, held)
    assert (found["live_heap_bytes"], found["copied_bytes"], found["alive_bytes"]) == (20.4e6, 20e6, 20e6)
    small = derived(timed, {**held, "grown_bytes": 1e6})
    heaps = {one.metric: one.metered for one in compared("shared", [({}, small)])}
    assert heaps["live_heap_bytes"] is None


def test_a_process_that_failed_leaves_figures_empty_and_the_others_whole():
    found = derived({}, {"fork_bytes": 104.0, "pool_bytes": 0.4, "grown_bytes": 1e5})

    assert found["fork_bytes"] == 104.0
    assert found["fork_us"] is found["copied_bytes"] is found["alive_bytes"] is None


def test_figures_are_medians_over_the_same_repeats_in_a_fixed_order():
    pairs = [({"fork_us": told}, {"fork_us": metered}) for told, metered in [(1, 2), (3, 4), (90, 5)]]

    figures = compared("shared", pairs)
    assert [one.metric for one in figures] == list(SHOWN)
    assert (figures[0].told, figures[0].metered, figures[0].repeats) == (3, 4, 3)


def test_a_verification_fits_into_a_terminal_and_has_a_frame():
    figures = [Figure("persistent", metric, 0.1234, 0.1, 5) for metric in SHOWN]
    found = Verification(
        [*figures, Figure("persistent", "live_heap_bytes", 1e3, None)], ["why not", "why not"]
    )

    lines = str(found).split("\n")
    assert max(map(len, lines)) <= WIDTH
    assert lines[-2:] == [found.verdict, "not metered: why not"]
    assert list(found.frame["deviation"].round(3)) == pytest.approx(
        [0.234] * len(SHOWN) + [float("nan")], nan_ok=True
    )
    assert set(found.frame["unit"]) == {"us", "s", "bytes"}
    assert repr(found).startswith("<Verification: 0 of 7 figures within 5 %")  # what was alive is too small


def test_every_figure_but_the_newest_is_a_metric_of_ours():
    assert [name for name in SHOWN if name not in METRICS] in ([], ["paid_fork_us"])
    assert set(MEMORY) <= set(SHOWN)


def test_a_deviation_is_that_of_repeats_one_by_one_since_each_has_its_moment_and_its_layout():
    def figure(*pairs):
        return compared("shared", [({"fork_us": told}, {"fork_us": metered}) for told, metered in pairs])[0]

    in_turns = figure((1.0, 1.0), (1.5, 1.4), (1.3, 1.5))
    assert (in_turns.told, in_turns.metered, in_turns.deviation) == (1.3, 1.4, 0.0)
    assert figure((2.0, 2.5), (None, 9.0), (7.0, None)).ratios == (0.8,)
    assert figure((None, 9.0), (7.0, None)).ratios == ()


def test_a_figure_whose_repeats_contradict_each_other_is_neither_a_mistake_nor_in_agreement():
    def found(*ratios):
        return Figure("merge", "fork_us", 1.0, 1.0, len(ratios), ratios=ratios)

    bursts = found(0.61, 0.98, 0.62, 1.01, 0.75)
    assert (bursts.verdict, bursts.is_judged) == (UNSETTLED, True)
    assert summary_of([bursts]) == "0 of 1 figures within 5 %, median deviation 25 %"
    # Of a mistake every repeat tells, and two speeds of the machine around it make none of them agree.
    assert found(1.2, 1.21, 1.19).verdict == found(0.6, 1.21, 1.3).verdict == "OFF"
    assert found(1.2).verdict == "OFF"
    # What the middle repeat settles is settled, however far the others are.
    assert found(0.6, 1.01, 1.02).verdict == "agrees"
    assert found(1.0, 1.1, 1.1).verdict == "near"
    # Bytes are the same at any speed.
    assert Figure("merge", "fork_bytes", 1.0, 1.0, 3, ratios=(0.6, 0.62, 1.0)).verdict == "OFF"


def test_times_are_of_repeats_in_which_the_machine_was_at_its_full_speed_under_both():
    def figure(metric, *repeats):
        pairs = [
            (
                {metric: told, "floor_us": fast, "pace_us": 3.0},
                {metric: metered, "floor_us": other, "pace_us": 3.0},
            )
            for told, fast, metered, other in repeats
        ]
        return next(one for one in compared("merge", pairs) if one.metric == metric)

    told_slow, metered_slow = (1.7, 0.24, 1.0, 17.0), (1.0, 0.17, 1.6, 24.0)
    both_slow, both_fast = (1.3, 0.24, 1.7, 24.0), (1.02, 0.17, 1.0, 17.0)
    found = figure("fork_us", told_slow, metered_slow, both_slow, both_fast)
    assert (found.deviation, found.told, found.repeats) == (0.02, 1.02, 1)
    # A little slower is corrected by what the pace says, on either side.
    a_little = [(1.02 * 1.08, 0.17 * 1.08, 1.0, 17.0), (1.02 * 0.9, 0.17, 0.9 * 1.05, 17.0 * 1.05)]
    assert figure("fork_us", both_fast, *a_little).deviations == pytest.approx([0.02] * 3, abs=1e-5)
    # Of none: all of them are shown, and nothing is told.
    never = figure("fork_us", told_slow, metered_slow)
    assert (never.ratios, never.verdict, never.is_judged) == ((1.7, 1 / 1.6), UNSETTLED, False)
    assert summary_of([found, never]) == "1 of 1 figures within 5 %, median deviation 2 %, 1 cannot be told"
    # What failed in the meter has no pace, and takes the place of none that has.
    pairs = [
        ({"fork_us": 1.7, "floor_us": 0.24}, {"fork_us": 1.0, "floor_us": 17.0}),
        ({"fork_us": 1.0, "floor_us": 0.17}, {}),
    ]
    assert (compared("merge", pairs)[0].metered, compared("merge", pairs)[0].verdict) == (1.0, UNSETTLED)
    # The pace of the price is none of another figure, and bytes have none.
    assert figure("fork_bytes", told_slow, metered_slow, both_fast).repeats == 3
    assert compared("merge", [({"wall_s": 1.0}, {"wall_s": 1.0})] * 2)[0].repeats == 2


def test_what_a_run_paid_is_told_by_three_repeats_at_full_speed_whose_meter_came_to_its_end():
    def figure(quick, failed=0):
        fast = (
            {"paid_fork_us": 10.2, "pace_us": 20.0},
            {"paid_fork_us": 10.0, "pace_us": 20.0, "forks": 10_000},
        )
        slow = (
            {"paid_fork_us": 18.0, "pace_us": 33.0},
            {"paid_fork_us": 11.0, "pace_us": 30.0, "forks": 10_000},
        )
        pairs = [fast] * quick + [(fast[0], {"pace_us": 20.0})] * failed + [slow] * 3
        return next(one for one in compared("pickle", pairs) if one.metric == "paid_fork_us")

    assert (figure(3).verdict, figure(3).deviation, figure(3).repeats) == ("agrees", 0.02, 3)
    assert [(one.verdict, one.is_open, one.repeats) for one in (figure(2), figure(2, failed=1))] == [
        (UNSETTLED, True, 5),
        (UNSETTLED, True, 6),
    ]


def test_a_strategy_that_was_slow_in_all_of_its_repeats_is_known_by_the_others():
    def repeats(told, floor, metered=1.0, other=17.0):
        return [({"fork_us": told, "floor_us": floor}, {"fork_us": metered, "floor_us": other})] * 3

    slow, cold, quick = repeats(1.6, 0.25), repeats(1.02, 0.162), repeats(1.0, 0.16)
    assert compared("merge", slow)[0].verdict == "OFF"
    assert compared("merge", slow, others=[quick])[0].verdict == UNSETTLED
    assert compared("pickle", cold, others=[quick, slow])[0].verdict == "agrees"
    assert compared("merge", repeats(1.0, 0.16, 1.6, 24.0), others=[quick])[0].verdict == UNSETTLED
    assert compared("merge", quick, others=[[({}, {})]])[0].verdict == "agrees"


def test_what_cannot_be_told_is_no_alarm_and_says_how_far_its_repeats_are_apart():
    found = Verification([Figure("merge", "fork_us", 1.0, 1.3, 3, ratios=(0.6, 0.75, 1.01))], ["why not"])

    assert (found.off, found.unsettled) == ([], list(found.figures))
    assert [*map(len, (found.doubts, found.reasons))] == [2, 1]
    assert "merge fork_us: its repeats are -40.0 % to +1.0 % off" in found.doubts[0]
    text = " ".join(str(found).split())
    assert all(doubt in text for doubt in found.doubts)
    assert max(map(len, str(found).split("\n"))) <= WIDTH
    slow = Verification([Figure("merge", name, 1.6, 1.0, slow=True) for name in ("fork_us", "paid_fork_us")])
    assert slow.off == []
    assert slow.doubts == (
        "cannot tell: the machine was at its full speed in too few repeats; make more of them for: merge fork_us, merge paid_fork_us",
    )
    (row,) = found.frame.itertuples()
    assert (row.deviation, row.lowest, row.highest, row.verdict) == (-0.25, -0.4, 0.01, UNSETTLED)
