"""The store of the benchmark beside the independent meter: what was seen at a place is there again when it is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def bench(script: Callable[[str], Any]) -> Any:
    return script("bench_verify")


def test_a_place_that_was_kept_is_there_again_and_is_judged_anew(bench, tmp_path):
    file = tmp_path / "new" / "store.jsonl"
    place = bench.Place(pairs={"shared": [({"fork_us": 1.0, "fork_bytes": 104.0}, {"fork_bytes": 104.0})]})
    bench.Kept(file).add("here", place)
    bench.Kept(file).add("there", bench.Place(reasons=["why not"]))

    again = bench.Kept(file).places
    assert list(again) == ["here", "there"]
    assert again["there"].verification.reasons == ("why not",)
    (bytes_,) = (one for one in again["here"].verification.figures if one.metric == "fork_bytes")
    assert (bytes_.told, bytes_.verdict) == (104.0, "agrees")


def test_a_store_without_pairs_is_refused(bench, tmp_path):
    file = tmp_path / "store.jsonl"
    file.write_text(json.dumps({"place": "here", "figures": []}) + "\n")

    with pytest.raises(SystemExit, match="give another file"):
        bench.Kept(file)
