"""Every public name, used as its users do. This file is never run: mypy --strict reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attune_sim as at
from attune_sim.api.comparisons.cost import Cost
from attune_sim.contexts.plain import PlainContext
from attune_sim.contexts.strategy import Forker


class Mine(at.PlainStrategy):
    name = "mine"
    guarantees = at.Guarantees(isolated_items=False, isolated_nested=False)

    def fan_out(self, context: PlainContext, reads: frozenset[tuple[str, ...]] | None) -> Forker:
        return MineForker(context.namespaces)


class MineForker:
    def __init__(self, namespaces: dict[str, Any]) -> None:
        self.namespaces = namespaces

    def fork(self, item: Any, index: int) -> at.PlainFork:
        return at.PlainFork(self.namespaces, item, index)


def strategies() -> list[str]:
    at.register_strategy(Mine)
    promises: dict[str, bool] = at.strategies["shared"].guarantees.as_dict()
    made: at.ContextStrategy = at.strategies.shared()
    broken = [verdict.law for verdict in at.check_laws(Mine) if verdict.broken]
    return [made.name, *broken, *at.strategies, *promises, *at.strategies_frame(price=False).columns]


def workflows(path: Path) -> at.Workflow:
    workflow: at.Workflow = at.load(path, lenient=True)
    definition: Mapping[str, Any] = workflow.as_dict()
    at.load(f"version: 1.0.0\ntasks: {definition['tasks']}")
    return workflow


def runs(workflow: at.Workflow, journal: Path) -> at.Run:
    run: at.Run = at.run(
        workflow, {"region": "eu"}, strategy=Mine, executor="threads", dispatch="eager",
        actions={"demo.check": lambda url: {"url": url}}, workflows=[workflow], config={}, keystore={}, seed=1,
    )  # fmt: skip
    text: str = run.status + (run.error or "") + str(run.output)
    assert text, run.items.columns.tolist() + run.tasks.columns.tolist()
    run.report("run.html")
    script: dict[str, Any] = at.script_of(run)
    rehearsal: at.Rehearsal = at.rehearse(workflow, script)
    assert rehearsal.ok, rehearsal.differences
    return at.resume(journal, actions="actions.py")


async def awaited(workflow: at.Workflow) -> str:
    run: at.Run = await at.arun(workflow, actions=Path("actions.py"))
    return run.status


def comparisons() -> at.Comparison:
    workload: at.Workload = at.scenarios.health_check(servers=10, payload="text")
    named: at.Workload = at.workload_of("baseline")
    found: at.Comparison = at.compare(
        workload.sized(items=5), ["deepcopy", Mine], items=5, payload="text", history=at.History(tasks=3),
        dispatch="windowed", executor="inline", repeats=2, real=False, memory_limit="1GiB", time_limit=30,
        store="cells.jsonl", probes=("instructions",), seed=1, progress=False,
    )  # fmt: skip
    mine: at.Comparison = at.compare(
        "mine.yaml", "shared", parameters={"region": "eu"}, actions="mine.py", workflows="subs", script="run.jsonl",
        config={}, keystore={},
    )  # fmt: skip
    assert mine.printed, found.printed
    verified = at.compare(named, at.strategies.shared, history=5, verify=True).verification
    assert verified is None or verified.frame.columns.tolist() + [str(one.deviation) for one in verified.off]
    ratio = found.summary()["fork_us_ratio"]
    assert len(ratio), (
        found.frame.columns.tolist() + found.cells.columns.tolist() + found.samples.columns.tolist()
    )
    for regression in found.check(
        "fork_bytes<128", "fork_us:10%", baseline=at.load_comparison("cells.jsonl")
    ):
        print(regression)
    found.plot_memory(ax=found.plot_metric("fork_us"))
    found.report("comparison.md")
    at.report([found, "cells.jsonl"], "site/", template="templates")
    return found


def noise() -> list[str]:
    found: at.Noise = at.noise("baseline", "shared", items=100, rounds=12, budget="30s", n=10, progress=False)
    safe = at.compare("baseline", ["shared", "hamt"], repeats="auto", budget="2min")
    broken = safe.check("fork_us:10%", baseline=safe)
    told = [*map(str, broken.undecided), *broken.unlike]
    return [str(found), *found.frame["metric"], *safe.verdicts(found)["verdict"], *told]


def claims() -> list[str]:
    found: at.Claims = at.claims("clone_memory", payloads=["text"], store="claims.jsonl", progress=False)
    theirs: at.OriginalBenchmarks = at.original_benchmarks(repeats=2, store="original.jsonl", progress=False)
    found.report("claims.html", force=True)
    return [
        *found.verdicts,
        *found.summary().columns,
        *theirs.frame.columns,
        *theirs.cells.columns,
        *found.cells.columns,
    ]


def sweeps(workflow: at.Workflow) -> at.Sweep:
    swept: at.Sweep = at.sweep(
        workflow, ["deepcopy", Mine], items=[10, 100], context_bytes=["10KB", 100_000], payloads=["text"],
        dispatch=["eager", "windowed"], concurrency=[1, 10], repeats=2, workers=2, budget="2min", store="cells.jsonl",
        progress=False, actions="mine.py", parameters={"region": "eu"}, memory_limit="1GiB", time_limit=30, seed=1,
    )  # fmt: skip
    assert swept.laws()["law"].tolist() + swept.crossovers()["at"].tolist() + list(swept.design)
    assert len(swept.predict(items=1e5, context_bytes="1MB", strategy="deepcopy")) < len(swept.summary())
    swept.plot_growth("wall_s", "context_bytes", ax=swept.plot_growth())
    return swept


def advice(workflow: at.Workflow) -> list[str]:
    told: at.Advice = at.advise(
        workflow, items=100_000, memory="2GiB", isolation="items", budget="60s", progress=False
    )
    broken = at.limits(workflow, items=100_000, progress=False)
    assert str(at.show(broken, by="item", ascending=True, rows=5)), at.show(broken).frame is broken
    frames = [told.frame, told.context, told.limits, broken]
    pick: str | None = told.pick
    return [told.answer, told.why, str(pick), *told.unread, *told.assumed, *told.doubts, *map(repr, frames)]


def slimmed(workflow: at.Workflow) -> tuple[str, float, list[str]]:
    found: at.Slim = at.slim(workflow, script={"actions": {}}, parameters={"n": 1})
    return (
        found.diff,
        found.before_bytes / found.after_bytes,
        [f"{move.task} {move.ref}" for move in found.moves],
    )


def isolation(workflow: at.Workflow) -> list[str]:
    found: at.Isolation = at.check_isolation(workflow, actions={"demo.check": lambda url: {"url": url}})
    leaks: list[at.Leak] = list(found.leaks)
    return [
        *(f"{leak.task} {leak.action} {leak.index} {leak.path}" for leak in leaks),
        *found.safe,
        *found.unsafe,
    ]


def gate(context_cost: Callable[..., Cost]) -> bool:
    cost = context_cost("baseline", strategy="shared", items=1000)
    return cost.fork_bytes < 128 and cost.ratio_to("deepcopy").fork_us > 1000


def language() -> list[Any]:
    namespaces = {"workflow": {"n": 3}}
    problems: tuple[at.Problem, ...] = at.check_parameters({"n": {"type": "integer"}}, {"n": 3})
    found: list[Any] = [at.evaluate("n + 1", namespaces), at.render({"a": ["{{ n }}"]}, namespaces)]
    truth: bool = at.condition("n > 2", namespaces)
    filled: dict[str, Any] = at.fill_defaults({}, {})
    return [
        *found,
        truth,
        filled,
        at.batches([1, 2, 3], 2),
        at.result_view({}),
        at.retry_delays({"count": 2}),
        problems,
    ]


def latencies(run: at.Run) -> float:
    fitted: at.FittedLatency = at.fit_latency(run.items, task="check")
    return fitted.mean_s


def simulations(run: at.Run, workflow: at.Workflow) -> list[str]:
    day: at.Simulation = at.simulate(
        workflow, actions="actions.py", items=1000, concurrency=50, latency={"check": "lognormal(80ms, 0.8)", "list": 2.0},
        faults=["failing(2%)"], every="5min", duration="24h", overlap="skip", workers="4x2", memory="2GiB",
        strategies=["shared", Mine], dispatch="eager", seeds=100, processes=2, store="seeds.jsonl", max_events=10**6,
    )  # fmt: skip
    other = at.simulate("baseline", arrivals=[0.0, 60.0], duration=90, prices=day.prices, strategies=[])
    frames = [day.cycles, day.items, day.memory, day.deaths, day.queue, day.workers, day.frame, day.summary()]
    frames += [day.distributions(), day.against(other), at.calibrate(run, day)]
    day.plot_cycles(ax=day.plot_memory()), day.plot_gantt(3, by="item"), day.report("day.html", force=True)
    return [str(day.ok), *day.warnings, *(column for frame in frames for column in frame.columns)]


def steps(workflow: at.Workflow) -> str:
    stepper: at.Stepper = at.step(
        workflow, {"region": "eu"}, strategy=Mine, dispatch="eager", actions="actions.py", concurrency=3
    )
    first: at.Step = next(stepper)
    shown = [str(step.own_bytes) for step in stepper] + [
        stepper.until("check").fork("check[0]").held("workflow.rows")
    ]
    return " ".join([*shown, stepper.back().event.kind, *stepper.run().frame.columns, *first.references])


def planned() -> str:
    found: at.Plan = at.plan(
        "baseline", ["late <= 0", "cost < 3/day"], items=10, workers="4x2", rates={"gb_hour": 1}
    )
    return found.finding if found.pick is None else found.pick.strategy


def errors(name: str) -> str:
    try:
        return at.METRICS[name].title
    except at.UnknownNameError as error:
        return str(error)
    except at.WorkflowError as error:
        return "\n".join(f"{problem.place}: {problem.message} {problem.hint}" for problem in error.problems)
    except at.ExpressionError as error:
        return error.kind
    except (at.ActionTimeout, at.ActionError) as error:
        return f"an action: {error}"
    except (
        at.ParametersError,
        at.ScriptError,
        at.JournalError,
        at.ResultError,
        at.InputError,
        at.ExperimentError,
    ):
        return "bad input, or a finding"
    except at.Interrupted as halt:
        result: (
            at.Run
            | at.Comparison
            | at.Claims
            | at.OriginalBenchmarks
            | at.Advice
            | at.Simulation
            | at.Plan
            | at.Isolation
        ) = at.last()
        return f"{halt}: {result}"
    except at.AttuneError as error:
        return str(error)


def explored(sweep: at.Sweep) -> at.Explorer:
    explorer: at.Explorer = at.explore(
        sweep, ["shared", Mine], limit="1GiB", workload="baseline", store="cells.jsonl", seed=1
    )
    moved: at.Explorer = explorer.at(items=10, context_bytes="1MB", payload="text", window=None, memory=2**30)
    explorer.measure("shared"), explorer.scout()
    assert [death.items for death in moved.outlook.deaths], moved.frame.columns.tolist()
    whole: at.Sweep = sweep.resume()
    assert whole.records, explorer.result.records
    return moved


def costs() -> float:
    cost = at.context_cost(lambda: [1], n=3, seconds="2s")
    return cost.bytes + cost.left_bytes + cost.us + (cost.blocks or 0.0)
