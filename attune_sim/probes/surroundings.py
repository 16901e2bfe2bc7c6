"""What a measurement depends on beside the code: versions, machine, settings. Never a path, never a user's name."""

from __future__ import annotations

import contextlib
import functools
import os
import platform
import subprocess
import sys
import sysconfig
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import psutil

DEPENDENCIES: Final = (
    *("attune-sim", "immutables", "jinja2", "orjson", "pandas", "psutil", "pydantic", "pympler"),
    *("pyrsistent", "rpds-py"),
)


def surroundings(
    *, heap_source: str, clock_floor_us: float, gc_policy: str, commit: str | None
) -> dict[str, Any]:
    """Name -> value, plain JSON. What measuring itself decides (heap source, clock floor, gc policy) is handed in."""
    return {
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "gil": not bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "allocator": os.environ.get("PYTHONMALLOC") or f"pymalloc{'_debug' if sys.flags.dev_mode else ''}",
        **_machine(),
        "versions": _versions(),
        "hash_seed": os.environ.get("PYTHONHASHSEED", "random"),
        "gc": gc_policy,
        "heap_source": heap_source,
        "clock_floor_us": round(clock_floor_us, 4),
        "commit": commit,
    }


def _machine() -> dict[str, Any]:
    return {
        "platform": sys.platform,
        "machine": platform.machine(),
        "kernel": platform.release(),
        "libc": " ".join(platform.libc_ver()).strip() or "unknown",
        "cpu": _cpu_model(),
        "cpus": os.cpu_count() or 1,
        "memory_bytes": psutil.virtual_memory().total,
    }


def _cpu_model() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(errors="replace")
    except OSError:
        return platform.processor() or "unknown"
    names = (line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")


def _versions() -> dict[str, str]:
    versions = {}
    for name in DEPENDENCIES:
        with contextlib.suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions


@functools.cache
def commit_of_package() -> str | None:
    """The commit of the repository that this package lies in, `+` appended where files differ; None outside one."""
    here = Path(__file__).parent
    head = _git(here, "rev-parse", "--short=12", "HEAD")
    if head is None or _git(here, "ls-files", "--error-unmatch", "surroundings.py") is None:
        return None
    return head + ("+" if _git(here, "status", "--porcelain", "--untracked-files=no") else "")


def _git(where: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=where, capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
