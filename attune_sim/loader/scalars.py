"""What a plain YAML scalar means: the core schema of YAML 1.2, as the workflow language reads it.

PyYAML follows YAML 1.1 and differs on each of these: `yes`, `no`, `on`, dates and `017` are text here, `0o17` is 15,
`1e3` is a float, `<<` is an ordinary key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

Scalar = None | bool | int | float | str

MAX_BITS: Final = 4096
"""The largest integer, in bits."""

_WORDS: Final[Mapping[str, Scalar]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+")
_NUMBER_STARTS: Final = frozenset("+-.0123456789")
_LONGEST_NUMBER: Final = 1_300  # digits; 4,096 bits have 1,234

_CORE: Final = "tag:yaml.org,2002:"


def resolve(text: str) -> Scalar:
    """The value of a plain scalar. Raises ValueError for a number beyond the limits.

    >>> [resolve(text) for text in ("yes", "017", "0o17", "1e3", "2024-01-01", "null", "TRUE", "-7")]
    ['yes', '017', 15, 1000.0, '2024-01-01', None, True, -7]
    """
    if text in _WORDS:
        return _WORDS[text]
    return _number(text) if text[0] in _NUMBER_STARTS else text


def _number(text: str) -> Scalar:
    is_integer = _INTEGER.fullmatch(text) is not None
    if not is_integer and not _FLOAT.fullmatch(text):
        return text
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(f"a number of {len(text):,} characters")
    value = int(text, 0) if is_integer else float(text)
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise ValueError(f"an integer of more than {MAX_BITS:,} bits")
    return value


def tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with an explicit tag (`!!str 5`). Raises ValueError if the tag does not fit the text."""
    name = tag.removeprefix(_CORE)
    if name in ("str", "!"):
        return text
    wanted = _TAGGED.get(name)
    if wanted is None:
        raise ValueError(f"the tag {shown(tag)!r}")
    value = resolve(text)
    if name == "float" and type(value) is int:
        return float(value)
    if type(value) is not wanted:
        raise ValueError(f"the tag {shown(tag)!r} on other text")
    return value


_TAGGED: Final[Mapping[str, type]] = {"int": int, "float": float, "bool": bool, "null": type(None)}


def shown(tag: str) -> str:
    """A tag as people write it: `!!str` for the core ones."""
    return f"!!{tag.removeprefix(_CORE)}" if tag.startswith(_CORE) else tag


def fits_collection(tag: str | None, is_map: bool) -> bool:
    """Whether a list or map may carry this tag."""
    return tag in (None, "!", f"{_CORE}{'map' if is_map else 'seq'}")
