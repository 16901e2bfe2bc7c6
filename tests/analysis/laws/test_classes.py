"""The class of a cost: what was planted is found, and what is none of the classes is called none."""

from math import log2, sqrt

import pytest

from attune_sim.analysis.laws import fits_of


def law_of(frame, metric):
    [(_, fit)] = [(key, fit) for key, fit in fits_of(frame, [metric]).items() if key[1] == metric]
    return fit.law


@pytest.mark.slow
@pytest.mark.parametrize(
    ("metric", "noise", "scale"),
    [("live_heap_bytes", 0.005, 1.0), ("allocated_blocks", 0.002, 1.0), ("wall_s", 0.1, 1e-6)],
)
def test_each_class_is_found_twenty_times_of_twenty(planted, planted_class, metric, noise, scale):
    law, cost = planted_class
    frames = [
        planted(lambda n, c: scale * cost(n, c), metric=metric, noise=noise, seed=seed) for seed in range(20)
    ]

    assert [law_of(frame, metric) for frame in frames] == [law] * 20


@pytest.mark.slow
@pytest.mark.parametrize(("metric", "noise"), [("fork_us", 0.1), ("fork_bytes", 0.002)])
@pytest.mark.parametrize(
    ("law", "cost"),
    [
        ("O(1)", lambda n, c: 400.0),
        ("O(C)", lambda n, c: 400.0 + 2.1 * c),
        ("O(N)", lambda n, c: 20.0 + 2.1 * n),
    ],
)
def test_the_price_of_one_item_has_a_class_too(planted, metric, noise, law, cost):
    frames = [planted(cost, metric=metric, noise=noise, seed=seed) for seed in range(20)]

    assert [law_of(frame, metric) for frame in frames] == [law] * 20


WIDE = {
    "items alone": [(n, 50_000) for n in (64, 256, 1_024, 4_096, 16_384)],
    "items and context": [(n, c) for n in (64, 1_024, 16_384) for c in (3_000, 12_000, 48_000)],
    "many items, two contexts": [(n, c) for n in (64, 256, 1_024, 4_096, 16_384) for c in (3_000, 48_000)],
}


@pytest.mark.slow
@pytest.mark.parametrize("sizes", WIDE.values(), ids=WIDE)
@pytest.mark.parametrize("metric", ["live_heap_bytes", "allocated_blocks"])
@pytest.mark.parametrize(
    "cost",
    [
        lambda n, c: 50 * n * log2(n),
        lambda n, c: 20_000 + 50 * n * log2(n),
        lambda n, c: 0.1 * c * n * log2(n),
        lambda n, c: 3 * n * n,
        lambda n, c: 50_000 * sqrt(n),
    ],
    ids=["N log N", "1 + N log N", "C N log N", "N*N", "root of N"],
)
def test_what_grows_otherwise_is_none_of_them(planted, sizes, metric, cost):
    laws = [law_of(planted(cost, metric=metric, sizes=sizes, noise=0.003, seed=s), metric) for s in range(20)]

    assert laws == ["none"] * 20


def test_too_few_sizes_have_no_law(planted):
    frame = planted(lambda n, c: 400.0 * n, sizes=[(300, 5_000), (900, 5_000), (2_700, 5_000)], repeats=8)

    assert law_of(frame, "live_heap_bytes") == "none"


def test_a_few_bytes_that_come_and_go_are_no_curve(planted):
    frame = planted(lambda n, c: 8.0 if n == 900 else 1.0, metric="record_bytes")

    assert law_of(frame, "record_bytes") == "O(1)"
