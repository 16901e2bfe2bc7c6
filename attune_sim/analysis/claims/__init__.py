"""Claims against measurement: what was claimed, what was measured, and a verdict with its reason. Pure.

A claim has lines, a line for each thing that it says and each way in which that can be read; a line is measured in each shape of
payload. A figure inside its band is `confirmed`; one beyond it is `exceeded` the way the claim argues and `refuted` the other
way. What lines and shapes agree on is the verdict of their claim; where they do not it `depends`.
"""

from attune_sim.analysis.claims.claim import (
    ANY,
    CONFIRMED,
    DEPENDS,
    EXCEEDED,
    REFUTED,
    UNKNOWN,
    VERDICTS,
    Claim,
    Figure,
    Line,
    claims_of,
)
from attune_sim.analysis.claims.lines import CLAIM_COLUMNS, judged
from attune_sim.analysis.claims.readings import READING_COLUMNS
from attune_sim.analysis.claims.summary import SUMMARY_COLUMNS, overall, summarised
from attune_sim.analysis.claims.words import amount

__all__ = [
    "ANY",
    "CLAIM_COLUMNS",
    "CONFIRMED",
    "DEPENDS",
    "EXCEEDED",
    "READING_COLUMNS",
    "REFUTED",
    "SUMMARY_COLUMNS",
    "UNKNOWN",
    "VERDICTS",
    "Claim",
    "Figure",
    "Line",
    "amount",
    "claims_of",
    "judged",
    "overall",
    "summarised",
]
