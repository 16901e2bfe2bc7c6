"""What must not be shown: the values of the keystore and of secret parameters, and how they are masked.

A value of four characters or more is masked wherever its text appears, also inside a longer text, as a key, and in
the forms that it takes inside of JSON, a URL or a Python repr; a shorter one would mask half of every text, so it is
masked only where it comes from. Masks that are written down name their source:

    {"$secret": "keystore.api"}                                 the whole value; with "form": "number" if it is one
    {"$text": ["Bearer ", {"$secret": "keystore.api"}]}         a text that has it inside
    {"$map": [[{"$secret": "keystore.api"}, 1]]}                a map that has it among its keys

so that a reader who is given the secrets again can put them back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Final
from urllib.parse import quote, quote_plus

from attune_sim.errors import JournalError
from attune_sim.paths import below
from attune_sim.secrecy.texts import SHORTEST, Texts

MASK: Final = "***"

_KEYS: Final = ("$secret", "$text", "$plain", "$map")
_CUT: Final = "..."  # how a message that is too long ends

_FORMS: Final[Mapping[str, Callable[[str], str]]] = {
    "": str,
    "json": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "ascii": lambda text: json.dumps(text)[1:-1],
    "repr": lambda text: repr(text)[1:-1],
    "url": lambda text: quote(text, safe=""),
    "path": quote,
    "query": quote_plus,
    "line": lambda text: " ".join(text.split()),
}
"""How the text of a secret looks where it was put into something else, by the name that masks give it."""


class Secrets:
    """The secrets of one run, by where they come from.

    >>> secrets = Secrets({"keystore.api": "s3cret"})
    >>> secrets.text("GET /?key=s3cret failed")
    'GET /?key=*** failed'
    >>> secrets.masked(["s3cret", 1])
    [{'$secret': 'keystore.api'}, 1]
    """

    __slots__ = ("_by_text", "_texts", "_values")

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values: dict[str, Any] = {}
        self._by_text: dict[str, tuple[str, str]] = {}
        self._texts = Texts()
        self._note(values)

    def add(self, values: Mapping[str, Any]) -> None:
        """Further secrets; those that are masked already add nothing."""
        self._note({path: value for path, value in values.items() if _text(value) not in self._by_text})

    def _note(self, values: Mapping[str, Any]) -> None:
        self._values.update(values)
        for name, form in _FORMS.items():
            for path, value in values.items():
                text = form(_text(value))
                if len(text) >= SHORTEST and text not in self._by_text:
                    self._by_text[text] = (path, name)
                    self._texts.add(text)

    @property
    def values(self) -> Mapping[str, Any]:
        """The secrets themselves, by where they come from."""
        return self._values

    @property
    def short(self) -> list[str]:
        """Where those come from that are masked there, and nowhere else: in a text they would mask half of it."""
        texts = {path: _text(value) for path, value in self._values.items()}
        return [path for path, text in texts.items() if 0 < len(text) < SHORTEST]

    def __bool__(self) -> bool:
        return bool(self._values)

    def __contains__(self, path: str) -> bool:
        return path in self._values

    def __repr__(self) -> str:
        names = ", ".join([*islice(self._values, 5), *(["..."] if len(self._values) > 5 else [])])
        return f"<Secrets: {names or 'none'}>"

    def text(self, text: str) -> str:
        """The text with every secret in it replaced by `***`: for messages, reprs and logs."""
        pieces = self._texts.split(text)
        pieces[1::2] = [MASK] * (len(pieces) // 2)
        masked = "".join(pieces)
        return self._without_beginnings(masked) if _CUT in masked else masked

    def _without_beginnings(self, text: str) -> str:
        """The text without the beginning of a secret that was cut off by dots."""
        parts = text.split(_CUT)
        for n, part in enumerate(parts[:-1]):
            for secret in self._by_text:
                longest = min(len(secret), len(part))
                known = next((k for k in range(longest, SHORTEST - 1, -1) if part.endswith(secret[:k])), 0)
                if known:
                    parts[n] = part[:-known] + MASK
                    break
        return _CUT.join(parts)

    def shown(self, value: Any, path: str = "") -> Any:
        """A value for people: like `masked`, with `***` for every mask, also at a short secret's own path."""
        return _mapped(value, path, self._shown_leaf)

    def masked(self, value: Any, path: str = "") -> Any:
        """A value for the journal: secrets replaced by masks that name their source; `path` is where the value is."""
        return _mapped(value, path, self._masked_leaf, escape=True)

    def restored(self, value: Any) -> Any:
        """The value with its masks replaced by the secrets. Raises `JournalError` naming a secret that is missing, or for
        a mask that nobody has written."""
        if isinstance(value, list):
            return [self.restored(entry) for entry in value]
        if not isinstance(value, dict):
            return value
        if _is_mask(value):
            return self._known(value["$secret"], value.get("form", ""))
        if len(value) == 1:
            if "$text" in value:
                return "".join(map(self._restored_part, _held(value, "$text", list)))
            if "$map" in value:
                return dict(map(self._restored_pair, _held(value, "$map", list)))
            if "$plain" in value:
                value = _held(value, "$plain", dict)
        return {key: self.restored(entry) for key, entry in value.items()}

    def _restored_part(self, part: Any) -> str:
        if isinstance(part, str):
            return part
        if not isinstance(part, dict) or not _is_mask(part) or part.get("form", "") not in _FORMS:
            raise _unreadable("$text")
        return _FORMS[part.get("form", "")](_text(self._known(part["$secret"])))

    def _restored_pair(self, pair: Any) -> tuple[Any, Any]:
        if (
            not isinstance(pair, list)
            or len(pair) != 2
            or isinstance(key := self.restored(pair[0]), list | dict)
        ):
            raise _unreadable("$map")
        return key, self.restored(pair[1])

    def _known(self, path: str, form: str = "") -> Any:
        if path not in self._values:
            raise JournalError(
                f"the journal needs the secret {path!r}; pass it again with keystore= or parameters="
            )
        return self._values[path]

    def _shown_leaf(self, value: Any, path: str) -> Any:
        if path in self._values or _text(value) in self._by_text:
            return MASK
        return self.text(value) if isinstance(value, str) else value

    def _masked_leaf(self, value: Any, path: str) -> Any:
        if path in self._values and _same(value, self._values[path]):
            return _whole(path, value)
        known, _ = self._by_text.get(_text(value), ("", ""))
        if known and _same(value, self._values[known]):
            return _whole(known, value)
        if not isinstance(value, str) or len(pieces := self._texts.split(value)) == 1:
            return value
        return {"$text": [self._masked_part(part) for part in pieces if part]}

    def _masked_part(self, part: str) -> Any:
        if part not in self._by_text:
            return part
        path, form = self._by_text[part]
        return {"$secret": path, "form": form} if form else {"$secret": path}


def sources(masked: Any) -> Iterator[str]:
    """The names of all secrets that a masked value stands for, each time that it does."""
    pending = [masked]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending += reversed(value)
        elif isinstance(value, dict):
            if _is_mask(value):
                yield value["$secret"]
            elif len(value) == 1 and isinstance(plain := value.get("$plain"), dict):
                pending += plain.values()
            else:
                pending += reversed(list(value.values()))


def _held(mask: Mapping[str, Any], key: str, kind: type) -> Any:
    if not isinstance(mask[key], kind):
        raise _unreadable(key)
    return mask[key]


def _unreadable(key: str) -> JournalError:
    return JournalError(f"{key!r} holds no mask that attune-sim has written")


def _whole(path: str, value: Any) -> dict[str, str]:
    """The mask of a whole value; its type is told, so that a value of this type can stand in for it."""
    if isinstance(value, str):
        return {"$secret": path}
    return {"$secret": path, "form": "boolean" if isinstance(value, bool) else "number"}


def _is_mask(value: Mapping[str, Any]) -> bool:
    return (
        isinstance(value.get("$secret"), str)
        and value.keys() <= {"$secret", "form"}
        and isinstance(value.get("form", ""), str)
    )


def _same(value: Any, other: Any) -> bool:
    return type(value) is type(other) and bool(value == other)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None or isinstance(value, bool) else str(value)


def leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The values in a value, each with its place.

    >>> list(leaves("keystore", {"a": [1, None], "b": {"c": "x"}}))
    [('keystore.a[0]', 1), ('keystore.b.c', 'x')]
    """
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(below(name, key), inner)
    elif isinstance(value, list | tuple):
        for n, inner in enumerate(value):
            yield from leaves(below(name, n), inner)
    elif value is not None:
        yield name, value


def _mapped(value: Any, path: str, leaf: Callable[[Any, str], Any], *, escape: bool = False) -> Any:
    if isinstance(value, Mapping):
        pairs = [
            (leaf(key, ""), _mapped(inner, below(path, key), leaf, escape=escape))
            for key, inner in value.items()
        ]
        return _escaped(pairs) if escape else dict(pairs)
    if isinstance(value, list | tuple):
        return [_mapped(inner, below(path, n), leaf, escape=escape) for n, inner in enumerate(value)]
    return leaf(value, path)


def _escaped(pairs: list[tuple[Any, Any]]) -> Any:
    """A map that can be read back: a user's own one that looks like a mask is wrapped."""
    if any(isinstance(key, dict) for key, _ in pairs):
        return {"$map": [[key, value] for key, value in pairs]}
    mapped = dict(pairs)
    alike = _is_mask(mapped) or (len(mapped) == 1 and next(iter(mapped)) in _KEYS)
    return {"$plain": mapped} if alike else mapped
