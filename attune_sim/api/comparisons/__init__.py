"""Strategies measured beside each other: the experiment that is asked for, and the comparison that it becomes."""
