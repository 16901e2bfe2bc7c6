"""What runs pay for forks, renderings and actions, by instruments and meter in the same runs: of two neighbouring items one is read by each, and then
the other way round (`attune_sim.meter.crossover`). The places are those of `bench_verify.py`, under both dispatches; the whole takes less than an hour:

    python benchmarks/bench_crossover.py --strategies shared deepcopy --shapes records --spreads even giant
    python benchmarks/bench_crossover.py --all

It needs no quiet machine. `--store FILE` keeps what was read of each place, and another call goes on with those that are missing.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench_verify import ACTIONS, add_places, conclude, counts_of, filled, workload
from verdict import Verdict

from attune_sim.byvalue import search_path
from attune_sim.contexts.registry import strategies
from attune_sim.experiment.carry import packed
from attune_sim.experiment.instruments import RunInstruments
from attune_sim.meter.findings import Figure, compared, one_run
from attune_sim.meter.order import Order
from attune_sim.meter.process import taken
from attune_sim.meter.speed import PAID
from attune_sim.runspec import Dispatch

DISPATCHES: Final[Sequence[Dispatch]] = ("eager", "windowed")
SECONDS: Final = 600.0
MEMORY_LIMIT: Final = 8 * 2**30

Row = dict[str, Any]


def read(drawn: tuple[str, int, str], strategy: str, dispatch: Dispatch, hash_seed: int) -> Row:
    """What both sides read in a process of its own."""
    mine = workload(*drawn)
    order = Order(
        workload=mine,
        strategy=strategies[strategy],
        dispatch=dispatch,
        actions=ACTIONS,
        instruments=partial(RunInstruments, items=mine.items, looks=False),
        memory_limit_bytes=MEMORY_LIMIT,
    )
    found, reason = taken(packed(order), "crossed", path=search_path(), hash_seed=hash_seed, seconds=SECONDS)
    if reason:
        raise SystemExit(f"{strategy}, {dispatch}: {reason}")
    return {"strategy": strategy, **found}


class Kept:
    """What was read at each place, in a file if there is one."""

    def __init__(self, path: Path | None) -> None:
        self._path, self._rows = path, dict[str, Row]()
        if path is not None and path.exists():
            rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            self._rows = {row["place"]: row for row in rows}

    def row(self, place: str, reading: Callable[[], Row]) -> Row:
        """That of a place, read now if it is not known."""
        if place not in self._rows:
            row = self._rows[place] = {"place": place, **reading()}
            if self._path is not None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
        return self._rows[place]


def rows(options: argparse.Namespace, kept: Kept) -> Iterator[Row]:
    """Each place that was asked for once; each shape and spread has a hash seed of its own."""
    drawn = enumerate(product(options.shapes, options.spreads))
    for (hash_seed, (shape, spread)), strategy in product(drawn, options.strategies):
        for count, dispatch in product(counts_of(strategy, options), options.dispatches):
            place = f"{strategy}, {shape}, {count:,} items, {spread}, {dispatch}"
            reading = partial(read, (shape, count, spread), strategy, dispatch, hash_seed)
            yield kept.row(place, reading)


def figures_of(row: Row) -> list[Figure]:
    """What is to be thought of a place, as of one repeat."""
    told = {one_run(metric): row[f"told_{metric}"] for metric in PAID}
    metered = {one_run(metric): row[f"metered_{metric}"] for metric in PAID} | {"clock_us": row["clock_us"]}
    return [one for one in compared(row["strategy"], [(told, metered)]) if one.metric in PAID and one.one_run]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_places(parser)
    parser.add_argument("--dispatches", nargs="+", choices=DISPATCHES, default=DISPATCHES)
    parser.add_argument("--store", type=Path, metavar="FILE", help="where each place is kept as it is done")
    options = filled(parser.parse_args())
    verdict = Verdict("what runs paid, by instruments and meter in the same runs")
    figures: list[Figure] = []
    for row in rows(options, Kept(options.store)):
        for one in figures_of(row):
            figures.append(one)
            if one.is_judged and one.verdict != "agrees":
                verdict.note(
                    f"{row['place']}: {one.metric}",
                    f"told {one.told:.4g}, meter {one.metered:.4g}: {one.deviation:+.1%}",
                )
    for metric in PAID:
        if sizes := [
            abs(one.deviation or 0.0) for one in figures if one.metric == metric and not one.is_judged
        ]:
            verdict.note(
                f"{metric}, too small to resolve",
                f"median {median(sizes):.2%}, largest {max(sizes):.2%} of {len(sizes)}",
            )
    conclude(verdict, figures)
    verdict.exit()


if __name__ == "__main__":
    main()
