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

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema
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


def means(text: str) -> Any:
    """What a field means, for editors and for the reference of fields."""
    return Field(description=text)


def _whole(value: object, most: int) -> bool:
    return type(value) is int and 0 <= value <= most


_SECONDS: Final = 2**32 - 1
_COUNT: Final = 2**63 - 1
_NUMBER: Final = "write the number without quotes"
_SEVERAL: Final = "for several tasks write next: [{when: ..., do: [name, name]}]"

_PARAMETERS: Final = {
    "anyOf": [
        {"type": "object", "properties": {"type": {"const": "object"}}, "required": ["type", "properties"]},
        {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {
                    "type": {"enum": ["string", "integer", "number", "boolean", "array", "object"]},
                    "required": {"type": "boolean", "description": "a run cannot begin without it"},
                    "secret": {"type": "boolean", "description": "its value is never shown or written"},
                    "default": {"description": "its value where none is given"},
                    "enum": {"type": "array", "description": "the values that it may have"},
                    "description": {"type": "string"},
                },
            },
        },
    ]
}
"""What editors know of a schema of parameters: JSON Schema as it stands, or flat."""

_TASKS: Final = Says(
    "a list of tasks",
    "a list of maps with 'name' and 'action'",
    each="a task (a map with 'name' and 'action')",
    wrong="write a list: - name: ...",
)

Short = Annotated[str, Field(max_length=255), Says("text of at most 255 characters")]
Pause = Annotated[int, Field(ge=0, le=_SECONDS)]
Count = Annotated[int | None, Field(ge=0, le=_COUNT), Says("a whole number, 0 or more", quoted=_NUMBER)]
Schema = Annotated[Any, Says("a map of names to schemas"), WithJsonSchema(_PARAMETERS)]
Publish = Annotated[
    list[
        Annotated[
            Any,
            _only("entry_type", lambda entry: isinstance(entry, str | dict)),
            WithJsonSchema({"type": ["object", "string"]}),
        ]
    ],
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
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": r"\{\{"}]}),
]
Join = Annotated[
    Any,
    _only("whole_number", lambda it: it == "all" or _whole(it, _COUNT)),
    Says("a number of tasks, 0 or more, or the word all", quoted=_NUMBER),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, {"const": "all"}]}),
]
Target = Annotated[str | None, Says("the name of a task", wrong=_SEVERAL)]
Condition = Annotated[str | None, Says("a condition")]


class RetryFields(Fields):
    """`retry` of a task."""

    owner = "retry"
    ignored = ()
    count: Annotated[
        int,
        Field(ge=1, le=100),
        Says("a whole number from 1 to 100", "how many extra attempts, 1 to 100"),
        means("how many further attempts there may be"),
    ]
    delay: Annotated[
        Pause,
        Says("whole seconds, 0 or more", "seconds before each retry, 0 for none"),
        means("the pause before the first retry"),
    ]
    backoff: Annotated[
        Backoff, means("how pauses grow: not at all, by `delay` each time, or twofold each time")
    ] = "constant"
    max_delay: Annotated[
        Pause | None, Says("whole seconds, 0 or more"), means("no pause is longer; at least `delay`")
    ] = None
    on_error: Annotated[Condition, means("only attempts for which it holds are repeated")] = None


class TransitionFields(Fields):
    """An entry of `next`."""

    owner = "a transition"
    when: Annotated[Condition, means("the transition fires if it holds; without one it always does")] = None
    publish: Annotated[
        Publish, means("variables that it writes; a bare name is given the whole `result()`")
    ] = Field(default_factory=list)
    do: Annotated[
        list[str] | None,
        Says("a list of task names", each="the name of a task", wrong="write do: [{}]"),
        means("tasks of the same level that it asks for"),
    ] = None


class BranchFields(Fields):
    """An entry of the legacy `decision`."""

    owner = "a branch of a decision"
    when: Annotated[Condition, means("the branch is taken if it holds")] = None
    next: Annotated[
        str, Says("the name of a task", add="and the name of the task"), means("the task that it leads to")
    ]
    default: Annotated[bool, Says("true or false"), means("taken only where no other branch is")] = False


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
    name: Annotated[str, Says(add="and a name of its own"), means("what transitions and `task.NAME` call it")]
    type: Annotated[TaskType, means("calls an action, runs its `tasks`, or runs a sub-workflow")] = "action"
    action: Annotated[str | None, means("what it calls; only a parallel task has none")] = None
    input: Annotated[
        dict[str, Any],
        Says("a map"),
        means("what the action is handed by name; the parameters of the workflow if it is empty"),
    ] = Field(default_factory=dict)
    next: Annotated[
        list[TransitionFields],
        Says("a list of transitions", each="a transition (a map with 'when', 'publish', 'do')"),
        means("what may follow; every transition whose condition holds fires"),
    ] = Field(default_factory=list)
    when: Annotated[Condition, means("the task is skipped if it does not hold")] = None
    with_items: Annotated[
        str | None,
        Says(wrong="write a list as an expression: '{{ [1, 2] }}'"),
        means("runs the action once for each element, which is `item`"),
    ] = None
    batch_size: Annotated[Count, means("an item is a list of up to so many elements")] = None
    concurrency: Annotated[Count, means("how many items run at a time; one if it is not given")] = None
    retry: Annotated[
        RetryFields | None,
        Says("a map with 'count' and 'delay'"),
        means("repeats attempts that failed or timed out"),
    ] = None
    timeout: Annotated[Timeout, means("the time limit of each attempt; 0 is none")] = None
    join: Annotated[Join, means("starts when transitions from so many different tasks have asked for it")] = (
        None
    )
    tasks: Annotated[
        list[TaskFields], _TASKS, means("the tasks of a parallel task, a level of their own")
    ] = Field(default_factory=list)
    on_success: Annotated[Target, means("older form of a transition when it succeeded")] = None
    on_failure: Annotated[Target, means("older form of a transition when it failed")] = None
    on_complete: Annotated[Target, means("older form of a transition that always fires")] = None
    on_timeout: Annotated[Target, means("older form of a transition when it timed out")] = None
    decision: Annotated[
        list[BranchFields],
        Says("a list of branches", each="a branch (a map with 'when' and 'next')"),
        means("older form of several transitions, one of them the default"),
    ] = Field(default_factory=list)
    publish: Annotated[Publish, means("older form of variables that a transition writes")] = Field(
        default_factory=list
    )


class WorkflowFields(Fields):
    """A workflow as written."""

    owner = "the workflow"
    elsewhere: ClassVar[Mapping[str, str]] = {"name": "did you mean 'ref' or 'label'?"}
    ref: Annotated[Short, means("its name, by which actions call it")] = ""
    label: Annotated[Short, means("its name where there is no `ref`")] = ""
    description: Annotated[str | None, means("kept, without effect")] = None
    version: Annotated[
        str,
        Field(min_length=1, max_length=50),
        Says("text of 1 to 50 characters", "1.0.0"),
        means("the version of the definition"),
    ]
    parameters: Annotated[
        Schema, means("what a run is given: types, defaults, what is required or secret")
    ] = None
    output: Annotated[Schema, means("kept, without effect")] = None
    vars: Annotated[
        dict[str, Any], Says("a map of variables"), means("the first variables; templates in them stay text")
    ] = Field(default_factory=dict)
    tasks: Annotated[list[TaskFields], Field(min_length=1), _TASKS, means("what is done")]
    output_map: Annotated[
        dict[str, str] | None, Says("a map of texts"), means("the output of a run that succeeded")
    ] = None
    tags: Annotated[list[str], Says("a list of texts"), means("kept, without effect")] = Field(
        default_factory=list
    )
    cancellation_policy: Annotated[
        Policy, means("whether what is under way ends by itself, or is told to stop, when a run is cancelled")
    ] = "allow_finish"


WORKFLOW: Final = Known(WorkflowFields, says=Says("a map with 'version' and 'tasks'"))
"""What is known of the whole text."""

LEGACY_CONDITIONS: Final[Mapping[str, str | None]] = {
    "on_success": "{{ succeeded() }}",
    "on_failure": "{{ failed() }}",
    "on_complete": None,
    "on_timeout": "{{ timed_out() }}",
}
"""Legacy field -> the condition of the transition that it stands for, in the order in which they are read."""
