"""Where a workflow text comes from: a file or a string, as clean UTF-8 of bounded size, with its places."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from typing import Final

from attune_sim.errors import FileError, Problem, WorkflowError
from attune_sim.files import opened

MAX_BYTES: Final = 1 << 20
"""The longest workflow text, in bytes of UTF-8."""

_NOT_YAML: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Source:
    """A text that can be given to a YAML parser, and the path it was read from (None for a text given as such)."""

    text: str
    file: str | None = None

    @property
    def digest(self) -> str:
        """A fingerprint of the text: 16 hexadecimal digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    def place(self, index: int) -> tuple[int, int]:
        """Line and column, from 1, of the character at `index`."""
        return _place(self.text, index)


def read_source(source: object) -> Source:
    """The text of `source`: a path, or a string that is YAML if it has a line break and else a path.

    Raises WorkflowError if there is no such file, or if it is not UTF-8 text of at most 1 MiB.
    """
    if isinstance(source, str) and "\n" in source:
        return Source(_clean(source.removeprefix("\ufeff"), None))
    if not isinstance(source, str | os.PathLike):
        raise refused("file", f"expected a path or YAML text, found {type(source).__name__}", None)
    file = os.fsdecode(source)
    if not file.strip():
        raise refused("file", "there is nothing to load", None, hint="give a path or YAML text")
    try:
        with opened(file) as stream:
            raw = stream.read(MAX_BYTES + 1)
    except FileError as error:
        raise refused("file", error.reason, _printable(source), hint=_one_line_hint(source)) from None
    return Source(_clean(_decoded(raw, file), file), file)


def _decoded(raw: bytes, file: str) -> str:
    if len(raw) > MAX_BYTES:
        raise _too_long(file)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", "replace")
        place = _place(before, len(before))
        raise refused("encoding", "not UTF-8 text", file, place, "save the file as UTF-8") from None


def _clean(text: str, file: str | None) -> str:
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise _too_long(file)
    if odd := _NOT_YAML.search(text):
        message = f"the character U+{ord(odd[0]):04X} may not stand in YAML"
        hint = "remove it, or write it as an escape inside double quotes"
        raise refused("yaml", message, file, _place(text, odd.start()), hint)
    return text


def _place(text: str, index: int) -> tuple[int, int]:
    start = text.rfind("\n", 0, index) + 1
    return text.count("\n", 0, index) + 1, index - start + 1


def _too_long(file: str | None) -> WorkflowError:
    return refused("limit", f"the text is longer than 1 MiB ({MAX_BYTES} bytes)", file)


def refused(
    kind: str, message: str, file: str | None, place: tuple[int, int] | None = None, hint: str | None = None
) -> WorkflowError:
    """The error about the one thing that keeps a text from being read at all; `place` is its line and column."""
    line, column = place or (None, None)
    return WorkflowError([Problem(kind, message, file, line, column, hint=hint)])


def _printable(source: object) -> str:
    flat = " ".join(str(source).encode("utf-8", "backslashreplace").decode().split())
    return flat if len(flat) <= 200 else flat[:197] + "..."


def _one_line_hint(source: object) -> str | None:
    is_like_yaml = isinstance(source, str) and (":" in source or "{" in source)
    return "a string is read as YAML text only if it has a line break" if is_like_yaml else None
