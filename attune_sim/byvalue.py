"""Pickling for another process, of what lives in notebooks, tests and files that were executed too.

cloudpickle sends what lives in `__main__` or inside a function by value. What lives in a module that a fresh process could
not import (a test module, a file that was executed) is sent by value here too.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Final

import cloudpickle

_ALONE: Final = threading.RLock()
"""What cloudpickle has been told to send by value is one list for the whole process: a thread that takes its modules off it would
take those of another one."""


@contextmanager
def by_value(modules: Sequence[ModuleType] | None = None) -> Iterator[None]:
    """What is pickled by cloudpickle inside the block takes along what another process would not find.

    `modules` are what `homeless` gave: to look for them takes milliseconds.
    """
    with _ALONE:
        known = cloudpickle.list_registry_pickle_by_value()
        wanted = homeless() if modules is None else modules
        mine = [one for one in wanted if one.__name__ not in known and sys.modules.get(one.__name__) is one]
        for module in mine:
            cloudpickle.register_pickle_by_value(module)
        try:
            yield
        finally:
            for module in mine:
                if module.__name__ in cloudpickle.list_registry_pickle_by_value():
                    cloudpickle.unregister_pickle_by_value(module)


def search_path() -> list[str]:
    """Where a worker looks for modules: where this process does."""
    return [entry or os.getcwd() for entry in sys.path]


def homeless() -> list[ModuleType]:
    """Loaded modules that a fresh process would not find under their name."""
    folders = set(search_path())
    registered = cloudpickle.list_registry_pickle_by_value()
    return [
        module
        for name, module in sys.modules.copy().items()  # one step: making pairs may let another thread import
        if isinstance(module, ModuleType)
        and name not in ("__main__", "__mp_main__")
        and module.__name__ == name  # an alias: its own name is in the list too
        and name not in registered
        and not _is_importable(name, module, folders)
    ]


def _is_importable(name: str, module: ModuleType, folders: set[str]) -> bool:
    file = getattr(module, "__file__", None)
    if file is None:
        return True  # built in, frozen, or a namespace: never what a user's function lives in
    stem = file.partition(".")[0] if os.sep not in file else os.path.splitext(file)[0].removesuffix(".abi3")
    place = stem.removesuffix(f"{os.sep}__init__").partition(".cpython-")[0]
    tail = os.sep + name.replace(".", os.sep)
    in_place = place.endswith(tail) and place.removesuffix(tail) in folders and not _is_hidden(name)
    return in_place or _is_found(name, file)


def _is_hidden(name: str) -> bool:
    """Whether the folder that holds a module is no package, and some package of that name elsewhere is found before it: libraries
    there are that install a package `tests` of their own."""
    top = name.partition(".")[0]
    if top == name or getattr(sys.modules.get(top), "__file__", None) is not None:
        return False
    spec = _spec_of(top)
    return spec is not None and spec.origin is not None


def _is_found(name: str, file: str) -> bool:
    """The slow way: ask the finders for the top-level name."""
    spec = _spec_of(name.partition(".")[0])
    if spec is None:
        return False
    folders = spec.submodule_search_locations or ()
    return spec.origin == file or any(file.startswith(folder + os.sep) for folder in folders)


def _spec_of(top: str) -> ModuleSpec | None:
    """What the finders find under a top-level name, as a fresh process would."""
    for finder in sys.meta_path:
        try:
            spec = finder.find_spec(top, None)
        except (ImportError, ValueError, AttributeError):
            continue
        if spec is not None:
            return spec
    return None
