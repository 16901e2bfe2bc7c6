"""What every strategy must do, and what each guarantee means, as checks that run.

`check_laws(strategy)` runs all of them over one strategy class, ours or an outsider's, and tells for each law whether
it held and whether it had to. A declaration that promises more than the strategy keeps is a broken law; one that
promises less is honest, if modest.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from attune_sim.contexts.laws.always import ALWAYS_LAWS
from attune_sim.contexts.laws.isolation import ISOLATION_LAWS
from attune_sim.contexts.laws.law import Law, Verdict
from attune_sim.contexts.laws.threads import THREAD_LAWS
from attune_sim.contexts.laws.travel import TRAVEL_LAWS, packed
from attune_sim.contexts.laws.values import EXACT, VALUE_LAWS, type_fidelity
from attune_sim.contexts.strategy import ContextStrategy

LAWS: Final[tuple[Law, ...]] = (*ALWAYS_LAWS, *ISOLATION_LAWS, *TRAVEL_LAWS, *THREAD_LAWS, *VALUE_LAWS)

__all__ = ["ALWAYS_LAWS", "EXACT", "LAWS", "Law", "Verdict", "check_laws", "packed", "type_fidelity"]


def check_laws(strategy: type[ContextStrategy], laws: Iterable[Law] = LAWS) -> tuple[Verdict, ...]:
    """Every law, or each of those given, over one strategy class, in their order. Raises nothing for a strategy that breaks down:
    that breaks the law which met it.

    >>> from attune_sim.contexts.deepcopy import Deepcopy
    >>> [str(verdict) for verdict in check_laws(Deepcopy) if verdict.broken]
    []
    """
    return tuple(_verdict(law, strategy) for law in laws)


def _verdict(law: Law, strategy: type[ContextStrategy]) -> Verdict:
    try:
        seen = law.check(strategy())
    except Exception as error:  # an outsider's strategy may raise anything; that is what was seen
        seen = f"{type(error).__name__}: {error}"
    note = law.note(strategy()) if law.note is not None and seen is None else ""
    return Verdict(strategy.name, law.name, law.guarantee, law.is_promised(strategy), seen, note)
