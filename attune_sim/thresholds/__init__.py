"""Rule text -> rule -> what came of it. Pure: frames in, a list of broken rules out.

    fork_bytes < 128                            at most so much, in the metric's own unit (bytes, microseconds, seconds, a count)
    fork_us < 1us                               or with a unit: ns us ms s, B KB MB GB KiB MiB GiB
    shared.fork_bytes < 128                     only for one strategy
    fork_us < 1.5 * floor                       against another metric of the same run
    shared.fork_us * 1000 < deepcopy.fork_us    against another strategy of the same run
    fork_us:10%                                 at most 10 % worse than in a baseline
    growth in context_bytes is O(1)             fork_bytes and fork_us do not grow with the context; or one METRIC growth in ...
    promises are kept                           the laws hold that a strategy promises

Rules are of three kinds, in the order of trust: *counts* (bytes, blocks, instructions: the same for the same work under one
hash seed), *ratios* of times within one run, and *times*, which a machine decides as well.

A rule whose metric was not measured is broken, and one whose figure does not hold: a gate without data must not stay open.

Where pairs of values are set beside each other, the rule of all verdicts (`analysis.rule`) has a say: what the repeats leave
open is not broken but `undecided`. With fewer pairs than tell anything the median alone counts.
"""

from attune_sim.thresholds.checking import check
from attune_sim.thresholds.findings import Broken, Finding, Span
from attune_sim.thresholds.measured import Measured, not_measured
from attune_sim.thresholds.parsing import FORMS, parse
from attune_sim.thresholds.rules import Amount, Growth, Kind, Promises, Rule, Threshold

__all__ = [
    "FORMS", "Amount", "Broken", "Finding", "Growth", "Kind", "Measured", "Promises", "Rule", "Span", "Threshold", "check",
    "not_measured", "parse",
]  # fmt: skip
