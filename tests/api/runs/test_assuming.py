"""Results that are assumed of a workflow of which nobody gave any."""

from __future__ import annotations

import attune_sim as at
from attune_sim.api.runs.assuming import ITEMS, assumed_script

LISTED = """
version: 1.0.0
tasks:
  - name: listing
    action: mine.listing
    next: [{when: "{{ succeeded() }}", publish: [{total: "{{ result().total }}"}], do: [each]}]
  - name: each
    action: mine.each
    with_items: "{{ task.listing.hosts }}"
    input: {url: "{{ item.address.url }}", total: "{{ total }}"}
"""
GIVEN = """
version: 1.0.0
parameters: {hosts: {type: array}}
tasks:
  - {name: each, action: mine.each, with_items: "{{ parameters.hosts }}", input: {url: "{{ item.url }}"}}
"""


def test_a_run_with_assumed_results_comes_to_its_end():
    for text in (LISTED, GIVEN):
        workflow = at.load(text)
        script = assumed_script(workflow, (), ())
        rehearsal = at.rehearse(workflow, script)
        assert rehearsal.run.status == "succeeded", rehearsal.run.error
        assert rehearsal.run.task_results["each"]["total"] == ITEMS


def test_a_result_has_what_is_read_of_it_and_ten_kilobytes_more():
    listing = assumed_script(at.load(LISTED), (), ())["actions"]["listing"][0]["result"]
    assert listing["content"] == {"shape": "records", "bytes": 10_000}
    assert listing["total"] == "assumed"
    assert listing["hosts"][0] == {"address": {"url": "assumed"}}


def test_what_is_known_is_not_assumed():
    script = assumed_script(at.load(GIVEN), {"mine.each"}, {"hosts"})
    assert script == {"actions": {}}
