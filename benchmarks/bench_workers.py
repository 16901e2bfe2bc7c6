"""Queues of simulated workers: what an arrival costs, beside the peers SimPy and Ciw, and what workers add to an item of a workflow.

The station is M/M/4 at a load of 0.8, the draws are the same for all, and all three have to come to the same mean wait. Seconds
are those of the processor, the least of the rounds, which take turns. SimPy has a process an arrival and a resource of four; Ciw
has a node of four servers, and a twentieth of the arrivals. A peer that is not installed is left out.

    python benchmarks/bench_workers.py [--quick]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from time import process_time
from typing import Any, Final

import numpy as np
from verdict import Verdict

from attune_sim.executors.timeline import VirtualTimeline
from attune_sim.loader import load
from attune_sim.runspec import RunSpec
from attune_sim.simulation.fates import ModelledFates
from attune_sim.simulation.latency.reading import read_latencies
from attune_sim.simulation.setting import Setting
from attune_sim.simulation.simulate import simulate
from attune_sim.simulation.workers import theory
from attune_sim.simulation.workers.arrivals import Arrivals
from attune_sim.simulation.workers.crew import Crew
from attune_sim.simulation.workers.pool import Pool
from attune_sim.simulation.workers.reading import workers_of

SERVERS: Final = 4
LOAD: Final = 0.8
ROUNDS: Final = 3
WORKFLOW: Final = """
version: '1'
parameters: {servers: {type: integer}}
tasks:
  - name: check
    action: monitoring.check
    with_items: "{{ range(parameters.servers) }}"
    concurrency: 50
    input: {url: "{{ item }}"}
"""

Draws = tuple[list[float], list[float]]


def draws(number: int) -> Draws:
    """Gaps between arrivals, and services (s)."""
    rng = np.random.default_rng(0)
    gaps = rng.exponential(1 / (LOAD * SERVERS), number)
    return gaps.tolist(), rng.exponential(1.0, number).tolist()


def ours(gaps: list[float], services: list[float]) -> float:
    timeline = VirtualTimeline()
    pool = Pool(workers_of(SERVERS), timeline)
    Arrivals(timeline, pool, gaps, services).run()
    return pool.waits.mean


def with_simpy(gaps: list[float], services: list[float]) -> float:
    import simpy

    environment = simpy.Environment()
    slots, waited = simpy.Resource(environment, SERVERS), 0.0

    def customer(service_s: float) -> Iterator[Any]:
        nonlocal waited
        came = environment.now
        with slots.request() as slot:
            yield slot
            waited += environment.now - came
            yield environment.timeout(service_s)

    def source() -> Iterator[Any]:
        for gap, service_s in zip(gaps, services, strict=True):
            yield environment.timeout(gap)
            environment.process(customer(service_s))

    environment.process(source())
    environment.run()
    return waited / len(gaps)


def with_ciw(gaps: list[float], services: list[float]) -> float:
    import ciw

    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Sequential([*gaps, float("inf")])],
        service_distributions=[ciw.dists.Sequential(services)],
        number_of_servers=[SERVERS],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(len(gaps), method="Finish")
    return float(np.mean([record.waiting_time for record in simulation.get_all_records()]))


def items(workers: str | None, number: int) -> None:
    fates = ModelledFates(latency=read_latencies("lognormal(80ms, 0.8)"))
    spec = RunSpec(workflow=load(WORKFLOW), parameters={"servers": number})
    stations = None if workers is None else Crew(workers_of(workers))
    assert simulate(Setting(spec=spec, fates=fates, stations=stations)).complaints == ()


def seconds(call: Callable[[], object]) -> float:
    used = process_time()
    call()
    return process_time() - used


def least(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The least seconds of each, which take turns."""
    rounds = [{name: seconds(call) for name, call in calls.items()} for _ in range(ROUNDS)]
    return {name: min(one[name] for one in rounds) for name in calls}


def queues(verdict: Verdict, arrivals: int) -> None:
    few = max(arrivals // 20, 1_000)
    peers = {"SimPy": (with_simpy, "simpy", arrivals), "Ciw": (with_ciw, "ciw", few)}
    there = {name: peer for name, peer in peers.items() if find_spec(peer[1]) is not None}
    given = {number: draws(number) for number in (arrivals, few)}
    calls: dict[str, Callable[[], object]] = {"ours": lambda: ours(*given[arrivals])}
    for name, (run, _, number) in there.items():
        calls[name] = lambda run=run, number=number: run(*given[number])
        assert abs(run(*given[few]) / ours(*given[few]) - 1) < 1e-9, f"{name} waits otherwise"
    took = least(calls)
    an_arrival = {name: took[name] / (arrivals if name == "ours" else there[name][2]) * 1e6 for name in took}
    verdict.figure("an arrival", an_arrival["ours"], "us")
    for name in there:
        verdict.figure(f"  {name}", an_arrival[name], "us")
        verdict.require(f"  over {name}", an_arrival["ours"] / an_arrival[name], "<", 0.5, "times")
    waited, expected = ours(*given[arrivals]), theory.mmc_wait(LOAD * SERVERS, 1.0, SERVERS)
    verdict.figure("mean wait over Erlang's", waited / expected, "times")


def workflows(verdict: Verdict, number: int) -> None:
    kinds = {"none": None, "50": "50", "10x5(mtbf=1h, repair=1min)": "10x5(mtbf=1h, repair=1min)"}
    took = least({name: lambda workers=workers: items(workers, number) for name, workers in kinds.items()})
    for name, used in took.items():
        verdict.figure(f"an item of a workflow, workers: {name}", used / number * 1e6, "us")
    verdict.require("  with 50 workers over none", took["50"] / took["none"], "<", 2, "times")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="with a tenth of the arrivals and items")
    options = parser.parse_args()
    part = 10 if options.quick else 1
    verdict = Verdict("queues of simulated workers")
    queues(verdict, 1_000_000 // part)
    workflows(verdict, 200_000 // part)
    verdict.exit()


if __name__ == "__main__":
    main()
