"""The JSON Schema of workflow files, made from the fields that the loader knows: with it editors complete and check.

It says less than the loader, which also knows names, targets and templates, and never more: what it refuses, the loader
refuses too.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from attune_sim.loader.fields import Fields, WorkflowFields

_DIALECT: Final = "http://json-schema.org/draft-07/schema#"
_TEXT: Final = ["string", "number", "boolean"]
"""A field that holds text takes a number or a boolean as it is spelled."""


def workflow_schema() -> dict[str, Any]:
    """JSON Schema of a workflow file, in either form.

    >>> workflow_schema()["else"], sorted(workflow_schema()["definitions"])[:2]
    ({'$ref': '#/definitions/WorkflowFields'}, ['BranchFields', 'RetryFields'])
    """
    schema = WorkflowFields.model_json_schema(
        ref_template="#/definitions/{model}", schema_generator=_Generator, by_alias=False
    )
    definitions = {name: _without_titles(each) for name, each in schema.pop("$defs").items()}
    return {
        "$schema": _DIALECT,
        "title": "attune-sim workflow",
        "if": {"type": "object", "required": ["workflow"]},
        "then": {"properties": {"workflow": {"type": "object", "required": ["tasks"]}}},
        "else": {"$ref": "#/definitions/WorkflowFields"},
        "definitions": dict(sorted({**definitions, "WorkflowFields": _without_titles(schema)}.items())),
    }


def _without_titles(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key not in ("title", "$defs")}


class _Generator(GenerateJsonSchema):
    """Pydantic's own, for what the loader makes of a text: unknown keys are refused, null is absent, texts are lenient."""

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        return {**super().str_schema(schema), "type": _TEXT}

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        made = super().model_schema(schema)
        structure = schema["cls"]
        assert issubclass(structure, Fields)
        required = made.get("required", ())
        made["properties"] = {
            **{
                name: each if name in required else _or_null(each)
                for name, each in made["properties"].items()
            },
            **{name: {"description": "not looked at here"} for name in structure.ignored},
        }
        made["additionalProperties"] = False
        return made


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a field that may also hold null, and then counts as absent."""
    kind = schema.get("type")
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None], "type": ["string", "null"]}
    if kind is not None:
        return {**schema, "type": [*([kind] if isinstance(kind, str) else kind), "null"]}
    options = schema.get("anyOf")
    if options is None or {"type": "null"} in options:
        return schema
    return {**schema, "anyOf": [*options, {"type": "null"}]}
