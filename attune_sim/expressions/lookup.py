"""Reading names, keys and indexes of a scope. Names are looked up in place: nothing is ever copied for it.

Missing names, keys and indexes are errors at once. The `maybe_` functions answer MISSING instead: they stand where
`default`, `is defined` or `is undefined` follows (docs/language.md#missing-values).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final, NoReturn

from attune_sim.errors import ExpressionError, did_you_mean
from attune_sim.expressions.kinds import (
    hinted,
    is_array,
    is_integer,
    is_object,
    type_error,
    type_name,
)
from attune_sim.expressions.limits import Budget, over_limit, width_of
from attune_sim.scope import ALIASES, LOCALS, MISSING, NAMESPACES, Ended, Scope

# Keys among which a "did you mean" is looked for: more would take long, a part of them would differ from map to map.
_SUGGESTED_FROM: Final = 1_000
_LONGEST_KEY: Final = 16_384  # characters of a key: as many as an expression may have that spells one out
_OWN: Final = ("result", "output", "status", "error")


def is_namespace(name: str) -> bool:
    return name in NAMESPACES or name in ALIASES or name in LOCALS


def variable(scope: Scope, name: str) -> Any:
    """A bare name: a variable of the `workflow` namespace."""
    variables = scope.resolve("workflow")
    if type(variables) is dict and name in variables:
        return variables[name]
    found = maybe_attribute(variables, name) if is_object(variables) else MISSING
    return no_name(scope, name) if found is MISSING else found


def maybe_variable(scope: Scope, name: str) -> Any:
    variables = scope.resolve("workflow")
    return maybe_attribute(variables, name) if is_object(variables) else MISSING


def no_name(scope: Scope, name: str) -> NoReturn:
    if name in LOCALS:
        hint = "only a task with with_items has it"
    else:
        hint = f"{_near(scope, name)}namespaces: {', '.join(NAMESPACES)}"
    raise hinted("variable_not_found", f"variable {name!r} not found", hint)


def _near(scope: Scope, name: str) -> str:
    variables, parameters = scope.resolve("workflow"), scope.resolve("parameters")
    if is_object(parameters) and name in parameters:
        return f"did you mean 'parameters.{name}'? "
    hint = did_you_mean(name, [*_names(variables), *NAMESPACES, *ALIASES])
    return f"{hint} " if hint else ""


def _names(value: Any) -> list[str]:
    if not is_object(value) or len(value) > _SUGGESTED_FROM:
        return []
    return [key for key in value if isinstance(key, str)]


def attribute(value: Any, key: str) -> Any:
    """`value.key`. Entries win over everything: an object has no other attributes."""
    if type(value) is dict:
        if key in value:
            return value[key]
    elif (found := maybe_attribute(value, key)) is not MISSING:
        return found
    raise _no_key(value, key)


def maybe_attribute(value: Any, key: str) -> Any:
    if not is_object(value):
        raise type_error(f"{type_name(value)} has no field {key!r}")
    return value.get(key, MISSING)


def _no_key(value: Any, key: Any) -> ExpressionError:
    hint = did_you_mean(key, _names(value)) if isinstance(key, str) else None
    return hinted("variable_not_found", f"key {key!r} not found", hint)


def item(value: Any, key: Any) -> Any:
    """`value[key]` with a key that the template spells out, and that the message may show."""
    if type(value) is dict and type(key) is str and key in value:
        return value[key]
    found = maybe_item(value, key)
    if found is MISSING:
        raise _no_key(value, key) if is_object(value) else _outside(value, key)
    return found


def maybe_item(value: Any, key: Any) -> Any:
    if is_object(value):
        return _entry(value, key)
    if not (isinstance(value, str) or is_array(value)):
        raise type_error(f"{type_name(value)} has no elements")
    if not is_integer(key):
        raise type_error(f"an index of {type_name(value)} is an integer, not {type_name(key)}")
    return value[key] if -len(value) <= key < len(value) else MISSING


def _entry(value: Mapping[Any, Any], key: Any) -> Any:
    if isinstance(key, str) and len(key) > _LONGEST_KEY:
        raise over_limit(f"a key of more than {_LONGEST_KEY:,} characters")
    if isinstance(key, str) or (is_integer(key) and key in value):
        return value.get(key, MISSING)
    raise type_error(f"a key is a string, not {type_name(key)}")


def computed_item(value: Any, key: Any) -> Any:
    """`value[key]` with a computed key: a value, which no message shows."""
    found = maybe_item(value, key)
    if found is MISSING:
        if is_object(value):
            raise ExpressionError("variable_not_found", "there is no entry with this key")
        raise _outside(value, key)
    return found


def _outside(value: Any, index: int) -> ExpressionError:
    place = f"index {index} is outside of {type_name(value)} of length {len(value)}"
    return ExpressionError("index_out_of_bounds", place)


def part(value: Any, start: Any, stop: Any, step: Any, budget: Budget) -> Any:
    """`value[start:stop:step]`, as in Python."""
    if not (isinstance(value, str) or is_array(value)):
        raise type_error(f"{type_name(value)} has no parts")
    for bound in (start, stop, step):
        if bound is not None and not is_integer(bound):
            raise type_error(f"the bounds of a part are integers, not {type_name(bound)}")
    if step == 0:
        raise type_error("the step of a part cannot be 0")
    length = len(range(*slice(start, stop, step).indices(len(value))))
    if isinstance(value, str):
        budget.text(length, width_of(value))
        return value[start:stop:step]
    budget.entries(length)
    return list(islice(value[start:stop:step], length))


def task_part(scope: Scope, name: Any, key: str, ended: Ended) -> Any:
    """`task.NAME.result` and the like: the result's own key if it has one, else what docs/language.md#reading-results says."""
    found = maybe_task_part(scope, name, key, ended)
    if found is not MISSING:
        return found
    results = scope.resolve("task")
    if not is_object(results) or name not in results:
        return item(results, name)
    raise ExpressionError("variable_not_found", f"task {name!r} has no {key!r} (it has not ended)")


def maybe_task_part(scope: Scope, name: Any, key: str, ended: Ended) -> Any:
    result = maybe_item(scope.resolve("task"), name)
    if result is not MISSING and is_object(result) and key in result:
        return result[key]
    if key in ("result", "output"):
        return result
    end = ended.tasks.get(name)
    return MISSING if end is None else getattr(end, key)


def is_task_part(key: Any) -> bool:
    return key in _OWN


def need(value: Any, what: str) -> Any:
    """The value of something that may be missing (an inline `if` without `else`, `first` of nothing)."""
    if value is MISSING:
        raise ExpressionError("variable_not_found", f"{what} gives no value here")
    return value
