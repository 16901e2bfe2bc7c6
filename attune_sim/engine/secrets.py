"""What must not be shown: the values of the keystore and of secret parameters, and how they are masked.

A value of four characters or more is masked wherever its text appears, also inside a longer text; a shorter one would
mask half of every text, so it is masked only where it comes from. Masks that are written down name their source:

    {"$secret": "keystore.api"}                             the whole value
    {"$text": ["Bearer ", {"$secret": "keystore.api"}]}     a text that has it inside

so that a reader who is given the secrets again can put them back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from attune_sim.errors import JournalError

SHORTEST: Final = 4
"""Characters that a secret must have to be masked wherever it appears."""

MASK: Final = "***"

_KEYS: Final = ("$secret", "$text", "$plain")


class Secrets:
    """The secrets of one run, by where they come from.

    >>> secrets = Secrets({"keystore.api": "s3cret"})
    >>> secrets.text("GET /?key=s3cret failed")
    'GET /?key=*** failed'
    >>> secrets.masked(["s3cret", 1])
    [{'$secret': 'keystore.api'}, 1]
    """

    __slots__ = ("_by_text", "_pattern", "_values")

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)
        texts = {
            _text(value): path
            for path, value in reversed(self._values.items())
            if len(_text(value)) >= SHORTEST
        }
        self._by_text = texts
        # The longest first: of two secrets, one inside the other, the outer one is masked.
        alternatives = "|".join(re.escape(text) for text in sorted(texts, key=len, reverse=True))
        self._pattern = re.compile(f"({alternatives})") if texts else None

    @classmethod
    def of(
        cls,
        keystore: Mapping[str, Any] | None,
        parameters: Mapping[str, Any],
        secret_paths: Sequence[tuple[str, ...]],
    ) -> Secrets:
        """From a keystore (every value in it) and from the parameters at the paths that their schema calls secret."""
        found = dict(_leaves("keystore", keystore or {}))
        for path in secret_paths:
            value: Any = parameters
            for key in path:
                value = value.get(key) if isinstance(value, Mapping) else None
            if value is not None:
                found.update(_leaves(".".join(("parameters", *path)), value))
        return cls(found)

    def with_parameters(
        self, name: str, parameters: Mapping[str, Any], secret_paths: Sequence[tuple[str, ...]]
    ) -> Secrets:
        """These secrets and those among the parameters of a sub-workflow, which is called `name` here."""
        if not secret_paths:
            return self
        more = Secrets.of(None, parameters, secret_paths)
        return Secrets({**self._values, **{f"{name}.{path}": value for path, value in more._values.items()}})

    def __bool__(self) -> bool:
        return bool(self._values)

    def __repr__(self) -> str:
        return f"<Secrets: {', '.join(self._values) or 'none'}>"

    def text(self, text: str) -> str:
        """The text with every secret in it replaced by `***`: for messages, reprs and logs."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)

    def shown(self, value: Any, path: str = "") -> Any:
        """A value for people: like `masked`, with `***` for every mask, also at a short secret's own path."""
        return _mapped(value, path, self._shown_leaf)

    def masked(self, value: Any, path: str = "") -> Any:
        """A value for the journal: secrets replaced by masks that name their source; `path` is where the value is."""
        return _mapped(value, path, self._masked_leaf, escape=True)

    def restored(self, value: Any) -> Any:
        """The value with its masks replaced by the secrets. Raises `JournalError` naming a secret that is missing."""
        if isinstance(value, list):
            return [self.restored(one) for one in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            if "$secret" in value:
                return self._known(value["$secret"])
            if "$text" in value:
                return "".join(
                    part if isinstance(part, str) else _text(self.restored(part)) for part in value["$text"]
                )
            if "$plain" in value:
                value = value["$plain"]
        return {key: self.restored(one) for key, one in value.items()}

    def _known(self, path: str) -> Any:
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
        if path in self._values and value == self._values[path]:
            return {"$secret": path}
        known = self._by_text.get(_text(value))
        if known is not None and type(value) is type(self._values[known]):
            return {"$secret": known}
        if self._pattern is None or not isinstance(value, str) or not self._pattern.search(value):
            return value
        parts = [part for part in self._pattern.split(value) if part]
        return {
            "$text": [{"$secret": self._by_text[part]} if part in self._by_text else part for part in parts]
        }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None or isinstance(value, bool) else str(value)


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}", inner)
    elif isinstance(value, list | tuple):
        for n, inner in enumerate(value):
            yield from _leaves(f"{path}[{n}]", inner)
    elif value is not None:
        yield path, value


def _mapped(value: Any, path: str, leaf: Any, *, escape: bool = False) -> Any:
    if isinstance(value, Mapping):
        mapped = {
            leaf(key, "") if not escape else key: _mapped(
                inner, f"{path}.{key}" if path else str(key), leaf, escape=escape
            )
            for key, inner in value.items()
        }
        # A user's own map that looks like a mask is wrapped, so that reading it back does not take it for one.
        return {"$plain": mapped} if escape and len(mapped) == 1 and next(iter(mapped)) in _KEYS else mapped
    if isinstance(value, list | tuple):
        return [_mapped(inner, f"{path}[{n}]", leaf, escape=escape) for n, inner in enumerate(value)]
    return leaf(value, path)
