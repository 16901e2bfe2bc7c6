"""`attune-sim notebooks`: what comes along, in a folder of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from attune_sim.cli.app import exit_code
from attune_sim.scenarios.data import notebook_files


def test_every_notebook_is_copied_into_a_new_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "lab"

    assert exit_code(["notebooks", str(folder)]) == 0

    copied = sorted(folder.iterdir())
    assert [path.read_bytes() for path in copied] == [path.read_bytes() for path in notebook_files()]
    assert capsys.readouterr().out.splitlines() == [str(path) for path in copied]


def test_what_is_there_already_is_named_in_one_line_and_nothing_is_copied(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "01_tour.ipynb"
    mine.write_text("mine")

    assert exit_code(["notebooks", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        f"attune-sim: {tmp_path}: 01_tour.ipynb already there, nothing was copied; "
        "give another folder, or --force to replace\n"
    )
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]

    assert exit_code(["notebooks", str(tmp_path), "--force"]) == 0
    assert mine.read_text() == notebook_files()[0].read_text()


def test_a_folder_that_is_a_file_is_one_clear_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()

    assert exit_code(["notebooks", str(tmp_path / "file")]) == 2
    assert "cannot be written" in capsys.readouterr().err
