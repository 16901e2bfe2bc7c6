"""The fields of the language: which there are, what kind of value each holds, and what to call that in a message.

`KINDS` steers reading (what is taken as text, where structures nest); the pydantic models validate strictly what was
read, all mistakes at once. A field that holds null is read as if it were absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from attune_sim.workflow import Backoff, Policy, TaskType

KINDS: Final[Mapping[str, Mapping[str, str]]] = {
    "workflow": {
        "ref": "text",
        "label": "text",
        "description": "text",
        "version": "text",
        "parameters": "any",
        "output": "any",
        "vars": "any",
        "tasks": "list of task",
        "output_map": "map of text",
        "tags": "list of text",
        "cancellation_policy": "text",
        "__chart_meta__": "ignored",
    },
    "task": {
        "name": "text",
        "type": "text",
        "action": "text",
        "input": "any",
        "next": "list of transition",
        "when": "text",
        "with_items": "text",
        "batch_size": "any",
        "concurrency": "any",
        "retry": "retry",
        "timeout": "any",
        "join": "any",
        "tasks": "list of task",
        "on_success": "text",
        "on_failure": "text",
        "on_complete": "text",
        "on_timeout": "text",
        "decision": "list of branch",
        "publish": "any",
        "permission_set_refs": "ignored",
        "permission_set_ref": "ignored",
        "worker_selector": "ignored",
        "worker_tolerations": "ignored",
        "worker_affinity": "ignored",
        "trace_tag_template": "ignored",
        "__chart_meta__": "ignored",
        "wait_for": "platform",
        "iterate_cache": "platform",
    },
    "transition": {"when": "text", "publish": "any", "do": "list of text", "__chart_meta__": "ignored"},
    "branch": {"when": "text", "next": "text", "default": "any", "__chart_meta__": "ignored"},
    "retry": {"count": "any", "delay": "any", "backoff": "text", "max_delay": "any", "on_error": "text"},
}
"""Structure -> field -> kind: `any` JSON, `text` (a number or boolean counts as its text), another structure, a list of
either; `ignored` fields mean something to editors and to the platform only, `platform` fields cannot be honoured here."""

EXPECTED: Final[Mapping[str, str]] = {
    "workflow": "a map with 'version' and 'tasks'",
    "version": "text of 1 to 50 characters",
    "ref": "text of at most 255 characters",
    "label": "text of at most 255 characters",
    "vars": "a map of variables",
    "tasks": "a list of tasks",
    "tasks[]": "a task (a map with 'name' and 'action')",
    "output_map": "a map of texts",
    "tags": "a list of texts",
    "input": "a map",
    "next": "a list of transitions",
    "next[]": "a transition (a map with 'when', 'publish', 'do')",
    "do": "a list of task names",
    "do[]": "the name of a task",
    "publish": "a list of variables",
    "publish[]": "a map of variables, or the name of one",
    "decision": "a list of branches",
    "decision[]": "a branch (a map with 'when' and 'next')",
    "default": "true or false",
    "retry": "a map with 'count' and 'delay'",
    "count": "a whole number from 1 to 100",
    "delay": "whole seconds, 0 or more",
    "max_delay": "whole seconds, 0 or more",
    "timeout": "whole seconds, 0 or more, or a template that gives them",
    "batch_size": "a whole number, 0 or more",
    "concurrency": "a whole number, 0 or more",
    "join": "a number of tasks, 0 or more, or the word all",
}
"""What a field (`field[]`: each of its entries) must be, for messages; `text` where nothing is said."""

WHEN_MISSING: Final[Mapping[str, str]] = {
    "version": "add version: 1.0.0",
    "tasks": "add tasks: a list of maps with 'name' and 'action'",
    "name": "add name: and a name of its own",
    "count": "add count: how many extra attempts, 1 to 100",
    "delay": "add delay: seconds before each retry, 0 for none",
    "next": "add next: and the name of the task",
}
"""What to write where a required field is missing."""

WHEN_WRONG: Final[Mapping[str, str]] = {
    "tasks": "write a list: - name: ...",
    "do": "write do: [name]",
    **dict.fromkeys(
        ("on_success", "on_failure", "on_complete", "on_timeout"),
        "for several tasks write next: [{when: ..., do: [name, name]}]",
    ),
    "publish": "write publish: [{name: value}]",
    "with_items": "write a list as an expression: '{{ [1, 2] }}'",
    "timeout": "write seconds without quotes",
    "join": "write the number without quotes",
    "concurrency": "write the number without quotes",
    "batch_size": "write the number without quotes",
}
"""What to write where a field holds the wrong kind of value."""

OWNERS: Final[Mapping[str, str]] = {
    "workflow": "the workflow",
    "task": "a task",
    "transition": "a transition",
    "branch": "a branch of a decision",
    "retry": "retry",
}
"""A structure as messages call it."""

_MAX_SECONDS: Final = 2**32 - 1

Short = Annotated[str, Field(max_length=255)]
Seconds = Annotated[int, Field(ge=0, le=_MAX_SECONDS)]
Count = Annotated[int, Field(ge=0, le=2**63 - 1)]


def _timeout(value: object) -> object:
    if isinstance(value, str) and "{{" in value:
        return value
    return _whole(value, _MAX_SECONDS)


def _join(value: object) -> object:
    return value if value == "all" else _whole(value, 2**63 - 1)


def _whole(value: object, most: int) -> object:
    if type(value) is int and 0 <= value <= most:
        return value
    raise PydanticCustomError("whole_number", "not a whole number")


def _publish_entry(value: object) -> object:
    if isinstance(value, str | dict):
        return value
    raise PydanticCustomError("publish_entry", "not a map or a name")


Publish = list[Annotated[Any, AfterValidator(_publish_entry)]]


class Fields(BaseModel):
    """A structure of the language, validated without any coercion."""

    model_config = ConfigDict(strict=True, extra="ignore", protected_namespaces=())


class RetryFields(Fields):
    """`retry` of a task."""

    count: Annotated[int, Field(ge=1, le=100)]
    delay: Seconds
    backoff: Backoff = "constant"
    max_delay: Seconds | None = None
    on_error: str | None = None


class TransitionFields(Fields):
    """An entry of `next`."""

    when: str | None = None
    publish: Publish = Field(default_factory=list)
    do: list[str] | None = None


class BranchFields(Fields):
    """An entry of the legacy `decision`."""

    when: str | None = None
    next: str
    default: bool = False


class TaskFields(Fields):
    """A task as written, legacy forms included."""

    name: str
    type: TaskType = "action"
    action: str | None = None
    input: dict[str, Any] = Field(default_factory=dict)
    next: list[TransitionFields] = Field(default_factory=list)
    when: str | None = None
    with_items: str | None = None
    batch_size: Count | None = None
    concurrency: Count | None = None
    retry: RetryFields | None = None
    timeout: Annotated[Any, AfterValidator(_timeout)] = None
    join: Annotated[Any, AfterValidator(_join)] = None
    tasks: list[TaskFields] = Field(default_factory=list)
    on_success: str | None = None
    on_failure: str | None = None
    on_complete: str | None = None
    on_timeout: str | None = None
    decision: list[BranchFields] = Field(default_factory=list)
    publish: Publish = Field(default_factory=list)


class WorkflowFields(Fields):
    """A workflow as written."""

    ref: Short = ""
    label: Short = ""
    description: str | None = None
    version: Annotated[str, Field(min_length=1, max_length=50)]
    parameters: Any = None
    output: Any = None
    vars: dict[str, Any] = Field(default_factory=dict)
    tasks: Annotated[list[TaskFields], Field(min_length=1)]
    output_map: dict[str, str] | None = None
    tags: list[str] = Field(default_factory=list)
    cancellation_policy: Policy = "allow_finish"


Legacy = Literal["on_success", "on_failure", "on_complete", "on_timeout"]
LEGACY_CONDITIONS: Final[Mapping[Legacy, str | None]] = {
    "on_success": "{{ succeeded() }}",
    "on_failure": "{{ failed() }}",
    "on_complete": None,
    "on_timeout": "{{ timed_out() }}",
}
"""Legacy field -> the condition of the transition that it stands for, in the order in which they are read."""
