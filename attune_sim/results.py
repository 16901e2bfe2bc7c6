"""What an expression sees of a task's result, and what a run hands back as its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from attune_sim.paths import Path, changed_at, value_at


def result_view(result: Any) -> Any:
    """What `result()` and `task.NAME` read: the result, with what its action printed or returned inside lifted up.

    A map gains the keys of the map under its `data`; without the key `data` it gains those of the JSON object that its
    `stdout` holds. Own keys win. Everything else is its own view; the result is never changed.
    Raises nothing.

    >>> result_view({"exit_code": 0, "stdout": '{"size": 3}'})
    {'exit_code': 0, 'stdout': '{"size": 3}', 'size': 3}
    """
    if type(result) is not dict and not isinstance(result, Mapping):
        return result
    inner = result["data"] if "data" in result else _printed(result.get("stdout"))
    if inner is None or not isinstance(inner, Mapping) or all(key in result for key in inner):
        return result
    return {**result, **{key: value for key, value in inner.items() if key not in result}}


def read_at(result: Any, path: Path) -> Any:
    """What `task.NAME` and a path below it read; None where nothing lies there.

    >>> read_at({"stdout": '{"rows": [1, 2]}'}, ("output", "rows"))
    [1, 2]
    """
    return value_at(result_view(result), _own_path(result, path))


def changed_result(result: Any, path: Path, change: Callable[[Any], Any]) -> Any:
    """The result with something else where `read_at` reads: in itself, or in what its action printed or returned inside.

    >>> changed_result({"data": {"rows": [1]}}, ("rows",), lambda rows: rows * 3)
    {'data': {'rows': [1, 1, 1]}}
    """
    path = _own_path(result, path)
    if not path or not isinstance(result, Mapping) or path[0] in result:
        return changed_at(result, path, change)
    if "data" in result:
        return changed_at(result, ("data", *path), change)
    printed = _printed(result.get("stdout"))
    inner = changed_at(printed, path, change)
    return result if inner is printed else {**result, "stdout": json.dumps(inner)}


def _own_path(result: Any, path: Path) -> Path:
    """The path without a leading `output` or `result`, which both mean the result itself unless it has such a key."""
    if path and path[0] in ("output", "result") and not (isinstance(result, Mapping) and path[0] in result):
        return path[1:]
    return path


def require_view(result: Any) -> None:
    """Raise what `result_view` would raise for a result whose own methods fail: where it is returned, that fails its attempt."""
    kind = type(result)
    if kind not in _PLAIN and not (kind is dict and type(result.get("data")) in _PLAIN_DATA):
        result_view(result)


_PLAIN: Final = (str, int, float, bool, type(None), list, tuple)
_PLAIN_DATA: Final = (*_PLAIN, dict)


def _printed(stdout: Any) -> Any:
    if not isinstance(stdout, str) or not stdout.lstrip().startswith("{"):
        return None
    try:
        return json.loads(stdout, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def run_result(
    status: str, output: Mapping[str, Any] | None = None, error: str | None = None
) -> dict[str, Any]:
    """The result of a whole run, which is also what a sub-workflow's task gets.

    `output` is what the output_map gave; its own `succeeded` wins. A run that did not succeed has only its error.

    >>> run_result("succeeded", {"a": 1})
    {'a': 1, 'succeeded': True}
    >>> run_result("failed")
    {'error': 'Workflow failed', 'succeeded': False}
    """
    if status == "succeeded":
        return {"succeeded": True} if not output else {**output, "succeeded": output.get("succeeded", True)}
    return {"error": error or f"Workflow {status}", "succeeded": False}
