"""What the models of a simulation have in common: a name, an example, a text that can be typed, and checks.

What the name of a field ends in says how its value is written: `_s` a time (`80ms`), `rate` so many in a time (`12/h`), `share` a
part of all (`20%`); what is typed leaves out the `_s`. A field `base` is a model of the same kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import MISSING, Field, fields
from typing import Any, ClassVar, Generic, NoReturn, TypeVar, cast

from attune_sim.amounts import number_of, rate_of, rate_text, second_count, share_of, time_text
from attune_sim.display import Displayed
from attune_sim.errors import InputError, UnknownNameError, did_you_mean
from attune_sim.simulation.calls import Call, read_call


class Model(Displayed):
    """The base of models, which are frozen dataclasses: `what` they are, and their `name` among those."""

    what: ClassVar[str]
    name: ClassVar[str]
    example: ClassVar[str]
    words: ClassVar[dict[str, tuple[str, ...]]] = {}
    """The words that may stand in a field, where only some may."""

    def __post_init__(self) -> None:
        for name, words in self.words.items():
            if getattr(self, name) not in words:
                self.refuse(f"{name} is {' or '.join(words)}, not {getattr(self, name)!r}")
        self.check()

    def check(self) -> None:
        """Raises InputError for values that cannot be."""

    def refuse(self, complaint: str) -> NoReturn:
        """Raise InputError: what is wrong, and how it is written."""
        raise InputError(f"{self.what} {self.name}: {complaint}; write for example {self.example}")

    @property
    def text(self) -> str:
        """The model as it can be typed; values that are as by default are left out."""
        shown = [(one, getattr(self, one.name)) for one in _fields(type(self))]
        typed = [_typed(one, value) for one, value in shown if value != one.default]
        return f"{self.name}({', '.join(typed)})"

    def __str__(self) -> str:
        return self.text


M = TypeVar("M", bound=Model)


def read_model(text: str, kinds: Iterable[type[M]], what: str, bare: type[M] | None = None) -> M:
    """A model from its text; a value alone, without a name, is what `bare` takes.

    Raises:
        InputError: the text has no form, the model has no such argument, or lacks one, or has a value that cannot be.
        UnknownNameError: there is no such model; lists those that there are.
    """
    if not isinstance(text, str):
        raise InputError(f"{what} is a text or a model, not {type(text).__name__} {text!r:.40}")
    return _Making(kinds, what, bare).made(read_call(text, what))


class _Making(Generic[M]):
    """Makes models of one kind from calls."""

    def __init__(self, kinds: Iterable[type[M]], what: str, bare: type[M] | None) -> None:
        self._kinds = {kind.name: kind for kind in kinds}
        self._what, self._bare = what, bare

    def made(self, call: Call | str) -> M:
        call = call if isinstance(call, Call) else self._as_call(call)
        kind = self._kinds.get(call.name.lower().replace("-", "_"))
        if kind is None:
            raise self._unknown(call.name)
        return kind(**self._values(call, kind))

    def _as_call(self, word: str) -> Call:
        if self._bare is not None and word[:1] in "+-.0123456789":
            return Call(self._bare.name, (word,))
        return Call(word)

    def _unknown(self, name: str) -> InputError:
        guess = did_you_mean(name, self._kinds)
        hint = f" ({guess})" if guess else ""
        choices = ", ".join(kind.example for kind in self._kinds.values())
        return InputError(f"{self._what}: unknown model {name!r:.60}{hint}; choose from: {choices}")

    def _values(self, call: Call, kind: type[M]) -> dict[str, Any]:
        taken = {_typed_name(one): one for one in _fields(kind)}
        if (listed := _listed(kind)) is not None:
            return {listed.name: tuple(self._value(value, listed, kind) for value in call.values)}
        given = self._arguments(call, kind, list(taken))
        needed = [name for name, one in taken.items() if one.default is MISSING and name not in given]
        if needed:
            raise self._refusal(kind, f"{' and '.join(needed)} {'is' if len(needed) == 1 else 'are'} missing")
        return {taken[name].name: self._value(value, taken[name], kind) for name, value in given.items()}

    def _arguments(self, call: Call, kind: type[M], names: list[str]) -> dict[str, str | Call]:
        if len(call.values) > len(names):
            raise self._refusal(kind, f"{len(call.values)} values, where it takes {', '.join(names)}")
        given = dict(zip(names, call.values, strict=False))
        for name, value in call.named:
            if name not in names:
                raise UnknownNameError(f"argument of {self._what} {kind.name}", name, names)
            if name in given:
                raise self._refusal(kind, f"{name} is given twice")
            given[name] = value
        return given

    def _refusal(self, kind: type[M], complaint: str) -> InputError:
        return InputError(f"{self._what} {kind.name}: {complaint}; write for example {kind.example}")

    def _value(self, value: str | Call, one: Field[Any], kind: type[M]) -> Any:
        if one.name == "base":
            return self.made(value)
        if isinstance(value, Call):
            raise self._refusal(kind, f"{_typed_name(one)} is a value, not {value.name}(...)")
        return _reader(one)(value, f"{self._what} {kind.name}: {_typed_name(one)}")


def _fields(kind: type[Model]) -> list[Field[Any]]:
    return [one for one in fields(cast("Any", kind)) if one.init]


def _listed(kind: type[Model]) -> Field[Any] | None:
    """The field of a model that takes any number of values."""
    first = _fields(kind)[0]
    return first if str(first.type).startswith("tuple") else None


def _typed_name(one: Field[Any]) -> str:
    return one.name.removesuffix("_s")


def _reader(one: Field[Any]) -> Callable[[str, str], Any]:
    if one.name.endswith("_s"):
        return second_count
    named: dict[str, Callable[[str, str], Any]] = {"rate": rate_of, "share": share_of}
    if one.name in named:
        return named[one.name]
    return (lambda text, what: text) if one.type == "str" else number_of


def _typed(one: Field[Any], value: Any) -> str:
    """An argument as it can be typed, with its name unless the value says enough."""
    if isinstance(value, tuple):
        return ", ".join(map(time_text, value))
    if one.name.endswith("_s"):
        text = time_text(value)
    elif one.name == "rate":
        text = rate_text(value)
    elif one.name == "share":
        text = f"{value * 100:.12g}%"
    else:
        text = f"{value:.12g}" if isinstance(value, float) else str(value)
    return text if one.default is MISSING else f"{_typed_name(one)}={text}"
