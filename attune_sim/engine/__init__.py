"""What happens next in a run: told by events, answered with commands, without clock, thread or chance."""
