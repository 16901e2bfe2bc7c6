"""How long attempts take: `model` says what a latency is, one file each has the models, `reading` makes them from texts."""
