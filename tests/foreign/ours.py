"""A context strategy of the shop's own. The variable of the environment `PLANT` makes it worse in one of four ways."""

import copy
import os
from itertools import repeat

import attune_sim as at
from attune_sim.scope import MISSING

PLANT = os.environ.get("PLANT", "")
TURNS = 150 if PLANT != "slower" else 175
"""Turns of an empty loop, for the work that a fork of a real engine does; a sixth more of them makes it some 10 % slower."""


class Fork:
    """One item, with the context that all items read."""

    __slots__ = ("ballast", "index", "item", "namespaces")

    def __init__(self, namespaces, item, index):
        self.namespaces, self.item, self.index = namespaces, item, index
        self.ballast = bytes(31 if PLANT == "bytes" else 0)  # 33 bytes of an object, and 31 in it
        for _ in repeat(None, TURNS):
            pass

    def resolve(self, name):
        if name in ("item", "index"):
            return getattr(self, name)
        return self.namespaces.get(name, MISSING)


class Forker:
    def __init__(self, namespaces):
        self.namespaces = namespaces

    def fork(self, item, index):
        return Fork(copy.deepcopy(self.namespaces) if PLANT == "copy" else self.namespaces, item, index)

    def fork_plain(self):
        return Fork(self.namespaces, MISSING, MISSING)


class Context(dict):
    def resolve(self, name):
        return self.get(name, MISSING)


class Ours:
    name = "ours"
    guarantees = at.Guarantees(isolated_items=PLANT == "promise", isolated_nested=False)

    def begin(self, namespaces):
        return Context(namespaces)

    def publish(self, context, values):
        return Context({**context, "workflow": {**context["workflow"], **values}})

    def store(self, context, task, result):
        return Context({**context, "task": {**context["task"], task: result}})

    def fan_out(self, context, reads):
        return Forker(context)
