"""What is sent and what is not: pieces go once, secrets never, and what cannot be sent is named."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.contexts.registry import strategies
from attune_sim.executors.dask.parcels import Pieces, packed, shown_in, unpacked, where_it_fails
from attune_sim.executors.dask.posts import Pace
from attune_sim.secrecy.secrets import Secrets

NOTHING = Secrets({})
ROWS = [{"n": n, "text": f"text of row {n}"} for n in range(100)]


def context_of(strategy, **results):
    context = strategy.begin({"parameters": {"region": "eu"}, "workflow": {}, "task": {}})
    for name, result in results.items():
        context = strategy.store(context, name, result)
    return context


class Worker:
    """Opens parcels as a desk does, over what it was brought."""

    def __init__(self):
        self.data, self.values = {}, {}

    def bring(self, parcel, pieces):
        """The bytes that it had not yet."""
        new = {key: pieces.parcels[key].data for key in parcel.needs if key not in self.data}
        self.data.update(new)
        return sum(map(len, new.values())) + len(parcel.data)

    def piece(self, key):
        if key not in self.values:
            self.values[key] = unpacked(self.data[key], NOTHING, self.piece)
        return self.values[key]

    def open(self, parcel):
        return unpacked(parcel.data, NOTHING, self.piece)


@pytest.mark.parametrize("name", [name for name in strategies if not strategies[name]().sends_forks])
def test_a_second_fan_out_sends_only_what_is_new(name):
    strategy, pieces, worker = strategies[name](), Pieces(NOTHING), Worker()
    context = context_of(strategy, first=ROWS)
    sent = []
    for more in ("second", "third"):
        pieces.note(context)
        reads = frozenset({("task", "first"), ("parameters", "region")})
        parcel = packed(strategy.fan_out(context, reads), NOTHING, pieces)
        sent.append(worker.bring(parcel, pieces))
        fork = worker.open(parcel).fork("item", 0)
        assert [row["n"] for row in fork.resolve("task")["first"]] == list(range(100))
        assert fork.resolve("parameters")["region"] == "eu"
        context = strategy.store(context, more, {"small": 1})

    assert sent[0] > 2_000
    assert sent[1] < 1_000


def test_a_value_that_two_places_hold_is_one_piece_and_one_object_where_it_arrives():
    strategy, pieces, worker = strategies["shared"](), Pieces(NOTHING), Worker()
    context = strategy.publish(
        context_of(strategy, first=ROWS), {"rows": ROWS, "both": {"rows": ROWS, "pad": "y" * 600}}
    )
    pieces.note(context)
    parcel = packed(strategy.fan_out(context, None), NOTHING, pieces)
    worker.bring(parcel, pieces)
    fork = worker.open(parcel).fork(None, 0)

    assert len(parcel.needs) == 2
    variables = fork.resolve("workflow")
    assert variables["rows"] is fork.resolve("task")["first"] is variables["both"]["rows"]


TEXTS = st.text(min_size=4, max_size=12)
VALUES = st.recursive(
    TEXTS | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(value=VALUES, secret=TEXTS, before=st.text(max_size=3))
def test_whatever_holds_a_secret_arrives_as_it_was_and_travels_without_it(value, secret, before):
    secrets = Secrets({"keystore.api": secret})
    whole = [value, secret, {"line": f"{before}{secret}", secret: 1}]
    parcel = packed(whole, secrets)

    assert unpacked(parcel.data, secrets) == whole
    if secret.isprintable() and secret not in "keystore.api secret line" and len(secret) > 5:
        assert secret.encode() not in parcel.data


def test_a_secret_inside_of_bytes_is_seen():
    secrets = Secrets({"keystore.api": "correct-horse"})

    assert shown_in(packed([b"<correct-horse>"], secrets).data, secrets) == "keystore.api"
    assert shown_in(packed(["<correct-horse>"], secrets).data, secrets) is None


class Holder:
    def __init__(self, inner):
        self.inner = inner


def test_what_cannot_be_sent_is_named_by_its_path():
    lock = threading.Lock()
    reason = "TypeError: cannot pickle '_thread.lock' object"

    assert where_it_fails("action", lambda: lock) == f"action.lock: {reason}"
    assert where_it_fails("a", {"b": [1, Holder({"c": lock})]}) == f"a.b[1].inner.c: {reason}"
    assert where_it_fails("method", Holder(lock).__init__) == f"method.__self__.inner: {reason}"


def test_a_batch_is_some_milliseconds_of_work_and_no_more_bytes_than_are_good():
    pace = Pace()
    assert pace.batch == 1
    pace.note_time(0.001)
    assert pace.batch == 50
    pace.note_bytes(1_000_000)
    assert pace.batch == 4
    pace.note_time(60.0)
    assert pace.batch == 1
