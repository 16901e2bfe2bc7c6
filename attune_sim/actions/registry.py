"""Which callable an action ref names. Packs are merged explicitly; what comes later wins.

An action is any callable that takes a task's rendered input as keyword arguments and returns its result; coroutine
functions are awaited by executors that can. It fails by raising `attune_sim.errors.ActionError` (any other exception
fails it too) and runs out of time by raising `ActionTimeout`.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from os import PathLike
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from attune_sim.display import Displayed
from attune_sim.errors import InputError, UnknownNameError
from attune_sim.files import content

Action = Callable[..., Any]

SHOWN: Final = 5
"""Refs that a repr names."""

MAX_BYTES: Final = 1 << 24
"""The longest file of actions."""


class Actions(Displayed, Mapping[str, Action]):
    """Action refs and their callables, read-only. `closed()` gives back what packs opened (connections).

    >>> from attune_sim.actions import core
    >>> actions = Actions(core.pack(), {"mine.double": lambda n: n * 2})
    >>> actions["mine.double"](n=4), "core.noop" in actions
    (8, True)
    >>> actions["core.nop"]
    Traceback (most recent call last):
        ...
    attune_sim.errors.UnknownNameError: unknown action 'core.nop' (did you mean 'core.noop'?); choose from: ...
    """

    __slots__ = ("_by_ref",)

    def __init__(self, *packs: Mapping[str, Action]) -> None:
        self._by_ref: dict[str, Action] = {}
        for pack in packs:
            self._by_ref.update(_checked(pack, "actions"))

    def extended(self, more: Mapping[str, Action]) -> Actions:
        """These actions and `more`, whose refs win."""
        return Actions(self, more)

    def __getitem__(self, ref: str) -> Action:
        if ref not in self._by_ref:
            raise UnknownNameError("action", ref, sorted(self._by_ref))
        return self._by_ref[ref]

    def get(self, ref: str, default: Any = None) -> Any:
        return self._by_ref.get(ref, default)

    def __contains__(self, ref: object) -> bool:
        return ref in self._by_ref

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_ref)

    def __len__(self) -> int:
        return len(self._by_ref)

    def __repr__(self) -> str:
        refs = sorted(self._by_ref)
        more = f" and {len(refs) - SHOWN:,} more" if len(refs) > SHOWN else ""
        return f"<Actions: {', '.join(refs[:SHOWN])}{more}>"

    def closed(self) -> closing[Actions]:
        """A block after which every pack has closed its connections; they open again when used again."""
        return closing(self)

    def close(self) -> None:
        """Close the connections that the packs hold."""
        owners = (getattr(action, "__self__", None) for action in self.values())
        for owner in {id(owner): owner for owner in owners}.values():
            if callable(close := getattr(owner, "close", None)):
                close()


def standard() -> Actions:
    """A fresh set of all packs that come with attune-sim, with connections of their own."""
    from attune_sim.actions import cloud, core, logs, monitoring, notify, synthetic

    return Actions(core.pack(), cloud.pack(), monitoring.pack(), logs.pack(), notify.pack(), synthetic.pack())


def actions_of(source: Mapping[str, Action] | str | PathLike[str] | None) -> Actions:
    """The standard packs, extended by a mapping or by the functions of a FILE.py; None adds nothing.

    Raises:
        InputError: the mapping holds something that cannot be called, or the file cannot be used.
    """
    return standard().extended(own_actions(source))


def own_actions(source: Mapping[str, Action] | str | PathLike[str] | None) -> Mapping[str, Action]:
    """The same without the standard packs."""
    if source is None or isinstance(source, Mapping):
        return source or {}
    return actions_from_file(source)


def actions_from_file(path: str | PathLike[str]) -> dict[str, Action]:
    """The actions of a user's Python file.

    Every public function that the file defines (sync or async) is an action:

    - `def check(url)` in `mine.py` is found as `mine.check` and as `check`;
    - `def cloud__list_servers()` is found as `cloud.list_servers`: two underscores stand for a dot;
    - a dict `ACTIONS = {"cloud.list_servers": fetch}` names whatever else, and wins.

    Functions that are imported, and those whose name begins with `_`, are not actions.

    Raises:
        InputError: no such file, a file that does not run, or one without any action; the message has file and line.
    """
    if not isinstance(path, str | PathLike):
        raise InputError(
            f"actions are a map of names to functions, or the path of a FILE.py, not {_kind(path)}"
        )
    file = Path(path)
    if file.suffix != ".py":
        raise InputError(f"{file}: actions are read from a Python file; its name must end in .py")
    if not file.is_file():
        raise InputError(f"{file}: there is no such file of actions")
    content(file, MAX_BYTES)
    module = _executed(file)
    named = getattr(module, "ACTIONS", {})
    if not isinstance(named, Mapping):
        raise InputError(f"{file}: ACTIONS must be a dict of action ref -> function, not {_kind(named)}")
    actions = {**_functions(module, file.stem), **_checked(named, f"{file}: ACTIONS")}
    if not actions:
        hint = "define a public function, or ACTIONS = {'pack.name': f}"
        raise InputError(f"{file}: no action found; {hint}")
    return actions


def _functions(module: ModuleType, stem: str) -> dict[str, Action]:
    actions: dict[str, Action] = {}
    for name, value in vars(module).items():
        if name.startswith("_") or not inspect.isfunction(value) or value.__module__ != module.__name__:
            continue
        if "__" in name:
            actions[name.replace("__", ".")] = value
        else:
            actions[name] = actions[f"{stem}.{name}"] = value
    return actions


def _executed(file: Path) -> ModuleType:
    # A name that is not importable makes cloudpickle carry the functions by value into cells; dataclasses in the
    # file look their module up while it runs, hence the entry for that moment.
    name = f"attune_sim_user_actions_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(file.resolve().parent))
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise InputError(f"{file}:{error.lineno}:{error.offset}: not valid Python: {error.msg}") from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise InputError(f"{_place(file, error)}: cannot be run: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(str(file.resolve().parent))
        del sys.modules[name]
    return module


def _place(file: Path, error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(file)]
    return f"{file}:{lines[-1]}" if lines else str(file)


def _checked(pack: Mapping[str, Action], where: str) -> Mapping[str, Action]:
    for ref, action in pack.items():
        if not isinstance(ref, str):
            raise InputError(
                f"{where}: the action ref {ref!r} is {_kind(ref)}; write text such as 'pack.name'"
            )
        if not callable(action):
            raise InputError(f"{where}: {ref!r} is {_kind(action)}, which cannot be called; give a function")
    return pack


def _kind(value: object) -> str:
    return f"a {type(value).__name__}"
