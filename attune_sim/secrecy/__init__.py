"""Which values of a run are secret, and their masks: a room around a runner."""
