"""attune-sim: a laboratory for one decision, how a workflow engine hands its context to the items of a fan-out.

    import attune_sim as at

    at.load        a workflow from YAML                  at.run, at.arun     one run, for real
    at.resume      a run whose process has died          at.script_of        a script from a recorded run
    at.compare     strategies beside each other          at.load_comparison  a comparison from its store
    at.sweep       the same over several sizes: laws, predictions
    at.strategies  ways of handing on the context        at.scenarios        workloads with real parts
    at.PlainStrategy   what a strategy of your own inherits      at.check_laws   whether it keeps its promises
    at.workload_of   a scenario or workflow with its sizes, to look at or to run in several of them
    at.advise      will it run out of memory, and what to change     at.limits   ... and on other platforms
    at.simulate    a day, a month, a million items, in virtual time
    at.plan        the cheapest window, workers and strategy that meet goals
    at.fit_latency, at.calibrate    simulations from recorded runs, and beside them
    at.rehearse    a workflow against scripted results   at.evaluate ...     the language, piece by piece
    at.step        a run event by event: which forks are alive, and what they share
    at.check_isolation   does an action write into what it is handed?
    at.noise       how far the same thing comes out apart here, and how often that is called a change
    at.claims      what is claimed of sharing a context, against measurement here
    at.slim        less context for each item, with equal answers
    at.explore     sliders over what was measured, and what that foretells; at.context_cost   what any call keeps alive
    at.report      of a result, of several, or of rows on disk: HTML, Markdown, JSON
    at.show        a frame with units, for people        at.last        what a call that was stopped had come to

Names are loaded when first used, so that `import attune_sim` costs a few milliseconds; in a notebook they are loaded behind
the cell that imports it.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from attune_sim.api.advice.advice import Advice
    from attune_sim.api.advice.advising import advise, limits
    from attune_sim.api.claims.claiming import claims
    from attune_sim.api.claims.claims import Claims, OriginalBenchmarks
    from attune_sim.api.claims.original import original_benchmarks
    from attune_sim.api.comparisons.comparing import compare, load_comparison
    from attune_sim.api.comparisons.comparison import Comparison
    from attune_sim.api.comparisons.sweep import Sweep
    from attune_sim.api.costs.costing import context_cost
    from attune_sim.api.exploring.explorer import Explorer
    from attune_sim.api.exploring.exploring import explore
    from attune_sim.api.language import retry_delays
    from attune_sim.api.noise.noise import Noise
    from attune_sim.api.noise.noising import noise
    from attune_sim.api.reports.reporting import report
    from attune_sim.api.runs.isolating import check_isolation
    from attune_sim.api.runs.resuming import resume
    from attune_sim.api.runs.run import Run
    from attune_sim.api.runs.running import arun, run
    from attune_sim.api.runs.scripts import script_of
    from attune_sim.api.showing.frames import show
    from attune_sim.api.simulation.calibrating import calibrate
    from attune_sim.api.simulation.latencies import FittedLatency, fit_latency
    from attune_sim.api.simulation.plan import Plan
    from attune_sim.api.simulation.planning import plan
    from attune_sim.api.simulation.simulating import simulate
    from attune_sim.api.simulation.simulation import Simulation
    from attune_sim.api.slim.slim import slim
    from attune_sim.api.slim.slimmed import Slim
    from attune_sim.api.stepping.state import Step
    from attune_sim.api.stepping.stepper import Stepper
    from attune_sim.api.stepping.stepping import step
    from attune_sim.api.stopped import last
    from attune_sim.api.strategies import strategies_frame
    from attune_sim.api.sweeps.sweeping import sweep
    from attune_sim.contexts.laws import check_laws
    from attune_sim.contexts.plain import PlainFork, PlainStrategy
    from attune_sim.contexts.registry import strategies
    from attune_sim.contexts.strategy import ContextStrategy, Guarantees
    from attune_sim.errors import (
        ActionError,
        ActionTimeout,
        AttuneError,
        ExperimentError,
        ExpressionError,
        InputError,
        Interrupted,
        JournalError,
        ParametersError,
        Problem,
        ResultError,
        ScriptError,
        UnknownNameError,
        WorkflowError,
    )
    from attune_sim.expressions import condition, evaluate, render
    from attune_sim.isolation import Isolation, Leak
    from attune_sim.loader import load
    from attune_sim.metrics import METRICS
    from attune_sim.parameters import check_parameters, fill_defaults
    from attune_sim.rehearsal import Rehearsal, rehearse
    from attune_sim.results import result_view
    from attune_sim.runspec import History
    from attune_sim.scenarios.registry import scenarios, workload_of
    from attune_sim.scenarios.workload import Workload
    from attune_sim.workflow import Workflow, batches

    register_strategy = strategies.register

_NAMES = {
    "api.advice.advice": "Advice",
    "api.advice.advising": "advise limits",
    "api.claims.claiming": "claims",
    "api.claims.claims": "Claims OriginalBenchmarks",
    "api.comparisons.comparing": "compare load_comparison",
    "api.comparisons.comparison": "Comparison",
    "api.costs.costing": "context_cost",
    "api.exploring.explorer": "Explorer",
    "api.exploring.exploring": "explore",
    "api.reports.reporting": "report",
    "api.runs.isolating": "check_isolation",
    "api.language": "retry_delays",
    "api.noise.noise": "Noise",
    "api.noise.noising": "noise",
    "api.claims.original": "original_benchmarks",
    "api.runs.resuming": "resume",
    "api.runs.run": "Run",
    "api.runs.running": "arun run",
    "api.runs.scripts": "script_of",
    "api.showing.frames": "show",
    "api.simulation.calibrating": "calibrate",
    "api.simulation.latencies": "FittedLatency fit_latency",
    "api.simulation.plan": "Plan",
    "api.simulation.planning": "plan",
    "api.simulation.simulating": "simulate",
    "api.simulation.simulation": "Simulation",
    "api.slim.slim": "slim",
    "api.slim.slimmed": "Slim",
    "api.stepping.state": "Step",
    "api.stepping.stepper": "Stepper",
    "api.stepping.stepping": "step",
    "api.stopped": "last",
    "api.strategies": "strategies_frame",
    "api.comparisons.sweep": "Sweep",
    "api.sweeps.sweeping": "sweep",
    "contexts.laws": "check_laws",
    "contexts.plain": "PlainFork PlainStrategy",
    "contexts.registry": "strategies",
    "contexts.strategy": "ContextStrategy Guarantees",
    "errors": "ActionError ActionTimeout AttuneError ExperimentError ExpressionError InputError Interrupted "
    "JournalError "
    "ParametersError Problem ResultError ScriptError UnknownNameError WorkflowError",
    "expressions": "condition evaluate render",
    "isolation": "Isolation Leak",
    "loader": "load",
    "metrics": "METRICS",
    "parameters": "check_parameters fill_defaults",
    "rehearsal": "Rehearsal rehearse",
    "results": "result_view",
    "runspec": "History",
    "scenarios.registry": "scenarios workload_of",
    "scenarios.workload": "Workload",
    "workflow": "Workflow batches",
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names.split()}

__all__ = [
    "METRICS", "ActionError", "ActionTimeout", "Advice", "AttuneError", "Claims", "Comparison", "ContextStrategy",
    "ExperimentError", "Explorer", "ExpressionError", "FittedLatency", "Guarantees", "History", "InputError", "Interrupted",
    "Isolation", "JournalError", "Leak", "Noise", "OriginalBenchmarks", "ParametersError", "PlainFork", "PlainStrategy",
    "Plan", "Problem", "Rehearsal", "ResultError", "Run", "ScriptError", "Simulation", "Slim", "Step", "Stepper", "Sweep",
    "UnknownNameError", "Workflow", "WorkflowError", "Workload", "advise", "arun", "batches", "calibrate",
    "check_isolation", "check_laws", "check_parameters",
    "claims", "compare", "condition", "context_cost", "evaluate", "explore", "fill_defaults", "fit_latency", "last", "limits", "load",
    "load_comparison", "noise", "original_benchmarks", "plan", "register_strategy", "rehearse", "render", "report",
    "result_view", "resume", "retry_delays", "run", "scenarios", "script_of", "show", "simulate", "slim", "step",
    "strategies", "strategies_frame", "sweep", "workload_of",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name == "register_strategy":
        value = __getattr__("strategies").register
    elif name in _HOMES:
        value = getattr(import_module(f"attune_sim.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module 'attune_sim' has no name {name!r}; it has: {', '.join(__all__)}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext attune_sim` does: `%%workflow NAME` and `%context_cost statement`."""
    import_module("attune_sim.api.magics.magics").register(shell)


if "IPython" in sys.modules:
    import_module("attune_sim.api.showing.notebook").load_behind_the_cell()
