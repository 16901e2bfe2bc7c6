"""Workers as they are described and typed, and what of it is refused."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.errors import InputError, UnknownNameError
from attune_sim.executors.timeline import VirtualTimeline
from attune_sim.simulation.workers.crew import Crew, MeanOfTask
from attune_sim.simulation.workers.disciplines import DISCIPLINES
from attune_sim.simulation.workers.reading import EXAMPLE, workers_of, workers_text
from attune_sim.simulation.workers.setting import MOST_PLACES, SHIPS, Workers

SECONDS = st.integers(1, 10**7).map(lambda ms: ms / 1000)
BYTES = st.integers(1, 2**45)
WORKERS = st.builds(
    Workers,
    count=st.integers(1, 1000),
    slots=st.integers(1, 100),
    discipline=st.sampled_from(list(DISCIPLINES)),
    memory_bytes=st.none() | BYTES,
    start_up_s=st.just(0.0) | SECONDS,
    idle_s=st.none() | st.just(0.0) | SECONDS,
    mtbf_s=st.none() | SECONDS,
    repair_s=st.just(0.0) | SECONDS,
    ship=st.sampled_from(SHIPS),
    bandwidth_bytes_s=st.none() | BYTES.map(float),
    delay_s=st.just(0.0) | SECONDS,
)


@given(workers=WORKERS)
def test_the_text_of_workers_is_read_as_the_same_ones(workers):
    assert workers_of(workers_text(workers)) == workers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4", Workers(4)),
        (4, Workers(4)),
        ("4x2", Workers(4, 2)),
        (" 4 x 2 ( LIFO ) ", Workers(4, 2, "lifo")),
        ("1(bandwidth=1MB/s)", Workers(1, bandwidth_bytes_s=1e6)),
        ("1(bandwidth=1MB, start-up=1.5min)", Workers(1, bandwidth_bytes_s=1e6, start_up_s=90.0)),
        ("1(discipline=fair, idle=0)", Workers(1, discipline="fair", idle_s=0.0)),
        (EXAMPLE, Workers(4, 2, "lifo", memory_bytes=2**29, mtbf_s=3600.0, repair_s=300.0)),
        (Workers(3), Workers(3)),
    ],
)
def test_workers_are_read_from_what_people_write(text, expected):
    assert workers_of(text) == expected


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", "a value is missing"),
        ("many", "begin with how many there are"),
        ("-4", "begin with how many there are"),
        ("0", "count is 0; give a whole number of 1 or more"),
        ("4x0", "slots is 0; give a whole number of 1 or more"),
        ("2000x2000", "4,000,000 slots in all; at most 100,000 can be simulated"),
        ("4(lifo, fifo)", "only the discipline has no name"),
        ("4(lifo, discipline=fifo)", "discipline is given twice"),
        ("4(memory=2Gi)", "did you mean 2GiB?"),
        ("4(memory=-1GiB)", "is no number of bytes"),
        ("4(mtbf=0)", "is no time"),
        ("4(delay=fifo(3))", "delay is a value, not fifo(...)"),
        ("4(ship=plane)", "choose from: item, worker"),
        (True, "workers are a number, a text or Workers, not True"),
        (2.5, "workers are a number, a text or Workers, not 2.5"),
        (0, "count is 0"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_write_instead(given, told):
    with pytest.raises(InputError) as raised:
        workers_of(given)
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "guess", "known"),
    [
        ("4(lfo)", "did you mean 'lifo'?", "fifo, lifo, shortest, random, fair"),
        ("4(memry=2GiB)", "did you mean 'memory'?", "discipline, memory, start_up, idle, mtbf"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest_and_all_that_there_are(text, guess, known):
    with pytest.raises(UnknownNameError) as raised:
        workers_of(text)
    assert guess in str(raised.value)
    assert known in str(raised.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("count", 1.0),
        ("slots", True),
        ("memory_bytes", 0),
        ("memory_bytes", "2GiB"),
        ("mtbf_s", 0),
        ("mtbf_s", float("inf")),
        ("repair_s", -1.0),
        ("repair_s", None),
        ("delay_s", float("nan")),
        ("bandwidth_bytes_s", -5),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(field, value):
    with pytest.raises(InputError, match=f"workers: {field} is "):
        Workers(**{"count": 1, field: value})


def test_there_may_be_as_many_slots_as_there_may_be():
    assert Workers(MOST_PLACES // 2, 2).places == MOST_PLACES


def test_a_crew_can_be_sent_to_another_process():
    crew = Crew(Workers(2, discipline="shortest"), expected=MeanOfTask({"check": 0.5}))
    assert pickle.loads(pickle.dumps(crew)) == crew
    assert repr(crew.opened(VirtualTimeline(), 0)) == "<Pool of 2(shortest): 0 waiting, 0 in service>"
