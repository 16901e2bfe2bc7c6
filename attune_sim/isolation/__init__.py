"""Does any action write into what it was handed? Only then does it matter whether items are isolated."""

from attune_sim.isolation.findings import Isolation, Leak
from attune_sim.isolation.looks import Change, difference
from attune_sim.isolation.watch import watch_isolation

__all__ = ["Change", "Isolation", "Leak", "difference", "watch_isolation"]
