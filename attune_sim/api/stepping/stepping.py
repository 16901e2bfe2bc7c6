"""Making a workload ready to be stepped through."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

from attune_sim.actions.registry import actions_of
from attune_sim.api.runs.chosen import sized_workload
from attune_sim.api.runs.given import ActionSource, ScriptSource, Source, given_workload
from attune_sim.api.runs.running import DISPATCHES, Strategy, one_of, positive, strategy_class
from attune_sim.api.runs.workflows import SubWorkflows
from attune_sim.api.stepping.stepper import Stepper
from attune_sim.errors import InputError
from attune_sim.expressions import Limits
from attune_sim.runspec import Dispatch
from attune_sim.session import session_of
from attune_sim.stepping.stepping import Stepping


def step(
    workload: Source,
    parameters: Mapping[str, Any] | None = None,
    *,
    strategy: Strategy = "shared",
    dispatch: Dispatch = "windowed",
    actions: ActionSource | None = None,
    workflows: SubWorkflows = (),
    script: ScriptSource | None = None,
    config: Mapping[str, Any] | None = None,
    keystore: Mapping[str, Any] | None = None,
    items: int | None = None,
    concurrency: int | None = None,
    real: bool = False,
    seed: int = 0,
    limits: Limits | None = None,
    max_task_runs: int = 10_000,
) -> Stepper:
    """Step through a run, one event at a time, and see which forks of the context are alive and what they share.

    It takes what `at.run` takes. `next(stepper)` handles one event; the step that it gives shows in a notebook as a picture: the shared
    heap, what each item has of its own, what refers to what. `.back()` and `.goto(n)` look at steps that were taken, which calls no action again.

    Forks, values, references and bytes are read off the real objects, by identity (`id`, the references that the garbage collector follows,
    `sys.getrefcount`, `sys.getsizeof`): what is shown is what is there, not what the strategy promises. Time is virtual: pauses of retries and timeouts pass at once, and an action
    that is called for real counts as one second. Actions are called once each, as their end comes up; a scenario's are replayed unless `real=True`, a user's
    own are always the real ones. With `concurrency` the main fan-out has so many items under way at once.

    Raises:
        InputError: the workload, its parameters, or a name cannot be used; nothing has run then.

    >>> text = '''
    ... version: 1.0.0
    ... vars: {rows: [1, 2]}
    ... tasks:
    ...   - {name: add, action: demo.add, with_items: "{{ rows }}", input: {n: "{{ item }}", rows: "{{ rows }}"}}
    ... '''
    >>> stepper = step(text, actions={"demo.add": lambda n, rows: n}, strategy="deepcopy")
    >>> next(stepper)
    <Step 0 at 0 s: Begin the run starts; 1 fork alive>
    >>> stepper.state.fork("add[0]").held("workflow.rows")
    'own'
    >>> stepper.run().status
    'succeeded'
    >>> stepper.goto(1).event
    Told(kind='ActionEnded', place='add[0]', text='succeeded after 1.0 s')
    """
    one_of("dispatch", dispatch, DISPATCHES)
    positive("max_task_runs", max_task_runs)
    if limits is not None and not isinstance(limits, Limits):
        raise InputError(f"limits must be attune_sim.expressions.Limits(...), not a {type(limits).__name__}")
    chosen = strategy_class(strategy)
    own = given_workload(
        workload, parameters=parameters, actions=actions, workflows=workflows, script=script,
        config=config, keystore=keystore, items=items, seed=seed,
    )  # fmt: skip
    if concurrency is not None:
        own = sized_workload(own, concurrency=positive("concurrency", concurrency))
    packs = actions_of(own.actions(real=real))
    with ExitStack() as stack:
        parts = stack.enter_context(own.parts(own)) if real else {}
        stack.enter_context(packs.closed())
        started_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        spec = own.spec(
            parts,
            strategy=chosen,
            started_at=started_at,
            dispatch=dispatch,
            limits=limits,
            max_task_runs=max_task_runs,
        )
        session = session_of(spec, packs)
        return Stepper(Stepping(session), stack.pop_all())
