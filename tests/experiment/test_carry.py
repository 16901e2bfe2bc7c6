"""What travels to a worker process, wherever it was defined."""

import importlib.util
import subprocess
import sys
import threading

import cloudpickle
import pytest

from attune_sim.byvalue import search_path
from attune_sim.errors import ExperimentError
from attune_sim.experiment.carry import packed, unpacked

CHILD = "import sys; from attune_sim.experiment.carry import unpacked; print(unpacked(sys.stdin.read())(4))"


def called_in_a_child(function):
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=packed(function),
        env={"PYTHONPATH": ":".join(search_path()), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def executed_module(tmp_path, monkeypatch):
    """A module that is loaded from a file whose folder nobody searches."""
    path = tmp_path / "homeless_actions.py"
    path.write_text(
        "FACTOR = 5\n\ndef helper(n):\n    return n * FACTOR\n\ndef act(n):\n    return helper(n)\n"
    )
    spec = importlib.util.spec_from_file_location("homeless_actions", path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "homeless_actions", module)
    spec.loader.exec_module(module)
    return module


def test_a_function_of_a_file_that_was_executed_travels_with_its_helpers(executed_module):
    assert called_in_a_child(executed_module.act) == "20"


def test_a_function_inside_a_function_travels_with_what_it_closes_over():
    amount = 7

    def add(n):
        return n + amount

    assert called_in_a_child(add) == "11"


def test_a_module_whose_folder_is_hidden_by_a_package_of_that_name_travels_by_value(tmp_path, monkeypatch):
    hiding, own = tmp_path / "installed", tmp_path / "own"
    for folder in (hiding / "checks_of_mine", own / "checks_of_mine"):
        folder.mkdir(parents=True)
    (hiding / "checks_of_mine" / "__init__.py").touch()
    path = own / "checks_of_mine" / "actions.py"
    path.write_text("def act(n):\n    return n + 1\n")
    monkeypatch.syspath_prepend(str(hiding))
    monkeypatch.syspath_prepend(str(own))
    spec = importlib.util.spec_from_file_location("checks_of_mine.actions", path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "checks_of_mine.actions", module)
    spec.loader.exec_module(module)
    assert called_in_a_child(module.act) == "5"


def test_packing_leaves_no_trace(executed_module):
    before = set(cloudpickle.list_registry_pickle_by_value())
    packed(executed_module.act)
    assert set(cloudpickle.list_registry_pickle_by_value()) == before


def test_plain_values_come_back():
    assert unpacked(packed({"a": [1, (2, 3)]})) == {"a": [1, (2, 3)]}


def test_what_cannot_travel_is_an_error_that_says_what_to_do():
    with pytest.raises(ExperimentError, match="when they are first used"):
        packed(threading.Lock())


def test_threads_that_pack_at_once_take_nothing_off_each_other(executed_module):
    failed = []

    def pack():
        try:
            for _ in range(30):
                packed(executed_module.act)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=pack) for _ in range(4)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)

    assert failed == []
    assert unpacked(packed(executed_module.act))(4) == 20
