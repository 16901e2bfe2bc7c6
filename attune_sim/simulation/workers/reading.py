"""Workers as they are typed: `4`, `4x2`, `4x2(lifo, memory=512MiB, mtbf=1h, repair=5min)`; and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from attune_sim.amounts import byte_count, second_count, time_text
from attune_sim.errors import InputError, UnknownNameError
from attune_sim.metrics import FACTORS
from attune_sim.simulation.calls import Call, read_call
from attune_sim.simulation.workers.setting import Workers

EXAMPLE: Final = "4x2(lifo, memory=512MiB, mtbf=1h, repair=5min)"

_COUNT: Final = re.compile(r"(\d{1,9})(?:\s*x\s*(\d{1,9}))?", re.ASCII)


def workers_of(given: Workers | int | str) -> Workers:
    """Workers from a number, a text, or as they are.

    A text begins with how many, and with `x` how many slots each has. In brackets may follow a discipline (`fifo`, `lifo`,
    `shortest`, `random`, `fair`) and, with their names: memory, start_up, idle, mtbf, repair, ship, bandwidth (bytes a second), delay.

    Raises:
        InputError: it cannot be read, or such workers cannot be.
        UnknownNameError: there is no such discipline, or no such name.

    >>> workers_of("4x2(lifo, mtbf=1h)")
    Workers(count=4, slots=2, discipline='lifo', memory_bytes=None, start_up_s=0.0, idle_s=None, mtbf_s=3600.0, repair_s=0.0, ship='item', bandwidth_bytes_s=None, delay_s=0.0)
    >>> workers_of("many")
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: workers 'many': begin with how many there are; write for example 4x2(lifo, memory=512MiB, mtbf=1h, repair=5min)
    """
    if isinstance(given, Workers):
        return given
    if isinstance(given, int) and not isinstance(given, bool):
        return Workers(given)
    if not isinstance(given, str):
        raise InputError(f"workers are a number, a text or Workers, not {given!r:.40}; {_write()}")
    call = read_call(given, "workers")
    call = call if isinstance(call, Call) else Call(call)
    counts = _COUNT.fullmatch(call.name)
    if counts is None:
        raise InputError(f"workers {given!r:.60}: begin with how many there are; {_write()}")
    return Workers(int(counts[1]), int(counts[2] or 1), **dict(_arguments(call, given)))


def _write() -> str:
    return f"write for example {EXAMPLE}"


def _arguments(call: Call, text: str) -> Iterator[tuple[str, Any]]:
    if len(call.values) > 1:
        raise InputError(f"workers {text!r:.60}: only the discipline has no name; {_write()}")
    named = [("discipline", value) for value in call.values] + list(call.named)
    names = [name.replace("-", "_") for name, _ in named]
    for name, (_, value) in zip(names, named, strict=True):
        if name not in _READ:
            raise UnknownNameError("argument of workers", name, _READ)
        if isinstance(value, Call):
            raise InputError(f"workers: {name} is a value, not {value.name}(...); {_write()}")
        if names.count(name) > 1:
            raise InputError(f"workers {text!r:.60}: {name} is given twice")
        field, read = _READ[name]
        yield field, read(value, f"workers: {name}")


def _seconds(text: str, what: str) -> float:
    return 0.0 if text in ("0", "0s") else second_count(text, what)


def _bytes_a_second(text: str, what: str) -> float:
    return byte_count(text.removesuffix("/s"), what)


def _word(text: str, what: str) -> str:
    return text.lower()


_READ: Final[Mapping[str, tuple[str, Callable[[str, str], Any]]]] = {
    "discipline": ("discipline", _word),
    "memory": ("memory_bytes", byte_count),
    "start_up": ("start_up_s", _seconds),
    "idle": ("idle_s", _seconds),
    "mtbf": ("mtbf_s", second_count),
    "repair": ("repair_s", _seconds),
    "ship": ("ship", _word),
    "bandwidth": ("bandwidth_bytes_s", _bytes_a_second),
    "delay": ("delay_s", _seconds),
}
"""Name -> the field, and what reads its value."""


def workers_text(workers: Workers) -> str:
    """Workers as they can be typed: what is as by default is left out, and the same ones come of it.

    >>> workers_text(Workers(4, 2, "lifo", memory_bytes=2**29, mtbf_s=3600.0)), workers_text(Workers(3))
    ('4x2(lifo, memory=512MiB, mtbf=1h)', '3')
    """
    plain = Workers(workers.count, workers.slots)
    told = [
        _typed(name, field, getattr(workers, field))
        for name, (field, _) in _READ.items()
        if getattr(workers, field) != getattr(plain, field)
    ]
    count = str(workers.count) if workers.slots == 1 else f"{workers.count}x{workers.slots}"
    return f"{count}({', '.join(told)})" if told else count


def _typed(name: str, field: str, value: Any) -> str:
    if name == "discipline":
        return str(value)
    if field.endswith("bytes_s"):
        return f"{name}={_bytes_text(value)}/s"
    if field.endswith("_bytes"):
        return f"{name}={_bytes_text(value)}"
    return f"{name}={time_text(value) if value else '0s'}" if field.endswith("_s") else f"{name}={value}"


def _bytes_text(size: float) -> str:
    """The largest unit of which it is a whole number."""
    factors = sorted(FACTORS["bytes"].items(), key=lambda unit: -unit[1])
    return next(
        (f"{size / factor:.0f}{unit}" for unit, factor in factors if size % factor == 0), f"{size:.0f}B"
    )
