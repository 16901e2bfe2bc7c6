"""Expressions and templates of the workflow language, on Jinja2's immutable sandbox and parser.

`compile_value` and `compile_condition` compile once; `Template.render` and `Condition.holds` read a scope in place.
"""

from attune_sim.expressions.limits import DEFAULT_LIMITS, Limits
from attune_sim.expressions.pieces import condition, evaluate, render
from attune_sim.expressions.reads import path_of, reads
from attune_sim.expressions.template import (
    Condition,
    Template,
    characters_to_parse,
    check_condition,
    check_value,
    compile_condition,
    compile_value,
)
from attune_sim.expressions.unknown import UnknownCall, calls_in, unknown_calls

__all__ = [
    "DEFAULT_LIMITS",
    "Condition",
    "Limits",
    "Template",
    "UnknownCall",
    "calls_in",
    "characters_to_parse",
    "check_condition",
    "check_value",
    "compile_condition",
    "compile_value",
    "condition",
    "evaluate",
    "path_of",
    "reads",
    "render",
    "unknown_calls",
]
