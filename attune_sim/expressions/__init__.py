"""Expressions and templates of the workflow language, on Jinja2's immutable sandbox and parser.

`compile_value` and `compile_condition` compile once; `Template.render` and `Condition.holds` read a scope in place.
"""

from attune_sim.expressions.kinds import settled
from attune_sim.expressions.limits import DEFAULT_LIMITS, Limits
from attune_sim.expressions.lookalikes import Lookalike, lookalikes
from attune_sim.expressions.names import Name, names_in
from attune_sim.expressions.pieces import condition, evaluate, render
from attune_sim.expressions.reads import path_of, range_bounds, reads
from attune_sim.expressions.shared import Templates
from attune_sim.expressions.template import (
    Condition,
    Template,
    characters_to_parse,
    check_condition,
    check_value,
    compile_condition,
    compile_value,
    expressions_in,
    pure_expression,
)
from attune_sim.expressions.trees import Trees
from attune_sim.expressions.unknown import UnknownCall, calls_in, unknown_calls

__all__ = [
    "DEFAULT_LIMITS",
    "Condition",
    "Limits",
    "Lookalike",
    "Name",
    "Template",
    "Templates",
    "Trees",
    "UnknownCall",
    "calls_in",
    "characters_to_parse",
    "check_condition",
    "check_value",
    "compile_condition",
    "compile_value",
    "condition",
    "evaluate",
    "expressions_in",
    "lookalikes",
    "names_in",
    "path_of",
    "pure_expression",
    "range_bounds",
    "reads",
    "render",
    "settled",
    "unknown_calls",
]
