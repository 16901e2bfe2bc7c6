"""What is different in a notebook: how things are shown, and what its cells are called."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any

from attune_sim.errors import InputError


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook (and IPython is therefore loaded)."""
    shell = _shell()
    return shell is not None and type(shell).__name__ == "ZMQInteractiveShell"


class InPlace:
    """One output of a cell, updated in place: notes that stay, and below them a line that is told again and again. Its last
    state is what a saved notebook keeps."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._notes: list[str] = []
        self._line = ""

    @property
    def is_shown(self) -> bool:
        return self._handle is not None

    def note(self, text: str) -> None:
        """A line that stays."""
        self._notes.append(text)
        self._update()

    def show(self, text: str) -> None:
        """In place of the line that it showed before."""
        self._line = text
        self._update()

    def _update(self) -> None:
        from IPython.display import display

        shown = {"text/plain": "\n".join(filter(None, [*self._notes, self._line]))}
        if self._handle is None:
            self._handle = display(shown, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(shown, raw=True)

    def __repr__(self) -> str:
        return "<InPlace: shown>" if self.is_shown else "<InPlace: nothing shown yet>"


def file_shown(file: str) -> str:
    """A file of code as people know it: `Cell In[3]` of a notebook, else a path, from here if it is below.

    >>> file_shown(os.path.abspath("actions.py")), file_shown("/elsewhere/actions.py")
    ('actions.py', '/elsewhere/actions.py')
    """
    shell = _shell()
    named = None if shell is None else shell.compile.format_code_name(file)
    if named is not None:
        return " ".join(named)
    here = os.getcwd() + os.sep
    return file.removeprefix(here)


def load_behind_the_cell() -> None:
    """Load every public name when the cell that is running has ended.

    Completion tells of what kind a name is, and its signature, only if it knows within a fraction of a second: it does not
    wait for what has to be loaded first.
    """
    shell = _shell()
    if shell is None:
        return
    _show_classes(shell.display_formatter)

    def load(result: object) -> None:
        shell.events.unregister("post_run_cell", load)
        import attune_sim

        for name in attune_sim.__all__:
            getattr(attune_sim, name)
        for name in attune_sim.strategies:
            with suppress(InputError):  # an outsider's that cannot be loaded is told of when it is asked for
                attune_sim.strategies[name]

    shell.events.register("post_run_cell", load)


def _show_classes(display: Any) -> None:
    """Let classes of strategies be shown with what they promise, and all others as ever.

    A notebook asks a class for no rich form: what it has there is that of its instances.
    """
    text = display.formatters["text/plain"]
    as_ever = text.for_type(type)

    def line(kind: type, printer: Any, cycle: bool) -> None:
        shown = shown_class(kind)
        if shown is None:
            as_ever(kind, printer, cycle)
        else:
            printer.text(shown["text/plain"])

    text.for_type(type, line)
    display.mimebundle_formatter.for_type(type, shown_class)


def shown_class(kind: type) -> dict[str, str] | None:
    """How a notebook shows a class: one of context strategies with what it promises, any other as ever (None)."""
    if not hasattr(kind, "guarantees"):
        return None
    from attune_sim.api.showing.rich import strategy_bundle

    return strategy_bundle(kind)


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()
