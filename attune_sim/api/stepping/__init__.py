"""Stepping through a run: `at.step`, the stepper, and what it shows."""
