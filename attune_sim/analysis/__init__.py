"""Frames -> findings: what a comparison says, and when not to believe it."""
