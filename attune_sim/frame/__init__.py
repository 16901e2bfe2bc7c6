"""Records as tidy pandas frames. Every column is declared here, once; this is the first file that imports pandas.

The frames, one row a ...

    cells      cell: its key and how it ended
    metrics    reading of a cell: the key, then metric, unit, value, source (the `.frame` of a comparison)
    samples    reading of a probe while the cell ran: the key, then item_index, elapsed_s, metric, value
    tasks      visit of a task in one run
    items      item of a fan-out in one run
    attempts   attempt in one run that failed, or came after one that did
    failures   reason for which something did not succeed in one run, at one place
    cycles     cycle of a simulation
    items      item of a simulation: all of them, or a random choice
    memory     strategy and stretch of simulated time
    queue      stretch of simulated time
    workers    worker of a simulation
    deaths     strategy in a simulation: its peak, and where the memory ran out
    workers    worker of a cluster in one run
    transfers  worker of a cluster and kind of bytes in one run
    checks     law or theory that a simulation is held against
    figures    figure of a simulation, long: what ensembles and comparisons of simulations are made of
    strategies strategy: what it promises and what a fork of it costs (`api.strategies` makes it)

The key (`CELL_KEYS`)

    cell                text       sixteen hexadecimal digits, equal for equal keys
    workload, strategy, dispatch, executor, payload    text
    items               count      size of the main fan-out; missing where the cell ended before anybody knew it
    context_bytes       bytes      JSON of parameters, variables and history before the first task
    history_tasks       count      finished tasks whose results the context holds
    repeat, seed        count
    hash_seed           count      what texts hashed by in the cell's process: equal for the same repeat of all strategies
    machine, software   text       eight hexadecimal digits: equal where the cell ran on equal machines, with equal software
                                   (`record.MACHINE`, `record.SOFTWARE`); empty where it ended before it could say
    looks               text       numbers of repeats after which a verdict was looked for (`8 10 12`); empty where the
                                   number of repeats was fixed in advance
    real                bool       the actions did the real thing
    concurrency         count      items that were asked to be under way at once; missing: as many as the workflow says
    memory_only         bool       the cell may have had company: nothing of its time is told
    memory_limit_bytes  bytes
    time_limit_s        s
    digest              text       fingerprint of workflow, parameters, actions and strategy

What follows it

    outcome             text       `ok` or why the cell ended early
    items_done, items_failed, items_timed_out          count
    forks               count      contexts forked; with eager dispatch all of them before the first item ends
    fan_out_context_bytes          bytes
                                   JSON of all that the largest fan-out was handed, results of earlier tasks included:
                                   what a copy copies; missing where the cell ended before it was known
    run_status, error   text       of the workflow run, or the reason of the outcome
    wall_s              s          the whole run of the cell
    answer              text       fingerprint of output and variables: equal answers look equal
    assumed             text       sizes that were assumed rather than given, separated by `; `
    began               text       when the cell began, as `2026-11-28T13:05:00Z`; missing in stores of before it was kept
    metric, unit        text       see `attune_sim.metrics`
    value                          in `unit`; missing where a platform lacks the counter (`label` says so)
    source              text       `measured` or `estimated`
    n                   count      repetitions that the value rests on
    basis               text       of which items the value is, where it stands for more than were looked at
    p50, p95, max                  of single items, where the value is a mean over items that were read one by one
    label               text       a remark that belongs to the value (`opaque`, `unavailable: ...`)
    item_index          count      items forked when the sample was taken (done, or under way)
    elapsed_s           s          after the start of the cell's run
    file, line          text, count
                                   where the action raised, missing where it did not or nothing is known
    where               text       the same as FILE:LINE in FUNCTION
    reason, count       text, count
                                   of the first that failed so, and how many did
    indexes             list       their places in the fan-out
    traceback           text       of the first of them
    publish_seen ...    bool       one column a promise: what all strategies keep, then their guarantees
    lost_types          text       kinds of values that do not arrive as they were, separated by `, `
    fork_us, floor_us   us         one fork, and a bare slotted object beside it
    fork_bytes          bytes      live heap of one more fork, item and list slot included
    travel_bytes        bytes      the forker, pickled; missing where it is not promised to travel
    price_failed        text       why a strategy has no price, else empty
    address, name       text       of a worker of a cluster
    pid, threads        count
    memory_bytes        bytes      what the worker's process held when it was last heard of
    grown_bytes         bytes      by how much that grew over the run, as Dask reads it; missing where it told nothing
    wire_bytes          bytes      sent to the worker and home by it, as pickled
    dask_wire_bytes     bytes      what Dask's own counters say of it, offers not included
    bytes_a_second      bytes      at which offers came to it, the way there and back included
    fate, why           text       `stayed`, `died`, `memory_limit` or `refused`, and why
    batches             count      that the worker was handed
    kind                text       of bytes: `offers`, `actions`, `items`, `answers`, `all` of these, or a counter of Dask's own
    counted_by          text       `attune-sim`, where they were pickled, or `dask`
    bytes, bytes_an_item           bytes

Those of simulations, in seconds of simulated time; `source` is always `estimated`

    seed                count      of the simulation that the row belongs to
    cycle               count      from 0
    due_s               s          when the cycle was to begin
    status              text       of the cycle's run; `running` or `waiting` where the simulation ended before it, `skipped`
    run                 count      0 is the workflow itself; sub-workflows of a cycle are numbered as they begin, and their
                                   tasks stand behind their ref: `ref/task`
    retries, lost       count      attempts after one that failed; those that died with their worker, and were made again
    max_in_flight       count      the most attempts of the cycle that were under way at once
    queued_s            s          when the first attempt of the item asked to be served
    worker              count      which worker served it; missing where none are simulated
    time_s              s          the beginning of a stretch of time; of deaths, when the memory ran out
    low_bytes, high_bytes          bytes
                                   the least and the most that was held in the stretch
    waiting, in_service            means over the stretch, in attempts
    most_waiting        count      the most that waited at once in the stretch
    busy_s, down_s      s          seconds of service; seconds after failures
    utilisation         ratio      share of its slots' time that was service
    shipped_bytes       bytes      sent to the worker
    heap_bytes          bytes      live heap at the peak
    peak_bytes, peak_s, peak_cycle the most that was held, when, and in which cycle
    over_s              s          when a worker held more than its memory; missing where it never did
    item                count      of the cycle, that could not be begun any more
    limit_bytes         bytes      what memory there is; missing where nobody said
    check               text       what is held against a law or a theory
    simulated, expected            what was simulated, and what it is to be, in `unit`; missing where no theory fits
    low, high                      the simulation's own interval of 99 %, from means of batches of successive waits
    holds               bool       whether that agrees; missing where nothing can be said
    why                 text       by which theory, or why none fits

`frame.attrs` holds `surroundings` (what all cells share: versions, machine), `surroundings_differ` (what they do not,
with all values), `surroundings_by` (`machine` and `software`: what stands behind their digits), `schema` and the `units` of its columns; all of it is plain JSON, so it survives a trip through Parquet.
"""

from attune_sim.frame.cells import (
    cells_frame,
    metrics_frame,
    readings_of,
    samples_frame,
    strategies_frame,
    surroundings_of,
)
from attune_sim.frame.columns import (
    ATTEMPT_COLUMNS,
    CELL_COLUMNS,
    CELL_KEYS,
    CHECK_COLUMNS,
    CREW_COLUMNS,
    CYCLE_COLUMNS,
    DEATH_COLUMNS,
    DTYPES,
    ENDS,
    FAILURE_COLUMNS,
    FIGURE_COLUMNS,
    ITEM_COLUMNS,
    MEMORY_COLUMNS,
    METRIC_COLUMNS,
    PROGRESS,
    QUEUE_COLUMNS,
    READ_ANEW,
    SAMPLE_COLUMNS,
    SIMULATED_ITEM_COLUMNS,
    STRATEGY_COLUMNS,
    TASK_COLUMNS,
    TRANSFER_COLUMNS,
    WHERE,
    WORKER_COLUMNS,
    bare,
)
from attune_sim.frame.crew import crew_frame, kept_frame, transfers_frame
from attune_sim.frame.graph import GRAPH_COLUMNS, graph_frame
from attune_sim.frame.promises import ISOLATES, PROMISE_COLUMNS, promises_frame
from attune_sim.frame.runs import attempts_frame, failures_frame, items_frame, tasks_frame
from attune_sim.frame.simulations import (
    checks_frame,
    cycles_frame,
    deaths_frame,
    memory_frame,
    queue_frame,
    simulated_items_frame,
    workers_frame,
)

__all__ = [
    "ATTEMPT_COLUMNS", "CELL_COLUMNS", "CELL_KEYS", "CHECK_COLUMNS", "CREW_COLUMNS", "CYCLE_COLUMNS", "DEATH_COLUMNS",
    "DTYPES", "ENDS", "FAILURE_COLUMNS", "FIGURE_COLUMNS", "GRAPH_COLUMNS", "ISOLATES", "ITEM_COLUMNS", "MEMORY_COLUMNS",
    "METRIC_COLUMNS", "PROGRESS", "PROMISE_COLUMNS", "QUEUE_COLUMNS", "READ_ANEW", "SAMPLE_COLUMNS",
    "SIMULATED_ITEM_COLUMNS", "STRATEGY_COLUMNS", "TASK_COLUMNS", "TRANSFER_COLUMNS", "WHERE", "WORKER_COLUMNS", "attempts_frame",
    "bare", "cells_frame", "checks_frame", "crew_frame", "cycles_frame", "deaths_frame", "failures_frame", "graph_frame", "items_frame", "kept_frame",
    "memory_frame", "metrics_frame", "promises_frame", "queue_frame", "readings_of", "samples_frame",
    "simulated_items_frame", "strategies_frame", "surroundings_of", "tasks_frame", "transfers_frame", "workers_frame",
]  # fmt: skip
