"""Every figure beside the independent meter, in the large: strategies, shapes of payload and context, numbers of items, and
items that are even or not. What was told of a cell and what the meter took right after it are compared under the same hash seed.

Items are given as data, as a user's workflow gets them, and their sizes are drawn: all alike, lognormal, one giant, a tiny
first one before large ones, ascending. A strategy that copies an item pays for each of them another price. What is not
named is a sample that takes some minutes; the whole, three numbers of items for each strategy, takes hours:

    python benchmarks/bench_verify.py --strategies shared projected deepcopy --shapes records --items 20 1000 --spreads even giant
    python benchmarks/bench_verify.py --all

A time is to rest on three repeats in which the machine was at its full speed: so say readings of its pace, which know nothing of the deviation. What
slow forks paid, renderings and actions both sides read in the same runs, which count at any speed; `bench_crossover.py` takes only these.
A strategy that lacks some is visited again, three times at the most, and all of its repeats count. What was so in too few of them is told, and no more
than one of twenty may be.

With `--store FILE` each place (a shape, a number, a spread) is kept as it is done, and another call goes on with those that are missing;
`--minutes M` begins none after so many. The verdict is about all that are in the store and were asked for.

    python benchmarks/bench_verify.py --all --store results/verify.jsonl --minutes 60
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any, Final

from verdict import Verdict

import attune_sim as at
from attune_sim.api.comparisons.verification import Verification
from attune_sim.contexts.registry import drawing_layouts, strategies
from attune_sim.meter.findings import MEMORY, TIMES, Figure, figures_of
from attune_sim.meter.speed import Pair
from attune_sim.scenarios.payload import make_payload

COPYING: Final = ("deepcopy", "pickle", "json", "orjson")
"""They copy the list of items as well, for each of them: 400 such copies take a gigabyte."""

ITEMS_OF_A_SAMPLE: Final = (100,)
ITEMS_OF_COPYING: Final = (20, 100, 250)
"""400 of some items take over five seconds, and such a run is not repeated: there is no median of one."""
ITEMS_OF_OTHERS: Final = (20, 700, 5_000)
REPEATS: Final = 5
VISITS: Final = 4
AT_LEAST: Final = 3
"""Repeats at full speed on which a time is to rest; a place is visited again where one rests on fewer."""
HISTORY: Final = at.History(tasks=10, bytes_each=10_000)
SHAPES: Final = ("text", "records", "deep", "numbers")
ENTRIES: Final = 2
"""Entries of a typical item; a spread multiplies them."""

DEEPEST: Final = 50
"""Levels of a nested item: no parameter may be deeper than a hundred."""

WORKFLOW: Final = """
version: 1.0.0
ref: bench.verify
parameters:
  entries: {type: array}
tasks:
  - name: each
    action: bench.work
    with_items: "{{ parameters.entries }}"
    input:
      load: "{{ item.load }}"
      label: "{{ item.id }} comes before item-{{ index + 1 }}"
      place: "number {{ index }}, after number {{ index - 1 }}"
"""


def work(**input: Any) -> None:
    """An action of some microseconds, for some items twice as many: what takes less than twenty readings of the clock is too small to resolve."""
    sum(range(200 + 200 * input["label"].startswith("item-1")))


ACTIONS: Final = {"bench.work": work}


# -- items whose sizes differ ------------------------------------------------------------------------------------------


def even(count: int, rng: random.Random) -> list[int]:
    return [ENTRIES] * count


def lognormal(count: int, rng: random.Random) -> list[int]:
    return [max(1, min(400, round(ENTRIES * rng.lognormvariate(0, 1)))) for _ in range(count)]


def giant(count: int, rng: random.Random) -> list[int]:
    sizes = even(count, rng)
    sizes[count // 3] = ENTRIES * count
    return sizes


def first_tiny(count: int, rng: random.Random) -> list[int]:
    return [1, *[ENTRIES * 3] * (count - 1)]


def ascending(count: int, rng: random.Random) -> list[int]:
    return sorted(lognormal(count, rng))


SPREADS: Final = {made.__name__: made for made in (even, lognormal, giant, first_tiny, ascending)}


def load(shape: str, entries: int, number: int) -> Any:
    """What an item carries, of so many entries: JSON in one of the shapes, or a map in a map in a map."""
    if shape == "deep":
        return _nested(entries, number)
    return make_payload(shape, 230 * entries, f"item {number}")


def _nested(entries: int, number: int) -> Any:
    """A map in a map in a map; of more than `DEEPEST` entries several beside each other."""
    if entries <= DEEPEST:
        return _chain(entries, number)
    return [_chain(min(DEEPEST, entries - done), number) for done in range(0, entries, DEEPEST)]


def _chain(entries: int, number: int) -> Any:
    value: Any = {"end": number}
    for depth in range(entries):
        value = {"depth": depth, "name": f"level {depth} of {number}", "below": value}
    return value


def workload(shape: str, count: int, spread: str) -> at.Workload:
    rng = random.Random(f"{shape} {count} {spread}")
    sizes = SPREADS[spread](count, rng)
    entries = [{"id": f"item-{n}", "load": load(shape, size, n)} for n, size in enumerate(sizes)]
    mine = at.workload_of(at.load(WORKFLOW), parameters={"entries": entries})
    payload = "records" if shape == "deep" else shape
    history = at.History(HISTORY.tasks, HISTORY.bytes_each, payload)
    return mine.sized(history=history)


CHOICES: Final = {  # a sample, and the whole
    "strategies": (["shared", "hamt", "projected"], list(at.strategies)),
    "shapes": (["records"], ["text", "records", "deep"]),
    "spreads": (["even", "giant"], list(SPREADS)),
}


# -- what is required of them ------------------------------------------------------------------------------------------


def judged(figures: Sequence[Figure], names: Sequence[str]) -> list[float]:
    return [abs(one.deviation or 0.0) for one in figures if one.is_judged and one.metric in names]


def conclude(verdict: Verdict, figures: Sequence[Figure]) -> None:
    memory, times = judged(figures, MEMORY), judged(figures, TIMES)
    still = sum(one.is_open for one in figures)
    verdict.require("times that cannot be told", 100 * still / max(1, len(times) + still), "<=", 5, "%")
    for name in (*TIMES, *MEMORY):
        if found := judged(figures, [name]):
            verdict.note(
                f"{name}: median and largest deviation",
                f"{median(found):.2%}, {max(found):.2%} of {len(found)}",
            )
    if memory:
        verdict.require("memory: largest deviation", 100 * max(memory), "<=", 2, "%")
    if times:
        within = 100 * sum(size <= 0.05 for size in times) / len(times)
        verdict.require("times: median deviation", 100 * median(times), "<=", 3, "%")
        verdict.require("times: share within 5 %", within, ">=", 95, "%")
        verdict.require("times: largest deviation", 100 * max(times), "<=", 15, "%")


def told(verdict: Verdict, place: str, found: Verification) -> None:
    """Each figure that is more than 5 % off, so that a miss can be looked at."""
    verdict.note(place, found.verdict)
    for one in found.figures:
        if (one.is_judged or one.is_open) and one.verdict != "agrees":
            verdict.note(
                f"  {one.strategy} {one.metric}",
                f"told {one.told:,.4g}, meter {one.metered:,.4g}: {one.deviation:+.1%} "
                f"({min(one.deviations):+.1%} to {max(one.deviations):+.1%})",
            )
    for reason in found.reasons:
        verdict.note("  not metered", reason)


@dataclass
class Place:
    """What was told and metered of the strategies of a place, over all visits."""

    pairs: dict[str, list[Pair]] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)

    def add(self, found: Verification) -> None:
        self.reasons += found.reasons
        for name, pairs in found.pairs.items():
            self.pairs.setdefault(name, []).extend(pairs)

    @property
    def verification(self) -> Verification:
        return Verification(figures_of(self.pairs, drawing_layouts(strategies)), self.reasons, self.pairs)


class Kept:
    """What was told and metered at each place, in a file if there is one: what is to be thought of it is found anew."""

    def __init__(self, path: Path | None) -> None:
        self._path, self.places = path, dict[str, Place]()
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                if "pairs" not in row:
                    sys.exit(f"{path} is of an earlier version, which kept no pairs: give another file")
                name = row.pop("place")
                self.places[name] = Place(**row)

    def add(self, name: str, place: Place) -> None:
        self.places[name] = place
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"place": name, **asdict(place)}) + "\n")


def counts_of(strategy: str, options: argparse.Namespace) -> Sequence[int]:
    """The numbers of items that a strategy is verified with."""
    whole = ITEMS_OF_COPYING if strategy in COPYING else ITEMS_OF_OTHERS
    counts: Sequence[int] = options.items or (whole if options.all else ITEMS_OF_A_SAMPLE)
    return counts


def asked(options: argparse.Namespace) -> dict[str, tuple[tuple[str, int, str], list[str]]]:
    """The places by their names: what is drawn there, and the strategies that have so many items."""
    sizes = {name: counts_of(name, options) for name in options.strategies}
    found = {}
    for count in sorted({count for counts in sizes.values() for count in counts}):
        chosen = [name for name, counts in sizes.items() if count in counts]
        named = "all strategies" if len(chosen) == len(at.strategies) else ", ".join(chosen)
        for shape, spread in product(options.shapes, options.spreads):
            place = f"{shape}, {count:,} items, {spread}, {options.dispatch}, {named}"
            found[place] = ((shape, count, spread), chosen)
    return found


def verified(options: argparse.Namespace) -> tuple[list[str], Kept]:
    """The places that were asked for, and what was found at those that there was time for."""
    kept, until = Kept(options.store), time.monotonic() + 60 * options.minutes
    places = asked(options)
    for place, (drawn, chosen) in places.items():
        if place not in kept.places and time.monotonic() < until:
            kept.add(place, visited(workload(*drawn), chosen, options))
    return list(places), kept


def visited(mine: at.Workload, chosen: Sequence[str], options: argparse.Namespace) -> Place:
    """A place; strategies with a time that rests on too few repeats are visited again, and all of their repeats count."""
    place, left = Place(), list(chosen)
    for _ in range(VISITS):
        found = at.compare(
            mine, left, actions=ACTIONS, repeats=options.repeats, dispatch=options.dispatch, progress=False,
            verify=True, memory_limit="8GiB",
        )  # fmt: skip
        assert found.verification is not None
        place.add(found.verification)
        left = list(dict.fromkeys(one.strategy for one in place.verification.figures if is_thin(one)))
        if not left:
            break
    return place


def is_thin(one: Figure) -> bool:
    """Whether this is a time that was taken at full speed in too few repeats, or of which too few drew the same layout on both sides."""
    is_few = one.is_judged and len(one.ratios) < AT_LEAST
    return one.metric in TIMES and (one.is_open or one.varies or is_few)


def add_places(parser: argparse.ArgumentParser) -> None:
    """Options that say which places are asked for."""
    parser.add_argument("--all", action="store_true", help="whatever is not named below, all of it")
    parser.add_argument("--strategies", nargs="+", metavar="NAME")
    parser.add_argument("--shapes", nargs="+", choices=SHAPES)
    parser.add_argument("--items", nargs="+", type=int, metavar="N")
    parser.add_argument("--spreads", nargs="+", choices=SPREADS)


def filled(options: argparse.Namespace) -> argparse.Namespace:
    """What was not named: a sample, or with `--all` the whole."""
    for name, (sample, whole) in CHOICES.items():
        if getattr(options, name) is None:
            setattr(options, name, whole if options.all else sample)
    return options


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_places(parser)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--dispatch", choices=("eager", "windowed"), default="eager")
    parser.add_argument("--store", type=Path, metavar="FILE", help="where each place is kept as it is done")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no place after so many")
    options = filled(parser.parse_args())
    verdict = Verdict(f"every figure beside the independent meter, medians over {options.repeats} repeats")
    figures: list[Figure] = []
    places, kept = verified(options)
    done = [place for place in places if place in kept.places]
    for place in done:
        found = kept.places[place].verification
        told(verdict, place, found)
        figures += found.figures
    verdict.require("places that were seen", len(done), ">=", len(places))
    conclude(verdict, figures)
    verdict.exit()


if __name__ == "__main__":
    main()
