"""The one door to files: what may be read, and what writing leaves behind."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

import attune_sim as at
from attune_sim.actions.script import Script
from attune_sim.errors import ActionError, FileError, InputError
from attune_sim.files import MARK, content, opened, replaced, require_place, write

posix = pytest.mark.skipif(os.name != "posix", reason="pipes and devices of POSIX")
OURS = f"<!-- {MARK} -->\n"


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A pipe that nobody writes to: whoever opens it in the usual way waits without end."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


@posix
@pytest.mark.parametrize(
    "read",
    [
        opened,
        lambda path: next(at.run("baseline", journal=path).starts),
        at.resume,
        at.script_of,
        at.load_comparison,
        at.load,
        Script.read,
        lambda path: at.run("baseline", actions=path.with_suffix(".py")),
    ],
)
def test_a_pipe_is_refused_and_not_waited_for(pipe: Path, read) -> None:
    pipe.with_suffix(".py").symlink_to(pipe)

    with pytest.raises(InputError, match=r"not a regular file|there is no such"):
        read(pipe)


@posix
@pytest.mark.parametrize("action", ["logs.aggregate", "notify.fetch"])
def test_an_action_does_not_wait_for_a_pipe_or_read_a_device_without_end(pipe: Path, action: str) -> None:
    from attune_sim.actions.registry import standard

    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(ActionError, match="it is not a regular file"):
            standard()[action](file=str(path))


@posix
def test_a_device_without_end_is_no_journal_and_no_script() -> None:
    for read in (at.resume, at.script_of, Script.read):
        with pytest.raises(InputError, match="it is not a regular file"):
            read("/dev/zero")


def test_a_file_is_read_up_to_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"12345")

    assert content(path, 5) == b"12345"
    with pytest.raises(FileError, match=r"a\.txt: cannot be read: it has more than 4 bytes"):
        content(path, 4)


def test_an_endless_script_and_an_endless_file_of_actions_are_refused_by_their_size(tmp_path: Path) -> None:
    for name in ("large.yaml", "large.py"):
        with open(tmp_path / name, "wb") as file:
            file.truncate(1 << 40)  # of holes: it takes no room

    with pytest.raises(InputError, match="has more than"):
        Script.read(tmp_path / "large.yaml")
    with pytest.raises(InputError, match="has more than"):
        at.run("baseline", actions=tmp_path / "large.py")


def test_what_attune_sim_wrote_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.html"

    assert write(path, OURS + "one") == str(path)
    write(path, OURS + "two")
    assert path.read_text() == OURS + "two"
    assert list(path.parent.iterdir()) == [path]


def test_what_somebody_else_wrote_is_replaced_only_by_force(tmp_path: Path) -> None:
    path = tmp_path / "thesis.html"
    path.write_text("<p>three years of work</p>")

    for refused in (require_place, lambda place: write(place, OURS)):
        with pytest.raises(
            FileError, match=r"thesis\.html: is there already, and attune-sim did not write it"
        ):
            refused(path)
    assert path.read_text() == "<p>three years of work</p>"

    write(path, OURS, force=True)
    assert path.read_text() == OURS


def test_an_empty_file_holds_nothing_that_could_be_lost(tmp_path: Path) -> None:
    (tmp_path / "a.md").touch()

    write(tmp_path / "a.md", OURS)
    assert (tmp_path / "a.md").read_text() == OURS


def test_a_file_keeps_its_rights_and_a_new_one_has_those_of_the_user(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.touch(0o600)
    path.chmod(0o640)

    write(path, OURS)
    write(tmp_path / "b.md", OURS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    before = os.umask(0)
    os.umask(before)
    assert stat.S_IMODE((tmp_path / "b.md").stat().st_mode) == 0o666 & ~before


def test_a_link_leads_to_the_file_that_is_written(tmp_path: Path) -> None:
    (tmp_path / "latest.md").symlink_to(tmp_path / "a.md")

    write(tmp_path / "latest.md", OURS)
    assert (tmp_path / "a.md").read_text() == OURS
    assert (tmp_path / "latest.md").is_symlink()


def test_what_breaks_off_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("before")

    def broken_off() -> None:
        with replaced(path) as file:
            file.write("half of ")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken_off()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_half_a_letter_is_written_escaped(tmp_path: Path) -> None:
    write(tmp_path / "a.md", OURS + "\ud83d")

    assert (tmp_path / "a.md").read_text() == OURS + "\\ud83d"


@posix
def test_a_full_disk_leaves_the_former_report(tmp_path: Path) -> None:
    import resource
    import signal

    path = tmp_path / "a.md"
    write(path, OURS)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        with pytest.raises(FileError, match=r"a\.md: cannot be written: File too large"):
            write(path, OURS + "x" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_text() == OURS
    assert list(tmp_path.iterdir()) == [path]


def test_every_report_says_that_attune_sim_wrote_it(tmp_path: Path) -> None:
    run = at.run("baseline")
    for name in ("a.html", "a.htm", "a.md"):
        assert run.report(run.report(tmp_path / name)) == str(tmp_path / name)

    (tmp_path / "a.md").write_text("# Mine\n")
    with pytest.raises(InputError, match=r"replace it with force=True"):
        run.report(tmp_path / "a.md")
    run.report(tmp_path / "a.md", force=True)
    assert "# Mine" not in (tmp_path / "a.md").read_text()
