"""A run written down before it is acted on, so that it can be taken up again: a room around a runner."""
