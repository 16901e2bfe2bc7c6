"""Made-up results of a known size: JSON of exactly so many bytes, equal for equal seeds, nothing shared between two.

The shape matters more than the size. `copy.deepcopy` shares strings, so 10 KB of `text` cost it nothing, while 10 KB
of `records` become some 29 KB of objects; `numbers` lie between. Sizes always mean bytes of compact JSON.
"""

from __future__ import annotations

import json
import random
from typing import Any, Final, Literal, get_args

import psutil

from attune_sim.errors import InputError, UnknownNameError

Shape = Literal["text", "records", "numbers"]
SHAPES: Final[tuple[str, ...]] = get_args(Shape)

ASKED_FROM: Final = 64_000_000
"""Bytes below which no system is asked for its memory: asking takes as long as making a small payload."""

_RECORD_BYTES: Final = 220
_NUMBER_BYTES: Final = 9
_REGIONS: Final = ("eu-central", "eu-west", "us-east", "us-west", "ap-south", "sa-east")
_STATES: Final = ("running", "stopped", "pending", "failed", "draining")
_VOCABULARY: Final = (
    "server disk memory queue request response latency token session cache index shard region backup deploy rollback "
    "alert metric trace node cluster worker job batch retry timeout healthy failed pending user order invoice ticket"
)
_WORDS: Final = tuple(_VOCABULARY.split())


def make_payload(shape: str, bytes: int, seed: int | str = 0, count: int | None = None) -> Any:
    """A JSON value of the given shape whose compact JSON has exactly `bytes` bytes.

    - `text`: one string of English-looking words;
    - `records`: a list of maps with strings, integers, floats, booleans and a nested map, some 220 bytes each;
    - `numbers`: a list of integers and floats.

    `count` asks for a list of so many entries (strings, maps, numbers) with `bytes` in all. Two calls never share an
    object, except for the singletons of Python itself (True, None, small integers).

    Raises:
        InputError: an unknown shape, a size that is too small for it, or one that the machine has no memory for.

    >>> import json
    >>> payload = make_payload("records", 10_000, seed=7)
    >>> len(json.dumps(payload, separators=(",", ":"))), len(payload), sorted(payload[0])[:4]
    (10000, 45, ['active', 'id', 'load', 'name'])
    >>> payload == make_payload("records", 10_000, seed=7) != make_payload("records", 10_000, seed=8)
    True
    """
    check_payload(shape, bytes, count)
    rng = random.Random(f"{shape} {bytes} {count} {seed}")
    if shape == "text" and count is None:
        return json.loads(_text(rng, 0, bytes))
    amount = _amount(shape, bytes) if count is None else count
    if amount == 0:
        return []
    made = [_MAKERS[shape](rng, number, size) for number, size in enumerate(_shares(bytes, amount))]
    # Reading it back gives objects as a worker's answer has them: fresh keys, nothing shared with this module.
    return json.loads(f"[{','.join(made)}]")


def payload_length(shape: str, bytes: int, count: int | None = None) -> int:
    """How many entries `make_payload` with the same arguments has; 1 for the one string of `text` without `count`."""
    if count is not None:
        return count
    return 1 if shape == "text" else _amount(shape, bytes)


def check_payload(shape: str, bytes: int, count: int | None = None) -> None:
    """Raise the InputError that `make_payload` would raise for these arguments."""
    check_shape(shape)
    for what, value, least in (("bytes", bytes, 2), ("count", 0 if count is None else count, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise InputError(f"a payload's {what} must be an integer of {least} or more, not {value!r}")
    length = payload_length(shape, bytes, count)
    if length and (shape != "text" or count is not None):
        _require_shares(shape, bytes, length)
    require_memory(f"{bytes:,} bytes of {shape}", memory_to_make(shape, bytes))


def check_shape(shape: object) -> None:
    """Raise the InputError for a shape that there is not."""
    if shape not in SHAPES:
        raise UnknownNameError("payload shape", str(shape), SHAPES)


def memory_of(shape: str, bytes: int) -> int:
    """About how many bytes of memory a payload of so many bytes of JSON takes. Raises InputError for a shape that there is not."""
    check_shape(shape)
    return int(_MEMORY[shape][0] * bytes)


def memory_to_make(shape: str, bytes: int) -> int:
    """About how many bytes of memory it takes to make such a payload: its text and its values exist together."""
    return int(_MEMORY[shape][1] * bytes)


def require_memory(what: str, wanted: int, limit: int | None = None) -> None:
    """Raises InputError if `what` wants more bytes of memory than `limit`, the memory limit of a cell; None: than there are."""
    if limit is None and wanted < ASKED_FROM:
        return
    room = psutil.virtual_memory().available if limit is None else limit
    if wanted > room:
        reason = f"{_gigabytes(room)} are available; ask for less"
        if limit is not None:
            reason = f"a cell may take {_gigabytes(room)}; ask for less, or allow more (memory_limit, --memory-limit)"
        raise InputError(f"{what}: would take {_gigabytes(wanted)} of memory, and {reason}")


def _gigabytes(bytes: int) -> str:
    return f"{bytes / 1e9:,.1f} GB"


def _amount(shape: str, bytes: int) -> int:
    if bytes == 2:
        return 0
    if shape == "numbers":
        return -(-(bytes - 1) // (_NUMBER_BYTES + 1))
    return max(1, (bytes - 1) // (_RECORD_BYTES + 1))


def _require_shares(shape: str, bytes: int, count: int) -> None:
    rest = _without_signs(bytes, count)
    least, most = _LIMITS[shape]
    if not count * least <= rest <= count * most:
        each = f"{least} bytes or more" if most > bytes else f"{least} to {most} bytes"
        raise InputError(
            f"{count:,} {shape} cannot have {bytes:,} bytes in all: each takes {each} and a comma"
        )


def _without_signs(bytes: int, count: int) -> int:
    """The bytes that are left for the entries themselves: brackets and commas take the others."""
    return bytes - 2 - (count - 1)


def _shares(bytes: int, count: int) -> list[int]:
    """The bytes of each entry."""
    small, larger = divmod(_without_signs(bytes, count), count)
    return [small + (number < larger) for number in range(count)]


def _text(rng: random.Random, number: int, size: int) -> str:
    return f'"{_words(rng, size - 2)}"'


def _words(rng: random.Random, size: int) -> str:
    return " ".join(rng.choices(_WORDS, k=size // 4 + 1))[:size].ljust(size, ".")


def _record(rng: random.Random, number: int, size: int) -> str:
    full = json.dumps(_fields(rng, number), separators=(",", ":"))
    for start in (full, f'{{"id":{number + 100_000}}}', "{}"):
        opening = start[:-1] + ("," if start != "{}" else "")
        missing = size - len(opening) - len('"note":""}')
        if missing >= 0:
            return f'{opening}"note":"{_words(rng, missing)}"}}'
    raise AssertionError("sizes are checked before records are made")


def _fields(rng: random.Random, number: int) -> dict[str, Any]:
    return {
        "id": number + 100_000,
        "name": f"{rng.choice(_WORDS)}-{rng.randrange(16**8):08x}",
        "region": rng.choice(_REGIONS),
        "state": rng.choice(_STATES),
        "load": round(rng.uniform(1, 99), 3),
        "active": rng.random() < 0.8,
        "size": {"cpus": rng.randrange(1000, 9999), "memory_gb": round(rng.uniform(1, 512), 2)},
    }


def _number(rng: random.Random, number: int, size: int) -> str:
    digits = [str(rng.randrange(1, 10)), *map(str, rng.choices(range(10), k=size - 1))]
    if size >= 4 and rng.random() < 0.5:
        digits[-3], digits[-1] = ".", str(rng.randrange(1, 10))
    return "".join(digits)


_MEMORY: Final = {"text": (1.0, 3.7), "records": (4.2, 6.5), "numbers": (4.1, 12.7)}
"""Bytes of memory for a byte of JSON: of the payload, and at the peak of its making (measured at 20 MB and more)."""
_MAKERS: Final = {"text": _text, "records": _record, "numbers": _number}
_LIMITS: Final = {"text": (2, 2**62), "records": (len('{"note":""}'), 2**62), "numbers": (1, 15)}
