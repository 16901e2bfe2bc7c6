"""What is told of a machine, and what is not."""

import getpass
import json
from pathlib import Path

from attune_sim.probes.clock import clock_floor_us
from attune_sim.probes.fake import FakeClock
from attune_sim.probes.surroundings import commit_of_package, surroundings


def test_surroundings_are_plain_json_without_paths_or_user_names():
    found = surroundings(heap_source="x", clock_floor_us=0.0512345, gc_policy="frozen", commit=None)
    text = json.dumps(found)
    assert json.loads(text) == found
    assert str(Path.home()) not in text
    assert "/" not in text.replace("N/A", "")
    assert found["clock_floor_us"] == 0.0512
    assert found["versions"]["pympler"]
    assert getpass.getuser() not in (found["cpu"], found["kernel"])


def test_a_commit_is_short_or_absent():
    commit = commit_of_package()
    assert commit is None or len(commit) in (12, 13)


def test_the_floor_of_a_clock_is_what_two_readings_differ_by():
    assert clock_floor_us(FakeClock(step=0.5), rounds=10) == 500_000.0
    assert clock_floor_us() > 0
