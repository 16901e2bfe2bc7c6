"""Running a workload for real: what a user gives, one run, and what it becomes."""
