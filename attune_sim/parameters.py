"""Parameters against their schema: defaults, checks, and which of them are secret.

A schema is flat (`NAME: {type, required, secret, default, enum, ...}`) or, with `type: object` and `properties`, JSON
Schema as it stands. Values of secret parameters never get into a message.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from attune_sim.errors import ParametersError, Problem, did_you_mean
from attune_sim.paths import Path, spelled

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError, Validator

MAX_PROBLEMS: Final = 100
MAX_DEPTH: Final = 100

_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_SAYS_WHAT_ELSE: Final = frozenset(("additionalProperties", "patternProperties", "unevaluatedProperties"))
_NOT_JSON_SCHEMA: Final = frozenset(("required", "secret", "position"))
_ZERO: Final = {"integer": 0, "number": 0.0, "boolean": False, "array": [], "object": {}, "null": None}
_ARTICLES: Final[Mapping[str, str]] = {
    "string": "text",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a map",
    "null": "null",
}
_KINDS: Final[Mapping[str, Any]] = {
    "null": type(None),
    "the boolean": bool,
    "the number": int | float,
    "the text": str,
    "a map": Mapping,
    "a list": list | tuple,
}


def fill_defaults(schema: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """`values`, and the default of every parameter of a flat schema that is absent or null there. Raises nothing.

    >>> fill_defaults({"n": {"type": "integer", "default": 10}}, {"n": None, "x": 1})
    {'n': 10, 'x': 1}
    """
    filled = dict(values)
    for name, entry in _flat_entries(schema):
        if "default" in entry and filled.get(name) is None:
            filled[name] = copy.deepcopy(entry["default"])
    return filled


def check_parameters(schema: Any, values: Any) -> tuple[Problem, ...]:
    """Every way in which `values` do not fit `schema`; empty if they do.

    A string that holds a template fits everywhere: its value is not known yet. A default does not excuse a missing
    required parameter here (`ready_parameters` fills defaults in first). A schema that is itself broken is a problem
    of kind `schema`. Raises nothing.

    >>> [str(problem) for problem in check_parameters({"n": {"type": "integer", "required": True}}, {})]
    ["parameter 'n' is missing"]
    """
    return _checked(schema, values, templates=True)


def ready_parameters(schema: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a run: defaults filled in, then checked. Raises ParametersError with all problems."""
    if not isinstance(values, Mapping):
        raise ParametersError([_not_a_map(values)])
    filled = fill_defaults(schema, values)
    if problems := _checked(schema, filled, templates=False):
        raise ParametersError(problems)
    return filled


def unknown_parameters(schema: Any, names: Iterable[str], owner: str) -> tuple[Problem, ...]:
    """A problem for each name that the schema of `owner` does not speak of, though extra parameters are allowed.

    None where it declares no parameter at all, or says itself what may come beside those that it declares.

    >>> [str(problem) for problem in unknown_parameters({"items": {"type": "integer"}}, ["itms"], "fleet")]
    ["fleet declares no parameter 'itms' (did you mean 'items'?)"]
    """
    known = declared_names(schema)
    declared = _short_text(f"it declares {', '.join(known)}")
    message = f"{owner} declares no parameter"
    return tuple(
        Problem("unknown_key", message, text=name, hint=did_you_mean(name, known) or declared)
        for name in (names if known else ())
        if name not in known
    )


def declared_names(schema: Any) -> list[str]:
    """The parameters that a schema speaks of; none where it is not clear, or is left open by it, what may come beside them.

    >>> declared_names({"region": {"type": "string"}}), declared_names({"type": "object", "properties": {"a": {}}})
    (['region'], ['a'])
    """
    if not isinstance(schema, Mapping):
        return []
    if not _is_json_schema(schema):
        return [] if isinstance(schema.get("type"), str) else list(map(str, schema))
    return list(map(str, schema["properties"])) if _SAYS_WHAT_ELSE.isdisjoint(schema) else []


def secret_paths(schema: Any) -> tuple[tuple[str, ...], ...]:
    """Paths of parameters that the schema calls secret; what lies below a secret one is not listed again.

    >>> secret_paths({"a": {"secret": True}, "o": {"properties": {"k": {"secret": True}}}})
    (('a',), ('o', 'k'))
    """
    return tuple(secret_entries(schema))


def secret_entries(schema: Any) -> dict[tuple[str, ...], Any]:
    """The entries of a schema that are called secret, by their paths."""
    secret: dict[tuple[str, ...], Any] = {}
    entries = schema["properties"] if _is_json_schema(schema) else schema
    pending: list[tuple[tuple[str, ...], Any]] = [((), {"properties": entries})]
    while pending:
        path, entry = pending.pop()
        if entry.get("secret") is True:
            secret[path] = entry
        elif isinstance(entry.get("properties"), Mapping) and len(path) < MAX_DEPTH:
            inner = [((*path, str(name)), each) for name, each in entry["properties"].items()]
            pending.extend(reversed([(at, each) for at, each in inner if isinstance(each, Mapping)]))
    return secret


def _is_json_schema(schema: Any) -> bool:
    is_object = isinstance(schema, Mapping) and schema.get("type") == "object"
    return is_object and isinstance(schema.get("properties"), Mapping)


def _flat_entries(schema: Any) -> list[tuple[str, Mapping[str, Any]]]:
    if not isinstance(schema, Mapping) or _is_json_schema(schema):
        return []
    return [(str(name), entry) for name, entry in schema.items() if isinstance(entry, Mapping)]


def json_schema(schema: Any) -> dict[str, Any]:
    """The JSON Schema that a parameter schema stands for.

    >>> json_schema({"n": {"type": "integer", "required": True, "secret": True}})
    {'type': 'object', 'properties': {'n': {'type': 'integer'}}, 'required': ['n']}
    """
    if _is_json_schema(schema):
        return dict(schema)
    entries = _flat_entries(schema)
    return {
        "type": "object",
        "properties": {
            name: {key: value for key, value in entry.items() if key not in _NOT_JSON_SCHEMA}
            for name, entry in entries
        },
        "required": [name for name, entry in entries if entry.get("required") is True],
    }


def _checked(schema: Any, values: Any, *, templates: bool) -> tuple[Problem, ...]:
    if not isinstance(values, Mapping):
        return (_not_a_map(values),)
    if schema is None:
        return ()
    if not isinstance(schema, Mapping):
        found, text = _found(schema, secret=False)
        message = f"the schema of the parameters must be a map, not {found}"
        return (Problem("schema", message, text=text, hint="write NAME: {type: string}"),)
    full = json_schema(schema)
    try:
        plain = _plain(values, 0)
        validator = _validator(_plain(full, 0))
        instance = _with_placeholders(plain, full) if templates else plain
        errors = list(islice(validator.iter_errors(instance), MAX_PROBLEMS))
    except ParametersError as error:
        return error.problems
    except (ValueError, RecursionError) as error:
        return (Problem("limit", f"the parameters cannot be checked: {error}"),)
    secrets, order = secret_paths(schema), list(full.get("properties", ()))
    errors.sort(key=lambda error: _rank(error, order))
    return tuple(_problem(error, values, secrets) for error in errors)


def _rank(error: ValidationError, order: list[str]) -> int:
    """Where the schema speaks of it: the checker's own order is not the same in all its versions."""
    rule: Any = error.kind
    path = [*error.instance_path, getattr(rule, "property", None)]
    return order.index(path[0]) if path[0] in order else len(order)


def _validator(schema: dict[str, Any]) -> Validator:
    import jsonschema_rs  # 20 ms, and only runs with a schema need it

    try:
        return jsonschema_rs.validator_for(schema, retriever=_retrieve_nothing)
    except jsonschema_rs.ValidationError as error:
        raise ParametersError([_schema_problem(error)]) from None
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        problem = Problem("schema", f"the schema of the parameters is broken: {error}")
        raise ParametersError([problem]) from None


def _retrieve_nothing(uri: str) -> Any:
    raise ValueError(f"{uri}: a schema may only refer to what is in it")


def schema_problems(schema: Mapping[str, Any]) -> list[tuple[Path, Problem]]:
    """What in a schema keeps a run from beginning, each with its path there: what is no JSON Schema, and a default of a
    flat schema that does not fit what stands beside it.

    >>> [(path, str(problem)) for path, problem in schema_problems({"n": {"type": "integer", "default": "eu"}})]
    [(('n', 'default'), "the default of parameter 'n' must be an integer, not the text 'eu'")]
    """
    full = json_schema(schema)
    try:
        plain = _plain(full, 0)
        broken = [_located(schema, error) for error in _not_schema(plain)]
        return broken or _wrong_defaults(schema, _validator(plain))
    except ParametersError as error:
        return [((), problem) for problem in error.problems]
    except (ValueError, RecursionError) as error:
        return [((), Problem("limit", f"the schema of the parameters cannot be checked: {error}"))]


def _not_schema(plain: dict[str, Any]) -> list[ValidationError]:
    """What of a schema is none, by the draft that it names; a draft that is not known is found by whoever uses it."""
    import jsonschema_rs

    draft = plain.get("$schema", _DRAFT)
    try:
        rules = jsonschema_rs.validator_for({"$ref": draft}, retriever=_retrieve_nothing)
    except (ValueError, jsonschema_rs.ReferencingError, jsonschema_rs.ValidationError):
        return []
    return list(islice(rules.iter_errors(plain), MAX_PROBLEMS))


def _wrong_defaults(schema: Mapping[str, Any], validator: Validator) -> list[tuple[Path, Problem]]:
    defaults = fill_defaults(schema, {})
    errors = islice(validator.iter_errors(_plain(defaults, 0)), MAX_PROBLEMS)
    wrong = [error for error in errors if error.instance_path]  # those that are missing may be given
    secrets = secret_paths(schema)
    problems = [(error.instance_path[0], _problem(error, defaults, secrets)) for error in wrong]
    return [
        ((name, "default"), replace(problem, message=f"the default of {problem.message}"))
        for name, problem in problems
    ]


def _located(schema: Mapping[str, Any], error: ValidationError) -> tuple[Path, Problem]:
    """Where in a schema, as it was written, its JSON Schema has an error; what a secret may be is not shown."""
    problem = _schema_problem(error)
    if _is_secret(tuple(error.instance_path[1:2]), secret_paths(schema)):
        problem = replace(problem, text=None)
    return tuple(error.instance_path[0 if _is_json_schema(schema) else 1 :]), problem


def _schema_problem(error: ValidationError) -> Problem:
    path = error.instance_path[1:] if error.instance_path[:1] == ["properties"] else error.instance_path
    where = f"of parameter {path[0]!r}" if path else "of the parameters"
    text = error.instance if isinstance(error.instance, str) and len(path) > 1 else None
    what, hint = "it is not JSON Schema", None
    if len(path) > 1:
        what = f"{path[-1]!r} cannot be" if text else f"{path[-1]!r} has a value that it cannot have"
    if path and path[-1] == "type":
        types = [kind for kind in _ARTICLES if kind != "null"]
        hint = did_you_mean(text or "", types) or f"use {', '.join(types[:-1])} or {types[-1]}"
    elif error.kind.name == "$ref":
        what = "a schema may only refer to what is in it"
    return Problem("schema", f"the schema {where} is broken: {what}", text=text, hint=hint)


def _plain(value: Any, depth: int) -> Any:
    """The value as JSON knows it; anything that is no JSON becomes null, which fits no type but `null`."""
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, Mapping):
        return {str(key): _plain(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray | memoryview | range):
        return [_plain(inner, depth + 1) for inner in value]
    return value if value is None or isinstance(value, str | bool | int | float) else None


def _with_placeholders(value: Any, schema: Any) -> Any:
    """The value with a fitting stand-in for each string that holds a template."""
    rules: Mapping[str, Any] = schema if isinstance(schema, Mapping) else {}
    if isinstance(value, str):
        return _placeholder(rules, value) if "{{" in value and "}}" in value else value
    if isinstance(value, list):
        return [_with_placeholders(inner, rules.get("items")) for inner in value]
    if isinstance(value, dict):
        known, others = rules.get("properties"), rules.get("additionalProperties")
        entries = known if isinstance(known, Mapping) else {}
        return {key: _with_placeholders(inner, entries.get(key, others)) for key, inner in value.items()}
    return value


def _placeholder(rules: Mapping[str, Any], template: str) -> Any:
    choices = rules.get("enum")
    if isinstance(choices, Sequence) and not isinstance(choices, str) and choices:
        return choices[0]
    for key in ("default", "minimum"):
        if rules.get(key) is not None:
            return rules[key]
    kind = rules.get("type")
    first = kind[0] if isinstance(kind, list) and kind else kind
    return _ZERO.get(first, template) if isinstance(first, str) else template


def _problem(
    error: ValidationError, values: Mapping[str, Any], secrets: Iterable[tuple[str, ...]]
) -> Problem:
    path = tuple(error.instance_path)
    rule: Any = error.kind
    if rule.name == "required":
        return Problem("missing", f"parameter {spelled((*path, rule.property))!r} is missing")
    name = f"parameter {spelled(path)!r}" if path else "the parameters"
    if rule.name == "additionalProperties":
        unknown = ", ".join(map(repr, sorted(rule.unexpected)))
        return Problem("unknown_key", f"{name} may not have {_short_text(unknown)}")
    secret = _is_secret(path, secrets)
    if rule.name == "type" or (rule.name == "enum" and not secret):
        found, text = _found(_value_at(values, path), secret)
        kind = "type" if rule.name == "type" else "value"
        return Problem(kind, f"{name} must be {_expected(rule)}, not {found}", text=text)
    return Problem("value", f"{name} does not satisfy {rule.name!r} of its schema{_bound(rule, secret)}")


def _expected(rule: Any) -> str:
    if rule.name == "type":
        return " or ".join(words for kind, words in _ARTICLES.items() if kind in rule.types)
    return "one of " + ", ".join(_short(each) for each in rule.options)


def _bound(rule: Any, secret: bool) -> str:
    limit = getattr(rule, "limit", None)
    return "" if limit is None or secret else f": {_short(limit)}"


def _is_secret(path: Path, secrets: Iterable[tuple[str, ...]]) -> bool:
    """Whether the value at `path` is, is part of, or holds a secret."""
    return any(secret[: len(path)] == path[: len(secret)] for secret in secrets)


def _value_at(values: Any, path: Path) -> Any:
    for step in path:
        if isinstance(values, Mapping) and step not in values:
            values = {str(key): inner for key, inner in values.items()}
        values = values[step]
    return values


def _found(value: Any, secret: bool) -> tuple[str, str | None]:
    kind = kind_of(value)
    if secret:
        return f"{kind} (its value is secret)", None
    scalar = isinstance(value, str | bool | int | float) and value != ""
    return kind, _short(value).strip('"') if scalar else None


def kind_of(value: Any) -> str:
    """What a value is, in the words of messages: `the number`, `a list`, `null`."""
    if isinstance(value, str) and not value:
        return "empty text"
    kinds = (words for words, kind in _KINDS.items() if isinstance(value, kind))
    return next(kinds, f"a {type(value).__name__}")


def _short(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 256:
        return "a very large integer"
    return _short_text(json.dumps(value, ensure_ascii=False, default=str))


def _short_text(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def _not_a_map(values: Any) -> Problem:
    return Problem("type", f"parameters must be a map of names to values, not {kind_of(values)}")
