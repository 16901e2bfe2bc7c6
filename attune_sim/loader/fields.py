"""The fields of the language, each declared once: how it is read, what it must be, and what messages say of it.

A model is one structure of a workflow text. Its annotations steer reading (`Known`), validate strictly what was read, all
mistakes at once, and carry the words of messages (`Says`). A field that holds null is read as if it were absent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, ClassVar, Final, Literal, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from attune_sim.workflow import Backoff, Policy, TaskType


@dataclass(frozen=True, slots=True)
class Says:
    """Words about a field: what it must `be`, what to `add` where it is missing, what `each` of its entries must be, and
    what to write where it holds something `wrong` (a text stands where it has `{}`), or a number in quotes (`quoted`)."""

    be: str = "text"
    add: str | None = None
    each: str = "text"
    wrong: str | None = None
    quoted: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a field: what it, or each entry of it if it is `listed`, is `of`, and the words for it.

    `of` is a structure, `str` (a number or boolean counts as its text), `dict[str, str]`, or `Any` for JSON as it stands.
    """

    of: Any = str
    listed: bool = False
    says: Says = Says()

    def inner(self, name: str) -> Known:
        """What is known of a field of this structure; text where this is none, as in a map of texts."""
        return (fields_of(self.of).get(name) if _is_structure(self.of) else None) or Known()


class Fields(BaseModel):
    """A structure of the language, validated without any coercion, and what messages call it.

    `ignored` fields mean something to editors and to the platform only, those of the `platform` cannot be honoured here;
    `elsewhere` are names that people write here and that belong to another place, with the hint that says so.
    """

    model_config = ConfigDict(strict=True, extra="ignore", protected_namespaces=())
    owner: ClassVar[str]
    ignored: ClassVar[tuple[str, ...]] = ("__chart_meta__",)
    platform: ClassVar[tuple[str, ...]] = ()
    elsewhere: ClassVar[Mapping[str, str]] = {}


@cache
def fields_of(structure: type[Fields]) -> Mapping[str, Known]:
    """The fields of a structure that mean something here, in the order in which they are declared."""
    return {
        name: Known(*_kind(field.annotation), *(words for words in field.metadata if isinstance(words, Says)))
        for name, field in structure.model_fields.items()
    }


def _kind(annotation: Any) -> tuple[Any, bool]:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Annotated, Union, UnionType):
        return _kind(inner[0])
    if origin is list:
        of, _ = _kind(inner[0])
        return of, of is not Any
    if origin is Literal or annotation in (str, dict[str, str]) or _is_structure(annotation):
        return str if origin is Literal else annotation, False
    return Any, False


def _is_structure(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Fields)


def _only(kind: Literal["whole_number", "entry_type"], good: Callable[[Any], bool]) -> AfterValidator:
    def checked(value: object) -> object:
        if good(value):
            return value
        raise PydanticCustomError(kind, "not what it must be")

    return AfterValidator(checked)


def _whole(value: object, most: int) -> bool:
    return type(value) is int and 0 <= value <= most


_SECONDS: Final = 2**32 - 1
_COUNT: Final = 2**63 - 1
_NUMBER: Final = "write the number without quotes"
_SEVERAL: Final = "for several tasks write next: [{when: ..., do: [name, name]}]"

_TASKS: Final = Says(
    "a list of tasks",
    "a list of maps with 'name' and 'action'",
    each="a task (a map with 'name' and 'action')",
    wrong="write a list: - name: ...",
)

Short = Annotated[str, Field(max_length=255), Says("text of at most 255 characters")]
Pause = Annotated[int, Field(ge=0, le=_SECONDS)]
Count = Annotated[int | None, Field(ge=0, le=_COUNT), Says("a whole number, 0 or more", quoted=_NUMBER)]
Publish = Annotated[
    list[Annotated[Any, _only("entry_type", lambda entry: isinstance(entry, str | dict))]],
    Says(
        "a list of variables",
        each="a map of variables, or the name of one",
        wrong="write publish: [{name: value}]",
    ),
]
Timeout = Annotated[
    Any,
    _only("whole_number", lambda it: _whole(it, _SECONDS) or (isinstance(it, str) and "{{" in it)),
    Says("whole seconds, 0 or more, or a template that gives them", quoted="write seconds without quotes"),
]
Join = Annotated[
    Any,
    _only("whole_number", lambda it: it == "all" or _whole(it, _COUNT)),
    Says("a number of tasks, 0 or more, or the word all", quoted=_NUMBER),
]
Target = Annotated[str | None, Says(wrong=_SEVERAL)]


class RetryFields(Fields):
    """`retry` of a task."""

    owner = "retry"
    ignored = ()
    count: Annotated[
        int, Field(ge=1, le=100), Says("a whole number from 1 to 100", "how many extra attempts, 1 to 100")
    ]
    delay: Annotated[Pause, Says("whole seconds, 0 or more", "seconds before each retry, 0 for none")]
    backoff: Backoff = "constant"
    max_delay: Annotated[Pause | None, Says("whole seconds, 0 or more")] = None
    on_error: str | None = None


class TransitionFields(Fields):
    """An entry of `next`."""

    owner = "a transition"
    when: str | None = None
    publish: Publish = Field(default_factory=list)
    do: Annotated[
        list[str] | None, Says("a list of task names", each="the name of a task", wrong="write do: [{}]")
    ] = None


class BranchFields(Fields):
    """An entry of the legacy `decision`."""

    owner = "a branch of a decision"
    when: str | None = None
    next: Annotated[str, Says(add="and the name of the task")]
    default: Annotated[bool, Says("true or false")] = False


class TaskFields(Fields):
    """A task as written, legacy forms included."""

    owner = "a task"
    ignored = (
        *("permission_set_refs", "permission_set_ref", "trace_tag_template", "__chart_meta__"),
        *("worker_selector", "worker_tolerations", "worker_affinity"),
    )
    platform = ("wait_for", "iterate_cache")
    elsewhere: ClassVar[Mapping[str, str]] = {
        "delay": "a pause belongs to retry: {count, delay}",
        "do": "targets belong to next: [{do: [name]}]",
    }
    name: Annotated[str, Says(add="and a name of its own")]
    type: TaskType = "action"
    action: str | None = None
    input: Annotated[dict[str, Any], Says("a map")] = Field(default_factory=dict)
    next: Annotated[
        list[TransitionFields],
        Says("a list of transitions", each="a transition (a map with 'when', 'publish', 'do')"),
    ] = Field(default_factory=list)
    when: str | None = None
    with_items: Annotated[str | None, Says(wrong="write a list as an expression: '{{ [1, 2] }}'")] = None
    batch_size: Count = None
    concurrency: Count = None
    retry: Annotated[RetryFields | None, Says("a map with 'count' and 'delay'")] = None
    timeout: Timeout = None
    join: Join = None
    tasks: Annotated[list[TaskFields], _TASKS] = Field(default_factory=list)
    on_success: Target = None
    on_failure: Target = None
    on_complete: Target = None
    on_timeout: Target = None
    decision: Annotated[
        list[BranchFields], Says("a list of branches", each="a branch (a map with 'when' and 'next')")
    ] = Field(default_factory=list)
    publish: Publish = Field(default_factory=list)


class WorkflowFields(Fields):
    """A workflow as written."""

    owner = "the workflow"
    elsewhere: ClassVar[Mapping[str, str]] = {"name": "did you mean 'ref' or 'label'?"}
    ref: Short = ""
    label: Short = ""
    description: str | None = None
    version: Annotated[str, Field(min_length=1, max_length=50), Says("text of 1 to 50 characters", "1.0.0")]
    parameters: Any = None
    output: Any = None
    vars: Annotated[dict[str, Any], Says("a map of variables")] = Field(default_factory=dict)
    tasks: Annotated[list[TaskFields], Field(min_length=1), _TASKS]
    output_map: Annotated[dict[str, str] | None, Says("a map of texts")] = None
    tags: Annotated[list[str], Says("a list of texts")] = Field(default_factory=list)
    cancellation_policy: Policy = "allow_finish"


WORKFLOW: Final = Known(WorkflowFields, says=Says("a map with 'version' and 'tasks'"))
"""What is known of the whole text."""

LEGACY_CONDITIONS: Final[Mapping[str, str | None]] = {
    "on_success": "{{ succeeded() }}",
    "on_failure": "{{ failed() }}",
    "on_complete": None,
    "on_timeout": "{{ timed_out() }}",
}
"""Legacy field -> the condition of the transition that it stands for, in the order in which they are read."""
