"""Whatever workers there are and whatever is asked of them: nothing is lost, nothing is served twice, Little's law holds."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from math import inf

from hypothesis import given
from hypothesis import strategies as st

from attune_sim.simulation.workers.cargo import Cargo
from attune_sim.simulation.workers.disciplines import DISCIPLINES
from attune_sim.simulation.workers.setting import Workers

TIMES = st.integers(0, 20).map(float)
WORKERS = st.builds(
    Workers,
    count=st.integers(1, 3),
    slots=st.integers(1, 3),
    discipline=st.sampled_from(list(DISCIPLINES)),
    start_up_s=st.sampled_from([0.0, 0.0, 3.0]),
    idle_s=st.sampled_from([None, 0.0, 2.0]),
    mtbf_s=st.sampled_from([None, 8.0, 100.0]),
    repair_s=st.sampled_from([0.0, 5.0]),
    ship=st.sampled_from(["item", "worker"]),
    bandwidth_bytes_s=st.sampled_from([None, 10.0]),
    delay_s=st.sampled_from([0.0, 0.5]),
)
JOBS = st.lists(st.tuples(TIMES, st.integers(0, 6).map(float), st.integers(0, 2)), max_size=25)
WITHDRAWN = st.dictionaries(st.integers(0, 24), TIMES, max_size=6)


def storm(station, workers, jobs, withdrawn, freight):
    """All of it, with every withdrawal of what has been asked for and has not ended."""
    cargo = (lambda job: Cargo(10.0, 1.0, 30.0, 2.0)) if freight else None
    one = station(workers, seed=3, freight=cargo, expected=lambda job: job.seconds)
    gone = set()

    def withdraw(number):
        if number in one.jobs and number not in one.when("ended"):
            gone.add(number)
            one.pool.withdraw(one.jobs[number])

    for number, (at, seconds, cycle) in enumerate(jobs):
        one.ask(number, seconds, at=at, cycle=cycle)
    for number, at in withdrawn.items():
        one.timeline.at(at, withdraw, number)
    return one.run(), gone


@given(workers=WORKERS, jobs=JOBS, withdrawn=WITHDRAWN, freight=st.booleans())
def test_each_ends_once_or_is_withdrawn_and_the_counts_agree(station, workers, jobs, withdrawn, freight):
    one, gone = storm(station, workers, jobs, withdrawn, freight)
    told = Counter((name, what) for _, name, what in one.lines)
    for number in range(len(jobs)):
        assert told[number, "ended"] == (number not in gone)
        begun_in_vain = told[number, "begun"] - told[number, "lost"] - told[number, "ended"]
        assert begun_in_vain in ((0, 1) if number in gone else (0,))
    assert all(law.holds for law in one.pool.little())
    assert (one.pool.occupancy.waiting, one.pool.occupancy.in_service) == (0, 0)
    assert sum(one.column("attempts")) == sum(told[number, "begun"] for number in range(len(jobs)))
    assert sum(one.column("lost")) == sum(told[number, "lost"] for number in range(len(jobs)))
    assert all(0 <= share <= 1 for share in one.column("utilisation"))


@given(workers=WORKERS, jobs=JOBS)
def test_there_are_never_more_in_service_than_slots_and_none_waits_in_vain(station, workers, jobs):
    one, _ = storm(station, replace(workers, mtbf_s=None, start_up_s=0.0, delay_s=0.0), jobs, {}, False)
    done = serving = 0
    for line, following in pairwise([*one.lines, (inf, None, None)]):
        serving += 1 if line[2] == "begun" else -1
        done += line[2] == "ended"
        assert serving <= workers.places
        if following[0] > line[0] and serving < workers.places:  # the moment is over
            assert done + serving == sum(at <= line[0] for at, _, _ in jobs)


@given(workers=WORKERS, jobs=JOBS, withdrawn=WITHDRAWN)
def test_the_same_seed_gives_the_same_lines(station, workers, jobs, withdrawn):
    first, _ = storm(station, workers, jobs, withdrawn, True)
    again, _ = storm(station, workers, jobs, withdrawn, True)
    assert first.lines == again.lines
    assert str(first.pool.workers()) == str(again.pool.workers())  # as text: NaN is not NaN
