"""The peers' environments: one venv each, made when it is missing or its requirements have changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from roster import Peer


class Unavailable(Exception):
    """The peer cannot be run here; the message says why."""


def python_for(peer: Peer, folder: Path) -> Path:
    """The interpreter of the peer's environment, which is made in `folder` if need be."""
    if not peer.requirements:
        return Path(sys.executable)
    home = folder / peer.name
    python, stamp = home / "bin" / "python", home / "requirements.txt"
    wanted = "\n".join((f"# python {peer.python or sys.version.split()[0]}", *peer.requirements, ""))
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"{peer.name}: making {home}", file=sys.stderr)
        _tell(
            [base_python(peer.python), "-m", "venv", "--clear", str(home)], f"no environment for {peer.name}"
        )
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _tell([*install, *peer.requirements], f"{peer.name} cannot be installed")
        stamp.write_text(wanted)
    return python


def base_python(version: str | None) -> str:
    """An interpreter of that version: from pyenv, or on PATH; this one if None."""
    if version is None:
        return sys.executable
    for candidate in _candidates(version):
        asked = subprocess.run([candidate, "--version"], capture_output=True, text=True)
        if asked.returncode == 0 and asked.stdout.startswith(f"Python {version}."):
            return candidate
    raise Unavailable(f"needs Python {version}, and there is none under pyenv or on PATH")


def _candidates(version: str) -> Iterator[str]:
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from map(str, sorted(pyenv.glob(f"versions/{version}*/bin/python")))
    if found := shutil.which(f"python{version}"):
        yield found


def _tell(command: list[str], problem: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise Unavailable(f"{problem}: {last}")
