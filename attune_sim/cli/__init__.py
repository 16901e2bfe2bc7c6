"""The command line: parse, call, print, exit code. Everything heavy is imported inside the command that needs it."""

from attune_sim.cli.app import main

__all__ = ["main"]
