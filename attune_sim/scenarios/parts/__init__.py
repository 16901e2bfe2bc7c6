"""The real parts that the scenarios talk to: an HTTP fleet, a mail sink, a log file, a file of users.

Each is seeded and says beforehand what it will do, so that a run can be checked against it.
"""
