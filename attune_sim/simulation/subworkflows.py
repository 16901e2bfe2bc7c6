"""How tasks of sub-workflows are named, where those of several workflows stand side by side."""

from __future__ import annotations


def named(ref: str, task: str) -> str:
    """A task of the workflow itself (no `ref`), or of a sub-workflow that is called by this one.

    >>> named("", "check"), named("regions.check_all", "check")
    ('check', 'regions.check_all/check')
    """
    return f"{ref}/{task}" if ref else task
