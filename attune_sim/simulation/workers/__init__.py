"""Workers of a simulation: attempts wait for a slot, are served, and are lost with a worker that dies.

`setting` says what workers there are and `reading` how that is typed, `pool` serves; `theory` is what it is held against."""
