"""What queueing theory says of stations that it can solve: what a simulation is checked against.

Rates are per second, times in seconds, `servers` are the slots of a station in all. Waits are those in the queue, without
the service itself. Where arrivals come faster than they can be served (a load of 1 or more), there is no steady state: inf.

Sources: A. K. Erlang (1917) by way of R. B. Cooper, *Introduction to Queueing Theory* (2nd ed., 1981), chapters 3.3 and 3.4;
F. Pollaczek (1930) and A. Khintchine (1932) by way of L. Kleinrock, *Queueing Systems*, vol. 1 (1975), chapter 5.7;
J. D. C. Little (1961); A. O. Allen, *Probability, Statistics, and Queueing Theory* (2nd ed., 1990), chapter 5.3.4.
"""

from __future__ import annotations

from math import inf


def load(arrival_rate: float, mean_service_s: float, servers: int = 1) -> float:
    """The share of the slots that is busy in the long run; 1 or more: the queue grows for ever.

    >>> load(8.0, 0.5, servers=5)
    0.8
    """
    return arrival_rate * mean_service_s / servers


def erlang_c(offered: float, servers: int) -> float:
    """The chance that an arrival has to wait in M/M/c, for an offered load of `offered` busy slots (arrival rate times mean
    service). By Erlang B's recursion, which no number of servers makes overflow.

    >>> round(erlang_c(0.8, 1), 3), round(erlang_c(4.0, 5), 4), erlang_c(5.0, 5)
    (0.8, 0.5541, 1.0)
    """
    if offered >= servers:
        return 1.0
    blocked = 1.0
    for busy in range(1, servers + 1):
        blocked = offered * blocked / (busy + offered * blocked)
    return blocked / (1.0 - offered / servers * (1.0 - blocked))


def mmc_wait(arrival_rate: float, mean_service_s: float, servers: int = 1) -> float:
    """The mean wait in M/M/c: Poisson arrivals, exponential service, any order of serving that does not look at lengths.

    >>> mmc_wait(0.8, 1.0), mmc_wait(1.0, 1.0)
    (4.000000000000001, inf)
    """
    busy = arrival_rate * mean_service_s
    if busy >= servers:
        return inf
    return erlang_c(busy, servers) * mean_service_s / (servers - busy)


def mg1_wait(arrival_rate: float, mean_service_s: float, variation: float) -> float:
    """The mean wait in M/G/1 (Pollaczek and Khintchine): one slot, Poisson arrivals, services of any distribution whose
    standard deviation is `variation` times their mean, in any order that does not look at lengths.

    >>> mg1_wait(0.8, 1.0, variation=1.0) == mmc_wait(0.8, 1.0), mg1_wait(0.5, 1.0, variation=0.0)
    (True, 0.5)
    """
    busy = arrival_rate * mean_service_s
    if busy >= 1:
        return inf
    return busy * mean_service_s * (1 + variation**2) / (2 * (1 - busy))


def ggc_wait(
    arrival_rate: float,
    mean_service_s: float,
    servers: int = 1,
    *,
    arrival_variation: float = 1.0,
    variation: float = 1.0,
) -> float:
    """About how long the mean wait is in G/G/c (Allen and Cunneen): exact for M/M/c and M/G/1, else good to some tens of per
    cent at high load. Variations are standard deviations over means, of gaps between arrivals and of services.

    >>> ggc_wait(0.8, 1.0, variation=0.5) == mg1_wait(0.8, 1.0, 0.5)
    True
    """
    factor = (arrival_variation**2 + variation**2) / 2
    return mmc_wait(arrival_rate, mean_service_s, servers) * factor
