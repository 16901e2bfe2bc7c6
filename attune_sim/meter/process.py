"""The parent's side of the meter: a fresh process for each order, with the hash seed that the cell had."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence

from attune_sim.meter.order import Kind
from attune_sim.meter.timed import Figures

Taken = tuple[Figures, str]
"""Figures, and why there are none."""


def taken(order: str, kind: Kind, *, path: Sequence[str], hash_seed: int, seconds: float) -> Taken:
    """Figures of a pickled order in base64, taken by a process that looks for modules in `path`; after `seconds` it is
    ended. What goes wrong there is a reason, never an exception."""
    env = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": os.pathsep.join(path)}
    command = [sys.executable, "-P", "-m", "attune_sim.meter.worker"]
    asked = json.dumps({"kind": kind, "order": order, "seconds": max(1, round(seconds) + 1)})
    try:
        done = subprocess.run(command, input=asked.encode(), capture_output=True, env=env, timeout=seconds)
    except subprocess.TimeoutExpired:
        return {}, f"took more than {seconds:g} s"
    if done.returncode == 0:
        return json.loads(done.stdout), ""
    lines = done.stderr.decode("utf-8", "replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), f"exit code {done.returncode}")
    return {}, last[:200]
