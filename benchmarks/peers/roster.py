"""The peers: what each needs in its environment and which variants of the fan-out it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Peer:
    """`requirements` empty: this project's interpreter. `python`: the version that the peer is bound to."""

    name: str
    runner: str
    variants: tuple[str, ...]
    requirements: tuple[str, ...] = ()
    python: str | None = None


PEERS: Final = (
    Peer("bare", "with_bare.py", ("loop", "jinja2")),
    Peer("attune-sim", "with_attune_sim.py", ("shared", "projected", "deepcopy")),
    Peer("pypyr", "with_pypyr.py", ("foreach",), ("pypyr==5.9.1",)),
    Peer(
        "orquesta",
        "with_orquesta.py",
        ("unlimited", "concurrency_10"),
        ("orquesta==1.2.0", "ujson==5.10.0", "jinja2==3.1.6"),
        python="3.8",  # its pinned networkx 1.11 imports nothing newer
    ),
    Peer("spiffworkflow", "with_spiff.py", ("parallel", "sequential"), ("SpiffWorkflow==3.2.0",)),
    Peer(
        "langgraph",
        "with_langgraph.py",
        ("send", "send_item", "checkpointer", "checkpointer_item"),
        ("langgraph==1.2.24", "langgraph-checkpoint==4.3.2"),
    ),
    Peer("dask", "with_dask.py", ("closure", "scatter"), ("dask==2026.8.0", "distributed==2026.8.0")),
    # This Prefect does not start with the newest fastapi.
    Peer("prefect", "with_prefect.py", ("unmapped", "quoted"), ("prefect==3.8.8", "fastapi==0.139.0")),
)
