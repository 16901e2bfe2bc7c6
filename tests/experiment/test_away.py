"""Which workers of a cluster may run cells, and how many at once."""

import pytest

pytest.importorskip("distributed")

from attune_sim.errors import InputError
from attune_sim.experiment.away import Place, require_alike, require_exclusive, require_room

MIB = 2**20


def place(
    machine: str = "a",
    *,
    available: int = 4_096 * MIB,
    threads: int = 1,
    python: str = "3.13.0",
    **has: float,
):
    return Place(machine, available, threads, "1.0", python, has)


def test_a_machine_runs_as_many_cells_as_its_workers_have_threads_if_all_their_limits_fit():
    places = {"w1": place("a", threads=2), "w2": place("a"), "w3": place("b")}

    assert require_room(places, 1_024 * MIB, alone=False) == 4
    with pytest.raises(
        InputError, match=r"3 cells beside each other .* of 2 GiB, may take more than the 4 GiB"
    ):
        require_room(places, 2_048 * MIB, alone=False)


def test_an_exclusive_worker_runs_one_cell_whatever_its_threads():
    assert require_room({"w1": place("a", threads=8, slot=1)}, 2_048 * MIB, alone=True) == 1


@pytest.mark.parametrize(
    ("places", "why"),
    [
        ({"w1": place("a")}, "no worker has the resources slot=1; start one a machine with: dask worker"),
        ({"w1": place("a", slot=2)}, "w1 has the resources slot=1 more than once"),
        ({"w1": place("a", slot=1), "w2": place("a")}, "w1 shares its machine with 1 other worker"),
        ({"w1": place("a", slot=1), "w2": place("a", slot=1)}, "w1 shares its machine with 1 other worker"),
    ],
)
def test_a_worker_that_is_not_alone_is_told(places, why):
    asked = {"slot": 1.0}
    with pytest.raises(InputError, match=why):
        require_exclusive(places, {at: one for at, one in places.items() if one.has(asked)}, asked)


def test_workers_on_machines_of_their_own_are_exclusive():
    places = {"w1": place("a", slot=1), "w2": place("b", slot=1), "w3": place("c"), "w4": place("c")}

    require_exclusive(places, {at: places[at] for at in ("w1", "w2")}, {"slot": 1.0})


def test_another_python_measures_other_code():
    with pytest.raises(InputError, match=r"the worker w1 has attune-sim 1.0 on Python 3.13.0, this process"):
        require_alike({"w1": place()})
