"""A workflow's days in virtual time: when its cycles come, how long attempts take, who serves them, and what came of it.

`simulate(setting)` is the one way in; everything that it needs stands in a `Setting`, which can be sent to another process.
"""
