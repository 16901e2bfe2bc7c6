"""An independent meter: what forks, renderings and actions cost, taken a second time and in another way, to check the
instruments against. It shares no code with them, and knows nothing but the engine, the standard library and /proc.

- `order`     what is to be metered, as it travels to a process of the meter's own
- `process`   the parent's side of such a process; `worker` is the process itself
- `timed`     times: the run with a watch around each fork, performed by the meter itself, then forks in loops
- `held`      memory: pages that the system gave while all forks of a run, and then ever more of them, were kept
- `crossover` runs in which instruments that the order brought and the meter read one item each, in turns
- `beside`    what slow forks took in one run, read by the watch and by instruments
- `findings`  what both sides said of one figure, and what is to be thought of it
"""
