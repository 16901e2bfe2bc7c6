from __future__ import annotations

from pathlib import Path

import pytest

import attune_sim as at
from attune_sim.api.showing.files import report_form
from attune_sim.errors import InputError


@pytest.mark.parametrize("name", [3, None, True, ["run.html"], b"run.html"])
def test_a_report_name_that_is_no_text_and_no_path_is_refused(name) -> None:
    with pytest.raises(InputError, match=f"a text or a path, not a {type(name).__name__}"):
        at.run("baseline").report(name)


def test_an_empty_report_name_is_told_as_such() -> None:
    with pytest.raises(InputError, match=r"^the name of the report is empty$"):
        at.run("baseline").report("")


def test_a_path_object_names_a_report_too() -> None:
    assert report_form(Path("a/run.md")) == "markdown"


def test_an_empty_journal_name_is_told_as_such() -> None:
    with pytest.raises(InputError, match=r"^the name of the file to be written is empty$"):
        at.run("baseline", journal="")
