"""What the rule of verdicts does when it should be silent, and when it should not: false alarms and planted differences.

A/A: four strategies, each registered under two or three names, are measured in rounds as `at.compare` measures, a hash seed
a round and the order rotated. Planted: strategies with a tenth more work in a fork (turns of an empty loop, or copies of small
dicts), in what a rendering reads, or in what giving a fork back takes, and ones that keep a hundredth and a twentieth more
bytes, each beside the same one without it.

Comparisons are drawn from that pool: whole rounds, without putting any back, so that a pair keeps its hash seed. Those of a
fixed number have ten; those of `repeats="auto"` look after 5, 7, 9 ... 50 and end with the first verdict. What is
the same must make no alarm either way; what was planted must be found by `auto`, which is there to find small differences.
500 of them come from one pool and are not independent: what a name does in every round, all of them see. Raw readings are
kept in `bench_alarms.csv`; `--frame` judges such a file again. With `--store` what was cut off goes on where it was.

    python benchmarks/bench_alarms.py [--rounds 60] [--pairs 10] [--seed 0] [--out results] [--store FILE] [--frame FILE]
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path
from typing import Final

import pandas as pd
from alarms.planted import COPIES, Padding, padded, twin
from alarms.pool import Pool
from verdict import Verdict

from attune_sim.analysis.figures import JUDGED
from attune_sim.analysis.looks import looks_of
from attune_sim.analysis.rule import BY_CHANCE
from attune_sim.api.comparisons.deciding import MOST_REPEATS
from attune_sim.contexts.registry import strategies
from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.experiment import Experiment, run_experiment
from attune_sim.frame import metrics_frame
from attune_sim.metrics import METRICS
from attune_sim.runspec import History
from attune_sim.scenarios.catalogue.baseline import baseline
from attune_sim.store import Store

COMPARISONS, PLANTED = 500, 100
CALIBRATING: Final = 15
MOST_ALARMS: Final = 5
ALIASES: Final = {
    "shared": ("shared", "twin", "the_same_under_a_long_name"),
    "hamt": ("hamt", "hamt_too"),
    "padded": ("padded", "likewise", "p3"),
    "copying": ("copying", "copying_too"),
}
"""A strategy -> the names under which it is measured."""
PADDED: Final = {"padded": Padding(), "copying": COPIES}
"""Those that are planted in -> what is usual there."""
DISPATCHES: Final = ("eager", "windowed")


@dataclass(frozen=True)
class Plant:
    """A part of the padding of `base` that is `share` larger, as seen by `metrics`, of which at least `found` in a hundred are found.

    No strategy has a part in `bookkeeping_us`, which is the engine's: nothing can be planted there.
    """

    part: str
    dispatch: str
    metrics: tuple[str, ...]
    share: float
    found: int
    base: str = "padded"

    @property
    def usual(self) -> Padding:
        return PADDED[self.base]

    @property
    def name(self) -> str:
        return f"more_{self.part}_{self.share:.0%}"


PLANTS: Final = (
    Plant("copy", "eager", ("fork_us",), 0.10, 95, base="copying"),
    Plant("fork", "eager", ("fork_us",), 0.10, 95),
    Plant("look", "eager", ("render_us",), 0.10, 95),
    Plant("drop", "windowed", ("drop_us",), 0.10, 95),
    Plant("keep", "eager", ("fork_bytes", "live_heap_bytes"), 0.01, 100),
    Plant("keep", "eager", ("fork_bytes", "live_heap_bytes"), 0.05, 100),
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rounds", type=int, default=60, help="measured rounds, which the comparisons are drawn from"
    )
    parser.add_argument("--pairs", type=int, default=10, help="rounds of one comparison")
    parser.add_argument("--items", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0, help="of the workload, and so of all hash seeds")
    parser.add_argument("--out", type=Path, default=Path("results"))
    parser.add_argument("--store", type=Path, help="where cells are kept as they come")
    parser.add_argument("--frame", type=Path, help="a frame measured before, in place of measuring")
    options = parser.parse_args()
    frame = pd.read_csv(options.frame) if options.frame else measured(options)
    known = frame[frame["metric"].isin(read())]
    fixed = Pool(known, options.pairs)
    going_on = Pool(known, options.pairs, looks=looks_of(BY_CHANCE, min(MOST_REPEATS, fixed.rounds)))
    verdict = Verdict(f"verdicts: {COMPARISONS} comparisons out of {fixed.rounds} rounds")
    for metric in JUDGED:
        report_alarms(verdict, f"{metric}, {options.pairs} pairs", metric, fixed)
        report_alarms(verdict, f"{metric}, auto", metric, going_on)
    for plant in PLANTS:
        for metric in plant.metrics:
            report_found(verdict, plant, metric, going_on)
    verdict.exit()


def read() -> set[str]:
    """What is judged, and what tells how fast the machine was meanwhile: without that, no pair is free of it."""
    wanted = {*JUDGED, *(metric for plant in PLANTS for metric in plant.metrics)}
    return wanted | {pace for name in wanted for pace in METRICS[name].paces}


# -- measuring ---------------------------------------------------------------------------------------------------------


def measured(options: argparse.Namespace) -> pd.DataFrame:
    """The readings of all cells, also written to a file; a row a reading."""
    grown = {plant: calibrated(plant, options) for plant in PLANTS}
    frames = []
    for dispatch in DISPATCHES:
        own = [padded(plant.name, grown[plant]) for plant in PLANTS if plant.dispatch == dispatch]
        frames.append(cells([*aliases(), *own], dispatch, options.rounds, options))
    frame = pd.concat(frames, ignore_index=True)
    options.out.mkdir(parents=True, exist_ok=True)
    frame.to_csv(options.out / "bench_alarms.csv", index=False)
    return frame


def aliases() -> Iterator[type[ContextStrategy]]:
    for family, names in ALIASES.items():
        for name in names:
            yield padded(name, PADDED[family]) if family in PADDED else twin(strategies[family], name)


def calibrated(plant: Plant, options: argparse.Namespace) -> Padding:
    """The padding with as much more of one part as makes its share of the first metric, by a line through two points, each pair of
    them at one pace of the machine."""
    usual = plant.usual
    units = getattr(usual, plant.part)
    double = usual.with_more(plant.part, units)
    both = [padded("usual", usual), padded(f"double_{plant.part}", double)]
    pool = Pool(cells(both, plant.dispatch, CALIBRATING, options), CALIBRATING)
    grown = pool.measured(plant.metrics[0], [(plant.dispatch, *(one.name for one in both))])
    more = units * plant.share / grown
    # What the allocator hands out comes in steps of 16 bytes.
    return usual.with_more(plant.part, -(-int(more) // 16) * 16 if plant.part == "keep" else round(more))


def cells(
    which: Sequence[type[ContextStrategy]], dispatch: str, repeats: int, options: argparse.Namespace
) -> pd.DataFrame:
    history = History(tasks=5, bytes_each=1_000)
    workload = baseline(
        options.items, history=history, variables_bytes=5_000, parameters_bytes=10_000, seed=options.seed
    )
    grid = Experiment(
        workloads=(workload,),
        strategies=which,
        dispatches=(dispatch,),
        repeats=repeats,
        memory_limit_bytes=2**31,
        check_answers=False,
    )
    return metrics_frame(run_experiment(grid, store=options.store and Store(options.store)))


# -- judging -----------------------------------------------------------------------------------------------------------


def report_alarms(verdict: Verdict, title: str, metric: str, pool: Pool) -> None:
    same = [pair for names in ALIASES.values() for pair in combinations(names, 2)]
    asked = [(dispatch, *pair) for dispatch, pair in product(DISPATCHES, same)]
    told = list(pool.drawn(metric, asked, COMPARISONS))
    alarms = Counter(pair for pair, word in told if word in ("more", "less"))
    verdict.require(f"{title}: A/A called changed, of {COMPARISONS}", alarms.total(), "<=", MOST_ALARMS)
    verdict.figure(f"  called not changed, of {COMPARISONS}", sum(word == "not changed" for _, word in told))
    if alarms:
        verdict.note("  alarms", ", ".join(f"{count} {' '.join(pair)}" for pair, count in alarms.items()))


def report_found(verdict: Verdict, plant: Plant, metric: str, pool: Pool) -> None:
    asked = [(plant.dispatch, base, plant.name) for base in ALIASES[plant.base]]
    planted = pool.measured(metric, asked)
    verdict.note(f"{metric}: planted {plant.share:+.0%} ({plant.name}), as measured", f"{planted:+.1%}")
    words = pool.words(metric, asked, PLANTED)
    verdict.figure(f"  called not changed, of {PLANTED}", words["not changed"])
    verdict.require(f"  found, of {PLANTED}", words["more"], ">=", plant.found)
    verdict.require("  with the wrong sign", words["less"], "<=", 0)


if __name__ == "__main__":
    main()
