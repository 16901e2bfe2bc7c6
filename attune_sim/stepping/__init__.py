"""One run, event by event: what the conductor is told, what it asks for, which forks are alive then and what they share."""
